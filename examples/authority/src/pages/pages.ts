/** The pages that a person sees: signing in, and what went wrong. */
import { html } from 'hono/html'

/** A page, ready to be sent. */
export type Page = ReturnType<typeof html>

/** What the sign-in page shows. */
export interface SignInView {
  readonly action: string
  readonly email: string
  /** What was wrong with the last try. */
  readonly error?: string
  /** The program that asks, where it is not the shop; its person can say no. */
  readonly application?: string
}

/** The frame around every page. */
export function layout(title: string, body: Page, kind: 'narrow' | 'wide' = 'narrow'): Page {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="robots" content="noindex">
  <title>${title} · 3DIMLI</title>
  <link rel="icon" href="/static/mark.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/static/3dimli.css">
</head>
<body class="${kind}">
${body}
</body>
</html>`
}

export const brand: Page = html`<p class="brand"><img src="/static/mark.svg" alt="" width="36" height="36"><span>3DIMLI</span></p>`

/** The sign-in page. */
export function signInPage({ action, email, error, application }: SignInView): Page {
  const message = error === undefined ? '' : html`<p class="alert" role="alert" id="problem">${error}</p>`
  const invalid = error === undefined ? '' : html` aria-invalid="true" aria-describedby="problem"`
  return layout('Sign in', html`
<main class="split">
  <section class="showcase" aria-hidden="true">
    <img src="/api/catalogue/knot-lamp/picture.svg" alt="">
    <p class="pitch">Models that are ready for the scene you have in mind.</p>
    <p class="fine">OBJ, GLB and STL from independent artists, licensed once and yours for good.</p>
  </section>
  <section class="panel">
    ${brand}
    <h1>Sign in</h1>
    <p class="lead">${application === undefined ? 'Welcome back. Your library and your cart are waiting.' : html`<strong>${application}</strong> on your computer asks you to sign in.`}</p>
    ${message}
    <form method="post" action="${action}">
      <label for="email">Email</label>
      <input id="email" name="email" type="email" autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false"
        value="${email}" required ${email === '' ? html`autofocus` : ''}${invalid}>
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required ${email === '' ? '' : html`autofocus`}${invalid}>
      <button type="submit">Sign in</button>
      ${application === undefined ? '' : html`<button class="quiet" type="submit" name="refuse" value="yes" formnovalidate>Do not sign in</button>`}
    </form>
    <p class="hint"><strong>Demonstration accounts:</strong> <span>mira@example.test</span> and <span>jonas@example.test</span> buy,
      <span>sela@example.test</span> sells, <span>admin@example.test</span> administers. The password of each is <code>demo</code>.</p>
  </section>
</main>`, 'wide')
}

/** The page for what cannot go on. */
export function errorPage(detail: string, home?: string): Page {
  return layout('Something is missing', html`
<main class="card">
  ${brand}
  <h1>This cannot go on from here</h1>
  <p class="lead">${detail}</p>
  ${home === undefined ? html`<p>Go back to the shop and sign in again.</p>` : html`<p><a class="button" href="${home}">Back to the shop</a></p>`}
</main>`)
}

/** The page at the issuer's own address. */
export function homePage(home: string): Page {
  return layout('Accounts', html`
<main class="card">
  ${brand}
  <h1>3DIMLI accounts</h1>
  <p class="lead">This is where 3DIMLI signs you in. There is nothing else to see here.</p>
  <p><a class="button" href="${home}">Go to the shop</a></p>
</main>`)
}
