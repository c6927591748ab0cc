/** Rendering as a task of its own: what must happen at once, like the end of a session, never waits for the page to be drawn. */
import { options } from 'preact'

/** Has Preact render in tasks instead of between two steps of whatever is running; unlike timers, messages are not held back in hidden tabs. */
export function renderInTasks(rendered: () => void): void {
  const { port1, port2 } = new MessageChannel()
  const waiting: (() => void)[] = []
  port1.onmessage = () => {
    waiting.splice(0).forEach((render) => render())
    rendered()
  }
  options.debounceRendering = (render) => {
    waiting.push(render)
    port2.postMessage(undefined)
  }
}
