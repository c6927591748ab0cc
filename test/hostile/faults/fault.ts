// What a fault is, and the few ways in which the proxy answers by itself.
import type { OutgoingHttpHeaders } from 'node:http'
import type { Fault } from '../proxy.ts'

export interface About {
  readonly issuer: string
  readonly sid: string
}

export interface NamedFault {
  /** Completes "… ends nothing, and is over when it is over". */
  readonly name: string
  readonly tags: string
  readonly make: (about: About) => Fault
  /** How a call of an API meets it: a status, or the name of an error. */
  readonly api: number | string
  /** Nobody answers: each call is over only when its time is. */
  readonly hangs?: boolean
  /** The server acted on what it was asked, and only its answer is lost. */
  readonly acted?: boolean
}

/** Answers in place of the server, readable for the page. */
export function say(status: number, body: string | Uint8Array = '', headers: OutgoingHttpHeaders = {}): Fault {
  return ({ response, readable }) => response.writeHead(status, { ...readable, ...headers }).end(body)
}

export const html = { 'content-type': 'text/html; charset=utf-8' }
export const json = { 'content-type': 'application/json' }
export const stream = { 'content-type': 'text/event-stream' }
export const page = (title: string): string => `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1><form action="/accept"><button>Go on</button></form></html>`
