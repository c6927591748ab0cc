/** What the window is about: the session and its queue as one view, and what the page may do with them. */
import { resolve } from 'node:path'
import type { Application } from '../application.ts'
import { noticeOf } from '../say/notice.ts'
import { explain } from '../say/words.ts'
import { createOffers } from '../watch/offers.ts'
import { isAnother, personIn } from '../whose.ts'
import type { Finder } from './find.ts'
import { createLeftovers } from './leftovers.ts'
import type { Granted, View, Wish } from './view.ts'

/** The model. */
export interface Model {
  view(): View
  /** Calls back after every change; returns the remover. */
  subscribe(listener: () => void): () => void
  grant(wish: Wish): Promise<Granted>
}

/** Makes it; everything it began is given up when the signal aborts. */
export function createModel(app: Application, finder: Finder, signal: AbortSignal): Model {
  const { session, uploads } = app
  const listeners = new Set<() => void>()
  const known: string[] = []
  let seller: { readonly subject: string; readonly name: string } | undefined
  let signingIn: View['signingIn']
  let giveUp = new AbortController()
  let problem: string | undefined
  let unsent = false

  const changed = (): void => [...listeners].forEach((listener) => listener())
  const foreign = (): void => {
    unsent = true
    changed()
  }
  const offers = createOffers(app, signal, {
    known(path) {
      known.push(path.split(/[/\\]/).at(-1) ?? path)
      changed()
    },
    foreign,
  })

  const leftovers = createLeftovers(uploads, offers.offer, changed)
  let recalled: string | undefined

  const follow = (): void => {
    const { state } = session
    const person = personIn(session)
    if (person !== undefined) offers.goOn()
    if (state.status === 'active' && person !== undefined) {
      const { subject, epochId } = state.session
      if (recalled !== epochId) {
        recalled = epochId
        void leftovers.recall(person)
      }
      if (seller?.subject !== subject) {
        seller = { subject, name: subject }
        void app.seller().then((name) => {
          if (seller?.subject === subject) seller = { subject, name }
          changed()
        })
      }
    }
    changed()
  }
  session.subscribe(follow)
  uploads.subscribe(changed)
  app.onEnded(() => {
    problem = undefined
    known.length = 0
    // It may be what the next one, who is here already, must be told.
    if (personIn(session) === undefined) unsent = false
    leftovers.clear()
    follow()
  })
  // Somebody may be signed in already.
  follow()

  const standing = (): View['session'] => {
    const { state } = session
    if (state.status === 'active' || state.status === 'fenced') {
      return {
        status: state.status === 'active' ? 'signed-in' : 'held', ...(seller && { seller: seller.name }),
        ...(state.status === 'fenced' && { isSuspended: state.reason === 'suspended' }),
      }
    }
    return { status: state.status === 'restoring' ? 'opening' : state.status === 'purging' ? 'ending' : 'signed-out' }
  }

  const signIn = async (device: boolean): Promise<void> => {
    giveUp.abort()
    giveUp = new AbortController()
    const mine = giveUp.signal
    signingIn = {}
    problem = undefined
    changed()
    try {
      await session.signIn({
        signal: AbortSignal.any([signal, mine]),
        ...(device && {
          device: ({ userCode, verificationUri, expiresAt }) => {
            signingIn = { code: { userCode, verificationUri, expiresAt } }
            changed()
          },
        }),
      })
    } catch (error) {
      if (!mine.aborted) problem = explain(error)
    }
    if (mine === giveUp.signal) signingIn = undefined
    changed()
  }

  const add = async (files: Extract<Wish, { do: 'add' }>['files'], folder: string | undefined): Promise<Granted> => {
    const owner = personIn(session)
    unsent = false
    const found = await finder.find(files, folder === undefined ? undefined : resolve(folder))
    // Looking takes a while, in which somebody else may have come.
    if (isAnother(session, owner)) {
      foreign()
      return { missing: [] }
    }
    // What is on its way already need not begin again because somebody dropped it twice.
    const underWay = new Set(uploads.state.uploads.flatMap(({ path, state }) => (state === 'done' || state === 'failed' ? [] : [path])))
    for (const [file, path] of found) {
      leftovers.chosen(file)
      if (!underWay.has(path)) offers.offer(path, owner)
    }
    return { missing: files.filter((file) => !found.has(file)) }
  }

  return {
    view() {
      const ended = app.ended()
      const session = standing()
      const { uploads: all, bytesSent, bytesTotal } = uploads.state
      return {
        server: app.server, session, persistent: app.session.diagnostics().persistent, bytesSent, bytesTotal, known, unsent, lost: leftovers.lost(),
        uploads: all.map(({ id, name, state, bytesSent: sent, bytesTotal: total, failure }) => ({ id, name, state, bytesSent: sent, bytesTotal: total, ...(failure && { failure }) })),
        ...(signingIn && { signingIn }), ...(problem !== undefined && { problem }),
        ...(ended && session.status === 'signed-out' && { notice: noticeOf(ended) }),
      }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async grant(wish) {
      if (wish.do === 'add') return add(wish.files, wish.folder)
      if (wish.do === 'sign-in') void signIn(wish.device)
      else if (wish.do === 'give-up') giveUp.abort()
      else if (wish.do === 'sign-out') await session.signOut()
      else if (wish.do === 'cancel') void ((await leftovers.forget(wish.id)) || (await uploads.cancel(wish.id)))
      else if (wish.do === 'pause') uploads.pause(wish.id)
      else uploads.resume(wish.id)
      return { missing: [] }
    },
  }
}
