import { expect, test } from 'vitest'
import { openDatabase } from '../database.ts'
import { sqliteSessionStore } from '../session-store.ts'
import { createAssets } from './assets.ts'

test.each([
  ['without limits', {}, true],
  ['within its limits', { expiresAt: Date.now() + 3_600_000, idleMs: 3_600_000 }, true],
  ['whose time is over', { expiresAt: Date.now() - 1, idleMs: 3_600_000 }, false],
  ['that went unused for too long', { expiresAt: Date.now() + 3_600_000, idleMs: 1000 }, false],
  ['that is suspended', { suspension: { initiatingEntity: 'admin', at: 1 } }, false],
  ['that was ended', { end: { initiatingEntity: 'admin', at: 1 } }, false],
] as const)('P1 pieces are let in and assets made while a session lives: one %s', async (_, limits, live) => {
  const database = openDatabase(':memory:')
  const assets = createAssets(database)
  const then = Date.now() - 60_000
  await sqliteSessionStore(database).swap({ sid: 's1', subject: 'u1', client: 'Uploader', establishedAt: then, authenticatedAt: then, lastSeenAt: then, version: 1, ...limits }, undefined)
  assets.begin('a1', 'u1')
  expect(assets.isLive('s1')).toBe(live)
  expect(assets.finish('s1', { id: 'a1', name: 'chair.blend', type: undefined, size: 1, sha256: '', at: then })).toBe(live)
  expect([assets.of('u1').length, assets.isLive('nobody')]).toEqual([live ? 1 : 0, false])
  database.close()
})
