/** The surfaces that the shop's models are cut from. */
import type { Surface } from './mesh.ts'

const turn = 2 * Math.PI

/** A body turned on a wheel: `radius` by height. */
export function turned(radius: (height: number) => number, flutes = 0): Surface {
  return (u, v) => {
    const r = radius(u) * (1 + (flutes === 0 ? 0 : 0.06 * Math.cos(flutes * turn * v + 2 * turn * u * 0.25)))
    return [r * Math.cos(turn * v), u * 2 - 1, r * Math.sin(turn * v)]
  }
}

/** A tube that winds through itself. */
export const knot: Surface = (u, v) => {
  const at = (t: number): [number, number, number] => {
    const r = 0.62 + 0.24 * Math.cos(3 * turn * t)
    return [r * Math.cos(2 * turn * t), r * Math.sin(2 * turn * t), 0.3 * Math.sin(3 * turn * t)]
  }
  const [here, next] = [at(u), at(u + 0.001)]
  const along = next.map((value, axis) => value - here[axis]!) as [number, number, number]
  const out = Math.hypot(here[0], here[1])
  const [ax, ay] = [here[0] / out, here[1] / out]
  const [bx, by, bz] = [-along[2] * ay, along[2] * ax, along[0] * ay - along[1] * ax]
  const length = Math.hypot(bx, by, bz) || 1
  const [cos, sin] = [0.13 * Math.cos(turn * v), (0.13 * Math.sin(turn * v)) / length]
  return [here[0] + ax * cos + bx * sin, here[1] + ay * cos + by * sin, here[2] + bz * sin]
}

/** A rounded stone. */
export const stone: Surface = (u, v) => {
  const [polar, around] = [Math.PI * u, turn * v]
  const [x, y, z] = [Math.sin(polar) * Math.cos(around), Math.cos(polar), Math.sin(polar) * Math.sin(around)]
  const r = 0.8 + 0.09 * Math.sin(3.1 * x + 1.7 * y) + 0.07 * Math.sin(4.3 * y - 2.9 * z) + 0.05 * Math.sin(7.7 * z + 5.1 * x)
  return [x * r, y * r * 0.72, z * r]
}

/** A square of land: waves upon waves, each half as high and twice as fine. */
export function land(roughness: number, octaves: number): Surface {
  return (u, v) => {
    let height = 0
    for (let octave = 0; octave < octaves; octave++) {
      const scale = 2 ** octave
      height += (Math.sin((u * 2.1 + octave) * scale * 3 + Math.sin(v * scale * 2.3)) + Math.cos((v * 1.9 - octave) * scale * 3)) / 2 / (scale * roughness)
    }
    return [u * 2 - 1, height * 0.45, v * 2 - 1]
  }
}
