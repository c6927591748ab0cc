/** One after another: tasks of the same name wait for each other. */

/** Runs a task when the earlier ones of its name are done. */
export type InTurn = <T>(name: string, task: () => Promise<T>) => Promise<T>

/** Makes the queue. */
export function createTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>()
  return async (name, task) => {
    const before = last.get(name) ?? Promise.resolve()
    const turn = before.then(() => {}, () => {}).then(task)
    last.set(name, turn)
    try {
      return await turn
    } finally {
      if (last.get(name) === turn) last.delete(name)
    }
  }
}
