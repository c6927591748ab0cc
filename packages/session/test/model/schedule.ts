/** Virtual time and everything that waits in it: each await of a port is a task here, and the draws decide which comes next. */
import type { Draws } from './draws.ts'

/** Something that will happen: in a context, or in the world (`owner` is `undefined`). */
interface Task {
  readonly id: number
  readonly owner: number | undefined
  readonly what: string
  due: number
  readonly run: () => void
}

export interface Schedule {
  readonly draws: Draws
  /** Milliseconds since the run began. */
  now(): number
  /** Lets something happen once `delay` has passed; returns the canceller. */
  add(owner: number | undefined, what: string, run: () => void, delay?: number): () => void
  /** A promise for something that happens in its turn. `run` may throw. */
  later<T>(owner: number | undefined, what: string, run: () => T, delay?: number): Promise<T>
  /** A short delay, mostly none. */
  delay(most?: number): number
  /** A context that stands still until it is thawed. */
  freeze(owner: number): void
  thaw(owner: number): void
  /** Takes everything away that a dead context waited for. */
  drop(owner: number): void
  /** Runs up to `count` ready tasks. */
  turn(count: number): Promise<void>
  /** Lets time pass. */
  pass(ms: number): Promise<void>
  readonly steps: number
  /** A number that two runs share only when everything happened in the same order. */
  readonly order: number
}

export interface ScheduleOptions {
  readonly draws: Draws
  /** Looks at the world after each step; may throw. */
  readonly check: () => void
  readonly log: (text: string, owner?: number) => void
}

/** Lets promises run until nothing moves. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Most tasks without time passing: beyond it something spins. */
const mostAtOnce = 3_000

export function createSchedule({ draws, check, log }: ScheduleOptions): Schedule {
  const tasks = new Map<number, Task>()
  const still = new Set<number>()
  let now = 0
  let serial = 0
  let steps = 0
  let order = 7

  const moves = (task: Task): boolean => task.owner === undefined || !still.has(task.owner)

  const ready = (): Task | undefined => {
    const list: Task[] = []
    for (const task of tasks.values()) if (task.due <= now && moves(task)) list.push(task)
    return list[draws.nat(list.length)]
  }

  const run = async (task: Task): Promise<void> => {
    tasks.delete(task.id)
    steps += 1
    order = (Math.imul(order, 31) + task.id) | 0
    log(task.what, task.owner)
    task.run()
    await settled()
    check()
  }

  const soonest = (until: number): number | undefined => {
    let due: number | undefined
    for (const task of tasks.values()) if (moves(task) && task.due <= until && (due === undefined || task.due < due)) due = task.due
    return due
  }

  const schedule: Schedule = {
    draws,
    now: () => now,
    get steps() {
      return steps
    },
    get order() {
      return order
    },
    add(owner, what, act, delay = 0) {
      const id = (serial += 1)
      tasks.set(id, { id, owner, what, due: now + Math.max(0, delay), run: act })
      return () => void tasks.delete(id)
    },
    later(owner, what, act, delay = 0) {
      return new Promise((resolve, reject) => {
        schedule.add(owner, what, () => {
          try {
            resolve(act())
          } catch (error) {
            reject(error as Error)
          }
        }, delay)
      })
    },
    delay: (most = 30) => (draws.chance(0.25) ? draws.nat(most) : 0),
    freeze: (owner) => void still.add(owner),
    thaw: (owner) => void still.delete(owner),
    drop(owner) {
      for (const task of tasks.values()) if (task.owner === owner) tasks.delete(task.id)
    },
    async turn(count) {
      await settled()
      check()
      for (let turn = 0; turn < count; turn += 1) {
        const task = ready()
        if (!task) return
        await run(task)
      }
    },
    async pass(ms) {
      const until = now + ms
      await settled()
      check()
      for (;;) {
        let atOnce = 0
        for (let task = ready(); task; task = ready()) {
          await run(task)
          atOnce += 1
          if (atOnce > mostAtOnce) throw new Error(`P3: no end of tasks without time passing, the last: ${task.what}`)
        }
        const due = soonest(until)
        if (due === undefined) break
        now = Math.max(now, due)
      }
      now = until
    },
  }
  return schedule
}
