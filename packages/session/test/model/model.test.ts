/** The model, as often as there is time for it in every run of the tests. */
import { expect, test } from 'vitest'
import { checkModel, everyRun, type Figures } from './run.ts'

const { runs } = everyRun
const wanted = Number(process.env['MODEL_RUNS'] ?? Number.POSITIVE_INFINITY)
const seeds = everyRun.seeds.slice(0, Math.ceil(wanted / runs))

test('P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 hold in two thousand random lives of a device', { timeout: 300_000 }, async () => {
  const all: Figures[] = []
  for (const seed of seeds) {
    const { failure, ...figures } = await checkModel({ runs, seed })
    const again = failure && `${failure.message}\n${failure.counterexample}\nnpm run test:model -- --runs ${runs} --seed ${failure.seed} --path '${failure.path}'`
    expect(again).toBeUndefined()
    all.push(figures)
  }
  const sum = (figure: keyof Figures): number => all.reduce((total, figures) => total + figures[figure], 0)
  console.log(`the model: ${sum('runs')} lives of the seeds ${seeds.join(', ')}, ${sum('steps')} steps, ${sum('interleavings')} different interleavings`)
})
