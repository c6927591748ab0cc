// The browsers: Chromium alone, for who needs no other, and all that the projects of a test run need.
import { findChromium, findFirefox, needed, onlyChromium } from './programs.mjs'
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
  const paths = { CHROME_PATH: findChromium, FIREFOX_PATH: findFirefox }
  const finds = wanted.flatMap((project) => needed[project]).map(({ find }) => find)
  return Object.fromEntries(Object.entries(paths).flatMap(([name, find]) => (finds.includes(find) ? [[name, find()]] : [])))
}
