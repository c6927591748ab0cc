/** A triangle mesh from a surface that two parameters span, the same on every machine and every day. */

/** Points, normals and triangles, as files of meshes want them. */
export interface Mesh {
  readonly positions: Float32Array<ArrayBuffer>
  readonly normals: Float32Array<ArrayBuffer>
  readonly indices: Uint32Array<ArrayBuffer>
}

/** A point of space. */
export type Point = readonly [x: number, y: number, z: number]

/** A surface: `u` and `v` run from 0 to 1. */
export type Surface = (u: number, v: number) => Point

/** Cuts a surface into `rows` by `columns` squares, each of two triangles. */
export function meshOf(surface: Surface, rows: number, columns: number): Mesh {
  const width = columns + 1
  const positions = new Float32Array((rows + 1) * width * 3)
  for (let row = 0, at = 0; row <= rows; row++) {
    for (let column = 0; column <= columns; column++, at += 3) positions.set(surface(row / rows, column / columns), at)
  }
  const indices = new Uint32Array(rows * columns * 6)
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at += 6) {
      const a = row * width + column
      indices.set([a, a + width, a + 1, a + 1, a + width, a + width + 1], at)
    }
  }
  return { positions, normals: normalsOf(positions, indices), indices }
}

function normalsOf(positions: Float32Array, indices: Uint32Array): Float32Array<ArrayBuffer> {
  const normals = new Float32Array(positions.length)
  for (let at = 0; at < indices.length; at += 3) {
    const [a, b, c] = [indices[at]! * 3, indices[at + 1]! * 3, indices[at + 2]! * 3]
    const [ux, uy, uz] = [positions[b]! - positions[a]!, positions[b + 1]! - positions[a + 1]!, positions[b + 2]! - positions[a + 2]!]
    const [vx, vy, vz] = [positions[c]! - positions[a]!, positions[c + 1]! - positions[a + 1]!, positions[c + 2]! - positions[a + 2]!]
    for (const corner of [a, b, c]) {
      normals[corner]! += uy * vz - uz * vy
      normals[corner + 1]! += uz * vx - ux * vz
      normals[corner + 2]! += ux * vy - uy * vx
    }
  }
  for (let at = 0; at < normals.length; at += 3) {
    const length = Math.sqrt(normals[at]! ** 2 + normals[at + 1]! ** 2 + normals[at + 2]! ** 2) || 1
    normals[at]! /= length
    normals[at + 1]! /= length
    normals[at + 2]! /= length
  }
  return normals
}
