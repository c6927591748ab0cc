/** Who is at the other end of a connection to a port of this machine. Linux tells it: proc(5), `/proc/net/tcp`. */
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { unless } from '../folder.ts'

const established = '01'

/** Whether this system tells it. */
export async function tellsPeers(): Promise<boolean> {
  return (await unless(['ENOENT', 'EACCES'], readFile('/proc/net/tcp'))) !== undefined
}

/** Whether it is a process of this very person. */
export async function isOwn({ remotePort, localPort }: Socket): Promise<boolean> {
  // A socket for both families stands in the second table, whatever it is connected to.
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => unless(['ENOENT'], readFile(`/proc/net/${name}`, 'latin1'))))
  const owners = tables.flatMap((table) => ownersIn(table ?? '', `:${hex(remotePort)}`, `:${hex(localPort)}`))
  return owners.length > 0 && owners.every((uid) => uid === String(process.getuid?.()))
}

/** A connection that its owner has let go of is nobody's: only the open ones are looked at. */
function ownersIn(table: string, from: string, to: string): string[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', remote = '', state, , , , uid = ''] = line.trim().split(/\s+/)
    return state === established && local.endsWith(from) && remote.endsWith(to) ? [uid] : []
  })
}

function hex(port: number | undefined): string {
  return (port ?? 0).toString(16).toUpperCase().padStart(4, '0')
}
