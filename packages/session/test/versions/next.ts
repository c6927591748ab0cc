/** The next version of the client, as far as one can be foreseen: its record has another number, and it takes over one of this version. */
import type { Change } from '../build.ts'
import type { Client } from '../model/world.ts'
import { versionWith } from './build.ts'

/** A number that this version does not know. Messages stay as they are: an end has to be understood by every version there was. */
const changes: readonly Change[] = [
  { file: 'row.ts', find: "value.v > 1) return 'foreign'", replace: "value.v > 2) return 'foreign'" },
  { file: 'row.ts', find: 'value.v === 1 &&', replace: '(value.v === 1 || value.v === 2) &&' },
  { file: 'row.ts', find: '(value as unknown as Row)', replace: '({ ...value, v: 2 } as unknown as Row)' },
  { file: 'row.ts', find: 'return { v: 1, epoch', replace: 'return { v: 2, epoch' },
  { file: 'changes.ts', find: '      v: 1,\n      epoch: { n: row.epoch.n + 1, id: input.epochId },\n      generation: 0,\n      live', replace: '      v: 2,\n      epoch: { n: row.epoch.n + 1, id: input.epochId },\n      generation: 0,\n      live' },
  { file: 'changes.ts', find: '      v: 1,\n      epoch: { n: row.epoch.n + 1, id: input.epochId },\n      generation: 0,\n      seenAt', replace: '      v: 2,\n      epoch: { n: row.epoch.n + 1, id: input.epochId },\n      generation: 0,\n      seenAt' },
]

/** Builds and loads it. */
export function nextVersion(): Promise<Client> {
  return versionWith(changes)
}
