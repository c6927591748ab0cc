// A page in which sessions come and go, and waiting until they have given everything back.
import { until, type Tab } from '../driver/index.ts'
import { run, type Place } from '../traces/place.ts'
import type { Open } from './instruments.ts'
import type {} from './page.ts'

/** A tab of the page, with mira signed in. */
export async function openSignedIn(place: Place): Promise<Tab> {
  const tab = await place.open()
  await place.signIn(tab)
  await until(() => run(tab, () => 'life' in globalThis), { what: 'the page' })
  return tab
}

/** What is open in it now. */
export const openIn = (tab: Tab): Promise<Open> => run(tab, () => instruments.open())

/** Waits until so much is open in it, and no more; what `wanted` does not name does not count. */
export async function givenBack(tab: Tab, wanted: Partial<Open>): Promise<void> {
  const isSo = async () => {
    const open = await openIn(tab)
    if (Object.entries(wanted).some(([name, count]) => open[name as keyof Open] !== count)) throw new Error(JSON.stringify(open))
    return true
  }
  await until(isSo, { what: `everything to be given back: ${JSON.stringify(wanted)}` })
}

/** Deletes a database; `blocked` tells that somebody still has it open. */
export const deleteDatabase = (tab: Tab, name: string): Promise<string> =>
  run(tab, (given) => new Promise<string>((resolve) => {
    const request = indexedDB.deleteDatabase(given)
    request.onblocked = () => resolve('blocked')
    request.onsuccess = () => resolve('deleted')
  }), name)
