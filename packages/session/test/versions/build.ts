/** Builds another version of the client from the sources of this one, and loads it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildWith, type Change } from '../build.ts'
import type { Client } from '../model/world.ts'

/** Makes the version that these changes lead to. */
export async function versionWith(changes: readonly Change[]): Promise<Client> {
  const folder = await mkdtemp(join(tmpdir(), 'version-'))
  try {
    const file = join(folder, 'client.mjs')
    await buildWith(changes, 'versions/client.ts', file)
    return (await import(pathToFileURL(file).href)) as Client
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
