/** A record in a real file of one test, and other processes that open it. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { systemClock, type RecordStore, type Row } from '@3dimli/session/platform'
import { fileLocks } from '../src/lock/file-lock.ts'
import { recordKeys, type RecordKeys } from '../src/record/keys.ts'
import { fileStore } from '../src/record/store.ts'
import { newFolder } from './folders.ts'

export const random = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(length))
export const hex = (): string => randomBytes(16).toString('hex')

export interface Setting {
  readonly path: string
  readonly folder: string
  secret: Uint8Array | undefined
  readonly lacks: string[]
  /** Another process: it knows nothing of what the others read or wrote, keys included. */
  open(keys?: RecordKeys): RecordStore
}

export function setting(): Setting {
  const folder = join(newFolder(), '3dimli.x')
  const clock = systemClock()
  const made: Setting = {
    folder, path: join(folder, 'record'), secret: random(32), lacks: [],
    open(keys = recordKeys()) {
      const { secret } = made
      const take = fileLocks({ folder: join(folder, 'locks'), clock, token: hex })
      return fileStore({ folder, scope: '3dimli.x', clock, random, keys, take, secret: async () => secret, lack: (what) => made.lacks.push(what) })
    },
  }
  return made
}

export const row = (generation: number, more: Partial<Row> = {}): Row => ({ v: 1, epoch: { n: 1, id: 'e' }, generation, seenAt: 0, journals: [], outbox: [], vault: [], ...more })

export const write = (store: RecordStore, next: Row): Promise<void> => store.change(() => next, 'strict')
export const read = async (store: RecordStore): Promise<Row | undefined> => (await store.read()) as Row | undefined
