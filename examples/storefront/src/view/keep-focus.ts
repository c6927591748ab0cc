/** The focus stays near where it was when the control that had it goes away: a finished download, a row that was removed. */

const controls = 'button:enabled, a[href], input:enabled'

/** Follows the focus; the returned function is to be called after each rendering. */
export function keepFocus(): () => void {
  let around: readonly Element[] = []
  addEventListener('focusin', ({ target }) => {
    around = []
    for (let element = target as Element | null; element; element = element.parentElement) around = [...around, element]
  })
  return () => {
    if (around.length === 0 || around[0]!.isConnected || document.activeElement !== document.body) return
    const left = around.filter((element) => element.isConnected)
    // Beyond the page's own content only its heading is near enough.
    const near = left.slice(0, Math.max(0, left.findIndex((element) => element.matches('main, #root'))))
    const next = near.map((element) => element.querySelector<HTMLElement>(controls)).find((control) => control !== null)
    ;(next ?? document.querySelector('h1'))?.focus({ preventScroll: true })
  }
}
