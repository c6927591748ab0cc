/** Looks for a broken promise: written from the promises alone, told of everything that happens, asked after every step. */
import type { Row } from '../../src/row.ts'
import type { Entry } from './disk.ts'
import { createLedger, type Ledger } from './ledger.ts'
import type { Said } from './server.ts'
import type { Act, Call, Tab } from './tab.ts'
import type { World } from './world.ts'
import { fence } from './promises/fence.ts'
import { purge } from './promises/purge.ts'
import { oneRefresh } from './promises/one-refresh.ts'
import { noFalseEnd } from './promises/no-false-end.ts'
import { noResurrection } from './promises/no-resurrection.ts'
import { narrow } from './promises/narrow.ts'
import { noLeak } from './promises/no-leak.ts'
import { keptWork } from './promises/kept-work.ts'
import { bounds } from './promises/bounds.ts'
import { detection } from './promises/detection.ts'
import { lease } from './promises/lease.ts'
import { suspension } from './promises/suspension.ts'
import { settledWorld } from './promises/settled-world.ts'

/** What a promise may look at. */
export interface Promises {
  acted?(tab: Tab, act: Act): void
  wrote?(before: Row | undefined, after: Row, owner: number): void
  erased?(target: string, entry: Entry, owner: number): void
  posted?(message: unknown, owner: number): void
  /** A proof, or new tokens, reached a context. */
  delivered?(owner: number, said: Said<unknown>): void
  revoking?(token: string): void
  refreshing?(token: string, attemptId: string, owner: number): void
  refreshed?(token: string, attemptId: string): void
  signingOut?(tab: Tab): void
  /** The application got an answer. */
  handedOut?(tab: Tab, call: Call): void
  /** A context was put to sleep, or woke, by a platform that says so. */
  slept?(tab: Tab): void
  woke?(tab: Tab): void
  /** A start came to its end. */
  started?(tab: Tab, call: Call): void
  /** The record was lost. */
  recordLost?(): void
  /** After every step. */
  check?(): void
  /** When everything works again and enough time has passed. */
  quiet?(): void
}

/** What each promise is made from. */
export interface Court {
  readonly world: World
  readonly ledger: Ledger
  /** Says that a promise is broken. */
  broken(promise: string, what: string): void
}

export interface Oracle extends Required<Omit<Promises, 'wrote'>> {
  readonly ledger: Ledger
  wrote(before: unknown, after: Row, owner: number): void
  secretFree(value: unknown, where: string): void
  /** Something went wrong that no promise of ours foresaw. */
  wrong(what: string): void
}

/** A promise of the SDK did not hold. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise'
}

export function createOracle(world: World): Oracle {
  const ledger = createLedger(() => world.device.store.stored)
  let found: BrokenPromise | undefined
  const court: Court = {
    world, ledger,
    broken: (promise, what) => void (found ??= new BrokenPromise(`${promise}: ${what}`)),
  }
  const leaks = noLeak(court)
  const all: readonly Promises[] = [
    noFalseEnd(court), fence(court), purge(court), oneRefresh(court), noResurrection(court), leaks, keptWork(court), narrow(court), bounds(court), detection(court), lease(court), suspension(court), settledWorld(court),
  ]
  const raise = (): void => {
    if (found) throw found
  }

  return {
    ledger,
    secretFree: leaks.secretFree,
    wrong: (what) => court.broken('P8', what),
    wrote(before, after, owner) {
      const version = world.versions.get(owner) ?? 1
      if ((before as { v?: number } | undefined)?.v !== undefined && (before as { v: number }).v > version) court.broken('P9', 'the record of a newer version was overwritten')
      for (const promise of all) promise.wrote?.((before as Row | undefined) ?? undefined, after, owner)
    },
    acted: (tab, act) => all.forEach((promise) => promise.acted?.(tab, act)),
    erased: (target, entry, owner) => all.forEach((promise) => promise.erased?.(target, entry, owner)),
    posted: (message, owner) => all.forEach((promise) => promise.posted?.(message, owner)),
    delivered: (owner, said) => all.forEach((promise) => promise.delivered?.(owner, said)),
    revoking: (token) => all.forEach((promise) => promise.revoking?.(token)),
    refreshing: (token, id, owner) => all.forEach((promise) => promise.refreshing?.(token, id, owner)),
    refreshed: (token, id) => all.forEach((promise) => promise.refreshed?.(token, id)),
    started: (tab, call) => all.forEach((promise) => promise.started?.(tab, call)),
    handedOut: (tab, call) => all.forEach((promise) => promise.handedOut?.(tab, call)),
    slept: (tab) => all.forEach((promise) => promise.slept?.(tab)),
    woke: (tab) => all.forEach((promise) => promise.woke?.(tab)),
    recordLost: () => all.forEach((promise) => promise.recordLost?.()),
    signingOut: (tab) => all.forEach((promise) => promise.signingOut?.(tab)),
    check() {
      for (const promise of all) promise.check?.()
      raise()
    },
    quiet() {
      for (const promise of all) promise.quiet?.()
      raise()
    },
  }
}
