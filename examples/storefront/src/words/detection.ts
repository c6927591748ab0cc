/** How soon this device learns of an end, in plain words. */
import type { Detection } from '@3dimli/session'

/** One sentence for the head, one for the bound, one for being offline. */
export function explainDetection({ via, withinMs, lease }: Detection): { readonly headline: string; readonly bound: string; readonly offline: string } {
  const offline = `Without a connection, what is kept here can be used for ${duration(lease.downloads.withinMs)}. After that it waits until 3DIMLI confirms your session.`
  if (via === 'feed') {
    return {
      headline: 'This device is told at once',
      bound: `3DIMLI keeps a line open to it. Should the line fail without a word, this device finds out within ${duration(withinMs)}.`,
      offline,
    }
  }
  if (via === 'poll') return { headline: `This device finds out within ${duration(withinMs)}`, bound: 'The direct line to 3DIMLI is not open, so this device asks again and again.', offline }
  if (via === 'list') return { headline: `This device finds out within ${duration(withinMs)}`, bound: '3DIMLI itself does not answer, so this device reads the list of sessions that are over.', offline }
  if (via === 'refresh') return { headline: `This device finds out within ${duration(withinMs)}`, bound: 'It learns of an end when its access is renewed.', offline }
  return { headline: 'Nobody is signed in', bound: 'There is nothing to watch over.', offline }
}

/** Writes a duration in its largest fitting unit. */
export function duration(ms: number): string {
  const units = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1_000]] as const
  const [unit, size] = units.find(([, length]) => ms >= length * 1.5 || ms === length) ?? ['second', 1_000]
  const count = Math.round(ms / size)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
