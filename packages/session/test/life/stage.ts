/** A tab whose storage, eraser and sign-in can be made to stand still, and whose ports count what is open. */
import type { Connection } from '../../src/authority.ts'
import type { Ports } from '../../src/ports.ts'
import { signedIn, turns, type scene, type Scene } from '../scene.ts'
import { counted, none, type Open } from './counted.ts'

/** Something that stands still until it is let go. */
export interface Halt {
  stands: boolean
  /** True once something waits at it. */
  reached: boolean
  readonly pass: () => Promise<void>
  readonly letGo: () => void
}

/** Makes one that lets everything through until it is told to stand. */
export function halt(): Halt {
  const { promise, resolve } = Promise.withResolvers<void>()
  const made: Halt = {
    stands: false,
    reached: false,
    async pass() {
      if (!made.stands) return
      made.reached = true
      await promise
    },
    letGo() {
      made.stands = false
      resolve()
    },
  }
  return made
}

/** A tab to be stopped, and what can be made to stand still in it. */
export interface Stage {
  readonly made: Scene
  readonly open: Open
  readonly read: Halt
  readonly write: Halt
  readonly erase: Halt
  readonly complete: Halt
}

/** A tab that counts what is open, and whose storage, eraser and sign-in can be made to stand still. */
export async function stage(options: Parameters<typeof scene>[0] = {}, lifetimeSeconds?: number): Promise<Stage> {
  const open: Open = { ...none }
  const [read, write, erase, complete] = [halt(), halt(), halt(), halt()]
  const slow = (ports: Ports): Ports => ({
    ...ports,
    store: {
      ...ports.store,
      read: () => read.pass().then(() => ports.store.read()),
      change: (decide, durability) => write.pass().then(() => ports.store.change(decide, durability)),
    },
    eraser: { ...ports.eraser, erase: (target) => erase.pass().then(() => ports.eraser.erase(target)) },
  })
  const made = await signedIn({
    ...options,
    ports: (ports) => counted(slow(ports), open),
    authority: (authority) => ({
      ...authority,
      connect: (io) => {
        const connection: Connection = authority.connect(io)
        return { ...connection, complete: (signal) => complete.pass().then(() => connection.complete(signal)) }
      },
    }),
    ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),
  })
  await turns()
  return { made, open, read, write, erase, complete }
}
