/** The pages of the administration: signing in, and every session with what can be done to it. */
import type { SessionRow } from '@3dimli/session-server'
import { html } from 'hono/html'
import { accountBySub } from '../accounts.ts'
import { layout, type Page } from '../pages/pages.ts'

/** Every reason an admin can give, with its words. */
export const reasons: Readonly<Record<string, string>> = {
  'suspicious-activity': 'Suspicious activity',
  'credential-compromised': 'Credentials compromised',
  'password-changed': 'Password changed',
  'signed-out-elsewhere': 'Signed out elsewhere',
  'token-reuse': 'Token reuse',
  'access-removed': 'Access removed',
  'payment-dispute': 'Payment dispute',
  'account-suspended': 'Account suspended',
  'account-closed': 'Account closed',
  'session-limit': 'Too many sessions',
  policy: 'Policy',
}

/** Every disposition, with its words. */
export const dispositions: Readonly<Record<string, string>> = { wipe: 'Erase', lock: 'Lock', retain: 'Keep' }

/** One session and how it stands. */
export interface SessionView {
  readonly row: SessionRow
  readonly state: 'live' | 'suspended' | 'ended'
  readonly detail: string
}

/** The sign-in page of the administration. */
export function adminSignInPage(error?: string): Page {
  return layout('Administration', html`
<main class="card panel">
  <p class="brand"><img src="/static/mark.svg" alt="" width="36" height="36"><span>3DIMLI</span></p>
  <h1>Administration</h1>
  <p class="lead">Sign in with an administrator's account.</p>
  ${error === undefined ? '' : html`<p class="alert" role="alert">${error}</p>`}
  <form method="post" action="/admin/sign-in">
    <label for="email">Email</label>
    <input id="email" name="email" type="email" autocomplete="username" required>
    <label for="password">Password</label>
    <input id="password" name="password" type="password" autocomplete="current-password" required>
    <button type="submit">Sign in</button>
  </form>
  <p class="hint"><strong>Demonstration account:</strong> <span>admin@example.test</span>, password <code>demo</code>.</p>
</main>`)
}

/** The list of sessions. */
export function sessionsPage(views: readonly SessionView[], csrf: string, notice?: string): Page {
  const count = (state: SessionView['state']) => views.filter((view) => view.state === state).length
  return layout('Sessions', html`
<header class="bar">
  <p class="brand"><img src="/static/mark.svg" alt="" width="32" height="32"><span>3DIMLI</span></p>
  <form method="post" action="/admin/sign-out"><input type="hidden" name="csrf" value="${csrf}">
    <span>Administration</span><button class="quiet" type="submit">Sign out</button></form>
</header>
<main class="page">
  <h1>Sessions</h1>
  <p class="lead">${count('live')} live, ${count('suspended')} suspended, ${count('ended')} ended.</p>
  ${notice === undefined ? '' : html`<p class="notice" role="status">${notice}</p>`}
  ${views.length === 0 ? html`<p class="empty">Nobody has signed in yet.</p>` : html`
  <table class="sessions">
    <thead><tr><th scope="col">Account</th><th scope="col">Device</th><th scope="col">Signed in</th><th scope="col">Last seen</th>
      <th scope="col">State</th><th scope="col">Action</th></tr></thead>
    <tbody>${views.map((view) => sessionRow(view, csrf))}</tbody>
  </table>`}
</main>`, 'wide')
}

function sessionRow({ row, state, detail }: SessionView, csrf: string): Page {
  const account = accountBySub(row.subject)
  const at = `/admin/sessions/${encodeURIComponent(row.sid)}`
  const hidden = html`<input type="hidden" name="csrf" value="${csrf}">`
  return html`<tr data-sid="${row.sid}">
  <th scope="row">${account?.name ?? row.subject}<small>${account?.email ?? ''}</small></th>
  <td data-label="Device">${row.device ?? '—'}<small>${row.client}</small></td>
  <td data-label="Signed in">${moment(row.establishedAt)}</td>
  <td data-label="Last seen">${moment(row.lastSeenAt)}</td>
  <td data-label="State"><span class="state ${state}">${{ live: 'Live', suspended: 'Suspended', ended: 'Ended' }[state]}</span><small>${detail}</small></td>
  <td>${state === 'ended' ? '' : html`<form class="actions" method="post" action="${at}/end">${hidden}
    <label>Reason <select name="reason">${choices(reasons)}</select></label>
    <label>On the device <select name="disposition">${choices(dispositions)}</select></label>
    <button type="submit">End session</button>
    <button class="quiet" type="submit" formaction="${at}/${state === 'live' ? 'suspend' : 'resume'}">${state === 'live' ? 'Suspend' : 'Resume'}</button>
  </form>`}</td>
</tr>`
}

function choices(of: Readonly<Record<string, string>>): Page[] {
  return Object.entries(of).map(([value, words]) => html`<option value="${value}">${words}</option>`)
}

function moment(at: number): Page {
  const iso = new Date(at).toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 10)} <span>${iso.slice(11, 19)} UTC</span></time>`
}
