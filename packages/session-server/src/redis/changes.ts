/** Following the stream of changes that all nodes write to: each swap is told to those of this process who listen to its session. */
import type { Redis } from 'ioredis'
import { type Listeners, listeners } from '../listeners.ts'
import { answered, connect, type RedisSettings } from './connection.ts'

/** The changes of all nodes, as this process hears of them. */
export interface Changes {
  readonly subscribe: Listeners['subscribe']
  close(): Promise<void>
}

/** How long one read waits for something to happen. */
const blockMs = 5000
/** More than this at once is a sign of having fallen behind. */
const batch = 1000
/** Between a read that failed and the next. */
const pauseMs = 250

/**
 * Follows the stream from the first listener on.
 *
 * The id of the last change is remembered, so that a connection that was cut goes on where it was. Where that change is in the stream no more, be it that
 * the stream was trimmed, lost or taken over by a replica that had not heard of it, all listeners are told, and look for themselves. They are told
 * too every `waitMs` for as long as the stream cannot be read: so a feed that nobody can serve is closed and not kept open in silence.
 */
export function followChanges(settings: RedisSettings, stream: string): Changes {
  const { subscribe, tell, tellAll } = listeners()
  let connection: Redis | undefined
  let following: Promise<void> | undefined
  let closed = false
  /** Ends the pause, if there is one, when the store is closed. */
  let wake = (): void => {}

  const newest = async (redis: Redis) => (await answered(redis.xrevrange(stream, '+', '-', 'COUNT', 1)))[0]?.[0] ?? '0-0'

  async function run(redis: Redis): Promise<void> {
    const isThere = async (id: string) => (await answered(redis.xrange(stream, id, id))).length > 0
    let last: string | undefined
    /** Whether the change that was told last is known to be in the stream still. */
    let sure = false
    let tooLong = false
    let heardAt = performance.now()
    while (!closed) {
      try {
        if (tooLong) {
          tooLong = false
          tellAll()
        }
        if (!sure && (last === undefined || !(await isThere(last)))) {
          last = await newest(redis)
          tellAll()
        }
        sure = true
        const before: string = last!
        const [found] = (await answered(redis.xread('COUNT', batch, 'BLOCK', blockMs, 'STREAMS', stream, before))) ?? []
        heardAt = performance.now()
        const changes = found?.[1] ?? []
        for (const [id, fields] of changes) {
          last = id
          tell(fields[1] ?? '')
        }
        // What was trimmed before it was read was trimmed together with what came before it.
        if (changes.length === batch && !(await isThere(before))) tellAll()
      } catch {
        sure = false
        tooLong = performance.now() - heardAt >= settings.waitMs
        if (tooLong) heardAt = performance.now()
        if (!closed) await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, pauseMs)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
    }
  }

  function begin(): void {
    if (closed || following) return
    connection = connect(settings, blockMs)
    following = run(connection)
  }

  return {
    subscribe(sid, listener) {
      begin()
      return subscribe(sid, listener)
    },
    async close() {
      closed = true
      connection?.disconnect()
      wake()
      await following
    },
  }
}
