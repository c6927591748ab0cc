// Processes of a browser, as Linux tells of them: who belongs to it, and which one shows a tab.
import { readFileSync, readdirSync } from 'node:fs'
import { until } from './until.ts'

interface Process {
  readonly pid: number
  readonly group: number
  readonly isZombie: boolean
  /** Processor time used so far, in hundredths of a second. */
  readonly time: number
}

function read(pid: number): Process | undefined {
  try {
    // "pid (name) state ppid pgrp …"; the name may contain anything, also blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
    return { pid, group: Number(fields[2]), isZombie: fields[0] === 'Z', time: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return undefined
  }
}

function membersOf(group: number): Process[] {
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map((entry) => read(Number(entry)))
    .filter((process) => process !== undefined).filter((process) => process.group === group && !process.isZombie)
}

/** In the command line of a process that shows pages: Firefox, WebKitGTK, Chromium. The browser itself, or its network process, may be busier than any page. */
const showsPages = /[\0 ]-contentproc[\0 ].*[\0 ]tab\0*$|WebKitWebProcess|[\0 ]--type=renderer[\0 ]/s

function isForPages({ pid }: Process): boolean {
  try {
    return showsPages.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  } catch {
    return false
  }
}

/** A command, for spawn(), that the system ends when the process that started it is gone, however that came. */
export const tied = (command: string, args: readonly string[]): [string, string[]] => ['setpriv', ['--pdeathsig', 'KILL', '--', command, ...args]]

export const isRunning = (pid: number): boolean => read(pid)?.isZombie === false

const stopped = new Set<number>()

/** Stops a process where it stands. One that is left so would outlive its browser: goOn() is called when the browser is closed. */
export function stop(pid: number): void {
  if (stopped.size === 0) process.once('exit', () => goOn())
  process.kill(pid, 'SIGSTOP')
  stopped.add(pid)
}

/** Lets one stopped process, or all of them, go on. */
export function goOn(pid?: number): void {
  for (const one of typeof pid === 'number' && stopped.has(pid) ? [pid] : [...stopped]) {
    stopped.delete(one)
    try {
      process.kill(one, 'SIGCONT')
    } catch {
      // It was killed meanwhile.
    }
  }
}

/** Ends a whole process group at once and resolves when none of it is left. */
export async function killGroup(group: number): Promise<void> {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
  await until(() => membersOf(group).length === 0, { what: `the processes of group ${group} to be gone` })
}

/** The process of the group that works when the tab does: `spin` keeps the page busy for as long as it is told. */
export async function busyProcess(group: number, spin: (ms: number) => Promise<unknown>): Promise<number> {
  const pages = () => membersOf(group).filter(isForPages)
  let ms = 100
  let lastSeen: number | undefined
  return until(async () => {
    const before = new Map(pages().map(({ pid, time }) => [pid, time]))
    // Longer each time: on a busy machine the page gets only a part of that time.
    ms = Math.min(2_000, ms * 2)
    await spin(ms)
    const [first, second] = pages().map(({ pid, time }) => ({ pid, worked: time - (before.get(pid) ?? time) })).sort((a, b) => b.worked - a.worked)
    // Other pages may work meanwhile: the page's own process must stand out, twice in a row, since it may be killed for it.
    const stoodOut = first && first.worked >= 8 && first.worked > 2 * (second?.worked ?? 0) ? first.pid : undefined
    const isSure = stoodOut !== undefined && stoodOut === lastSeen
    lastSeen = stoodOut
    return isSure && stoodOut
  }, { what: 'the process of the tab', lookMs: 30_000 })
}

/** The most memory a process ever had in use, in bytes. */
export function peakMemory(pid: number): number {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) * 1024
}
