/** Who holds a lock, in words that survive the process: enough to tell whether that process still lives. */
import { readFile, readlink } from 'node:fs/promises'
import { hostname, uptime } from 'node:os'
import { unless } from '../folder.ts'

/** One process at one time. */
export interface Owner {
  /** 128 random bits, anew for each time that something is held. */
  readonly token: string
  readonly pid: number
  /** When the process began, in the system's own ticks; empty where the system does not say. */
  readonly start: string
  /** Where that process id means something: this boot of this host, in this namespace of process ids; elsewhere than on Linux, the host's name. */
  readonly world: string
  /** The same after a boot; empty where nobody says. */
  readonly machine: string
}

/** How long an owner of whom nothing is known may leave its lock untouched. */
export const untouchedMs = 30_000

/** What is known of an owner. `unknown`: its process id means nothing here, or may be another process's by now. */
export type Standing = 'alive' | 'dead' | 'unknown'

let self: Promise<Omit<Owner, 'token'>> | undefined

/** Describes this process. */
export async function describeSelf(token: string): Promise<Owner> {
  self ??= Promise.all([worldHere(), startOf(process.pid), machineHere()]).then(([world, found, machine]) => ({ pid: process.pid, start: found?.start ?? '', world, machine }))
  return { token, ...(await self) }
}

/**
 * Tells whether an owner lives.
 *
 * On Linux its process id and the time it began are compared, so that a reused id is nobody's alibi; a killed process that nobody has
 * reaped yet is dead. Elsewhere Node cannot ask when another process began: a process id that nobody has is dead, one that somebody has is
 * `unknown`, and so is whatever another host or another container wrote. Who waits for an unknown owner watches whether it still touches
 * its lock. One of this machine that was last touched before the machine started, `agoMs` ago, is nobody's any more: owners live no longer than
 * that. A file without an owner is of this machine: whoever lives has written its own.
 */
export async function standingOf(owner: Owner, agoMs = 0): Promise<Standing> {
  const here = await describeSelf('')
  const standing = await judged(owner, here)
  const isOfHere = owner.machine === here.machine || owner.machine === ''
  return standing === 'unknown' && isOfHere && agoMs > Math.max(untouchedMs, uptime() * 1_000) ? 'dead' : standing
}

async function judged(owner: Owner, here: Owner): Promise<Standing> {
  if (owner.world !== here.world) return 'unknown'
  if (!isThere(owner.pid)) return 'dead'
  if (here.start === '') return owner.pid === process.pid ? 'alive' : 'unknown'
  const found = await startOf(owner.pid)
  return found && found.start === owner.start && !found.over ? 'alive' : 'dead'
}

/** Reads an owner; what is no owner (a file that a power cut left empty) is one of whom nothing is known. */
export function readOwner(text: string, otherwise: string): Owner {
  try {
    const { token, pid, start, world, machine = '' } = JSON.parse(text) as Partial<Owner>
    const isOwner = typeof token === 'string' && typeof pid === 'number' && typeof start === 'string' && typeof world === 'string' && typeof machine === 'string'
    if (isOwner) return { token, pid, start, world, machine }
  } catch {
    // Judged below.
  }
  return { token: otherwise, pid: 0, start: '', world: '', machine: '' }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: unknown }).code !== 'ESRCH'
  }
}

/** proc(5): the name may hold spaces and brackets, so fields are counted from the last bracket: state is the third, the start the 22nd. */
async function startOf(pid: number): Promise<{ readonly start: string; readonly over: boolean } | undefined> {
  if (process.platform !== 'linux') return undefined
  const stat = await unless(['ENOENT', 'ESRCH', 'EACCES'], readFile(`/proc/${pid}/stat`, 'utf8'))
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields && { start: fields[19] ?? '', over: fields[0] === 'Z' || fields[0] === 'X' }
}

/** machine-id(5) stays when the host is named anew. */
async function machineHere(): Promise<string> {
  const id = process.platform === 'linux' ? await readFile('/etc/machine-id', 'utf8').catch(() => '') : ''
  return id.trim() || hostname()
}

async function worldHere(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  return boot === '' ? hostname() : `${boot.trim()} ${namespace}`
}
