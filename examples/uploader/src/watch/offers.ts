/** What becomes of files that are offered: each goes into the queue once and in the name it was offered in, unless the marketplace has it. */
import { setTimeout as pause } from 'node:timers/promises'
import type { AddOptions } from '@3dimli/session-desktop/uploads'
import type { Application } from '../application.ts'
import { isKnown } from '../known.ts'
import { isAnother, personIn } from '../whose.ts'
import { isOwnFile } from './folder.ts'

/** How long until a server that did not answer is asked again. */
const againMs = 5_000

/** What is made of offers. */
export interface OffersInput {
  /** Told of each file that need not be sent. */
  readonly known: (path: string) => void
  /** Told that something was not sent, since somebody else is signed in now. */
  readonly foreign?: () => void
  /** With `refuse` nothing is sent that a link leads to. @default `follow` */
  readonly links?: NonNullable<AddOptions['links']>
}

/** The files that are still to be looked at. */
export interface Offers {
  /** A file is complete, and a person's; undefined: the first one's who signs in. */
  offer(path: string, owner: string | undefined): void
  /** A file is there no more. */
  withdraw(path: string): void
  /** Somebody is signed in: goes on with what waited. */
  goOn(): void
}

/** One of them: a file that is offered again is another one. */
interface Offer {
  readonly path: string
  owner: string | undefined
}

/** Makes them. */
export function createOffers(app: Application, signal: AbortSignal, { known, foreign = () => undefined, links = 'follow' }: OffersInput): Offers {
  const waiting = new Map<string, Offer>()
  const queued = new Map<string, string>()
  let working = false

  /** Gives what is nobody's yet to whoever is here, and lets go of what is another's. */
  const claim = (): void => {
    const here = personIn(app.session)
    if (here === undefined) return
    let isLeft = false
    for (const offer of waiting.values()) {
      offer.owner ??= here
      if (offer.owner !== here) isLeft = waiting.delete(offer.path)
    }
    if (isLeft) foreign()
  }

  const look = async (): Promise<void> => {
    // What another process finishes from here on may be missing in the list.
    const since = Date.now()
    const assets = await app.assets()
    for (const offer of [...waiting.values()]) {
      const { path, owner } = offer
      const isThere = await isKnown(path, assets, signal)
      const isOwn = links === 'follow' || (await isOwnFile(path))
      // Nobody else is told of it either.
      if (app.session.state.status !== 'active' || personIn(app.session) !== owner) return
      // It may have been withdrawn while it was read, or offered anew.
      if (waiting.get(path) !== offer) continue
      waiting.delete(path)
      if (!isOwn) continue
      if (isThere) known(path)
      else queued.set(path, app.uploads.add(path, { since, links }))
    }
  }

  const goOn = async (): Promise<void> => {
    claim()
    if (working) return
    working = true
    while (waiting.size > 0 && app.session.state.status === 'active' && !signal.aborted) {
      await look().catch(() => pause(againMs, undefined, { signal }).catch(() => undefined))
      claim()
    }
    working = false
  }

  /** Takes a file out of the queue; what came of an earlier state of it is no more of use. */
  const drop = async (path: string): Promise<void> => {
    const id = queued.get(path)
    queued.delete(path)
    if (id !== undefined && app.uploads.state.uploads.find((upload) => upload.id === id)?.state !== 'done') await app.uploads.cancel(id)
  }

  return {
    offer(path, owner) {
      if (isAnother(app.session, owner)) return foreign()
      void drop(path).finally(() => {
        waiting.set(path, { path, owner })
        void goOn()
      })
    },
    withdraw(path) {
      waiting.delete(path)
      void drop(path)
    },
    goOn: () => void goOn(),
  }
}
