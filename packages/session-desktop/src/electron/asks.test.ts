/** Whom an ask means. */
import { expect, it } from 'vitest'
import { readAsk } from './asks.ts'

it.each(['fetch', 'signOut'])('P6 %s names one session, none, or nothing', (type) => {
  const ask = { type, id: 1, ...(type === 'fetch' && { url: 'https://api.test/', method: 'GET', headers: [] }) }
  for (const meant of [{}, { epochId: null }, { epochId: 'one' }]) expect(readAsk({ ...ask, ...meant })).toEqual({ ...ask, ...meant })
  for (const epochId of ['x'.repeat(65), 7, {}]) expect(readAsk({ ...ask, epochId })).toBeUndefined()
})
