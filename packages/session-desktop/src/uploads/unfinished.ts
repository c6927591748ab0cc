/** What there is to say of an upload that was begun and not finished. */
import type { Kept } from './records.ts'
import type { UnfinishedUpload } from './shape.ts'
import { fingerprintOf, isSame } from './source.ts'

/** Tells of it; undefined where it is finished after all. `ask` tells what the server has, where that can be known. */
export async function unfinished({ path, name, type, fingerprint, url, doneAt }: Kept, ask: (path: string, url: string) => Promise<number | undefined>): Promise<UnfinishedUpload | undefined> {
  if (url === undefined || doneAt !== undefined) return undefined
  const [now, bytesSent] = await Promise.all([fingerprintOf(path).catch(() => undefined), ask(path, url)])
  if (bytesSent === fingerprint.size) return undefined
  return Object.freeze({
    path, name, ...(type !== undefined && { type }), bytesTotal: fingerprint.size, ...(bytesSent !== undefined && { bytesSent }), isThere: now !== undefined && isSame(now, fingerprint),
  })
}
