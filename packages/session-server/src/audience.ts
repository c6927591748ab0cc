/** Who hears of one session in this process: one listener at the store, and one look and one text for all of them, however many. */
import type { WireObject } from './wire.ts'

/** Where a session stands: the object, the cursor that names this state of it, and whether there is nothing more to say; and until when it holds if nobody changes it. */
export interface Snapshot {
  readonly cursor: string
  readonly object: WireObject
  readonly last: boolean
  /** Epoch ms, or Infinity. */
  readonly until: number
}

/** What one look found, as a feed says it. */
export interface Told extends Pick<Snapshot, 'cursor' | 'last' | 'until'> {
  readonly text: Uint8Array
}

/** One of the audience. */
export interface Hearer {
  /** Called with what a look found that began after it was asked for; also where that is nothing new. */
  tell(now: Told): void
  /** Called when the store could not say. */
  close(): void
}

/** What a hearer may do. */
export interface Seat {
  /** Looks where the session stands, for this hearer. */
  look(): void
  leave(): void
}

/** What an audience hears of. */
export interface AudienceSource {
  readonly snapshot: (sid: string) => Promise<Snapshot>
  readonly subscribe: (sid: string, listener: () => void) => () => void
}

/** Makes the audiences of all sessions; each is there while somebody is in it. What `subscribe` throws, joining throws. */
export function createAudiences(source: AudienceSource): (sid: string, hearer: Hearer) => Seat {
  const audiences = new Map<string, ReturnType<typeof createAudience>>()
  return (sid, hearer) => {
    const audience = audiences.get(sid) ?? createAudience(source, sid)
    audiences.set(sid, audience)
    audience.hearers.add(hearer)
    return {
      look: () => audience.ask([hearer]),
      leave() {
        audience.hearers.delete(hearer)
        if (audience.hearers.size > 0 || audiences.get(sid) !== audience) return
        audiences.delete(sid)
        audience.unsubscribe()
      },
    }
  }
}

function createAudience({ snapshot, subscribe }: AudienceSource, sid: string) {
  const hearers = new Set<Hearer>()
  /** Who waits for the next look. */
  let asking = new Set<Hearer>()
  let looking = Promise.resolve()

  // One at a time, so that two changes in a row cannot overtake each other. Whoever asks while one is under way waits for the next: that one may have read too early.
  function ask(who: Iterable<Hearer>): void {
    if (asking.size === 0) looking = looking.then(look)
    for (const hearer of who) asking.add(hearer)
  }

  async function look(): Promise<void> {
    const asked = asking
    asking = new Set()
    let now: Told | undefined
    try {
      now = told(await snapshot(sid))
    } catch {
      // A store that fails closes the feeds, and the clients ask elsewhere.
    }
    for (const hearer of asked) {
      try {
        if (now) hearer.tell(now)
        else hearer.close()
      } catch {
        // What one of them meets is not for the others to suffer.
      }
    }
  }

  const unsubscribe = subscribe(sid, () => ask(hearers))
  return { hearers, ask, unsubscribe }
}

function told({ object, ...now }: Snapshot): Told {
  return { ...now, text: new TextEncoder().encode(`event: session\nid: ${now.cursor}\ndata: ${JSON.stringify(object)}\n\n`) }
}
