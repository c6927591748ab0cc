/** The icons, drawn as lines of one weight. */

const paths = {
  library: 'M12 3 20 7.5v9L12 21l-8-4.5v-9ZM4 7.5l8 4.5 8-4.5M12 12v9',
  cart: 'M6 8h12l1 12H5ZM9 8V6.5a3 3 0 0 1 6 0V8',
  security: 'M12 3 19 6v5.5c0 4.3-2.9 7.6-7 9.5-4.1-1.9-7-5.2-7-9.5V6ZM9 12l2.2 2.2L15.3 10',
  keep: 'M12 4v11M7.5 10.5 12 15l4.5-4.5M5 20h14',
  kept: 'm5 12.5 4.5 4.5L19 7.5',
  cross: 'M6 6 18 18M18 6 6 18',
  device: 'M4 5h16v11H4ZM9 20h6M12 16v4',
  lock: 'M6 11h12v9H6ZM9 11V8a3 3 0 0 1 6 0v3',
  alert: 'M12 4 21 19H3ZM12 10v4M12 16.6v.2',
  cloud: 'M4 4 20 20M8 17.5H7a4 4 0 0 1-.8-7.9M10 6.4A5.5 5.5 0 0 1 17.4 10 3.8 3.8 0 0 1 19.7 16',
  leave: 'M14 4H6v16h8M11 12h9M17 8.5 20.5 12 17 15.5',
  plus: 'M12 5v14M5 12h14',
  trash: 'M5 7h14M9.5 7V4.5h5V7M7 7l.8 13h8.4L17 7',
  cube: 'M12 3 20 7.5v9L12 21l-8-4.5v-9ZM4 7.5l8 4.5 8-4.5M12 12v9',
} as const

/** Names of the icons. */
export type IconName = keyof typeof paths

/** One icon; it says nothing to a screen reader, the words beside it do. */
export function Icon({ name, class: extra }: { name: IconName; class?: string }) {
  return (
    <svg class={extra === undefined ? 'icon' : `icon ${extra}`} viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.75"
      stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}
