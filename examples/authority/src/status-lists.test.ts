/** The demo's status list: signed with the provider's key, named to each session, and the same after a restart. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { afterEach, expect, test, vi } from 'vitest'
import { type Authority, startAuthority } from './index.ts'
import { createVisitor, type Tokens } from './testing/visitor.ts'

const storefront = 'http://localhost:4999'
let authority: Authority
afterEach(() => authority.close())

const get = (path: string, token?: string) => fetch(new URL(path, authority.issuer), { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
const referenceOf = async ({ access_token: token }: Tokens) =>
  ((await (await get('/session', token)).json()) as { status: { status_list: { idx: number; uri: string } } }).status.status_list

/** Reads an entry as one who trusts nobody. */
async function entry({ idx, uri }: { idx: number; uri: string }): Promise<number> {
  const keys = createRemoteJWKSet(new URL(`${authority.issuer}/jwks`))
  const { payload } = await jwtVerify(await (await get(uri)).text(), keys, { subject: uri, typ: 'statuslist+jwt' })
  const { lst } = payload['status_list'] as { lst: string }
  return (inflateSync(Buffer.from(lst, 'base64url'))[idx >> 2]! >> ((idx & 3) * 2)) & 3
}

test('P7 each session is in a signed list, which says when it is suspended and when it ended, also after a restart', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'authority-'))
  try {
    authority = await startAuthority({ port: 0, storefront, dataDir, statusListSeconds: 5 })
    const tokens = await createVisitor(authority.issuer, storefront).signIn()
    const other = await createVisitor(authority.issuer, storefront).signIn({ email: 'jonas@example.test' })
    const [sid, otherSid] = [tokens, other].map(({ id_token: token }) => decodeJwt(token)['sid'] as string)
    const [reference, others] = [await referenceOf(tokens), await referenceOf(other)]
    expect(reference).not.toEqual(others)
    const { status_list_aggregation_endpoint: aggregation } = (await (await get('/.well-known/openid-configuration')).json()) as { status_list_aggregation_endpoint: string }
    expect(await (await get(aggregation)).json()).toEqual({ status_lists: [reference.uri] })
    expect([await entry(reference), await entry(others)]).toEqual([0, 0])
    await authority.suspend(otherSid!)
    await authority.end(sid!)
    // A list is made once a second at most.
    await vi.waitFor(async () => expect([await entry(reference), await entry(others)]).toEqual([1, 2]), { timeout: 30_000, interval: 100 })

    const { port } = authority
    await authority.close()
    authority = await startAuthority({ port, storefront, dataDir, statusListSeconds: 5 })
    await vi.waitFor(async () => expect([await entry(reference), await entry(others)]).toEqual([1, 2]), { timeout: 30_000 })
  } finally {
    rmSync(dataDir, { recursive: true })
  }
})
