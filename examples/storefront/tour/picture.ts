/** The README's picture: one tab before the revocation, one after it, and the numbers between. */
import { readFile } from 'node:fs/promises'
import type { Tab } from '../../../test/driver/index.ts'
import { ms, type Line } from './numbers.ts'

type Page = Tab['page']

/** Colours of a picture. */
export type Scheme = 'light' | 'dark'

/** The two halves of a picture, PNG. */
export interface Halves {
  before: Uint8Array
  after: Uint8Array
}

const colours = {
  light: { ground: '#e3e8f1', ink: '#14213d', soft: '#51607c', window: '#ffffff', bar: '#d3dae6', line: '#c3ccda', accent: '#b34700', good: '#0b6b3a' },
  dark: { ground: '#060912', ink: '#eef2fb', soft: '#a9b6ce', window: '#161d2e', bar: '#1f2940', line: '#313d58', accent: '#ffb454', good: '#6fdca3' },
} as const
const font = new URL(import.meta.resolve('@fontsource-variable/hanken-grotesk/files/hanken-grotesk-latin-wght-normal.woff2'))

/** Composes the picture in a blank page. */
export async function compose(page: Page, scheme: Scheme, { before, after }: Halves, lines: readonly Line[], { tabs, rounds }: { tabs: number; rounds: number }): Promise<Uint8Array> {
  const of = (what: string): string => ms(lines.find((line) => line.what === what)?.median ?? Number.NaN)
  const data = (bytes: Uint8Array, type: string): string => `data:${type};base64,${Buffer.from(bytes).toString('base64')}`
  const colour = colours[scheme]
  const strip = (titles: string): string => `<ol>${Array.from({ length: tabs }, (_, tab) => `<li class="${tab === 1 ? 'front' : ''}"><i></i><span>${titles}</span></li>`).join('')}</ol>`
  const face = (title: string, text: string, titles: string, picture: Uint8Array): string => `
    <figure><figcaption><b>${title}</b> ${text}</figcaption>
    <div class="window"><header>${strip(titles)}</header><img src="${data(picture, 'image/png')}"></div></figure>`
  const steps = [
    ['0', 'the server revokes'], [of('last of ten tabs fenced'), `all ${tabs} tabs fenced`], [of('what was kept is unreadable'), 'nothing kept can be read'],
    [of('everything erased and looked for again'), 'erased and looked for again'],
  ]
  await page.setViewport({ width: 1600, height: 1000, deviceScaleFactor: 1.5 })
  await page.setContent(`<!doctype html><html lang="en"><meta charset="utf-8"><style>
    @font-face { font-family: H; src: url(${data(await readFile(font), 'font/woff2')}) format('woff2'); font-weight: 100 900; }
    * { box-sizing: border-box; margin: 0; padding: 0; }
    body { width: 1600px; padding: 40px 44px 36px; background: ${colour.ground}; color: ${colour.ink}; font: 17px/1.4 H, sans-serif; }
    .pair { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 36px; }
    figcaption { margin: 0 4px 14px; color: ${colour.soft}; } figcaption b { color: ${colour.ink}; font-weight: 720; margin-right: 6px; }
    .window { overflow: hidden; border-radius: 14px; background: ${colour.window}; box-shadow: 0 2px 4px rgb(0 0 0 / 8%), 0 22px 48px rgb(10 20 45 / 20%); }
    .window header { padding: 9px 10px 0; background: ${colour.bar}; }
    .window img { display: block; width: 100%; }
    ol { display: flex; gap: 3px; list-style: none; }
    li { flex: 1; min-width: 0; display: flex; align-items: center; gap: 5px; height: 27px; padding: 0 8px; overflow: hidden; border-radius: 8px 8px 0 0; color: ${colour.soft}; font-size: 11.5px; white-space: nowrap; }
    li.front { background: ${colour.window}; color: ${colour.ink}; }
    li span { min-width: 0; overflow: hidden; mask-image: linear-gradient(90deg, #000 70%, transparent); }
    li i { flex: none; width: 9px; height: 9px; border-radius: 3px; background: linear-gradient(135deg, #ffb703, #fb8500); }
    .steps { display: grid; grid-template-columns: repeat(${steps.length}, 1fr); margin-top: 32px; }
    .steps p { position: relative; padding-right: 20px; padding-top: 20px; color: ${colour.soft}; border-top: 3px solid ${colour.line}; }
    .steps p::before { content: ""; position: absolute; top: -9px; left: 0; width: 15px; height: 15px; border-radius: 50%; background: ${colour.accent}; }
    .steps p:last-child { border-top-color: transparent; } .steps p:last-child::before { background: ${colour.good}; }
    .steps b { display: block; color: ${colour.ink}; font-size: 34px; font-weight: 740; line-height: 1.1; letter-spacing: -.02em; font-variant-numeric: tabular-nums; } .steps b small { font-size: 19px; font-weight: 600; }
    </style><body><div class="pair">
    ${face('Before', `Signed in, ${tabs} tabs; a model kept, an order half filled in.`, 'Your library', before)}
    ${face('After', `An administrator has revoked the session. Below, the medians of ${rounds} rounds.`, 'Your password was changed', after)}
    </div><div class="steps">${steps.map(([number, text]) => `<p><b>${number} <small>ms</small></b>${text}</p>`).join('')}</div></body>`)
  await page.evaluate(() => document.fonts.ready.then(() => undefined))
  return (await page.$('body'))!.screenshot()
}
