/** A port of this machine, and what is asked of it by its own name. */
import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export const host = '127.0.0.1'

/** Listens; resolves with the port, which is a free one for 0. */
export async function listening(server: Server, port: number): Promise<number> {
  server.listen({ host, port, exclusive: true })
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Error(code === 'EADDRINUSE' ? `Port ${port} of ${host} is taken by another program.` : `${host} cannot be listened on (${code}).`)
  }
  return (server.address() as AddressInfo).port
}

/** The address that was asked for, when it is `own` and was asked for by that very name: any other name is another page's (DNS rebinding). */
export function addressOf({ method, url = '', headers }: IncomingMessage, own: URL): URL | undefined {
  if (method !== 'GET' || headers.host !== own.host || !url.startsWith('/') || !URL.canParse(url, own)) return undefined
  const asked = new URL(url, own)
  return asked.host === own.host && asked.pathname === own.pathname ? asked : undefined
}
