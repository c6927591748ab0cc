/** Whether this node should get requests, for whatever stands in front of it. */
import type { SessionStore } from './store.ts'

/** A store that has not answered for so long does not answer. */
const patienceMs = 2000

/** Answers 200 while the store answers, and 503 otherwise or while the node drains. It says nothing about any session. */
export async function readiness(store: Pick<SessionStore, 'get'>, draining: boolean): Promise<Response> {
  return plain(!draining && (await answers(store)))
}

/** Answers 200: a process that can say so is alive, however its store is. */
export function liveness(): Response {
  return plain(true)
}

function plain(well: boolean): Response {
  return new Response(well ? 'ok\n' : 'unavailable\n', { status: well ? 200 : 503, headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' } })
}

async function answers(store: Pick<SessionStore, 'get'>): Promise<boolean> {
  const asked = Promise.resolve('').then((none) => store.get(none)).then(() => true, () => false)
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, patienceMs, false)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}
