/** The pages where a person lets a program in that shows a code on another device (RFC 8628), as the provider wants them. */
import { html } from 'hono/html'
import type { Client, KoaContextWithOIDC } from 'oidc-provider'
import { pageHeaders } from './headers.ts'
import { brand, layout, type Page } from './pages.ts'

function show(ctx: KoaContextWithOIDC, content: Page): void {
  ctx.set(pageHeaders())
  ctx.type = 'html'
  ctx.body = String(content)
}

/** What both forms need: where they go, and the secret that shows that they were sent by these pages. */
function form(ctx: KoaContextWithOIDC, content: Page): Page {
  const { secret } = (ctx.oidc.session?.state ?? {}) as { secret?: string }
  return html`<form method="post" action="${ctx.oidc.urlFor('code_verification')}"><input type="hidden" name="xsrf" value="${secret ?? ''}">${content}</form>`
}

const nameOf = ({ clientName, clientId }: Client): string => clientName ?? clientId

/** What went wrong, in words for the person. */
function problemOf(error: Error & { userCode?: string }): string {
  if (error.name === 'AbortedError') return 'You said no. Nobody was let in.'
  if (error.name === 'ExpiredError') return 'This code is too old. Ask for a new one where you found it.'
  if (error.name === 'AlreadyUsedError') return 'This code was used before. Ask for a new one where you found it.'
  return error.userCode === undefined && error.name !== 'NoCodeError' ? 'This did not work. Try again.' : 'There is no such code. Look at it again, and type it as it stands there.'
}

/** The pages, by the provider's names for them. */
export const devicePages = {
  userCodeInputSource(ctx: KoaContextWithOIDC, _form: string, _out?: unknown, error?: Error & { userCode?: string }): void {
    const problem = error && html`<p class="alert" role="alert" id="problem">${problemOf(error)}</p>`
    show(ctx, layout('Sign in on another device', html`
<main class="card">
  ${brand}
  <h1>Sign in on another device</h1>
  <p class="lead">Type in the code that you see there.</p>
  ${problem ?? ''}
  ${form(ctx, html`
    <label for="user_code">Code</label>
    <input class="code" id="user_code" name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus${problem ? html` aria-invalid="true" aria-describedby="problem"` : ''}>
    <p class="choice"><button type="submit">Go on</button></p>`)}
</main>`))
  },

  userCodeConfirmSource(ctx: KoaContextWithOIDC, _form: string, client: Client, _device: unknown, userCode: string): void {
    show(ctx, layout('Is this your code?', html`
<main class="card">
  ${brand}
  <h1>Is this your code?</h1>
  <p class="lead"><strong>${nameOf(client)}</strong> wants to be let in to your account. It shows you this code:</p>
  <p class="code">${userCode}</p>
  <p>Say no if it is another one, or if somebody sent it to you.</p>
  ${form(ctx, html`
    <input type="hidden" name="user_code" value="${userCode}">
    <p class="choice"><button type="submit" name="confirm" value="yes">Yes, go on</button>
      <button class="quiet" type="submit" name="abort" value="yes">No</button></p>`)}
</main>`))
  },

  successSource(ctx: KoaContextWithOIDC): void {
    const name = ctx.oidc.client ? nameOf(ctx.oidc.client) : 'your other device'
    show(ctx, layout('That worked', html`
<main class="card">
  ${brand}
  <h1>That worked</h1>
  <p class="lead">Go back to ${name}: it goes on by itself in a few seconds. You can close this window.</p>
</main>`))
  },
}
