/** The administration: a page for people and the same by JSON for scripts. */
import type { Disposition, InitiatingEntity, Reason, SessionRow, SessionServer } from '@3dimli/session-server'
import { Hono } from 'hono'
import { basicAuth } from 'hono/basic-auth'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { accountOf } from '../accounts.ts'
import { pageHeaders } from '../pages/headers.ts'
import { adminSeconds, type AdminLogins, carries } from './logins.ts'
import { adminSignInPage, dispositions, reasons, sessionsPage, type SessionView } from './pages.ts'

const entities = ['admin', 'user', 'policy', 'system']
const isAdmin = (email: string, password: string) => accountOf(email, password)?.role === 'admin'

/** Makes the routes under `/admin`. */
export function createAdmin(server: SessionServer, logins: AdminLogins, port: number): Hono {
  const admin = new Hono()
  const cookie = `admin_${port}`

  async function views(): Promise<SessionView[]> {
    const rows = [...(await server.list())].sort((a, b) => b.establishedAt - a.establishedAt)
    return Promise.all(rows.map(async (row) => viewOf(row, await server.standing(row.sid))))
  }

  admin.route('/api', createAdminApi(server, views))

  admin.use(async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(pageHeaders())) c.header(name, value)
  })
  admin.get('/', async (c) => {
    const login = logins.find(getCookie(c, cookie))
    const notice = notices.get(c.req.query('done') ?? '')
    return login ? c.html(sessionsPage(await views(), login.csrf, notice)) : c.html(adminSignInPage())
  })
  admin.post('/sign-in', async (c) => {
    const form = await c.req.parseBody()
    if (!isAdmin(String(form['email'] ?? ''), String(form['password'] ?? ''))) return c.html(adminSignInPage('Email or password is not right.'), 401)
    setCookie(c, cookie, logins.open(), { path: '/admin', httpOnly: true, sameSite: 'Strict', maxAge: adminSeconds })
    return c.redirect('/admin', 303)
  })
  // From here on every form comes from a page that this login was shown.
  admin.use(async (c, next) => {
    const login = logins.find(getCookie(c, cookie))
    if (!login) return c.html(adminSignInPage('Sign in first.'), 401)
    if (c.req.method === 'POST' && !carries(login.csrf, (await c.req.parseBody())['csrf'])) return c.html(adminSignInPage('This form is out of date.'), 403)
    return next()
  })
  admin.post('/sign-out', (c) => {
    logins.close(getCookie(c, cookie))
    deleteCookie(c, cookie, { path: '/admin' })
    return c.redirect('/admin', 303)
  })
  admin.post('/sessions/:sid/:act{end|suspend|resume}', async (c) => {
    const { sid, act } = c.req.param()
    const form = await c.req.parseBody()
    if (!(await server.get(sid))) return c.notFound()
    if (act === 'end') await server.end(sid, { initiatingEntity: 'admin', ...chosen(form), reasonAdmin: 'Ended by an administrator.' })
    else await server[act as 'suspend' | 'resume'](sid)
    return c.redirect(`/admin?done=${act}`, 303)
  })
  return admin
}

const notices: ReadonlyMap<string, string> = new Map([['end', 'The session was ended.'], ['suspend', 'The session is suspended.'], ['resume', 'The session goes on.']])

function createAdminApi(server: SessionServer, views: () => Promise<SessionView[]>): Hono {
  const api = new Hono()
  // A browser that was once given the password sends it along with what a page of anybody asks for; a script says nothing of a site.
  api.use(async (c, next) => (['same-origin', 'none', undefined].includes(c.req.header('sec-fetch-site')) ? next() : c.json({ error: 'Not from another site.' }, 403)))
  api.use(basicAuth({ verifyUser: isAdmin, realm: '3DIMLI administration' }))
  api.get('/sessions', async (c) => c.json((await views()).map(({ row, state }) => ({
    sid: row.sid, sub: row.subject, client: row.client, device: row.device ?? null, state,
    established_at_ms: row.establishedAt, last_seen_ms: row.lastSeenAt, ended_at_ms: row.end?.at ?? null, reason: row.end?.reason ?? null,
  }))))
  api.post('/sessions/:sid/:act{end|suspend|resume}', async (c) => {
    const { sid, act } = c.req.param()
    const body = ((await c.req.json().catch(() => ({}))) ?? {}) as Record<string, unknown>
    if (!(await server.get(sid))) return c.json({ error: 'There is no such session.' }, 404)
    if (act === 'end') {
      const entity = entities.includes(String(body['initiating_entity'])) ? (body['initiating_entity'] as InitiatingEntity) : 'admin'
      const { committedAt, changed } = await server.end(sid, { initiatingEntity: entity, ...chosen(body) })
      return c.json({ committed_at_ms: committedAt, changed })
    }
    await server[act as 'suspend' | 'resume'](sid)
    return c.json({ done: true })
  })
  return api
}

/** Reads the two choices of a form or a body; what is not on the list is not taken. */
function chosen(from: Readonly<Record<string, unknown>>): { reason?: Reason; disposition?: Disposition } {
  const [reason, disposition] = [from['reason'], from['disposition']]
  return {
    ...(typeof reason === 'string' && Object.hasOwn(reasons, reason) ? { reason: reason as Reason } : {}),
    ...(typeof disposition === 'string' && Object.hasOwn(dispositions, disposition) ? { disposition: disposition as Disposition } : {}),
  }
}

function viewOf(row: SessionRow, standing: Awaited<ReturnType<SessionServer['standing']>>): SessionView {
  if (standing === 'live') return { row, state: 'live', detail: '' }
  if (standing === 'account-suspended') return { row, state: 'suspended', detail: reasons[row.suspension?.reason ?? ''] ?? '' }
  const why = standing === 'session-expired' ? 'Expired' : (reasons[row.end?.reason ?? ''] ?? '')
  return { row, state: 'ended', detail: row.end ? `${why} (${row.end.initiatingEntity})` : why }
}
