// Three kinds of tests: plain modules in Node, single pages in happy-dom, and real tabs in three engines, in this order.
import { defineConfig } from 'vitest/config'

const sources = ['packages/*/src/**', 'examples/*/src/**']
// Never group 0: vitest moves its files behind all others where it has a single worker.
const first = { groupOrder: 1 }
const never = ['**/node_modules/**', '**/dist/**']

const severalEngines = ['test/tabs/**/*.spec.ts', 'test/driver/**/*.spec.ts']

/** Tests in a real browser. In Chromium one file at a time, and none while others keep the processor busy: timings are part of what is tested. */
const real = (engine: string, groupOrder: number, include: string[], maxWorkers: number) => ({
  test: {
    name: engine,
    environment: 'node' as const,
    env: { TEST_ENGINE: engine },
    include,
    exclude: never,
    fileParallelism: maxWorkers > 1,
    maxWorkers,
    sequence: { groupOrder },
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
})

/** Nothing is measured by these: they are over in time on a machine that does ten other things, too. */
const patient = { testTimeout: 120_000, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    allowOnly: false,
    reporters: ['default', './scripts/tally.mjs'],
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: [...sources.map((folder) => `${folder}/*.test.ts`), 'packages/*/test/**/*.test.ts', 'test/driver/*.test.ts', 'bench/src/*.test.ts'],
          exclude: [...never, '**/*.dom.test.ts'],
          sequence: first,
          ...patient,
        },
      },
      {
        test: {
          name: 'dom',
          environment: 'happy-dom',
          include: sources.map((folder) => `${folder}/*.dom.test.ts`),
          exclude: never,
          sequence: first,
          ...patient,
        },
      },
      real('chromium', 2, ['test/**/*.spec.ts'], 1),
      // Two files of these at a time: what they show is that the promises hold there too.
      real('firefox', 3, severalEngines, 2),
      real('webkit', 3, severalEngines, 2),
    ],
  },
})
