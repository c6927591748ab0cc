// A tally of a test run for vitest: numbers, the slowest files, and every skipped test with its reason; a skip without one counts as a failure.
import { writeFileSync } from 'node:fs'

export default class Tally {
  onInit(vitest) {
    // A name filter (-t) leaves tests out on purpose.
    this.filtered = Boolean(vitest.config.testNamePattern)
  }

  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, faults: 0, skipped: [], unexplained: [] }
    for (const module of modules) {
      const name = module.relativeModuleId
      const brokenOutsideTests = [module, ...module.children.allSuites()].filter((node) => node.errors().length > 0)
      tally.failed += brokenOutsideTests.length
      for (const test of module.children.allTests()) this.#count(tally, `${name} > ${test.fullName}`, test)
    }
    this.#tellSlowest(modules)
    if (tally.faults > 0) console.log(`faults survived: ${tally.faults}`)
    for (const line of tally.skipped) console.log(`skipped: ${line}`)
    for (const line of tally.unexplained) console.error(`skipped without a reason, which counts as a failure: ${line}`)
    tally.failed += tally.unexplained.length
    if (tally.unexplained.length > 0) process.exitCode = 1
    if (process.env.TALLY_FILE) writeFileSync(process.env.TALLY_FILE, JSON.stringify({ ...tally, skipped: tally.skipped.length }))
  }

  /** The files that take longest, and the sum of each project. */
  #tellSlowest(modules) {
    if (modules.length < 6) return
    const files = modules.map((module) => ({ project: module.project.name, name: module.relativeModuleId, ms: module.diagnostic().duration })).sort((a, b) => b.ms - a.ms)
    const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`
    for (const { project, name, ms } of files.slice(0, 8)) console.log(`slow: ${seconds(ms).padStart(8)}  ${project}  ${name}`)
    const sums = Map.groupBy(files, ({ project }) => project)
    console.log(`sum of files: ${[...sums].map(([project, own]) => `${project} ${seconds(own.reduce((sum, { ms }) => sum + ms, 0))}`).join(', ')}`)
  }

  #count(tally, name, test) {
    const { state, note } = test.result()
    if (state === 'passed' && test.meta().fault) tally.faults += 1
    if (state === 'passed') tally.passed += 1
    else if (state === 'skipped' && note) tally.skipped.push(`${name} (${note})`)
    else if (state === 'skipped' && this.filtered && test.options.mode !== 'todo') return
    else if (state === 'skipped') tally.unexplained.push(`${name}${test.options.mode === 'todo' ? ' (todo)' : ''}`)
    else tally.failed += 1
  }
}
