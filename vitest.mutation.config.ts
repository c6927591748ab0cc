// What mutation testing runs for each change of a file: the tests that are about that file, and a short run of the model.
import { defineConfig } from 'vitest/config'

const model = 'packages/session/test/model/model.test.ts'
const tests: Record<string, readonly string[]> = {
  state: ['state', 'session', 'contexts', 'listeners', model],
  verdict: ['verdict', 'verdict-lookalikes'],
  sync: ['sync'],
  record: ['record-reads', 'record-writes', 'record', 'damaged', 'session', 'weather', model],
  refresh: ['refresh-waits', 'request-tokens', 'refresh-outcomes', 'refresh-refused', 'refresh', 'refresh-lost', 'narrow', 'narrow-refused', 'narrow-rotation', 'locks', 'session', 'time', model],
  purge: ['purge', 'session', model],
  request: ['request-judged', 'request-tokens', 'request', 'request-retry', 'narrow', 'narrow-refused', 'session', 'gate', model],
  source: ['request-judged', 'request-tokens', 'request', 'narrow', 'narrow-refused', 'narrow-rotation', 'session', model],
}
const file = process.env['MUTATED'] ?? ''

export default defineConfig({
  test: {
    environment: 'node',
    include: (tests[file] ?? []).map((name) => (name === model ? model : `packages/session/src/${name}.test.ts`)),
    env: { MODEL_RUNS: '200' },
    testTimeout: 20_000,
  },
})
