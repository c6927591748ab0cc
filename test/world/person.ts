// A person at the provider's form.
import type { Tab } from '../driver/index.ts'

/** Waits for the form, fills it in by keyboard and sends it; what follows is the caller's. */
export async function typeIn(tab: Tab, email = 'mira@example.test', password = 'demo'): Promise<void> {
  await tab.waitFor('input[name=email]')
  await tab.type('input[name=email]', email)
  await tab.type('input[name=password]', password)
  await tab.enter('input[name=password]')
}
