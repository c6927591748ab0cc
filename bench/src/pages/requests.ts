// The page of the figure about requests: the same request by the session, by the bare `fetch` with the same headers, and by ky over each.
import '../../../test/world/shop.ts'
import { createHttp } from '@3dimli/session/http'
import ky from 'ky'

const { session, issuer } = globalThis.shop
const url = `${issuer}/api/ping`
const method = 'GET'

/** Headers for that many requests, made before anything is timed: a proof of possession serves only once. */
const headersFor = async (times: number): Promise<Record<string, string>[]> => {
  const all: Record<string, string>[] = []
  for (let time = 0; time < times; time += 1) all.push(await session.authorize({ method, url }))
  return all
}

const http = createHttp(session)
let given: Record<string, string> = {}
const bareKy = ky.create({
  hooks: {
    beforeRequest: [({ request }) => {
      for (const [name, value] of Object.entries(given)) request.headers.set(name, value)
    }],
  },
})

const ways = {
  session: (): Promise<Response> => session.fetch(url),
  bare: (headers: Record<string, string>): Promise<Response> => fetch(url, { headers }),
  http: (): Promise<Response> => http(url),
  ky: (headers: Record<string, string>): Promise<Response> => {
    given = headers
    return bareKy(url)
  },
}

/** One request's time, ms: the mean of `times` of them, one after the other. */
async function time(way: keyof typeof ways, times: number): Promise<number> {
  const headers = way === 'bare' || way === 'ky' ? await headersFor(times) : []
  const begin = performance.now()
  for (let turn = 0; turn < times; turn += 1) {
    const answer = await ways[way](headers[turn] ?? {})
    if (!answer.ok) throw new Error(`answered ${answer.status}`)
    await answer.text()
  }
  return (performance.now() - begin) / times
}

/** The same over a `fetch` that answers at once: what the code itself costs. */
async function timeOverStub(way: keyof typeof ways, times: number): Promise<number> {
  const { fetch: real } = globalThis
  globalThis.fetch = () => Promise.resolve(new Response('{}'))
  try {
    return await time(way, times)
  } finally {
    globalThis.fetch = real
  }
}

const bench = { time, timeOverStub }
declare global {
  var bench: { time: typeof time; timeOverStub: typeof timeOverStub }
}
globalThis.bench = bench
