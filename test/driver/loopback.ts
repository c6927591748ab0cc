// Ports of the loopback interface: for a server of our own, and a free one for somebody else's.
import { createServer, type AddressInfo, type Server } from 'node:net'

/** Has a server listen, on whatever port is free unless one is wanted; resolves to the port. */
export async function listen(server: Server, wanted = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => void server.once('error', reject).listen(wanted, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/**
 * A port that was free a moment ago, as were so many `more` after it. It is none of those that the system gives to whoever asks for any
 * (from 32768 on Linux), so nobody comes upon it in the meantime.
 */
export async function freePort(more = 0): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const servers = Array.from({ length: 1 + more }, () => createServer())
    const tried = await Promise.allSettled(servers.map((server, index) => listen(server, port + index)))
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    if (tried.every(({ status }) => status === 'fulfilled')) return port
  }
}
