/** The model finds every deliberate mistake, and none where none was made. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWith } from '../build.ts'
import { defects } from './defects.ts'

/** Lives come in batches, a seed each: most mistakes show in the first. The client itself must pass all of them. */
const lives = 250
const batches = 6
const model = 'model/main.ts'
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'defects-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs a batch of a built model; `code` is 1 when it found a promise broken, and `said` tells which. */
function run(file: string, seed: number): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, '--runs', String(lives), '--seed', String(seed)], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, said }))
  })
}

/** Runs batch after batch, `most` at the most, until one does not pass. */
async function lived(file: string, most: number): Promise<{ code: number | null; said: string }> {
  for (let seed = 1; ; seed += 1) {
    const outcome = await run(file, seed)
    if (outcome.code !== 0 || seed === most) return outcome
  }
}

describe.concurrent('a client with a mistake in it is caught by the model:', () => {
  for (const [number, defect] of defects.entries()) {
    test(`${defect.breaks} ${defect.name}`, { timeout: 600_000 }, async () => {
      const file = join(folder, `${number}.mjs`)
      await buildWith(defect.changes, model, file)
      const { code, said } = await lived(file, batches)
      expect(code, said).toBe(1)
      expect(said).toMatch(/\bP\d+\b/)
    })
  }
})

test('the client as it is passes all batches', { timeout: 600_000 }, async () => {
  const file = join(folder, 'as-it-is.mjs')
  await buildWith([], model, file)
  const { code, said } = await lived(file, batches)
  expect(code, said).toBe(0)
})
