import { expect, test } from 'vitest'
import { glbOf, objOf, stlOf } from './files.ts'
import { meshOf } from './mesh.ts'
import { stone } from './shapes.ts'

const mesh = meshOf(stone, 8, 8)

test('every line of an OBJ is a point, a normal or a face of points that are there', () => {
  const lines = new TextDecoder().decode(objOf(mesh, 'stone')).trimEnd().split('\n').slice(2)
  const points = lines.filter((line) => /^v -?\d+\.\d+ -?\d+\.\d+ -?\d+\.\d+$/.test(line)).length
  const faces = lines.filter((line) => /^f (\d+)\/\/\1 (\d+)\/\/\2 (\d+)\/\/\3$/.test(line))
  expect(points).toBe(81)
  expect(faces).toHaveLength(128)
  expect(lines).toHaveLength(81 * 2 + 128)
  expect(Math.max(...faces.flatMap((face) => face.match(/\d+/g)!.map(Number)))).toBe(81)
})

test('an STL is as long as its count of triangles says', () => {
  const bytes = stlOf(mesh)
  expect(new DataView(bytes.buffer).getUint32(80, true)).toBe(128)
  expect(bytes.length).toBe(84 + 128 * 50)
})

test('a GLB holds what its JSON describes', () => {
  const bytes = glbOf(mesh, 'stone')
  const view = new DataView(bytes.buffer)
  const words = (at: number, count: number) => Array.from({ length: count }, (_, index) => view.getUint32(at + index * 4, true))
  const [magic, version, length, jsonLength, jsonKind] = words(0, 5) as [number, number, number, number, number]
  expect([magic, version, length, jsonKind]).toEqual([0x46546c67, 2, bytes.length, 0x4e4f534a])
  const json = JSON.parse(new TextDecoder().decode(bytes.subarray(20, 20 + jsonLength)))
  expect(words(20 + jsonLength, 2)).toEqual([json.buffers[0].byteLength, 0x004e4942])
  expect(28 + jsonLength + json.buffers[0].byteLength).toBe(bytes.length)
  expect(json.accessors.map((accessor: { count: number }) => accessor.count)).toEqual([81, 81, 384])
})
