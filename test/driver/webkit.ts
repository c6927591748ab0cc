// WebKitGTK's MiniBrowser over WebDriver, in an X server without a screen.
import { Builder, Capabilities, type WebDriver } from 'selenium-webdriver'
import { goOn } from './processes.ts'
import type { BrowserOptions, Launched } from './tab.ts'
import { within } from './until.ts'
import { webDriverServer, type WebDriverServer } from './web-driver.ts'
import { webkitTab, type Window } from './webkit-tab.ts'

async function connect(server: WebDriverServer): Promise<WebDriver> {
  const capabilities = new Capabilities()
  capabilities.set('browserName', 'MiniBrowser')
  capabilities.set('webkitgtk:browserOptions', { binary: server.miniBrowser, args: ['--automation'] })
  const driver = await new Builder().usingServer(server.address).withCapabilities(capabilities).build()
  await driver.manage().setTimeouts({ script: 10_000, pageLoad: 30_000 })
  return driver
}

export async function launchWebkit({ profile }: BrowserOptions): Promise<Launched> {
  if (profile) throw new Error('An automated MiniBrowser keeps no profile')
  const server = await webDriverServer()
  const driver = await connect(server)
  // In the order in which the window shows them.
  const order: string[] = [await driver.getWindowHandle()]
  let front = 0
  let isUsed = false
  let queue: Promise<unknown> = Promise.resolve()

  // WebDriver has one current tab: whoever wants to do something waits for the one before.
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work)
    queue = turn.catch(() => undefined)
    return turn
  }
  const inside = <T>(handle: string, work: (driver: WebDriver) => Promise<T>): Promise<T> =>
    inTurn(async () => {
      await driver.switchTo().window(handle)
      return work(driver)
    })

  async function newHandle(): Promise<string> {
    if (!isUsed) {
      isUsed = true
      return order[0]!
    }
    return inTurn(async () => {
      // The current one may have been closed, and an older one may be stopped.
      await driver.switchTo().window(order.at(-1)!)
      await driver.switchTo().newWindow('tab')
      const handle = await driver.getWindowHandle()
      order.push(handle)
      return handle
    })
  }

  const window = (handle: string): Window => ({
    run: (work) => inside(handle, work),
    group: server.pid,
    async toFront() {
      const steps = order.indexOf(handle) - front
      front += steps
      if (steps !== 0) server.display.press(Array<string>(Math.abs(steps)).fill(steps > 0 ? 'ctrl+Page_Down' : 'ctrl+Page_Up'))
    },
    picture: (colour) => server.display.picture(colour),
    async close() {
      await inside(handle, async (current) => {
        if (order.length === 1) {
          // With its last tab the whole session would be over.
          await current.switchTo().newWindow('tab')
          order.push(await current.getWindowHandle())
          isUsed = false
          await current.switchTo().window(handle)
        }
        await current.close()
      })
      const index = order.indexOf(handle)
      order.splice(index, 1)
      if (index < front || front === order.length) front -= 1
    },
  })

  return {
    pid: server.pid,
    get puppeteer(): never {
      throw new Error('WebKit is not driven by puppeteer')
    },
    newTab: async () => webkitTab(window(await newHandle())),
    kill: () => server.kill(),
    async close() {
      goOn()
      const isOver = await within(driver.quit(), 5_000).then(() => true, () => false)
      if (!isOver) await server.kill()
    },
  }
}
