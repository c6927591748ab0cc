// Programs of the machine that the tests need: where each is, and which of Debian's packages has it.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

// A name on PATH is not enough: on some systems `chromium-browser` is a stub that only tells how to install it.
const answers = (file) => spawnSync(file, ['--version'], { timeout: 20_000, stdio: 'ignore' }).status === 0

// The system's folders last: nginx lies where only root looks.
const folders = () => [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
const onPath = (name) => folders().map((folder) => join(folder, name))
const there = (name) => onPath(name).find((file) => existsSync(file))

const found = new Map()

/** A program that starts, or undefined. One chosen by `variable` that does not start is an error, never passed over. */
function program(names, variable, what) {
  const chosen = process.env[variable]
  const key = chosen ?? names[0]
  if (found.has(key)) return found.get(key)
  const file = (chosen ? (isAbsolute(chosen) ? [chosen] : onPath(chosen)) : names.flatMap(onPath).filter((one) => existsSync(one))).find(answers)
  if (file) found.set(key, file)
  else if (chosen) throw new Error(`${variable} is ${chosen}, but that does not start. Point it to ${what}, or unset it.`)
  return file
}

export const findChromium = () => program(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'], 'CHROME_PATH', 'Chromium or Chrome')
export const findFirefox = () => program(['firefox-esr', 'firefox'], 'FIREFOX_PATH', 'Firefox')
export const findNginx = () => there('nginx')
export const findOpenssl = () => there('openssl')
export const findRedis = () => there('redis-server')

/** WebKitGTK's small browser, which is no command: it lies beside the library. */
export function findMiniBrowser() {
  const libraries = ['/usr/lib', '/usr/libexec', '/usr/lib64'].filter((folder) => existsSync(folder))
  const places = libraries.flatMap((folder) => [folder, ...readdirSync(folder).filter((name) => name.includes('-linux-')).map((name) => join(folder, name))])
  return places.map((place) => join(place, 'webkit2gtk-4.1/MiniBrowser')).find((file) => existsSync(file))
}

const redis = { what: 'redis-server', find: findRedis, packages: ['redis-server'] }
const chromium = { what: 'Chromium or Chrome', find: findChromium, packages: ['chromium', 'fonts-dejavu-core'], hint: 'or set CHROME_PATH' }

const chromiumTests = [
  chromium,
  { what: 'nginx', find: findNginx, packages: ['nginx-light'] },
  { what: 'openssl', find: findOpenssl, packages: ['openssl'] },
  redis,
]

/** What each project of the tests needs; the other projects need nothing. Tests of what is `optional` are skipped without it, and say so. */
export const needed = {
  chromium: chromiumTests,
  hostile: chromiumTests,
  unit: [
    { ...redis, optional: true },
    { what: 'gnome-keyring', find: () => there('gnome-keyring-daemon'), packages: ['gnome-keyring'], optional: true },
    { what: 'dbus-run-session', find: () => there('dbus-run-session'), packages: ['dbus'], optional: true },
  ],
  firefox: [{ what: 'Firefox', find: findFirefox, packages: ['firefox-esr', 'fonts-dejavu-core'], hint: 'or set FIREFOX_PATH' }],
  webkit: [
    { what: 'WebKitWebDriver', find: () => there('WebKitWebDriver'), packages: ['webkit2gtk-driver', 'fonts-dejavu-core'] },
    { what: 'MiniBrowser of webkit2gtk-4.1', find: findMiniBrowser, packages: ['webkit2gtk-driver'] },
    { what: 'Xvfb', find: () => there('Xvfb'), packages: ['xvfb'] },
    { what: 'xdotool', find: () => there('xdotool'), packages: ['xdotool'] },
  ],
}

export const onlyChromium = [chromium]
