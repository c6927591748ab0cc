// Counts the faults that a file's tables hold and those survived: printed when the file is done, and noted on each test for a reporter.
import { afterAll, type TestContext } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** The fault that this test survived. */
    fault?: string
  }
}

export function tally(what: string, faults: readonly { readonly name: string }[]) {
  const names = new Set(faults.map(({ name }) => name))
  const survived = new Set<string>()
  afterAll(() => console.log(`${what}: ${survived.size} of ${names.size} faults survived`))
  return ({ task }: TestContext, name: string): void => {
    if (!names.has(name)) throw new Error(`"${name}" is in no table of ${what}`)
    task.meta.fault = `${what}: ${name}`
    survived.add(name)
  }
}
