/** Real processes for tests: each runs a program of `children/`, and what it prints is waited for, never a time. */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A process and the lines it has printed. */
export interface Child {
  readonly process: ChildProcess
  readonly lines: readonly string[]
  readonly errors: () => string
  /** Resolves with the first line that begins with `start`, from the `from`-th on; rejects when the process ends without one. */
  line(start: string, from?: number): Promise<string>
  say(line: string): void
  /** Resolves with the exit code, or the signal. */
  readonly over: Promise<number | NodeJS.Signals>
  kill(): Promise<unknown>
}

/** Starts `children/<name>.ts`; it is killed when the test is over. */
export function startChild(name: string, input: unknown, env: NodeJS.ProcessEnv = process.env): Child {
  const file = fileURLToPath(new URL(`children/${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, JSON.stringify(input)], { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const lines: string[] = []
  const looks = new Set<() => void>()
  let rest = ''
  let errors = ''
  let gone: number | NodeJS.Signals | undefined
  const tell = (): void => [...looks].forEach((look) => look())
  child.stdin.on('error', () => undefined)
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk))
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    tell()
  })
  const over = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on('close', (code, signal) => {
      gone = code ?? signal ?? 1
      tell()
      resolve(gone)
    })
  })
  const made: Child = {
    process: child, lines, over,
    errors: () => errors,
    line: (start, from = 0) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.slice(from).find((line) => line.startsWith(start))
          if (found === undefined && gone === undefined) return
          looks.delete(look)
          if (found === undefined) reject(new Error(`${name} ended (${gone}) without "${start}": ${lines.join(' | ')} ${errors}`))
          else resolve(found)
        }
        looks.add(look)
        look()
      }),
    say: (line) => void child.stdin.write(`${line}\n`),
    async kill() {
      child.kill('SIGKILL')
      return over
    },
  }
  onTestFinished(async () => void (await made.kill()))
  return made
}
