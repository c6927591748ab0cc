/** What was looked at last, in a database of the shop's own that is registered to be erased with the session. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { Session } from '@3dimli/session'
import { clear, createStore, get, update } from 'idb-keyval'

const database = 'recently-viewed'
const longest = 4

/** The models looked at last, latest first. */
export interface Recent {
  readonly ids: ReadonlySignal<readonly string[]>
  look(): Promise<void>
  add(id: string): Promise<void>
}

/** Makes the list. */
export function createRecent(session: Session): Recent {
  const ids = signal<readonly string[]>([])
  let opened: ReturnType<typeof createStore> | undefined
  const store = () => (opened ??= createStore(database, 'models'))
  const epoch = (): string | undefined => (session.state.status === 'active' ? session.state.session.epochId : undefined)

  void session.register({ kind: 'indexeddb', database })
  session.register(() => (ids.value = []), { name: 'recently viewed' })

  return {
    ids,
    async look() {
      const mine = epoch()
      const found = (await get<string[]>('ids', store())) ?? []
      if (mine !== undefined && mine === epoch()) ids.value = found
    },
    async add(id) {
      const mine = epoch()
      if (mine === undefined) return
      let next: string[] = []
      await update<string[]>('ids', (known = []) => (next = [id, ...known.filter((other) => other !== id)].slice(0, longest)), store())
      if (mine === epoch()) ids.value = next
      // The session ended while this was being written: what came too late goes too.
      else await clear(store())
    },
  }
}
