/** The model finds every deliberate mistake, and none where none was made. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWith } from '../build.ts'
import { defects } from './defects.ts'

const runs = 4_000
const model = 'model/main.ts'
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'defects-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs a built model; `failed` when it found a promise broken, and what it said of it. */
function run(file: string, count: number): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, '--runs', String(count), '--seed', '1'], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, said }))
  })
}

describe.concurrent('a client with a mistake in it is caught by the model:', () => {
  for (const [number, defect] of defects.entries()) {
    test(`${defect.breaks} ${defect.name}`, { timeout: 600_000 }, async () => {
      const file = join(folder, `${number}.mjs`)
      await buildWith(defect.changes, model, file)
      const { code, said } = await run(file, runs)
      expect(code, said).toBe(1)
      expect(said).toMatch(/\bP\d+\b/)
    })
  }
})

test('the client as it is passes the same check', { timeout: 600_000 }, async () => {
  const file = join(folder, 'as-it-is.mjs')
  await buildWith([], model, file)
  const { code, said } = await run(file, runs)
  expect(code, said).toBe(0)
})
