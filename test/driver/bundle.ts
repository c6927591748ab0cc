// A script for a bare test page: TypeScript and what it imports, the packages as published, in one file.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('..', import.meta.url))

/** Bundles a file (a path relative to test/), or the code itself: bundle({ code: `import { createSession } from '@3dimli/session'; …` }). */
export async function bundle(source: { entry: string } | { code: string }): Promise<string> {
  const input = 'entry' in source ? { entryPoints: [source.entry] } : { stdin: { contents: source.code, loader: 'ts' as const, resolveDir: here } }
  const { outputFiles } = await build({
    ...input,
    absWorkingDir: here,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    sourcemap: 'inline',
    logLevel: 'silent',
  })
  const [output] = outputFiles
  if (!output) throw new Error('esbuild made no file')
  return output.text
}
