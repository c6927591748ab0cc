// What mutation testing runs for each change of a file: the tests that are about that file, and a short run of the model.
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const model = 'packages/session/test/model/model.test.ts'
const tests: Record<string, readonly string[]> = {
  state: ['state', 'session', 'contexts', 'listeners', model],
  verdict: ['verdict', 'verdict-lookalikes', 'verdict-clocks'],
  sync: ['sync'],
  record: ['record-reads', 'record-writes', 'record', 'damaged', 'session', 'weather', model],
  refresh: ['refresh-outcomes', 'refresh-refused', 'refresh-waits', 'narrow-refused', 'narrow-rotation', 'refresh', 'refresh-lost', 'refresh-clocks', 'doubt', 'request-tokens', 'narrow', 'locks', 'time', 'session', model],
  purge: ['purge', 'session', model],
  request: ['request-judged', 'request-tokens', 'request', 'request-retry', 'narrow', 'narrow-refused', 'session', 'gate', 'checkout/sending', model],
  source: ['request-judged', 'request-tokens', 'request', 'narrow', 'narrow-refused', 'narrow-rotation', 'session', model],
}
const file = process.env['MUTATED'] ?? ''
const include = (tests[file] ?? []).map((name) => (name === model ? model : `packages/session/src/${name}.test.ts`))

/** In the order of the list, what notices most in the least time first: the first test that fails ends a change. Vitest's own order has the slowest first. */
class AsListed extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => include.findIndex((path) => moduleId.endsWith(`/${path}`))
    return specs.toSorted((one, other) => place(one) - place(other))
  }
}

export default defineConfig({
  test: {
    environment: 'node',
    include,
    sequence: { sequencer: AsListed },
    env: { MODEL_RUNS: '250' },
    testTimeout: 20_000,
  },
})
