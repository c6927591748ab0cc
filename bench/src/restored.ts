// Pages of somebody who is signed in, one for each program that is compared, with a provider and a browser.
import { startAuthority, type Authority, type AuthorityOptions } from '@3dimli/example-authority'
import { launch, serve, type Browser, type Route, type Tab } from '../../test/driver/index.ts'
import { bundled, programs } from './restore.ts'
import { tokensOf, type Held } from './scene.ts'

export const ours = '@3dimli/session'
/** Pages that have no library at all: one keeps its token where the peers do, the other where ours lies. */
export const bare = 'a page that only reads its token'
export const bareDatabase = 'the same from IndexedDB'

const asking = (token: string): string => `export const me = await (await fetch(api + '/api/me', { headers: { authorization: 'Bearer ' + ${token} } })).json()`
const barePrograms: Readonly<Record<string, string>> = {
  [bare]: asking("localStorage.getItem('bare')"),
  [bareDatabase]: `
  const result = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const database = await result(indexedDB.open('bare', 1))
  const token = await result(database.transaction('row').objectStore('row').get('token'))
  ${asking('token')}`,
}

/** The pages, by the package whose program they run. */
export interface RestoredPages {
  readonly authority: Authority
  readonly held: Held
  readonly browser: Browser
  address(name: string): string
  /** Loads a page in a new tab; `over.promise` in it is whom the first authenticated answer was for. */
  open(name: string): Promise<Tab>
  close(): Promise<void>
}

declare global {
  var over: PromiseWithResolvers<unknown>
  var planted: (tokens: Held) => Promise<void>
}

/** Files as a returning visitor has them: in the browser's cache. */
const cached = { 'cache-control': 'max-age=31536000, immutable', 'content-type': 'text/javascript; charset=utf-8' }

/** A page, and the files that it names, below a path. */
async function pageOf(path: string, name: string, contents: string, settings: unknown): Promise<Record<string, Route>> {
  const { entry, files, now } = await bundled(name, contents)
  // As bundlers write a page: what the first file imports at once is not asked for only when that one has come.
  const preloads = now.filter((file) => file !== entry).map((file) => `<link rel="modulepreload" href="${path}/${file}">`).join('')
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>${name}</title>${preloads}` +
    `<script>settings = ${JSON.stringify(settings)}; over = Promise.withResolvers()</script><script type="module" src="${path}/${entry}"></script>`
  return Object.fromEntries([[path, html], ...[...files].map(([file, body]): [string, Route] => [`${path}/${file}`, { body, headers: cached }])])
}

/** Leaves a session in the storage of each, as it would itself. */
async function plant(tab: Tab, issuer: string, held: Held): Promise<void> {
  await tab.evaluate(async (tokens) => {
    await globalThis.over.promise
    await globalThis.planted(tokens)
  }, held)
  await tab.evaluate(async ({ accessToken, refreshToken, expiresAt, scope, subject }, provider) => {
    const both = { access_token: accessToken, refresh_token: refreshToken, expires_at: Math.floor(expiresAt / 1000), token_type: 'Bearer' }
    localStorage.setItem('bare', accessToken)
    localStorage.setItem(`oidc.user:${provider}:storefront`, JSON.stringify({ ...both, scope, profile: { sub: subject, iss: provider, aud: 'storefront' } }))
    localStorage.setItem('supabase.auth.token', JSON.stringify({ ...both, expires_in: 3600, user: { id: subject } }))
    await new Promise((resolve, reject) => {
      const opening = indexedDB.open('bare', 1)
      opening.onupgradeneeded = () => opening.result.createObjectStore('row')
      opening.onerror = reject
      opening.onsuccess = () => {
        const writing = opening.result.transaction('row', 'readwrite', { durability: 'strict' })
        writing.objectStore('row').put(accessToken, 'token')
        writing.oncomplete = resolve
        writing.onabort = reject
      }
    })
  }, held, issuer)
  await tab.close()
}

/** Serves the pages of these programs; `more` is code that some run after their own. */
export async function restoredPages(names: readonly string[], options: AuthorityOptions = {}, more: Readonly<Record<string, string>> = {}): Promise<RestoredPages> {
  const routes: Record<string, Route> = {}
  const pages = await serve({ routes })
  const authority = await startAuthority({ port: 0, storefront: pages.origin, accessTokenSeconds: 7200, ...options })
  const browser = await launch()
  const { issuer } = authority
  const settings = { issuer, clientId: 'storefront', redirectUri: `${pages.origin}/`, api: issuer }
  const pathOf = (name: string): string => `/page-${names.indexOf(name)}`
  for (const name of names) {
    const program = barePrograms[name] ?? programs[name] ?? ''
    Object.assign(routes, await pageOf(pathOf(name), name, `performance.mark('code')\n${program}\nover.resolve(me.sub)\nperformance.mark('answered')\n${more[name] ?? ''}`, settings))
  }
  const [made = ''] = (programs[ours] ?? '').split('export const me')
  Object.assign(routes, await pageOf('/plant', ours, `${made}\nglobalThis.planted = async (tokens) => { await session.adopt(tokens); session.stop() }\nover.resolve()`, settings))
  const held = await tokensOf({ authority, origin: pages.origin })
  await plant(await browser.openTab(`${pages.origin}/plant`), issuer, held)
  return {
    authority, held, browser,
    address: (name) => `${pages.origin}${pathOf(name)}`,
    open: (name) => browser.openTab(`${pages.origin}${pathOf(name)}`),
    async close() {
      await browser.close()
      await authority.close()
      await pages.close()
    },
  }
}
