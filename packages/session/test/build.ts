/** Builds a program around a client whose sources were changed on purpose: with a mistake in it, or as a later version of it. */
import { readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const sources = join(here, '../src')

/** Replaces one passage of a file of `packages/session/src`; the passage stands there exactly once. */
export interface Change {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** Writes the program that begins with `entry`, a path from here, to `outfile`; rejects when a passage to replace is not there exactly once. */
export async function buildWith(changes: readonly Change[], entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(here, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    logLevel: 'silent',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    plugins: [{
      name: 'changed sources',
      setup(run) {
        run.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
          const here = changes.filter((change) => change.file === relative(sources, path))
          if (here.length === 0) return undefined
          const contents = here.reduce(replaceOnce, await readFile(path, 'utf8'))
          return { contents, loader: 'ts' }
        })
      },
    }],
  })
}

function replaceOnce(text: string, { file, find, replace }: Change): string {
  const parts = text.split(find)
  if (parts.length !== 2) throw new Error(`${file} has the passage to replace ${parts.length - 1} times, not once: ${find.trim()}`)
  return parts.join(replace)
}
