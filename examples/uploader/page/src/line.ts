/** The line to the process behind the window: what it shows, as it changes, and what it is asked for. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { Granted, View, Wish } from '../../src/window/view.ts'

/** The line. */
export interface Line {
  readonly view: ReadonlySignal<View | undefined>
  /** Whether the process is gone. */
  readonly isOver: ReadonlySignal<boolean>
  ask(wish: Wish): Promise<Granted>
}

/** Opens it. */
export function connect(): Line {
  const view = signal<View | undefined>(undefined)
  const isOver = signal(false)
  const events = new EventSource('./events')
  events.addEventListener('message', ({ data }) => {
    isOver.value = false
    view.value = JSON.parse(data as string) as View
  })
  // It comes back by itself where the process is still there.
  events.addEventListener('error', () => void (isOver.value = true))
  return {
    view, isOver,
    async ask(wish) {
      const answer = await fetch('./wishes', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(wish) })
      if (!answer.ok) throw new Error(`${answer.status}`)
      return (await answer.json()) as Granted
    },
  }
}
