// The clients of the figure about feeds: bare sockets, each of which asks once and then only counts. Prints when all are connected, and when the last has heard of each publication.
import { connect } from 'node:net'

const [port, count] = process.argv.slice(2).map(Number) as [number, number]
const now = (): number => performance.timeOrigin + performance.now()
const heard = new Map<number, number>()

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /session/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\r\n'))
    let rest = ''
    socket.on('error', reject).setEncoding('latin1').on('data', (chunk: string) => {
      rest += chunk
      if (rest.startsWith('HTTP/') && !rest.startsWith('HTTP/1.1 200')) reject(new Error(`refused: ${rest.slice(0, 12)}`))
      for (const [, id] of rest.matchAll(/^id: (\d+)\n.*\n\r?\n/gm)) {
        if (id === '1') resolve()
        else tell(Number(id) - 1)
      }
      rest = rest.slice(rest.lastIndexOf('\n\n') + 1)
    })
  })
}

function tell(serial: number): void {
  const so = (heard.get(serial) ?? 0) + 1
  heard.set(serial, so)
  if (so === count) console.log(JSON.stringify({ serial, at: now() }))
}

// A few hundred at a time: more than that meets the limit of connections that wait to be accepted.
let left = count
await Promise.all(Array.from({ length: 200 }, async () => {
  while (left-- > 0) await open()
}))
console.log(JSON.stringify({ connected: count }))
