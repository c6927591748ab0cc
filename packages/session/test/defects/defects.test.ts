/** The model finds every deliberate mistake, in lives that the client as it is passes (`model/model.test.ts`). */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWith } from '../build.ts'
import { everyRun } from '../model/run.ts'
import { defects } from './defects.ts'
import { shownBy } from './shown-by.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'defects-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Outcome {
  /** 1 when a life failed. */
  readonly code: number | null
  readonly said: string
}

/** Runs lives of a built model, `from` one on, until one fails. */
function lives(file: string, { seed, from, runs }: { seed: number; from: number; runs: number }): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const args = [file, '--seed', seed, '--path', from, '--runs', runs, '--first', '--brief'].map(String)
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, said }))
  })
}

/** Looks for a life that fails, in the one that is known to, and else in all. */
async function caught(name: string, file: string): Promise<Outcome> {
  const known = shownBy[name]
  if (known) {
    const outcome = await lives(file, { seed: known[0], from: known[1], runs: 1 })
    if (outcome.code !== 0) return outcome
  }
  for (const seed of everyRun.seeds) {
    const outcome = await lives(file, { seed, from: 0, runs: everyRun.runs })
    if (outcome.code === 0) continue
    console.log(`shown-by.ts: '${name}' is shown by [${seed}, ${/--path '(?<life>\d+)/.exec(outcome.said)?.groups?.['life']}]`)
    return outcome
  }
  return { code: 0, said: 'no life shows it' }
}

describe.concurrent('a client with a mistake in it is caught by the model:', () => {
  for (const [number, { name, breaks, changes }] of defects.entries()) {
    test(`${breaks} ${name}`, { timeout: 600_000 }, async () => {
      const file = join(folder, `${number}.mjs`)
      await buildWith(changes, 'model/main.ts', file)
      const { code, said } = await caught(name, file)
      expect(code, said).toBe(1)
      expect(said).toMatch(/^P\d+: /m)
      // Whoever merely throws would be noticed by anything.
      expect(said).not.toContain('unhandled rejection')
    })
  }
})
