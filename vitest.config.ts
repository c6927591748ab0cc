// Three kinds of tests: plain modules in Node, single pages in happy-dom, and real tabs in three engines.
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const sources = ['packages/*/src/**', 'examples/*/src/**']
// Groups run one after the other; never group 0, whose files vitest moves behind all others where it has a single worker.
const first = { groupOrder: 1 }
// Vitest by itself would keep one of two cores free.
const maxWorkers = Math.max(2, Math.floor(availableParallelism() / 2))
/** Where much of a test's time is waiting. */
const oneMore = maxWorkers + 1
const never = ['**/node_modules/**', '**/dist/**']

const measured = ['test/hostile/**/*.spec.ts']
const severalEngines = ['test/tabs/**/*.spec.ts', 'test/driver/**/*.spec.ts']

/** What takes longest, in any project; the longest last. */
const slowest = [
  'defects/defects.test.ts', 'secrets/keychain.test.ts', 'life/cycles.spec.ts', 'desktop/sign-in.spec.ts', 'src/processes.test.ts', 'uploader/window.spec.ts',
  'tabs/platform.spec.ts', 'hostile/detection.spec.ts', 'uploads/uploads.test.ts', 'uploads/ends.test.ts', 'fleet/fleet.spec.ts', 'hostile/pauses.spec.ts',
  'field/storage.spec.ts', 'tabs/asleep.spec.ts', 'traces/ends.spec.ts', 'versions/side-by-side.test.ts', 'tabs/detection.spec.ts', 'hostile/feed.spec.ts',
  'hostile/connections.spec.ts', 'driver/driver.spec.ts', 'model/model.test.ts', 'src/uploader.test.ts', 'src/killed.test.ts', 'life/cycles.test.ts',
  'hostile/intermediaries.spec.ts', 'tabs/revoked.spec.ts', 'tabs/downloads.spec.ts', 'storefront/storefront.spec.ts', 'storefront/states.spec.ts', 'tabs/refresh.spec.ts',
  'tabs/journal.spec.ts',
]

/** The slowest files come first: no worker is left with a long one when the others are done. */
class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => slowest.findLastIndex((path) => moduleId.endsWith(`/${path}`))
    return (await super.sort(files)).toSorted((one, other) => place(other) - place(one))
  }
}

/** Tests in a real browser. */
const real = (name: string, engine: string, groupOrder: number, include: string[], more: { exclude?: string[]; maxWorkers?: number } = {}) => ({
  test: {
    name,
    environment: 'node' as const,
    env: { TEST_ENGINE: engine },
    include,
    exclude: [...never, ...(more.exclude ?? [])],
    maxWorkers: more.maxWorkers ?? maxWorkers,
    // Files share what takes long to start: the provider's modules, the bundled page, Firefox. Nothing of ours is kept between them.
    isolate: false,
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
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: [...sources.map((folder) => `${folder}/*.test.ts`), 'packages/*/test/**/*.test.ts', 'test/driver/*.test.ts', 'bench/src/*.test.ts'],
          exclude: [...never, '**/*.dom.test.ts'],
          maxWorkers: oneMore,
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
          maxWorkers: oneMore,
          sequence: first,
          ...patient,
        },
      },
      real('chromium', 'chromium', 2, ['test/**/*.spec.ts'], { exclude: measured, maxWorkers: oneMore }),
      // After the others, and two at a time: how long things take is what is tested.
      real('hostile', 'chromium', 3, measured),
      real('firefox', 'firefox', 4, severalEngines, { maxWorkers: oneMore }),
      real('webkit', 'webkit', 5, severalEngines, { maxWorkers: oneMore }),
    ],
  },
})
