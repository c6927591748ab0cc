// Running a function in a page over WebDriver, which does one thing at a time: the function is started, and its result is asked for.
import { setTimeout as pause } from 'node:timers/promises'

type Answer = { readonly state: 'pending' } | { readonly state: 'gone' } | { readonly state: 'done'; readonly json: string } | { readonly state: 'failed'; readonly message: string }

const look = `
let turns = 8
const { port1, port2 } = new MessageChannel()
port1.onmessage = () => {
  const job = jobs.get(id) ?? { state: 'gone' }
  turns -= 1
  if (job.state === 'pending' && turns > 0) return port2.postMessage(0)
  port1.close()
  answer({ ...job })
}
port2.postMessage(0)
`

/** In the page: starts the job. The function's text is part of the script, because a page's policy may refuse eval(). */
const start = (source: string) => `
const [id, given, answer] = arguments
const jobs = (globalThis.driverJobs ??= new Map())
const job = { state: 'pending' }
jobs.set(id, job)
// Not as soon as it was told: nobody may have heard.
for (const [other, { state }] of jobs) if (other < id - 50 && state !== 'pending') jobs.delete(other)
const failed = (error) => { job.message = error instanceof Error ? error.name + ': ' + error.message : String(error); job.state = 'failed' }
Promise.resolve().then(() => (${source})(...JSON.parse(given))).then((value) => { job.json = JSON.stringify({ value }); job.state = 'done' }).catch(failed)
${look}`

/** In the page: answers at once, or after a few turns when the job is still running. */
const ask = `
const [id, , answer] = arguments
const jobs = globalThis.driverJobs ?? new Map()
${look}`

/** A page that is being replaced never answers, the one after it does; a busy one answers when it is asked again. */
const mostSilences = 6
let last = 0

/** `execute` sends an asynchronous script with its arguments to the page. */
export async function runInPage(execute: (script: string, ...args: unknown[]) => Promise<unknown>, source: string, args: readonly unknown[]): Promise<unknown> {
  const id = (last += 1)
  let silences = 0
  const tell = async (script: string, given: string): Promise<Answer> => {
    try {
      return (await execute(script, id, given)) as Answer
    } catch (error) {
      silences += 1
      if (!(error instanceof Error) || error.name !== 'ScriptTimeoutError' || silences > mostSilences) throw error
      return { state: 'pending' }
    }
  }
  let answer = await tell(start(source), JSON.stringify(args))
  for (let ms = 20; answer.state === 'pending'; ms = Math.min(200, ms * 1.2)) {
    await pause(ms)
    answer = await tell(ask, '')
  }
  if (answer.state === 'failed') throw new Error(answer.message)
  if (answer.state === 'gone') throw new Error('the page was left before the function had a result')
  return (JSON.parse(answer.json) as { value?: unknown }).value
}
