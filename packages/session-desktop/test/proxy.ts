/** A TCP proxy between an application and its server: counts what leaves the device, cuts connections, and slows them down. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

/** How it treats what the application sends. */
export interface Weather {
  /** Resets a connection after so many bytes, or half as many, or anything between. */
  cutAfterBytes?: number
  /** How fast a connection is. */
  bytesPerSecond?: number
  /** A connection stands still after so many bytes, as long as this says so: what is on its way then stays there. */
  holdAfterBytes?: number
  /** Takes whatever the application sends, and passes nothing on: what it goes on sending is its own doing. */
  hole?: boolean
}

/** The proxy. */
export interface Proxy {
  readonly origin: string
  readonly weather: Weather
  /** How many connections it has reset. */
  readonly cuts: number
  /** What the application has sent. */
  readonly bytes: number
  /** When the last of it came, epoch ms. */
  readonly lastAt: number
  /** Resets every connection. */
  cut(): void
}

/** Starts it in front of a port of this machine. */
export async function startProxy(port: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const weather: Weather = {}
  const seen = { cuts: 0, bytes: 0, lastAt: 0 }
  const server = createServer((client) => {
    const upstream = connect({ port, host: '127.0.0.1' })
    const drop = (): void => {
      if (weather.hole && !client.destroyed) return
      client.resetAndDestroy()
      upstream.resetAndDestroy()
    }
    let left = Number.POSITIVE_INFINITY
    let carried = 0
    const isHeld = (): boolean => !weather.hole && !client.destroyed && carried > (weather.holdAfterBytes ?? Number.POSITIVE_INFINITY)
    const carry = async (piece: Buffer): Promise<void> => {
      seen.bytes += piece.length
      seen.lastAt = Date.now()
      carried += piece.length
      if (weather.cutAfterBytes !== undefined && left === Number.POSITIVE_INFINITY) left = weather.cutAfterBytes * (0.5 + Math.random() / 2)
      left -= piece.length
      if (weather.hole) return
      if (left < 0) {
        seen.cuts += 1
        return drop()
      }
      if (!upstream.write(piece)) client.pause()
      if (weather.bytesPerSecond === undefined && !isHeld()) return
      client.pause()
      if (weather.bytesPerSecond !== undefined) await after((piece.length / weather.bytesPerSecond) * 1_000)
      while (isHeld()) await after(5)
      client.resume()
    }
    client.on('data', (piece) => void carry(piece as Buffer))
    upstream.on('drain', () => isHeld() || client.resume())
    upstream.pipe(client, { end: false })
    upstream.on('end', () => weather.hole || client.end())
    client.on('end', () => upstream.end())
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', drop).on('close', () => {
        sockets.delete(socket)
        if (weather.hole && socket === upstream) return void client.resume()
        client.destroy()
        upstream.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  onTestFinished(() => {
    server.close()
    cut()
  })
  return {
    weather, cut,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get cuts() {
      return seen.cuts
    },
    get bytes() {
      return seen.bytes
    },
    get lastAt() {
      return seen.lastAt
    },
  }
}
