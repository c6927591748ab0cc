import { expect, test } from 'vitest'
import { fileOf, catalogue } from '../../../authority/src/assets/catalogue.ts'
import { readMesh } from './mesh.ts'

test.each(catalogue.map(({ id }) => id))('reads %s as the shop sells it', (id) => {
  const file = fileOf(id)!
  const { points, lines, triangles } = readMesh(file.name, file.bytes.buffer)
  expect(triangles).toBeGreaterThan(1_000)
  expect(Math.max(...Array.from({ length: 200 }, (_, at) => Math.hypot(points[at * 3]!, points[at * 3 + 1]!, points[at * 3 + 2]!)))).toBeLessThanOrEqual(1.0001)
  expect(lines.every((index) => index < points.length / 3)).toBe(true)
  expect(points.every(Number.isFinite)).toBe(true)
})

test('reads polygons, slashes and counting from the end, as OBJ allows', () => {
  const square = 'v 0 0 0\nv 2 0 0\nv 2 2 0\nv 0 2 0\nf 1/1/1 2//2 3 -1\n'
  const { points, lines, triangles } = readMesh('square.obj', new TextEncoder().encode(square).buffer)
  expect(triangles).toBe(2)
  expect(lines).toHaveLength(10)
  expect(Array.from(points.slice(0, 3), (value) => Math.round(value * 100) / 100)).toEqual([-0.71, -0.71, 0])
})

test('refuses what it cannot read', () => {
  expect(() => readMesh('scene.blend', new ArrayBuffer(8))).toThrow('no preview')
})
