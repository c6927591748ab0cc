/** The picture of a model: its coarse mesh, lit from above, as SVG. */
import type { Mesh } from './mesh.ts'

const size = 480
const light = [-0.45, 0.8, 0.4] as const
const shades = [[20, 33, 61], [251, 133, 0], [255, 214, 130]] as const

/** Draws a mesh from a little above, far faces first. */
export function pictureOf({ positions, normals, indices }: Mesh): string {
  const [yaw, pitch] = [0.7, 0.5]
  const project = (index: number): [x: number, y: number, depth: number] => {
    const [x, y, z] = [positions[index * 3]!, positions[index * 3 + 1]!, positions[index * 3 + 2]!]
    const [rx, rz] = [x * Math.cos(yaw) + z * Math.sin(yaw), z * Math.cos(yaw) - x * Math.sin(yaw)]
    return [rx, y * Math.cos(pitch) - rz * Math.sin(pitch), rz * Math.cos(pitch) + y * Math.sin(pitch)]
  }
  const points = Array.from({ length: positions.length / 3 }, (_, index) => project(index))
  const reach = Math.max(...points.map(([x, y]) => Math.max(Math.abs(x), Math.abs(y)))) || 1
  const scale = (size * 0.44) / reach
  const place = (value: number) => (size / 2 + value * scale).toFixed(1)
  const faces = Array.from({ length: indices.length / 3 }, (_, face) => {
    const corners = [0, 1, 2].map((corner) => indices[face * 3 + corner]!)
    const normal = [0, 1, 2].map((axis) => corners.reduce((sum, corner) => sum + normals[corner * 3 + axis]!, 0) / 3)
    const lit = Math.min(1, Math.abs(normal.reduce((sum, value, axis) => sum + value * light[axis]!, 0)))
    const outline = corners.map((corner) => `${place(points[corner]![0])} ${place(-points[corner]![1])}`).join('L')
    return { depth: corners.reduce((sum, corner) => sum + points[corner]![2], 0), path: `M${outline}Z`, fill: colour(lit) }
  })
  const drawn = faces.sort((a, b) => a.depth - b.depth).map(({ path, fill }) => `<path d="${path}" fill="${fill}" stroke="${fill}"/>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" stroke-width=".7" stroke-linejoin="round">${drawn.join('')}</svg>`
}

function colour(lit: number): string {
  const [from, to, share] = lit < 0.5 ? [shades[0], shades[1], lit * 2] : [shades[1], shades[2], lit * 2 - 1]
  return `#${from.map((value, channel) => Math.round(value + (to[channel]! - value) * share).toString(16).padStart(2, '0')).join('')}`
}
