// The browsers: Chromium alone, for who needs no other, and all that the projects of a test run need.
import { findChromium, needed, onlyChromium } from './programs.mjs'
import { ensurePrograms } from './system.mjs'

export { findChromium as findBrowser, findFirefox, findMiniBrowser } from './programs.mjs'

export async function ensureBrowser() {
  await ensurePrograms(onlyChromium)
  return findChromium()
}

/** `args` as given to vitest: with --project only what the named ones need. */
export async function ensureBrowsers(args) {
  const named = args.flatMap((arg, index) => (arg.startsWith('--project=') ? [arg.slice('--project='.length)] : arg === '--project' ? [args[index + 1]] : []))
  const wanted = Object.keys(needed).filter((project) => named.length === 0 || named.some((name) => name === project || /[*!]/.test(name ?? '')))
  await ensurePrograms(wanted.flatMap((project) => needed[project]))
  // Found once, so that no test looks again.
  return Object.fromEntries([['CHROME_PATH', wanted.includes('chromium') ? findChromium() : undefined], ['FIREFOX_PATH', wanted.includes('firefox') ? needed.firefox[0].find() : undefined]].filter(([, file]) => file))
}
