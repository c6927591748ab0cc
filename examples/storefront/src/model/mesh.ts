/** Reads the points and lines of a model from a kept file: OBJ, binary STL and GLB, as far as a preview needs. */

/** A model to be drawn: points around the origin, none farther away than 1. */
export interface Mesh {
  readonly points: Float32Array
  /** Pairs of points; empty when the model is so fine that its points show it better. */
  readonly lines: Uint32Array
  readonly triangles: number
}

const mostTriangles = 30_000

/** Reads a file by the ending of its name; throws when it cannot. */
export function readMesh(name: string, bytes: ArrayBuffer): Mesh {
  if (name.endsWith('.obj')) return readObj(new TextDecoder().decode(bytes))
  if (name.endsWith('.stl')) return readStl(bytes)
  if (name.endsWith('.glb')) return readGlb(bytes)
  throw new TypeError('There is no preview for this kind of file')
}

function readObj(text: string): Mesh {
  const points: number[] = []
  const corners: number[] = []
  for (const line of text.split('\n')) {
    const [kind, ...rest] = line.trim().split(/\s+/)
    if (kind === 'v') points.push(...rest.slice(0, 3).map(Number))
    if (kind !== 'f') continue
    const polygon = rest.map((corner) => Number(corner.split('/', 1)[0])).map((index) => (index < 0 ? points.length / 3 + index : index - 1))
    for (let at = 2; at < polygon.length; at += 1) corners.push(polygon[0]!, polygon[at - 1]!, polygon[at]!)
  }
  return meshOf(Float32Array.from(points), Uint32Array.from(corners))
}

function readStl(bytes: ArrayBuffer): Mesh {
  const view = new DataView(bytes)
  const triangles = view.getUint32(80, true)
  const points = new Float32Array(triangles * 9)
  for (let triangle = 0; triangle < triangles; triangle += 1) {
    for (let at = 0; at < 9; at += 1) points[triangle * 9 + at] = view.getFloat32(84 + triangle * 50 + 12 + at * 4, true)
  }
  return meshOf(points, Uint32Array.from({ length: triangles * 3 }, (_, at) => at))
}

interface Gltf {
  readonly meshes: readonly { readonly primitives: readonly { readonly attributes: { readonly POSITION: number }; readonly indices: number }[] }[]
  readonly accessors: readonly { readonly bufferView: number; readonly byteOffset?: number; readonly componentType: number; readonly count: number }[]
  readonly bufferViews: readonly { readonly byteOffset?: number }[]
}

function readGlb(bytes: ArrayBuffer): Mesh {
  const view = new DataView(bytes)
  const jsonLength = view.getUint32(12, true)
  const gltf = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 20, jsonLength))) as Gltf
  const binary = 20 + jsonLength + 8
  const primitive = gltf.meshes[0]?.primitives[0]
  const at = (index: number | undefined) => {
    const accessor = index === undefined ? undefined : gltf.accessors[index]
    const part = accessor && gltf.bufferViews[accessor.bufferView]
    if (!accessor || !part) throw new TypeError('This model has no mesh')
    return { ...accessor, offset: binary + (part.byteOffset ?? 0) + (accessor.byteOffset ?? 0) }
  }
  const positions = at(primitive?.attributes.POSITION)
  const indices = at(primitive?.indices)
  const points = new Float32Array(bytes.slice(positions.offset, positions.offset + positions.count * 12))
  const corners = indices.componentType === 5123
    ? Uint32Array.from(new Uint16Array(bytes.slice(indices.offset, indices.offset + indices.count * 2)))
    : new Uint32Array(bytes.slice(indices.offset, indices.offset + indices.count * 4))
  return meshOf(points, corners)
}

function meshOf(points: Float32Array, corners: Uint32Array): Mesh {
  const triangles = corners.length / 3
  return { points: centred(points), lines: triangles > mostTriangles ? new Uint32Array() : linesOf(corners, points.length / 3), triangles }
}

/** Every edge once, whichever triangles share it. */
function linesOf(corners: Uint32Array, count: number): Uint32Array {
  const edges = new Set<number>()
  for (let at = 0; at < corners.length; at += 3) {
    for (const [from, to] of [[0, 1], [1, 2], [2, 0]] as const) {
      const [a, b] = [corners[at + from]!, corners[at + to]!]
      edges.add(Math.min(a, b) * count + Math.max(a, b))
    }
  }
  return Uint32Array.from([...edges].flatMap((edge) => [Math.floor(edge / count), edge % count]))
}

function centred(points: Float32Array): Float32Array {
  const low = [Infinity, Infinity, Infinity]
  const high = [-Infinity, -Infinity, -Infinity]
  for (let at = 0; at < points.length; at += 1) {
    low[at % 3] = Math.min(low[at % 3]!, points[at]!)
    high[at % 3] = Math.max(high[at % 3]!, points[at]!)
  }
  const middle = low.map((value, axis) => (value + high[axis]!) / 2)
  const centre = points.map((value, at) => value - middle[at % 3]!)
  let reach = 0
  for (let at = 0; at < centre.length; at += 3) reach = Math.max(reach, Math.hypot(centre[at]!, centre[at + 1]!, centre[at + 2]!))
  return reach === 0 ? centre : centre.map((value) => value / reach)
}
