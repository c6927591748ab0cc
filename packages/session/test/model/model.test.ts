/** The model, as often as there is time for it in every run of the tests. */
import { expect, test } from 'vitest'
import { checkModel } from './run.ts'

const runs = Number(process.env['MODEL_RUNS'] ?? 2_000)
/** Always the same lives: red means that a change broke something. New lives are for `npm run test:model`. */
const seed = 20_261_121

test('P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 hold in two thousand random lives of a device', { timeout: 300_000 }, async () => {
  console.log(`the model begins from seed ${seed}`)
  const { failure, ...figures } = await checkModel({ runs, seed })
  console.log(`${figures.runs} runs, ${figures.steps} steps, ${figures.interleavings} different interleavings`)
  const again = failure && `${failure.message}\n${failure.counterexample}\nnpm run test:model -- --runs ${runs} --seed ${failure.seed} --path '${failure.path}'`
  expect(again).toBeUndefined()
})
