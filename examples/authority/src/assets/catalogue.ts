/** What the shop sells: each model described, and made when it is first asked for. */
import { hash } from 'node:crypto'
import { glbOf, objOf, stlOf } from './files.ts'
import { type Mesh, meshOf } from './mesh.ts'
import { knot, land, stone, turned } from './shapes.ts'

/** One model of the catalogue. */
export interface Asset {
  readonly id: string
  readonly title: string
  readonly creator: string
  readonly format: 'OBJ' | 'STL' | 'GLB'
  readonly description: string
  /** In cents of `EUR`. */
  readonly price: number
}

/** A model's file. */
export interface AssetFile {
  readonly name: string
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Hex. */
  readonly sha256: string
}

interface Recipe extends Asset {
  /** A mesh of about this many rows and columns; fewer make a sketch of the same shape. */
  readonly mesh: (detail: number) => Mesh
  readonly detail: number
}

const amphora = turned((h) => 0.16 + 0.42 * Math.sin(Math.PI * h) ** 2 * (1 - 0.55 * h) + 0.1 * h ** 8)
const vase = turned((h) => 0.34 + 0.14 * Math.sin(2.4 * Math.PI * h + 0.5), 14)

const recipes: readonly Recipe[] = [
  { id: 'amphora', title: 'Attic amphora', creator: 'Sela Okafor', format: 'OBJ', price: 1200, detail: 30, mesh: (n) => meshOf(amphora, n, n),
    description: 'A wheel-turned amphora, clean topology, ready to be painted.' },
  { id: 'river-stone', title: 'River stone', creator: 'Tomás Rivera', format: 'OBJ', price: 600, detail: 104, mesh: (n) => meshOf(stone, n, n),
    description: 'One rounded stone that scatters well: turn it and nobody sees it twice.' },
  { id: 'gear-vase', title: 'Fluted vase', creator: 'Sela Okafor', format: 'STL', price: 900, detail: 170, mesh: (n) => meshOf(vase, n, n),
    description: 'Fourteen flutes with a slow twist; prints without supports.' },
  { id: 'knot-lamp', title: 'Knot lamp', creator: 'Ingrid Vale', format: 'GLB', price: 2400, detail: 280, mesh: (n) => meshOf(knot, n * 2, Math.ceil(n / 2)),
    description: 'A pendant lamp tied from a single tube.' },
  { id: 'dune-field', title: 'Dune field', creator: 'Tomás Rivera', format: 'GLB', price: 3200, detail: 400, mesh: (n) => meshOf(land(1.6, 4), n, n),
    description: 'A square kilometre of wind-blown sand.' },
  { id: 'ridge-scan', title: 'Ridge, full scan', creator: 'Ingrid Vale', format: 'GLB', price: 5400, detail: 660, mesh: (n) => meshOf(land(1.05, 7), n, n),
    description: 'An alpine ridge at full resolution: the large one.' },
]

const types = { OBJ: 'model/obj', STL: 'model/stl', GLB: 'model/gltf-binary' } as const
const made = new Map<string, AssetFile>()

/** Everything on sale, without the files. */
export const catalogue: readonly Asset[] = recipes.map(({ mesh: _, detail: _detail, ...asset }) => asset)

/** Finds a model. */
export function assetOf(id: string): Asset | undefined {
  return catalogue.find((asset) => asset.id === id)
}

/** Makes a model's file, once for each process. */
export function fileOf(id: string): AssetFile | undefined {
  const known = made.get(id)
  const recipe = recipes.find((one) => one.id === id)
  if (known || !recipe) return known
  const mesh = recipe.mesh(recipe.detail)
  const bytes = recipe.format === 'OBJ' ? objOf(mesh, id) : recipe.format === 'STL' ? stlOf(mesh) : glbOf(mesh, id)
  const file = { name: `${id}.${recipe.format.toLowerCase()}`, type: types[recipe.format], bytes, sha256: hash('sha256', bytes, 'hex') }
  made.set(id, file)
  return file
}

/** Makes a coarse mesh of a model, for its picture. */
export function sketchOf(id: string): Mesh | undefined {
  return recipes.find((one) => one.id === id)?.mesh(26)
}
