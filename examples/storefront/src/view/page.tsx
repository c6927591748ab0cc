/** The frame of one page: its title, in the tab and as a heading that takes the focus after a move. */
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { moved } from './router.tsx'

/** Props of a page. */
export interface PageProps {
  readonly title: string
  readonly lead?: ComponentChildren
  readonly children?: ComponentChildren
  readonly class?: string
}

/** A page. */
export function Page({ title, lead, children, class: name }: PageProps) {
  return (
    <main id="main" class={name === undefined ? 'page' : `page ${name}`}>
      <header class="page-head">
        <Heading title={title} />
        {lead !== undefined && <p class="lead">{lead}</p>}
      </header>
      {children}
    </main>
  )
}

/** The heading of a page. */
export function Heading({ title, focus = moved() }: { title: string; focus?: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => {
    const before = document.title
    document.title = `${title} · 3DIMLI`
    if (focus) heading.current?.focus({ preventScroll: true })
    return () => void (document.title = before)
  }, [title])
  return <h1 ref={heading} tabIndex={-1}>{title}</h1>
}
