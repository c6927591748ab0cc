/** The three formats models are sold in: OBJ as text, binary STL, and glTF 2.0 in its binary container. */
import type { Mesh } from './mesh.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** Writes Wavefront OBJ. */
export function objOf({ positions, normals, indices }: Mesh, name: string): Bytes {
  const lines = [`# ${name}`, `o ${name}`]
  const triple = (letter: string, of: Float32Array, at: number) => `${letter} ${of[at]!.toFixed(5)} ${of[at + 1]!.toFixed(5)} ${of[at + 2]!.toFixed(5)}`
  for (let at = 0; at < positions.length; at += 3) lines.push(triple('v', positions, at))
  for (let at = 0; at < normals.length; at += 3) lines.push(triple('vn', normals, at))
  for (let at = 0; at < indices.length; at += 3) {
    const [a, b, c] = [indices[at]! + 1, indices[at + 1]! + 1, indices[at + 2]! + 1]
    lines.push(`f ${a}//${a} ${b}//${b} ${c}//${c}`)
  }
  return new TextEncoder().encode(`${lines.join('\n')}\n`)
}

/** Writes binary STL. */
export function stlOf({ positions, normals, indices }: Mesh): Bytes {
  const triangles = indices.length / 3
  const view = new DataView(new ArrayBuffer(84 + triangles * 50))
  view.setUint32(80, triangles, true)
  for (let triangle = 0, at = 84; triangle < triangles; triangle++, at += 50) {
    const corners = [0, 1, 2].map((corner) => indices[triangle * 3 + corner]! * 3)
    for (let axis = 0; axis < 3; axis++) view.setFloat32(at + axis * 4, normals[corners[0]! + axis]!, true)
    corners.forEach((corner, index) => {
      for (let axis = 0; axis < 3; axis++) view.setFloat32(at + 12 + index * 12 + axis * 4, positions[corner + axis]!, true)
    })
  }
  return new Uint8Array(view.buffer)
}

/** Writes GLB: a header, a chunk of JSON that describes, a chunk of bytes that are described. */
export function glbOf({ positions, normals, indices }: Mesh, name: string): Bytes {
  const bounds = (pick: (a: number, b: number) => number) => [0, 1, 2].map((axis) => {
    let bound = positions[axis]!
    for (let at = axis; at < positions.length; at += 3) bound = pick(bound, positions[at]!)
    return bound
  })
  const parts = [positions, normals, indices]
  let offset = 0
  const bufferViews = parts.map((part) => {
    const view = { buffer: 0, byteOffset: offset, byteLength: part.byteLength, target: part === indices ? 34_963 : 34_962 }
    offset += part.byteLength
    return view
  })
  const json = padded(new TextEncoder().encode(JSON.stringify({
    asset: { version: '2.0', generator: '3DIMLI' },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0, name }],
    meshes: [{ name, primitives: [{ attributes: { POSITION: 0, NORMAL: 1 }, indices: 2 }] }],
    accessors: [
      { bufferView: 0, componentType: 5126, count: positions.length / 3, type: 'VEC3', min: bounds(Math.min), max: bounds(Math.max) },
      { bufferView: 1, componentType: 5126, count: normals.length / 3, type: 'VEC3' },
      { bufferView: 2, componentType: 5125, count: indices.length, type: 'SCALAR' },
    ],
    bufferViews,
    buffers: [{ byteLength: offset }],
  })))
  const bytes = new Uint8Array(12 + 8 + json.length + 8 + offset)
  const view = new DataView(bytes.buffer)
  const words = (at: number, ...values: number[]) => values.forEach((value, index) => view.setUint32(at + index * 4, value, true))
  words(0, 0x46546c67, 2, bytes.length, json.length, 0x4e4f534a)
  bytes.set(json, 20)
  words(20 + json.length, offset, 0x004e4942)
  parts.reduce((at, part) => {
    bytes.set(new Uint8Array(part.buffer), at)
    return at + part.byteLength
  }, 28 + json.length)
  return bytes
}

function padded(bytes: Bytes): Bytes {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4).fill(0x20)
  whole.set(bytes)
  return whole
}
