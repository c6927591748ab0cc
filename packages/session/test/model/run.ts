/** Runs the model: many devices, each with its own commands and schedule, until a promise breaks. */
import fc from 'fast-check'
import { commands } from './commands/index.ts'
import { finale, opening } from './finale.ts'
import { BrokenPromise } from './oracle.ts'
import { createWorld, type Client, type Setting, type World } from './world.ts'
import type { ModelCommand } from './commands/command.ts'

/** The lives of every run of the tests, always the same: red means that a change broke something. New ones are for `npm run test:model`. */
export const everyRun = { seeds: [1, 2, 3, 4, 5, 6, 7, 8], runs: 250 } as const

export interface ModelOptions {
  readonly runs: number
  readonly seed: number
  /** Repeats one run of a seed, as a failure names it. */
  readonly path?: string
  readonly verbose?: boolean
  /** Tells of the first life that fails as it is, without looking for a shorter one. */
  readonly first?: boolean
  /** Runs in some of the contexts, beside this version. */
  readonly next?: Client
  /** Called now and then with the number of runs. */
  readonly onProgress?: (figures: Figures) => void
}

export interface Figures {
  readonly runs: number
  readonly steps: number
  /** How many different orders of events were seen. */
  readonly interleavings: number
}

export interface ModelFailure {
  readonly seed: number
  readonly path: string
  readonly counterexample: string
  readonly message: string
}

export interface ModelResult extends Figures {
  readonly failure?: ModelFailure
}

export const settings: fc.Arbitrary<Setting> = fc.record({
  seed: fc.integer(),
  tabs: fc.nat(4),
  noise: fc.oneof(fc.nat(2_000), fc.constant(0)),
  traits: fc.record({
    idempotent: fc.boolean(), reuseKills: fc.boolean(), session: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    feed: fc.boolean(), revocation: fc.constant(true), revokesGrant: fc.boolean(), problems: fc.boolean(), sid: fc.constant(true), accessSeconds: fc.constantFrom(300, 60, 5, 5),
  }),
  options: fc.record({ lease: fc.constantFrom({}, { default: 120_000 }, { downloads: '30s', checkout: '15s' } as const, { default: 30_000, downloads: 120_000, checkout: 120_000 }), retainMs: fc.constantFrom(604_800_000, 300_000) }),
})

/** Checks every promise over `runs` devices. */
export async function checkModel({ runs, seed, path, verbose = false, first = false, onProgress, next }: ModelOptions): Promise<ModelResult> {
  const [shrinkPath, replayPath] = path?.split('@') ?? []
  const figures = { runs: 0, steps: 0, interleavings: 0 }
  const orders = new Set<string>()
  const property = fc.asyncProperty(
    settings,
    fc.commands<World, World, false>([commands], { maxCommands: 30, size: 'max', ...(replayPath !== undefined && { replayPath }) }),
    async (setting, sequence) => {
      const world = await oneRun({ setting, sequence, next })
      figures.runs += 1
      figures.steps += world.schedule.steps
      orders.add(`${world.schedule.order}:${world.schedule.steps}`)
      figures.interleavings = orders.size
      if (figures.runs % 500 === 0) onProgress?.({ ...figures })
    },
  )
  const details = await fc.check(property, { numRuns: runs, seed, ...(shrinkPath !== undefined && { path: shrinkPath }), verbose: 0, endOnFailure: first })
  if (!details.failed || !details.counterexample) return figures
  const [setting, sequence] = details.counterexample
  const replay = /replayPath="(?<path>[^"]*)"/.exec(String(sequence))?.groups?.['path'] ?? ''
  const retold = await retell({ setting, sequence, next }, verbose)
  return {
    ...figures,
    failure: { seed: details.seed, path: `${details.counterexamplePath ?? ''}@${replay}`, counterexample: retold, message: String((details.errorInstance as Error | undefined)?.message) },
  }
}

interface Run {
  readonly setting: Setting
  readonly sequence: Iterable<ModelCommand>
  readonly next?: Client | undefined
}

/** One device from its beginning to its end. */
async function oneRun({ setting, sequence, next }: Run, keep?: (world: World) => void): Promise<World> {
  const world = createWorld(setting, { tell: keep !== undefined, next })
  keep?.(world)
  const onRejection = (error: unknown): void => world.oracle.wrong(`an unhandled rejection: ${String(error)}`)
  process.on('unhandledRejection', onRejection)
  try {
    await opening(world)
    await fc.asyncModelRun(() => ({ model: world, real: world }), sequence)
    await finale(world)
    return world
  } finally {
    for (const tab of world.tabs) if (tab && !tab.context.dead) tab.session.stop()
    process.off('unhandledRejection', onRejection)
    world.done()
  }
}

/** The counterexample in words. */
async function retell(run: Run, verbose: boolean): Promise<string> {
  const { setting, sequence } = run
  const words = [`server ${JSON.stringify(setting.traits)}, options ${JSON.stringify(setting.options)}, schedule ${setting.seed} with ${setting.noise} draws`]
  words.push(setting.tabs === 0 ? '  an empty device' : `  ${setting.tabs} tabs are open, and mira signed in in place 0`)
  words.push(String(sequence).replace(/ ?\/\*.*\*\//, '').split(/,(?=[a-z0-9-])/).map((each) => `  ${each}`).join('\n'))
  if (!verbose) return words.join('\n')
  let story: readonly string[] = []
  try {
    await oneRun(run, (world) => (story = world.story))
  } catch (error) {
    words.push(...story, error instanceof BrokenPromise ? error.message : String(error))
  }
  return words.join('\n')
}
