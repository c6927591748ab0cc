/** Hides marked elements while what they show may belong to a session that is over. */
import type { Cover } from '../ports.ts'

/** The element keeps its size, so that the page keeps its place; its content is not painted, found, focused or read out. */
const properties = ['visibility', 'content-visibility', 'contain-intrinsic-size'] as const

/** Makes the covers of a page. Styles are set through the object model, which a strict `style-src` allows. */
export function pageCover(): Cover {
  const covered = new Map<HTMLElement, Map<string, readonly [string, string]> | undefined>()

  const hide = (element: HTMLElement): void => {
    if (covered.get(element)) return
    const { offsetWidth, offsetHeight, style } = element
    covered.set(element, new Map(properties.map((name) => [name, [style.getPropertyValue(name), style.getPropertyPriority(name)] as const])))
    style.setProperty('contain-intrinsic-size', `${offsetWidth}px ${offsetHeight}px`, 'important')
    style.setProperty('content-visibility', 'hidden', 'important')
    style.setProperty('visibility', 'hidden', 'important')
    element.inert = true
  }

  const show = (element: HTMLElement): void => {
    const before = covered.get(element)
    if (!before) return
    covered.set(element, undefined)
    for (const [name, [value, priority]] of before) element.style.setProperty(name, value, priority)
    element.inert = false
  }

  return {
    add(element) {
      if (!(element instanceof HTMLElement)) throw new TypeError('cover() needs an HTML element')
      covered.set(element, covered.get(element))
      return () => {
        show(element)
        covered.delete(element)
      }
    },
    hide: () => [...covered.keys()].forEach(hide),
    show: () => [...covered.keys()].forEach(show),
  }
}
