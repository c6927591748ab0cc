/** P8: no token and no key in anything that is said. */
import type { Court, Promises } from '../oracle.ts'

const secret = /\b(?:AT|RT|KEY)~\S+/

export function noLeak({ world, broken }: Court): Promises & { secretFree(value: unknown, where: string): void } {
  const seen = new Map<number, number>()

  const secretFree = (value: unknown, where: string): void => {
    const text = value instanceof Error ? `${value.message} ${value.stack} ${JSON.stringify(value)} ${String(value.cause)}` : JSON.stringify(value)
    const found = secret.exec(text ?? '')
    if (found) broken('P8', `${found[0]} is in ${where}`)
  }

  return {
    secretFree,
    posted: (message) => secretFree(message, 'a message'),
    check() {
      for (const tab of world.tabs) {
        if (!tab) continue
        const from = seen.get(tab.id) ?? 0
        if (tab.states.length > from) secretFree(tab.states.slice(from), 'the state')
        seen.set(tab.id, tab.states.length)
      }
    },
    quiet() {
      for (const tab of world.tabs) {
        if (!tab || tab.context.dead) continue
        secretFree(tab.session.diagnostics(), 'the diagnostics')
        secretFree(tab.ends, 'an end')
      }
    },
  }
}
