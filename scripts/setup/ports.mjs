// Ports: whether one is free on this machine, and one that is.
import { createServer } from 'node:net'

const listen = (port, host) =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(port, host, () => resolve(server))
  })

const close = (server) => new Promise((resolve) => server.close(resolve))

/** A machine without IPv6 has nothing that listens there. */
const absent = ['EADDRNOTAVAIL', 'EAFNOSUPPORT']

/** Whether nobody listens on the port of either loopback address: a browser tries both for `localhost`. */
export async function isFree(port) {
  for (const host of ['127.0.0.1', '::1']) {
    try {
      await close(await listen(port, host))
    } catch (error) {
      if (error.code === 'EADDRINUSE') return false
      if (!absent.includes(error.code)) throw error
    }
  }
  return true
}
