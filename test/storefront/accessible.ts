// What axe finds on a page as it is, in both colour schemes and sizes, and whether a very narrow screen scrolls sideways.
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Tab } from '../driver/index.ts'
import { sizes } from './visit.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** A folder for pictures of every state, for people who want to look. */
const pictures = process.env['PICTURES']

/** Fails on the first size and scheme in which axe finds something. */
export async function accessible({ page }: Tab, what: string): Promise<void> {
  const cdp = await page.createCDPSession()
  for (const viewport of sizes) {
    await page.setViewport(viewport)
    for (const value of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }, { name: 'prefers-reduced-motion', value: 'reduce' }])
      await page.evaluate(async () => {
        await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
        await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined)))
      })
      // Not by a script element: the page's policy would rightly refuse it.
      const run = `${axe};axe.run(document,{runOnly:${JSON.stringify(rules)}}).then(({violations})=>JSON.stringify(violations.map(({id,nodes})=>id+': '+nodes[0].html+' '+nodes[0].failureSummary)))`
      const { result } = await cdp.send('Runtime.evaluate', { expression: run, awaitPromise: true, returnByValue: true })
      expect(JSON.parse(result.value as string), `${what}, ${viewport.width} px, ${value}`).toEqual([])
      if (pictures) await picture(page, `${what}-${viewport.width}-${value}`)
    }
  }
  await page.setViewport({ width: 320, height: 640 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth), `${what} scrolls sideways at 320 px`).toBeLessThanOrEqual(320)
  await page.setViewport(sizes[0])
  await cdp.detach()
}

async function picture(page: Tab['page'], name: string): Promise<void> {
  await mkdir(pictures!, { recursive: true })
  await page.screenshot({ path: join(pictures!, `${name.replaceAll(/\W+/g, '-')}.png`), fullPage: true })
}
