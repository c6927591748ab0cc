// What these tests use of the driver: one place to change when it changes.
import { bundle, freePort, launch, listen, serve, until, within, type Browser, type Tab } from '../driver/index.ts'
import { tied } from '../driver/processes.ts'
import { readStorage, spendToken } from '../world/device.ts'

export { bundle, freePort, launch, listen, readStorage, serve, spendToken, tied, until, type Browser, type Tab }

/** Runs a function in the page of a tab; a page that does not answer is a failure, and not a wait without an end. */
export async function inPage<Args extends unknown[], Result>(tab: Tab, run: (...args: Args) => Result, ...args: Args): Promise<Awaited<Result>> {
  return within(tab.evaluate(run, ...args), 60_000, new Error(`the page did not answer in 60 s: ${String(run).slice(0, 200)}`))
}

/** Fills in the provider's form and sends it, without a keyboard, so also in a tab that is not in front. */
export async function fillIn(tab: Tab, email: string): Promise<void> {
  await inPage(tab, (address) => {
    const field = (name: string) => document.querySelector<HTMLInputElement>(`input[name=${name}]`)!
    field('email').value = address
    field('password').value = 'demo'
    setTimeout(() => field('email').form!.requestSubmit())
  }, email)
}

/** Makes the browser forget who is signed in at the provider, for only the provider sets cookies. */
export async function forgetLogins(tab: Tab): Promise<void> {
  const cdp = await tab.page.createCDPSession()
  await cdp.send('Network.clearBrowserCookies')
  await cdp.detach()
}
