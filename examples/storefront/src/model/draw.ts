/** Draws a model's lines, or its points, seen from a little above. */
import type { Mesh } from './mesh.ts'

const pitch = 0.42
const mostPoints = 60_000
/** Far to near, so that what is near lies on top and is clearest. */
const layers = 4

/** Draws into a canvas, turned by `yaw` radians, in the canvas's own colour. */
export function drawMesh(canvas: HTMLCanvasElement, { points, lines }: Mesh, yaw: number): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const density = globalThis.devicePixelRatio
  const { clientWidth: width, clientHeight: height } = canvas
  canvas.width = Math.round(width * density)
  canvas.height = Math.round(height * density)
  context.scale(density, density)
  const scale = Math.min(width, height) * 0.46
  const [cosYaw, sinYaw, cosPitch, sinPitch] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)]
  const total = points.length / 3
  const flat = new Float32Array(points.length)
  for (let at = 0; at < points.length; at += 3) {
    const [x, y, z] = [points[at]!, points[at + 1]!, points[at + 2]!]
    const [turnedX, turnedZ] = [x * cosYaw + z * sinYaw, z * cosYaw - x * sinYaw]
    flat[at] = width / 2 + turnedX * scale
    flat[at + 1] = height / 2 - (y * cosPitch - turnedZ * sinPitch) * scale
    flat[at + 2] = turnedZ * cosPitch + y * sinPitch
  }
  const layerOf = (depth: number): number => Math.min(layers - 1, Math.max(0, Math.floor(((depth + 1) / 2) * layers)))
  const paths = Array.from({ length: layers }, () => new Path2D())
  if (lines.length > 0) {
    for (let at = 0; at < lines.length; at += 2) {
      const [from, to] = [lines[at]! * 3, lines[at + 1]! * 3]
      const path = paths[layerOf((flat[from + 2]! + flat[to + 2]!) / 2)]!
      path.moveTo(flat[from]!, flat[from + 1]!)
      path.lineTo(flat[to]!, flat[to + 1]!)
    }
  } else {
    const stride = Math.max(1, Math.ceil(total / mostPoints))
    for (let point = 0; point < total; point += stride) {
      const at = point * 3
      paths[layerOf(flat[at + 2]!)]!.rect(flat[at]!, flat[at + 1]!, 1, 1)
    }
  }
  const colour = getComputedStyle(canvas).color
  context.strokeStyle = context.fillStyle = colour
  context.lineWidth = lines.length > 20_000 ? 0.5 : 0.8
  paths.forEach((path, layer) => {
    context.globalAlpha = 0.16 + (0.84 * (layer + 1)) / layers
    if (lines.length > 0) context.stroke(path)
    else context.fill(path)
  })
}
