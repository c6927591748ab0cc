/** Whether the marketplace has a file already: the same name, the same size, the same bytes. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Asset } from './application.ts'

/** Tells it; a file that cannot be read, or is written to meanwhile, is unknown. Reads the file only where name and size are the same. */
export async function isKnown(path: string, assets: readonly Asset[], signal: AbortSignal): Promise<boolean> {
  const before = await lookAt(path)
  const alike = assets.filter((asset) => asset.name === basename(path) && asset.size === before.size)
  if (alike.length === 0) return false
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { signal })
  } catch {
    signal.throwIfAborted()
    return false
  }
  const sha256 = hash.digest('hex')
  // What was read may be no more what the file is, or never have been.
  return alike.some((asset) => asset.sha256 === sha256) && (await lookAt(path)).version === before.version
}

async function lookAt(path: string): Promise<{ readonly size: number; readonly version: string }> {
  return stat(path, { bigint: true }).then(({ size, mtimeNs, ino }) => ({ size: Number(size), version: `${size} ${mtimeNs} ${ino}` }), () => ({ size: -1, version: '' }))
}
