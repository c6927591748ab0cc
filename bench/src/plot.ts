// Lines as a picture: SVG that is dark where the reader's screen is.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Window } from 'happy-dom'

const palette = {
  blue: ['#0969da', '#58a6ff'], orange: ['#bc4c00', '#f0883e'], green: ['#1a7f37', '#3fb950'], red: ['#cf222e', '#ff7b72'], grey: ['#59636e', '#9198a1'],
} as const

/** One line. */
export interface Line {
  readonly name: string
  readonly colour: keyof typeof palette
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** One picture. */
export interface Picture {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly lines: readonly Line[]
  /** On both axes. */
  readonly isLogarithmic?: boolean
  /** A line across at some height. */
  readonly bound?: { readonly y: number; readonly name: string }
}

/** Of Observable Plot what is used here; it is installed with the peers alone. */
interface Plot {
  plot(options: object): { outerHTML: string }
  line(data: unknown, options: object): unknown
  dot(data: unknown, options: object): unknown
  text(data: unknown, options: object): unknown
  ruleY(data: unknown, options: object): unknown
  gridY(options: object): unknown
}

const colours = (which: 0 | 1): string => Object.entries(palette).map(([name, both]) => `--${name}: ${both[which]}`).join('; ')
const style = `svg { color: #1f2328; background: #ffffff; ${colours(0)} } text { font-family: system-ui, sans-serif } .target { stroke: none }
@media (prefers-color-scheme: dark) { svg { color: #d1d7e0; background: #0d1117; ${colours(1)} } }`

/** Draws it. */
export async function drawn({ title, x, y, lines, isLogarithmic = false, bound }: Picture): Promise<string> {
  const file = createRequire(join(import.meta.dirname, '../peers/package.json')).resolve('@observablehq/plot')
  const plot = (await import(pathToFileURL(file).href)) as Plot
  const scale = isLogarithmic ? { type: 'log', tickFormat: (value: number) => (Number.isInteger(Math.log10(value)) ? value.toLocaleString('en') : '') } : { zero: true }
  const { document } = new Window()
  const picture = plot.plot({
    document, width: 720, height: 360, marginRight: 170, marginLeft: 60, marginTop: 50, marginBottom: 50, style: { overflow: 'visible', fontSize: '13px' },
    ariaLabel: title,
    x: { label: x, labelAnchor: 'center', labelArrow: 'none', ...scale }, y: { label: null, ...scale },
    marks: [
      plot.gridY({ strokeOpacity: 0.15 }),
      ...(bound ? [plot.ruleY([bound.y], { stroke: 'currentColor', strokeDasharray: '4 4', strokeOpacity: 0.6 }), plot.text([bound.name], { y: bound.y, frameAnchor: 'right', textAnchor: 'start', dx: 8 })] : []),
      ...lines.flatMap(({ name, colour, points }) => [
        plot.line(points, { stroke: `var(--${colour})`, strokeWidth: 2 }),
        plot.dot(points, { fill: `var(--${colour})`, r: 3.5 }),
        plot.text([points.at(-1)], { text: () => name, fill: `var(--${colour})`, textAnchor: 'start', dx: 10 }),
      ]),
      plot.text([`${title}, ${y}`], { frameAnchor: 'top-left', dy: -34, dx: -50, fontSize: 15, fontWeight: 600 }),
    ],
  })
  return picture.outerHTML.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"').replace(/(<svg[^>]*>)/, `$1<style>${style}</style>`)
}
