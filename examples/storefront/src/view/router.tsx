/** The addresses of the shop: one signal, and links that change it without leaving the page. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'

const current = signal(location.pathname)
let moves = 0

addEventListener('popstate', () => {
  moves += 1
  current.value = location.pathname
})

/** Where the person is. */
export const path: ReadonlySignal<string> = current

/** True once the person has moved inside the shop; the first page leaves the focus alone. */
export function moved(): boolean {
  return moves > 0
}

/** Goes to an address of the shop. */
export function go(to: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', to)
  else {
    moves += 1
    history.pushState(null, '', to)
    scrollTo(0, 0)
  }
  current.value = location.pathname
}

/** A link inside the shop. */
export function Link({ to, children, class: name, current: isCurrent }: { to: string; children: ComponentChildren; class?: string; current?: boolean }) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    go(to)
  }
  return <a href={to} class={name} onClick={follow} aria-current={isCurrent ? 'page' : undefined}>{children}</a>
}
