/** The version of the client from before tokens for one job: of an attempt and of the record it reads what it knows, and keeps the rest. */
import type { Change } from '../build.ts'
import type { Client } from '../model/world.ts'
import { versionWith } from './build.ts'

const changes: readonly Change[] = [
  { file: 'refresh.ts', find: 'const { generation, narrow } = attempt', replace: 'const { generation } = attempt, narrow = undefined' },
  { file: 'refresh.ts', find: ' || row.attempt?.id !== attempt.id) return undefined', replace: ') return undefined' },
  { file: 'refresh.ts', find: ' || hasMoved(now, stage)) return undefined', replace: ') return undefined' },
  // It waits for another generation, not for the end of an attempt.
  { file: 'refresh.ts', find: 'await isOver(owned.id, ', replace: 'await isOver(owned.generation, ' },
  { file: 'refresh.ts', find: 'if (row?.attempt?.id !== attemptId ||', replace: 'if (row?.generation !== attemptId ||' },
  { file: 'changes.ts', find: ' || mintsOf(row) !== mintsOf(input)', replace: '' },
  { file: 'row.ts', find: ' || mintsOf(a) - mintsOf(b)', replace: '' },
]

/** Builds and loads it. Its record has the number of this version's. */
export async function earlierVersion(): Promise<Client> {
  const { createSession } = await versionWith(changes)
  return { createSession, version: 1 }
}
