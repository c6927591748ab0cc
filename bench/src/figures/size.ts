// What a page fetches for its session: our part and each peer's, bundled by the same bundler with the same settings.
import { brotliCompressSync, constants } from 'node:zlib'
import type { Figure } from '../figure.ts'
import { bundled, programs } from '../restore.ts'

/** The bytes that every page fetches, and those that it fetches when it first signs in, saves a checked download and the like. */
export interface Size {
  readonly name: string
  readonly minified: number
  readonly brotli: number
  readonly laterBrotli: number
  /** How many files the page needs at once. */
  readonly files: number
}

const ours = '@3dimli/session'
const target = 'oidc-client-ts'

interface Sizes {
  readonly programs: readonly Size[]
  /** What the bytes of ours are: each library, and how much less a page would fetch at once without it. */
  readonly libraries: readonly Part[]
  /** Our own files, minified, the largest first. */
  readonly files: readonly { readonly name: string; readonly minified: number }[]
  /** What could load later, at the most. */
  readonly later: readonly Part[]
}

interface Part {
  readonly name: string
  readonly brotli: number
}

const libraries = ['oauth4webapi', 'broadcast-channel', 'eventsource-parser', 'dpop', 'idb-keyval']
const named = (names: readonly string[]): RegExp => new RegExp(`^(?:${names.join('|')})`)
/** What a page does without that has no need of the server yet, or no lack of anything. */
const deferrable: Readonly<Record<string, RegExp>> = {
  'broadcast-channel, which only browsers without BroadcastChannel need': /^broadcast-channel/,
  'and what reads the feed, until one is opened': /^(?:broadcast-channel|eventsource-parser)|\/feed\.js$/,
  'and what speaks with the token endpoint, until something is asked of it': /^(?:broadcast-channel|eventsource-parser|oauth4webapi|dpop)|\/(?:feed|token-endpoint|proof)\.js$/,
}

async function sizeOf(name: string, without?: RegExp): Promise<Size & { readonly sources: Readonly<Record<string, number>> }> {
  const { files, now, later, sources } = await bundled(name, undefined, without)
  const contentsOf = (file: string): Uint8Array => files.get(file) ?? new Uint8Array()
  const brotli = (file: string): number => brotliCompressSync(contentsOf(file), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length
  const sum = (some: readonly string[], of: (file: string) => number): number => some.reduce((total, file) => total + of(file), 0)
  return { name, minified: sum(now, (file) => contentsOf(file).length), brotli: sum(now, brotli), laterBrotli: sum(later, brotli), files: now.length, sources }
}

const kb = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`

export const size: Figure<Sizes> = {
  name: 'size',
  peers: Object.keys(programs).filter((name) => !name.startsWith(ours)),
  async measure(say) {
    const sizes: Size[] = []
    for (const name of Object.keys(programs)) {
      const { sources: _sources, ...found } = await sizeOf(name)
      sizes.push(found)
      say(`${name}: ${kb(found.brotli)}`)
    }
    const whole = await sizeOf(ours)
    const lessOf = async (name: string, without: RegExp): Promise<Part> => ({ name, brotli: whole.brotli - (await sizeOf(ours, without)).brotli })
    const parts = await Promise.all(libraries.map((library) => lessOf(library, named([library]))))
    const all = await lessOf('', named(libraries))
    return {
      programs: sizes,
      libraries: [...parts, { name: ours, brotli: whole.brotli - all.brotli }],
      files: Object.entries(whole.sources).filter(([source]) => !source.includes('node_modules/.pnpm')).map(([source, minified]) => ({ name: source.replace(/^.*\/dist\//, ''), minified })).sort((one, other) => other.minified - one.minified).slice(0, 12),
      later: await Promise.all(Object.entries(deferrable).map(([name, without]) => lessOf(name, without))),
    }
  },
  readme({ programs: sizes }) {
    const of = (name: string): number => sizes.find((one) => one.name === name)?.brotli ?? NaN
    return [{
      what: 'bytes that a page fetches to restore a session, refresh, hear the feed and make a request; brotli', ours: kb(of(ours)), beside: `${target} ${kb(of(target))}, without a feed`, target: 'no more', verdict: of(ours) <= of(target) ? 'met' : 'missed',
    }]
  },
  table({ programs: sizes, libraries: parts, files, later }) {
    const of = (name: string): number => sizes.find((one) => one.name === name)?.brotli ?? NaN
    return [
      '### Bytes',
      '',
      'What a page fetches to restore a session, have it refreshed, hear the feed and make one request; the peers have no feed. esbuild, minified, ES2022; brotli 11.',
      '',
      '| | minified | brotli | in files | fetched later |',
      '|---|--:|--:|--:|--:|',
      ...sizes.map(({ name, minified, brotli, files: number, laterBrotli }) => `| ${name} | ${kb(minified)} | ${kb(brotli)} | ${number} | ${laterBrotli === 0 ? '–' : kb(laterBrotli)} |`),
      '',
      `Target: no more than ${target}, ${kb(of(target))}. ${of(ours) <= of(target) ? 'Met.' : `Missed by ${kb(of(ours) - of(target))}.`}`,
      '',
      `What ours is made of, as the bytes that a page without it would not fetch (brotli): ${parts.map(({ name, brotli }) => `${name} ${kb(brotli)}`).join(', ')}; the rest is what they share. Our largest files (minified): ${files.map(({ name, minified }) => `${name} ${kb(minified)}`).join(', ')}.`,
      '',
      'What could load later, brotli, each line with those above it:',
      '',
      '| without | less | left |',
      '|---|--:|--:|',
      ...later.map(({ name, brotli }) => `| ${name} | ${kb(brotli)} | ${kb(of(ours) - brotli)} |`),
    ]
  },
}
