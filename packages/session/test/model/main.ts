/** The model from the command line: `--runs`, `--seed`, `--path`, `--first`, `--brief`. */
import { parseArgs } from 'node:util'
import { checkModel } from './run.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '2000' }, seed: { type: 'string' }, path: { type: 'string' }, first: { type: 'boolean', default: false }, brief: { type: 'boolean', default: false } } })
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const runs = Number(values.runs)
const began = performance.now()

const perSecond = (count: number): string => Math.round((count * 1000) / (performance.now() - began)).toLocaleString('en')
console.log(`${runs} runs from seed ${seed}`)
const { failure, ...figures } = await checkModel({
  runs, seed, ...(values.path !== undefined && { path: values.path }), verbose: !values.brief, first: values.first,
  onProgress: ({ runs: done, steps }) => console.log(`  ${done} runs, ${steps} steps, ${perSecond(done)} runs and ${perSecond(steps)} steps a second`),
})
console.log(`${figures.runs} runs, ${figures.steps} steps, ${figures.interleavings} different interleavings, ${perSecond(figures.runs)} runs and ${perSecond(figures.steps)} steps a second`)
if (failure) {
  console.log(`\n${failure.message}\n\n${failure.counterexample}\n\nnpm run test:model -- --runs ${runs} --seed ${failure.seed} --path '${failure.path}'`)
  process.exitCode = 1
}
