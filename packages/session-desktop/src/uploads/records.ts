/** What an upload needs to go on after its process is gone: encrypted under the session's content key, named by a keyed hash of the path. */
import { mkdir, readFile, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { decrypt, encrypt, streamOf, type Content } from '@3dimli/session/platform'
import { ensureFolder, unless } from '../folder.ts'
import { replaceFile } from '../record/replace.ts'
import type { Fingerprint } from './source.ts'

type Bytes = Uint8Array<ArrayBuffer>
const gone = ['ENOENT', 'ENOTDIR']

/** Below the content folder; the core erases or locks what lies under it. */
export const place = 'uploads/{content}'

/** One upload of one state of one file. */
export interface Kept {
  readonly endpoint: string
  readonly path: string
  readonly name: string
  readonly type?: string
  readonly fingerprint: Fingerprint
  /** The address of the upload; what it has is the server's to say. */
  readonly url?: string
  /** When the server had all of it, epoch ms. */
  readonly doneAt?: number
}

/** The record of one path at one endpoint. */
export interface UploadRecord {
  /** Names it, and tells nothing of the path. */
  readonly name: string
  read(): Promise<Kept | undefined>
  write(kept: Kept): Promise<void>
  remove(): Promise<void>
}

/** The records of one session's content at one endpoint. */
export interface UploadRecords {
  of(path: string): Promise<UploadRecord>
  /** What is kept of every path. */
  all(): Promise<readonly Kept[]>
}

/** Opens the records. After the signal nothing is written any more. */
export async function openRecords(input: {
  readonly folder: string
  readonly content: Required<Content>
  readonly random: (length: number) => Bytes
  readonly endpoint: string
  readonly signal: AbortSignal
}): Promise<UploadRecords> {
  const { content, random, endpoint, signal } = input
  const folder = join(input.folder, place.replace('{content}', content.id))
  // Made here and nowhere later: a write that comes too late must not bring back what was erased.
  await ensureFolder(input.folder)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const nameAt = (path: string): Promise<string> => nameOf(content.key, `${endpoint}\n${path}`)

  const read = async (name: string): Promise<Kept | undefined> => {
    const bytes = await unless(gone, readFile(join(folder, name)))
    try {
      const kept = bytes && (JSON.parse(await textOf(decrypt(streamOf(new Uint8Array(bytes)), content.key))) as Kept)
      // The encryption does not know which file it lies in.
      return kept?.endpoint === endpoint && (await nameAt(kept.path)) === name ? kept : undefined
    } catch {
      // A broken record is none: the upload begins anew.
      return undefined
    }
  }

  const recordOf = (name: string): UploadRecord => ({
    name,
    read: () => read(name),
    async write(kept) {
      const sealed = encrypt(streamOf(new TextEncoder().encode(JSON.stringify(kept))), content.key, random(16), 4096)
      const bytes = new Uint8Array(await new Response(sealed).arrayBuffer())
      if (signal.aborted) return
      // Where an upload lies must outlive a power cut. That it is done need not: its server is asked before it is sent again.
      const synced = kept.doneAt === undefined ? 'bytes' : 'nothing'
      await unless(gone, replaceFile({ path: join(folder, name), bytes, token: Buffer.from(random(8)).toString('hex'), synced, may: async () => !signal.aborted }))
    },
    async remove() {
      await unless(gone, unlink(join(folder, name)))
    },
  })

  return {
    of: async (path) => recordOf(await nameAt(path)),
    async all() {
      const names = (await unless(gone, readdir(folder))) ?? []
      return (await Promise.all(names.map(read))).filter((kept) => kept !== undefined)
    },
  }
}

async function nameOf(key: CryptoKey, text: string): Promise<string> {
  const { subtle } = globalThis.crypto
  const naming = await subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(16), info: new TextEncoder().encode('3dimli upload names') },
    key, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign'],
  )
  return Buffer.from(await subtle.sign('HMAC', naming, new TextEncoder().encode(text))).toString('hex')
}

async function textOf(stream: ReadableStream<Bytes>): Promise<string> {
  return new Response(stream).text()
}
