// Who reads the status lists all the while, of one node or through a cache: each read is given to a judge, and one that fails is counted.
import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { text } from 'node:stream/consumers'
import { inflateSync } from 'node:zlib'

/** Where lists are asked for. */
export type Source = { readonly socketPath: string } | { readonly host: string; readonly port: number }

export interface Reader {
  readonly reads: number
  readonly refused: number
  stop(): Promise<void>
}

/** Between two reads of a list. */
const restMs = 200

/** Reads the lists of these addresses, one after the other, until it is stopped. `judge` is told when the list was asked for, and gets what it says of an entry. */
export function readLists(source: Source, uris: readonly string[], judge: (uri: string, askedAt: number, says: (idx: number) => number) => void): Reader {
  const stopping = new AbortController()
  const { signal } = stopping
  const counted = { reads: 0, refused: 0 }

  async function read(): Promise<void> {
    while (!signal.aborted) {
      for (const uri of uris) {
        const askedAt = Date.now()
        const list = await fetchList(source, new URL(uri).pathname, signal).catch(() => undefined)
        counted[list ? 'reads' : 'refused'] += 1
        if (list) judge(uri, askedAt, (idx) => (list[idx >> 2]! >> ((idx & 3) * 2)) & 3)
      }
      await pause(restMs, undefined, { signal }).catch(() => undefined)
    }
  }

  const reading = read()
  return {
    get reads() {
      return counted.reads
    },
    get refused() {
      return counted.refused
    },
    async stop() {
      stopping.abort()
      await reading
    },
  }
}

/** Reads a list; `undefined` where there is none now. */
function fetchList(source: Source, path: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    request({ ...source, path, agent: false, signal }, (answer) => {
      text(answer).then((token) => {
        if (answer.statusCode !== 200) return resolve(undefined)
        const { status_list: { lst } } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { status_list: { lst: string } }
        resolve(inflateSync(Buffer.from(lst, 'base64url')))
      }).catch(reject)
    }).on('error', reject).end()
  })
}
