/** What a request does with each answer: sends again once for each cause, asks, or hands the answer on. */
import { describe, expect, it, vi } from 'vitest'
import { answering } from '../test/answering.ts'
import { api, outcome, problem, problems, sessionAnswer, turns, watched } from '../test/scene.ts'

const challenge = (value: string, status = 401): Response => new Response(null, { status, headers: { 'www-authenticate': value } })
const nonce = (): Response => challenge('DPoP error="use_dpop_nonce"')
const weak = (more = ', acr_values="mfa"'): Response => challenge(`Bearer error="insufficient_user_authentication"${more}`)
const spent = (): Response => challenge('Bearer error="invalid_token"')

describe('an answer that asks for a nonce', () => {
  it('A5 is sent again once, and no more', async () => {
    const { call, sent, server } = await answering([nonce, nonce])
    expect([await call(), sent.length, server.refreshes.length]).toEqual([401, 2, 0])
  })

  it('and then one that says the token is spent: each cause has one retry', async () => {
    const { call, sent, server } = await answering([nonce, spent, nonce])
    expect([await call(), sent.length, server.refreshes.length]).toEqual([401, 3, 1])
  })
})

describe('a body that cannot be sent again', () => {
  it.each<readonly [string, () => Response]>([['a nonce', nonce], ['a newer token', spent], ['a stronger sign-in', weak]])('H1 ends the call where %s is asked for', async (_what, response) => {
    const { first, sent } = await answering([response], { stepUp: async () => undefined })
    const body = new Blob(['half']).stream()
    expect([await outcome(first.session.fetch(`${api}/x`, { method: 'POST', body, duplex: 'half' } as RequestInit)), sent.length]).toEqual(['not-replayable', 1])
  })
})

describe('an answer that says the token is spent', () => {
  it('A5 twice: the session is asked for once, and the caller has its 401', async () => {
    const { call, sent, server, asked } = await answering([spent, spent, spent])
    expect([await call(), sent.length, server.refreshes.length, asked.mock.calls.length]).toEqual([401, 2, 1, 1])
    expect(new Set(sent).size).toBe(2)
  })

  it('A3 of an older generation is sent again with the newer one, without a refresh', async () => {
    const made = await answering([])
    let first = true
    made.first.context.fetch = async (request) => {
      made.sent.push(request.headers.get('authorization') ?? '')
      if (!first) return new Response('ok')
      first = false
      const row = made.device.row()!
      made.device.overwrite({ ...row, generation: row.generation + 1, live: { ...row.live!, tokens: { ...row.live!.tokens, accessToken: 'at-of-another-tab' } } })
      made.first.context.look()
      await turns()
      return spent()
    }
    expect([await made.call(), made.sent[1], made.server.refreshes.length]).toEqual([200, 'Bearer at-of-another-tab', 0])
  })

  it('with nothing to refresh with is handed on', async () => {
    const { first, sent, call } = await answering([spent])
    await first.session.adopt({ accessToken: 'at-alone', subject: 'mira' })
    sent.length = 0
    expect([await call(), sent]).toEqual([401, ['at-alone']])
  })
})

