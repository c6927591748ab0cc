/** Messages between the contexts of a device: hints to read the record again, with nothing in them worth stealing. */

/** One hint. `epochId` is the epoch the sender knows; `from` names the sender for nothing but telling contexts apart. */
export type Message =
  | { readonly v: 1; readonly type: 'ending'; readonly from: string; readonly epochId: string }
  | { readonly v: 1; readonly type: 'changed'; readonly from: string; readonly epochId: string; readonly generation: number }
  /** `listMs`: how soon an end is known by the status list, where nothing better can be had; `doubt`: that list speaks against the session. */
  | { readonly v: 1; readonly type: 'watching'; readonly from: string; readonly epochId: string; readonly feed: boolean; readonly listMs?: number; readonly doubt?: true }
  /** Storage does not answer the sender. Nobody does anything about it, but a stored page that holds it up is evicted by hearing it (seen in Chromium 156). */
  | { readonly v: 1; readonly type: 'blocked'; readonly from: string }

/** A message before its envelope. */
export type Note = { [Type in Message['type']]: Omit<Extract<Message, { type: Type }>, 'v' | 'from'> }[Message['type']]

/** Reads whatever came over the channel; anything malformed, foreign or of another version is `undefined`. */
export function readMessage(value: unknown): Message | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const message = value as Partial<Record<string, unknown>>
  const { v, type, from, epochId, generation, feed, listMs, doubt } = message
  if (v !== 1 || !isId(from)) return undefined
  if (type === 'blocked') return { v, type, from }
  if (!isId(epochId)) return undefined
  if (type === 'ending') return { v, type, from, epochId }
  if (type === 'watching' && typeof feed === 'boolean') return { v, type, from, epochId, feed, ...(isCount(listMs) && { listMs }), ...(doubt === true && { doubt }) }
  return type === 'changed' && isCount(generation) ? { v, type, from, epochId, generation } : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 64
}
