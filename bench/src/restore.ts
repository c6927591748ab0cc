// The programs that are measured, as text: each makes a client, restores the session, would have it refreshed, and makes one request. Bundled by one bundler with the same settings.
import { join } from 'node:path'
import { build, type Metafile } from 'esbuild'

const ours = '@3dimli/session'

const core = `
  import { createSession } from '@3dimli/session'
  import { oauth } from '@3dimli/session/authorities/oauth'
  import { browser } from '@3dimli/session/browser'
  export const session = createSession({ authority: oauth({ issuer, clientId, redirectUri }), platform: browser({ name: 'shop' }), origins: [api] })
  await session.start()
  export const me = await (await session.fetch(api + '/api/me')).json()`

/** A program for each, by the package it is about: it makes a client, restores the session, has it refreshed and makes one request. */
export const programs: Readonly<Record<string, string>> = {
  '@3dimli/session': core,
  '@3dimli/session, with downloads, checkout and the ky instance': `${core}
  import { createDownloads } from '@3dimli/session/downloads'
  import { createCheckout } from '@3dimli/session/checkout'
  import { createHttp } from '@3dimli/session/http'
  export const all = [createDownloads(session), createCheckout(session, { submit, find }), createHttp(session)]`,
  'oidc-client-ts': `
  import { UserManager, WebStorageStateStore } from 'oidc-client-ts'
  const manager = new UserManager({ authority: issuer, client_id: clientId, redirect_uri: redirectUri, automaticSilentRenew: true, userStore: new WebStorageStateStore({ store: localStorage }) })
  const user = await manager.getUser() ?? await manager.signinSilent()
  export const me = await (await fetch(api + '/api/me', { headers: { authorization: 'Bearer ' + user.access_token } })).json()`,
  '@supabase/auth-js': `
  import { AuthClient } from '@supabase/auth-js'
  const client = new AuthClient({ url: issuer, autoRefreshToken: true, persistSession: true })
  const { data } = await client.getSession()
  export const me = await (await fetch(api + '/api/me', { headers: { authorization: 'Bearer ' + data.session.access_token } })).json()`,
  '@okta/okta-auth-js': `
  import { OktaAuth } from '@okta/okta-auth-js/core'
  const client = new OktaAuth({ issuer, clientId, redirectUri })
  await client.start()
  export const me = await (await fetch(api + '/api/me', { headers: { authorization: 'Bearer ' + await client.getOrRenewAccessToken() } })).json()`,
  '@auth0/auth0-spa-js': `
  import { createAuth0Client } from '@auth0/auth0-spa-js'
  const client = await createAuth0Client({ domain: issuer, clientId, useRefreshTokens: true, cacheLocation: 'localstorage' })
  export const me = await (await fetch(api + '/api/me', { headers: { authorization: 'Bearer ' + await client.getTokenSilently() } })).json()`,
  '@azure/msal-browser': `
  import { PublicClientApplication } from '@azure/msal-browser'
  const client = await PublicClientApplication.createPublicClientApplication({ auth: { clientId, authority: issuer } })
  const { accessToken } = await client.acquireTokenSilent({ scopes: ['openid'], account: client.getAllAccounts()[0] })
  export const me = await (await fetch(api + '/api/me', { headers: { authorization: 'Bearer ' + accessToken } })).json()`,
}

/** A program as a page fetches it. */
export interface Bundled {
  /** The file that the page names. */
  readonly entry: string
  readonly files: ReadonlyMap<string, Uint8Array>
  /** The files which the page needs at once, and those that it fetches when it first signs in, saves a checked download and the like. */
  readonly now: readonly string[]
  readonly later: readonly string[]
  /** Bytes of each source in the files which the page needs at once, before compression. */
  readonly sources: Readonly<Record<string, number>>
}

/** Bundles a program; `contents` may be more than it, and what `without` names is left out, as if it were never loaded. */
export async function bundled(name: string, contents: string = programs[name] ?? '', without?: RegExp): Promise<Bundled> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: `const { issuer, clientId, redirectUri, api, submit, find } = globalThis.settings\n${contents}`, resolveDir: name.startsWith(ours) ? import.meta.dirname : join(import.meta.dirname, '../peers'), sourcefile: 'entry.js' },
    bundle: true, minify: true, format: 'esm', target: 'es2022', platform: 'browser', splitting: true, metafile: true, write: false, outdir: 'out', logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: without ? [{ name: 'without', setup: (builder) => builder.onResolve({ filter: without }, ({ path }) => ({ path, external: true })) }] : [],
  })
  const fileOf = (path: string): string => path.replace(/^.*[/\\]/, '')
  const entry = Object.keys(metafile.outputs).find((file) => metafile.outputs[file]?.entryPoint !== undefined) ?? ''
  const { now, later } = parts(metafile, entry)
  const sources: Record<string, number> = {}
  for (const file of now) for (const [source, { bytesInOutput }] of Object.entries(metafile.outputs[file]?.inputs ?? {})) sources[source] = (sources[source] ?? 0) + bytesInOutput
  return { entry: fileOf(entry), files: new Map(outputFiles.map(({ path, contents: bytes }) => [fileOf(path), bytes])), now: now.map(fileOf), later: later.map(fileOf), sources }
}

/** The files which the first one imports at once, and the rest. */
function parts({ outputs }: Metafile, entry: string): { readonly now: readonly string[]; readonly later: readonly string[] } {
  const now = new Set<string>()
  const take = (file: string): void => {
    if (now.has(file)) return
    now.add(file)
    for (const { path, kind, external } of outputs[file]?.imports ?? []) if (kind === 'import-statement' && !external) take(path)
  }
  take(entry)
  return { now: [...now], later: Object.keys(outputs).filter((file) => !now.has(file)) }
}
