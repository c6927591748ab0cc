/** The tour: several rounds on one stage, then the numbers, the proofs and the pictures. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { linesOf, markdown, ms, printed } from './numbers.ts'
import { compose, type Halves, type Scheme } from './picture.ts'
import { playRound, type Proof, type Round } from './round.ts'
import { setStage, tabCount, tabSize, type Stage } from './stage.ts'

/** Options of the tour. */
export interface TourOptions {
  readonly rounds: number
  /** Whether the README, its pictures and docs/tour.json are written. */
  readonly save: boolean
}

const root = new URL('../../../', import.meta.url)
const pictureSize = { width: 960, height: 1120 }
const schemes: readonly Scheme[] = ['light', 'dark']
/** The last of ten tabs is to be fenced within this, in the middle of all rounds. */
const promisedMs = 100

/** Plays the tour; resolves to whether everything was as promised. */
export async function tour({ rounds: count, save }: TourOptions): Promise<boolean> {
  const stage = await setStage()
  try {
    return await play(stage, count, save)
  } finally {
    await stage.close()
  }
}

async function play(stage: Stage, count: number, save: boolean): Promise<boolean> {
  console.log(`\nA provider, a marketplace and a storefront run; ${tabCount} tabs are open, nine of them hidden. Access tokens live for an hour.\n`)
  const halves: Record<Scheme, Partial<Halves>> = { light: {}, dark: {} }
  const rounds: Round[] = []
  const proofs = new Map<string, Proof[]>()
  for (let number = 1; number <= count; number += 1) {
    const last = number === count
    const { round, proofs: found } = await playRound(stage, async (moment, tab) => {
      if (last && save) await takePictures(stage, tab, moment, halves)
    })
    rounds.push(round)
    for (const proof of found) proofs.set(proof.promise, [...(proofs.get(proof.promise) ?? []), proof])
    const { fenced, unreadable, erased } = round
    console.log(`  round ${number}: signed in, a model kept, half an order; revoked. Tabs fenced after ${fenced.map(ms).join(' ')} ms, unreadable ${ms(unreadable)}, erased ${ms(erased)}`)
  }

  const lines = linesOf(rounds)
  console.log(`\nAfter the server's commit, the median of ${count} rounds (least to most):\n\n${printed(lines)}\n`)
  console.log('Read back from raw storage, by a page that runs none of the shop’s code:\n')
  for (const [promise, found] of proofs) {
    const broken = found.find(({ kept }) => !kept)
    console.log(` ${broken ? '✗' : '✓'} ${promise}${broken ? `: ${broken.seen}` : ''}`)
  }
  const lastFenced = lines.find(({ what }) => what === 'last of ten tabs fenced')!.median
  const known = lines.every(({ median }) => Number.isFinite(median))
  const inTime = lastFenced < promisedMs
  console.log(` ${inTime ? '✓' : '✗'} The last of ${tabCount} tabs is fenced within ${promisedMs} ms: ${ms(lastFenced)} ms`)
  const kept = known && inTime && [...proofs.values()].flat().every((proof) => proof.kept)

  if (save && kept) await saveAll(stage, rounds, lines, halves)
  console.log(kept ? `\nEverything was as promised.${save ? ' docs/tour.json, docs/tour.png, docs/tour-dark.png and the table in README.md are new.' : ''}` : '\nNot everything was as promised; nothing was saved.')
  return kept
}

async function takePictures({ tabs }: Stage, index: number, moment: keyof Halves, halves: Record<Scheme, Partial<Halves>>): Promise<void> {
  const tab = tabs[Math.max(0, index)]!
  await tab.bringToFront()
  for (const scheme of schemes) {
    await tab.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }])
    await tab.page.setViewport({ ...pictureSize, deviceScaleFactor: 1.5 })
    await tab.page.evaluate(() => scrollTo(0, 0))
    // Colours change over a moment.
    await pause(600)
    halves[scheme][moment] = await tab.page.screenshot()
  }
  await tab.page.emulateMediaFeatures()
  await tab.page.setViewport(tabSize)
}

async function saveAll({ browser }: Stage, rounds: readonly Round[], lines: ReturnType<typeof linesOf>, halves: Record<Scheme, Partial<Halves>>): Promise<void> {
  const docs = new URL('docs/', root)
  await mkdir(docs, { recursive: true })
  const page = await browser.puppeteer.newPage()
  for (const scheme of schemes) {
    const { before, after } = halves[scheme]
    if (before && after) await writeFile(new URL(scheme === 'light' ? 'tour.png' : 'tour-dark.png', docs), await compose(page, scheme, { before, after }, lines, { tabs: tabCount, rounds: rounds.length }))
  }
  const { version } = JSON.parse(await readFile(new URL('packages/session/package.json', root), 'utf8')) as { version: string }
  const exact = (value: number): number => Math.round(value * 10) / 10
  const rounded = ({ fenced, forgotten, told, learned, unreadable, erased }: Round) => ({
    learned: exact(learned), fenced: fenced.map(exact), unreadable: exact(unreadable), forgotten: forgotten.map(exact), erased: exact(erased), told: told.map(exact),
  })
  await writeFile(new URL('tour.json', docs), `${JSON.stringify({
    date: new Date().toISOString().slice(0, 10),
    versions: { session: version, chromium: (await browser.puppeteer.version()).split('/')[1], node: process.versions.node },
    processors: cpus().length,
    tabs: tabCount,
    unit: "milliseconds after the server's commit",
    lines: lines.map(({ what, median, least, most }) => ({ what, median: exact(median), least: exact(least), most: exact(most) })),
    rounds: rounds.map(rounded),
  }, null, 2)}\n`)
  await writeReadme(markdown(lines, rounds.length, tabCount))
}

/** Puts the table between the README's two marks, where it has them. */
async function writeReadme(table: string): Promise<void> {
  const file = new URL('README.md', root)
  const text = await readFile(file, 'utf8').catch(() => '')
  const [begin, end] = ['<!-- tour:begin -->', '<!-- tour:end -->']
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from >= 0 && to > from) await writeFile(file, `${text.slice(0, from + begin.length)}\n${table.trim()}\n${text.slice(to)}`)
}
