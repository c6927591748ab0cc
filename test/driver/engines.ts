// The engines of the browser tests: how each is driven, what it cannot do and why, and what is done instead where there is something.
export type Engine = 'chromium' | 'firefox' | 'webkit'

export const abilities = {
  freeze: 'a tab is stopped in the background and goes on later',
  'freeze-event': 'a tab is told that it is frozen and goes on (Page Lifecycle)',
  'keep-locks': 'a page that holds a Web Lock or waits for one when it is left is kept in the back/forward cache',
  anew: 'a page with the SDK started is made anew by going back to it',
  crash: 'the process of one tab dies, and the browser goes on',
  restart: 'the browser is killed and starts again on the same profile',
  profile: 'what is stored outlives the browser',
  offline: 'a tab has no network',
  front: 'another tab is brought to the front, which hides the one that was there',
  requests: 'what a tab requests, prints and throws is seen from outside',
  opfs: 'the origin has a private file system',
  heap: 'the size of the JavaScript heap is read after a collection',
} as const

export type Ability = keyof typeof abilities

/** `not`: a test that needs it is skipped. `instead`: it is done another way, which the tests that depend on it take into account. */
export type Ableness = true | { readonly instead: string } | { readonly not: string }

interface Description {
  readonly title: string
  /** The version of Debian 12 that the suite last passed with. */
  readonly seen: string
  readonly debian: string
  readonly driven: string
  readonly can: Readonly<Record<Ability, Ableness>>
}

const stopped = 'its process is stopped and continued by signals (SIGSTOP, SIGCONT)'

export const engines: Readonly<Record<Engine, Description>> = {
  chromium: {
    title: 'Chromium',
    seen: '156.0.8078.114',
    debian: 'chromium',
    driven: 'puppeteer-core over the DevTools protocol, headless',
    can: {
      freeze: true,
      'freeze-event': true,
      'keep-locks': true,
      anew: { instead: 'its server forbids to store it (Cache-Control: no-store)' },
      crash: true,
      restart: true,
      profile: true,
      offline: true,
      front: true,
      requests: true,
      opfs: true,
      heap: true,
    },
  },
  firefox: {
    title: 'Firefox ESR',
    seen: '153.8.0',
    debian: 'firefox-esr',
    driven: 'puppeteer-core over WebDriver BiDi, headless',
    can: {
      freeze: { instead: stopped },
      'freeze-event': { not: 'Firefox has no Page Lifecycle events' },
      'keep-locks': { not: 'Firefox makes such a page anew, so no page with the SDK started is kept' },
      anew: true,
      crash: { instead: 'the process that shows the tab is killed (SIGKILL)' },
      restart: true,
      profile: true,
      offline: true,
      front: true,
      requests: true,
      opfs: true,
      heap: { instead: 'the growth of the tab’s process is printed; no bound is set on it' },
    },
  },
  webkit: {
    title: 'WebKitGTK',
    seen: '2.50.6',
    debian: 'webkit2gtk-driver xvfb xdotool',
    driven: 'selenium-webdriver and WebKitWebDriver, MiniBrowser in an X server without a screen (Xvfb)',
    can: {
      freeze: { instead: stopped },
      'freeze-event': { not: 'WebKit has no Page Lifecycle events' },
      'keep-locks': true,
      anew: { not: 'WebKitGTK keeps such a page, even one that its server forbids to store' },
      crash: { instead: 'WebKitWebDriver does not outlive the process of a tab, so the tab is closed instead, which it is told (pagehide)' },
      restart: { instead: 'an automated MiniBrowser keeps no profile: all pages are closed at once and opened again' },
      profile: { not: 'an automated MiniBrowser keeps no profile' },
      offline: { instead: 'the page’s fetch is refused as without a network, and the page is told by the offline and online events' },
      front: { instead: 'WebDriver has no command for it: the keys for the next tab are pressed (xdotool)' },
      requests: { not: 'WebKitWebDriver tells nothing about requests, console or errors' },
      opfs: { not: 'WebKitGTK has no navigator.storage' },
      heap: { instead: 'the growth of the tab’s process is printed; no bound is set on it' },
    },
  },
}

/** The engine of this run: each vitest project names its own. */
export const engine: Engine = process.env['TEST_ENGINE'] === 'firefox' || process.env['TEST_ENGINE'] === 'webkit' ? process.env['TEST_ENGINE'] : 'chromium'

/** Whether the engine can do it, be it another way. */
export const can = (ability: Ability): boolean => {
  const able = engines[engine].can[ability]
  return able === true || 'instead' in able
}

/** Whether the engine does it itself, without a stand-in. */
export const canItself = (ability: Ability): boolean => engines[engine].can[ability] === true

/** Skips the running test where the engine lacks something, with the engine's reason. */
export function needs(context: { skip: (note: string) => never }, ...wanted: Ability[]): void {
  for (const ability of wanted) {
    const able = engines[engine].can[ability]
    if (able !== true && 'not' in able) context.skip(`${engines[engine].title}: ${able.not}`)
  }
}
