/** The icons, drawn as lines of one weight, like the shop's. */

const paths = {
  add: 'M12 15V4M7.5 8.5 12 4l4.5 4.5M5 20h14',
  done: 'm5 12.5 4.5 4.5L19 7.5',
  pause: 'M9 5v14M15 5v14',
  go: 'M8 5.5 18 12 8 18.5Z',
  again: 'M19 8a8 8 0 1 0 1 5M19 3v5h-5',
  cross: 'M6 6 18 18M18 6 6 18',
  lock: 'M6 11h12v9H6ZM9 11V8a3 3 0 0 1 6 0v3',
  alert: 'M12 4 21 19H3ZM12 10v4M12 16.6v.2',
  file: 'M7 3h7l4 4v14H7ZM14 3v4h4',
} as const

/** One icon; it says nothing to a screen reader, the words beside it do. */
export function Icon({ name }: { name: keyof typeof paths }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}
