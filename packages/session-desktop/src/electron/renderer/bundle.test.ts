/** The windows' side as a bundler sees it. */
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

it('J13 J14 the side of the windows is bundled for a page, with nothing of Node and nothing of the main process', async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'index.ts')], bundle: true, platform: 'browser', format: 'esm', target: 'es2022', write: false, metafile: true, logLevel: 'silent', external: ['node:*'],
  })
  const own = Object.keys(metafile.inputs).filter((path) => path.includes('session-desktop/src/'))
  expect(own.every((path) => /src\/electron\/(?:renderer\/|messages\.ts|failure\.ts)/.test(path)), own.join()).toBe(true)
  expect(Object.keys(metafile.inputs).length).toBeGreaterThan(own.length)
  expect(outputFiles[0]?.text).not.toMatch(/\b(?:from|import|require)\s*\(?\s*["']|process\.|Buffer\.|oauth4webapi/)
})