describe('an answer that is nobody\'s end', () => {
  it('is not even copied when it is neither 401 nor 403', async () => {
    const copies = vi.spyOn(Response.prototype, 'clone')
    const { call } = await answering([() => Response.json({}), () => Response.json({}, { status: 404 }), () => Response.json({}, { status: 403 })])
    copies.mockClear()
    expect([await call(), await call(), copies.mock.calls.length]).toEqual([200, 404, 0])
    expect([await call(), copies.mock.calls.length]).toEqual([403, 1])
    copies.mockRestore()
  })

  it('prompts nobody to sign in more strongly', async () => {
    const stepUp = vi.fn(async () => undefined)
    const { call } = await answering([() => problem({ type: `${problems}/session-revoked`, sid: 'somebody-else' }), () => new Response(null, { status: 403 })], { stepUp })
    expect([await call(), await call(), stepUp.mock.calls.length]).toEqual([401, 403, 0])
  })

  it.each<readonly [string, () => Response, number]>([
    ['of a missing scope', () => challenge('Bearer error="insufficient_scope", scope="orders"', 403), 403], ['that forbids', () => new Response('', { status: 403 }), 403],
    ['of another status, with the words of an end', () => problem({ type: `${problems}/session-revoked`, sid: 'sid-1' }, 404), 404],
  ])('P4 %s is handed on, and nobody is asked', async (_what, response, status) => {
    const { call, sent, asked, server, first } = await answering([response])
    expect([await call(), sent.length, asked.mock.calls.length, server.refreshes.length, first.session.state.status]).toEqual([status, 1, 0, 0, 'active'])
  })

  it('P6 about another session has ours asked for, and is handed on', async () => {
    const { call, asked, first } = await answering([() => problem({ type: `${problems}/session-revoked`, sid: 'somebody-else' })])
    expect([await call(), asked.mock.calls.length, first.session.diagnostics().ignored.foreign]).toEqual([401, 1, 1])
  })

  it('P1 of a suspension is withheld until it is lifted', async () => {
    const made = await answering([() => problem({ type: `${problems}/account-suspended`, sid: made.sid })])
    made.server.onSession = sessionAnswer({ active: false, type: `${problems}/account-suspended`, sid: made.sid })
    const call = watched(made.first.session.fetch(`${api}/x`))
    await turns()
    expect([call.result, made.first.session.state]).toMatchObject(['pending', { status: 'fenced', reason: 'suspended' }])
    made.server.onSession = sessionAnswer({ active: true, sid: made.sid })
    await made.first.session.confirm()
    await turns()
    expect(call.result).toBe(401)
  })
})

describe('an answer that asks for a stronger sign-in', () => {
  it('is handed on where the application does not offer one', async () => {
    const { call, sent } = await answering([weak])
    expect([await call(), sent.length]).toEqual([401, 1])
  })

  it.each<readonly [string, Record<string, unknown>]>([[', acr_values="mfa"', { acrValues: 'mfa' }], [', max_age="60"', { maxAgeMs: 60_000 }], ['', {}]])('A5 is told what was asked for (%j), renews the token and is sent again once', async (more, told) => {
    const stepUp = vi.fn(async () => undefined)
    const { call, sent, server } = await answering([() => weak(more), () => weak(more)], { stepUp })
    expect([await call(), sent.length, server.refreshes.length]).toEqual([401, 2, 1])
    expect(stepUp.mock.calls).toStrictEqual([[told]])
    expect(sent[1]).not.toBe(sent[0])
  })

  it('prompts for the same again only after a minute, and for another at once', async () => {
    const stepUp = vi.fn(async () => undefined)
    const made = await answering([], { stepUp })
    const prompts = async (asks: () => Response, laterMs: number) => {
      await made.device.clock.advance(laterMs)
      let asked = false
      made.first.context.fetch = async () => {
        if (asked) return new Response('ok')
        asked = true
        return asks()
      }
      await made.call()
      return stepUp.mock.calls.length
    }
    expect(await prompts(weak, 0)).toBe(1)
    expect(await prompts(weak, 60_000)).toBe(1)
    expect(await prompts(weak, 1)).toBe(2)
    expect(await prompts(() => weak(', acr_values="face"'), 0)).toBe(3)
  })

  it('prompts once in a minute, counted from when the person was done', async () => {
    const done = Promise.withResolvers<undefined>()
    const stepUp = vi.fn(() => done.promise)
    const { call, device } = await answering([weak, weak, weak, weak], { stepUp })
    const first = call()
    await device.clock.advance(120_000)
    done.resolve(undefined)
    await first
    await device.clock.advance(60_000)
    await call()
    expect(stepUp).toHaveBeenCalledTimes(1)
  })

  it('fails as the prompt does', async () => {
    const refused = new Error('not now')
    const { call, sent } = await answering([weak], { stepUp: () => Promise.reject(refused) })
    expect([await call(), sent.length]).toEqual([refused, 1])
  })

  it('P6 goes on in the session of the same person that the prompt began, and fails where it is another\'s', async () => {
    for (const [subject, result] of [['mira', 200], ['jonas', 'session-ended']] as const) {
      const made = await answering([weak], {
        stepUp: async () => {
          await made.first.session.adopt({ accessToken: 'at-strong', subject })
        },
      })
      expect([await made.call(), made.sent.at(-1) === 'at-strong']).toEqual([result, subject === 'mira'])
    }
  })
})
