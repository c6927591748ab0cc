/** Signing in with a password, in the middle of an authorization. */
import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { errors, type Provider } from 'oidc-provider'
import { accountOf } from './accounts.ts'
import { pageHeaders } from './pages/headers.ts'
import { errorPage, signInPage } from './pages/pages.ts'
import { nativeClientId } from './provider.ts'

type Environment = { Bindings: HttpBindings; Variables: { goesTo: string } }

/** Makes the pages under `/interaction`. */
export function createSignIn(provider: Provider, origins: readonly string[]): Hono<Environment> {
  const app = new Hono<Environment>()
  app.use(async (c, next) => {
    await next()
    const goesTo = c.get('goesTo')
    for (const [name, value] of Object.entries(pageHeaders(goesTo ? [...origins, goesTo] : origins))) c.header(name, value)
  })

  app.get('/:uid', async (c) => {
    const { uid, prompt, params, grantId } = await provider.interactionDetails(c.env.incoming, c.env.outgoing)
    if (prompt.name === 'consent') {
      const result = { consent: grantId === undefined ? {} : { grantId } }
      return c.redirect(await provider.interactionResult(c.env.incoming, c.env.outgoing, result), 303)
    }
    const hint = params['login_hint']
    return c.html(signInPage({ action: `/interaction/${uid}`, email: typeof hint === 'string' ? hint : '', ...(await asker(c, params)) }))
  })

  /** Who asks, where it is not the shop; a program on this machine is where the form leads in the end. */
  async function asker(c: Context<Environment>, { client_id: id, redirect_uri: back }: Record<string, unknown>): Promise<{ application?: string }> {
    if (id !== nativeClientId) return {}
    if (typeof back === 'string') c.set('goesTo', new URL(back).origin)
    return { application: (await provider.Client.find(nativeClientId))?.clientName ?? nativeClientId }
  }

  app.post('/:uid', async (c) => {
    const { uid, params } = await provider.interactionDetails(c.env.incoming, c.env.outgoing)
    const asking = await asker(c, params)
    const form = await c.req.parseBody()
    if (form['refuse'] !== undefined) {
      const refusal = { error: 'access_denied', error_description: 'The person said no.' }
      return c.redirect(await provider.interactionResult(c.env.incoming, c.env.outgoing, refusal, { mergeWithLastSubmission: false }), 303)
    }
    const email = String(form['email'] ?? '')
    const account = accountOf(email, String(form['password'] ?? ''))
    if (!account) return c.html(signInPage({ action: `/interaction/${uid}`, email, error: 'Email or password is not right.', ...asking }), 401)
    const result = { login: { accountId: account.sub, amr: ['pwd'] } }
    return c.redirect(await provider.interactionResult(c.env.incoming, c.env.outgoing, result, { mergeWithLastSubmission: false }), 303)
  })

  app.onError((error, c) => {
    if (!(error instanceof errors.SessionNotFound)) throw error
    return c.html(errorPage('This sign-in took too long, or it was finished in another tab.', origins[0]), 400)
  })
  return app
}
