/** Answers of servers, and what is known of our session while they are judged. */
import type { Answer, Challenge } from '../src/authority.ts'
import type { Known } from '../src/verdict.ts'
import { problems } from './scene.ts'

export const known: Known = { issuer: 'https://id.test', epochId: 'ours', sid: 'sid-1', establishedAt: 1_800_000_000_000 }
export const nameless: Known = { issuer: known.issuer, epochId: known.epochId }
export const early = { event_timestamp: 1_799_999_999 }

export const over = (name: string, sid?: string, more: Record<string, unknown> = {}) =>
  ({ active: false, type: `${problems}/${name}`, ...(sid !== undefined && { sid }), event_timestamp: 1_800_000_100, ...more })
export const alive = { active: true, sid: 'sid-1', sub_id: { format: 'opaque', id: 'mira' }, established_at: 1_800_000_000, server_time: 1_800_000_100 }

export type Sender = 'session' | 'feed' | 'resource' | 'token' | 'revocation'
export const senders: readonly Sender[] = ['session', 'feed', 'resource', 'token', 'revocation']
export const says = (from: Sender, status: number, body?: unknown, challenge?: Challenge): Answer =>
  ({ from, status, ...(body !== undefined && { body }), ...(challenge && { challenge }) })
export const session = (body: unknown, status = 200): Answer => says('session', status, body)
export const feed = (body: unknown): Answer => says('feed', 200, body)
export const resource = (body: unknown, challenge?: Challenge): Answer => says('resource', 401, body, challenge)
export const token = (error: string, more: Record<string, unknown> = {}, status = 400): Answer => says('token', status, { error, ...more })
export const everybody = (status: number): Answer[] => senders.map((from) => says(from, status))
