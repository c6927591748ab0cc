/** `uploader demo`: everything in one process, so that it works on any machine: a marketplace, a folder with models, and a seller who watches it. */
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAuthority } from '@3dimli/example-authority'
import { execute } from '../execute.ts'
import type { ExitCode } from '../exit-code.ts'
import { watchCommand } from './watch.ts'

const models = { 'Attic amphora.glb': 60_000_000, 'Dune field.obj': 25_000_000, 'Knot lamp.stl': 4_000_000 }

/** Runs it until Ctrl-C; nothing of it stays. */
export async function demo(): Promise<ExitCode> {
  const folder = await mkdtemp(join(tmpdir(), '3dimli-demo-'))
  const watched = join(folder, 'models')
  await mkdir(watched)
  for (const [name, bytes] of Object.entries(models)) await writeFile(join(watched, name), randomBytes(bytes))
  const authority = await startAuthority({ port: 0, dataDir: join(folder, 'marketplace'), deviceIntervalSeconds: 2 })
  try {
    return await execute({ server: authority.issuer, name: 'uploader-demo', data: folder }, { json: false }, async (run) => {
      run.output.line(`A marketplace of your own runs at ${authority.issuer} until Ctrl-C.

  1. Sign in as its seller: sela@example.test, password demo. The address and the code for that are below.
  2. See the models in ${watched} being uploaded. Copy a file of yours there.
  3. Open ${authority.issuer}/admin, sign in as admin@example.test, password demo, and revoke the session with a reason.
     Nothing is sent any more; the uploader says why, and what became of what.
  4. Sign in again with the new code: it goes on.
`)
      return watchCommand(run, watched, { device: true })
    })
  } finally {
    await authority.close()
    await rm(folder, { recursive: true, force: true })
  }
}
