/** A seller's file: opened to be read and nothing else, and looked at again before each part of it is sent. */
import { createHash } from 'node:crypto'
import { constants, open, realpath, stat, type FileHandle } from 'node:fs/promises'
import type { FileSource } from 'tus-js-client'
import { failed } from './failure.ts'
import type { AddOptions } from './shape.ts'
import type { Body } from './stack.ts'

const pieceBytes = 256 * 1024

type Links = AddOptions['links']

/** What tells one state of a file from another. */
export interface Fingerprint {
  readonly size: number
  /** Nanoseconds, and the file's number on its disk, as decimal text. */
  readonly changed: string
  readonly inode: string
}

/** An open file. */
export interface Source extends FileSource {
  readonly fingerprint: Fingerprint
  /** Its SHA-256; reads only what was not hashed yet. Rejects when the file changed meanwhile. */
  digest(signal: AbortSignal): Promise<Buffer>
}

/** Opens a file; a link is followed unless it is to be refused. Rejects with the failure `unreadable`. */
export async function openSource(path: string, links: Links = 'follow'): Promise<Source> {
  const file = await opened(path, links).catch((cause: unknown) => {
    throw failed({ code: 'unreadable' }, cause)
  })
  const fingerprint = await fingerprintOf(file)
  const { size } = fingerprint

  /** Both what is open and what the path leads to now: a file may be written to, or another put in its place. */
  const unchanged = async (): Promise<void> => {
    const now = await checked(path, links).then(() => Promise.all([fingerprintOf(file), fingerprintOf(path)])).catch(() => [])
    if (now.length === 0 || !now.every((found) => isSame(found, fingerprint))) throw failed({ code: 'changed' })
  }

  const hash = createHash('sha256')
  let hashed = 0
  /** Parts are sent in order, and some of them again: each byte counts once, and what would leave a gap is read later. */
  const count = (at: number, bytes: Uint8Array): void => {
    if (at > hashed || at + bytes.length <= hashed) return
    hash.update(bytes.subarray(hashed - at))
    hashed = at + bytes.length
  }

  const newRoom = (): Buffer => Buffer.allocUnsafeSlow(Math.min(pieceBytes, size))
  /** Used again and again: with new room for each piece the collector of garbage took more time than the hash. */
  let spare: readonly [Buffer, Buffer] | undefined
  /** One piece is on its way while the next is read; who asks for the next is done with it. */
  const piecesOf = async function* (start: number, end: number): AsyncGenerator<Uint8Array> {
    const room = spare ?? [newRoom(), newRoom()]
    spare = undefined
    let turn: 0 | 1 = 0
    const read = async (at: number): Promise<Uint8Array> => {
      turn = turn === 0 ? 1 : 0
      const bytes = room[turn].subarray(0, end - at)
      const { bytesRead } = await file.read(bytes, 0, bytes.length, at)
      // Less than was announced would leave the server waiting for the rest.
      if (bytesRead === 0) throw failed({ code: 'changed' })
      return bytes.subarray(0, bytesRead)
    }
    let at = start
    let reading = at < end ? read(at) : undefined
    while (reading) {
      const piece = await reading
      const next = at + piece.length
      reading = next < end ? read(next) : undefined
      // Nobody may want it any more.
      reading?.catch(() => undefined)
      yield piece
      count(at, piece)
      at = next
    }
    // The room of a part that was broken off is left: it may still be read into.
    spare = room
  }

  const hashTheRest = async (signal?: AbortSignal): Promise<void> => {
    for await (const _piece of piecesOf(hashed, size)) signal?.throwIfAborted()
  }
  /** While the server works on the last part but one, whose answer is waited for. What went wrong shows when the rest is read again. */
  let ahead: Promise<void> | undefined
  const sendPart = async function* (start: number, end: number): AsyncGenerator<Uint8Array> {
    yield* piecesOf(start, end)
    if (end < size && size - end <= end - start) ahead ??= hashTheRest().catch(() => undefined)
  }

  return {
    size,
    fingerprint,
    async digest(signal) {
      await ahead
      await hashTheRest(signal)
      await unchanged()
      return hash.copy().digest()
    },
    async slice(start, end) {
      await unchanged()
      const body: Body = { size: end - start, pieces: () => sendPart(start, end) }
      return { value: body, done: end >= size }
    },
    close: () => void file.close().catch(() => undefined),
  }
}

/** Whether a file is still as it was. */
export function isSame(a: Fingerprint, b: Fingerprint): boolean {
  return a.size === b.size && a.changed === b.changed && a.inode === b.inode
}

async function opened(path: string, links: Links): Promise<FileHandle> {
  await checked(path, links)
  // Looked at first: opening a pipe would wait for somebody to write to it.
  if (!(await stat(path)).isFile()) throw new TypeError('This is no file.')
  // A link may be put there just now. Windows knows no such flag.
  return open(path, links === 'refuse' ? constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) : 'r')
}

/** Rejects where there is a link on the path and none is to be followed. */
async function checked(path: string, links: Links): Promise<void> {
  if (links === 'refuse' && (await realpath(path)) !== path) throw new TypeError('A link leads here.')
}

/** Looks at a file; rejects where there is none. */
export async function fingerprintOf(place: FileHandle | string): Promise<Fingerprint> {
  const { size, mtimeNs, ino } = await (typeof place === 'string' ? stat(place, { bigint: true }) : place.stat({ bigint: true }))
  return { size: Number(size), changed: String(mtimeNs), inode: String(ino) }
}
