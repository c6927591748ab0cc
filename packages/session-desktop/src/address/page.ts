/** The pages that a browser shows at the end of a sign-in: no script, nothing from elsewhere, and nothing of what the address holds. */
import { createHash } from 'node:crypto'
import type { SignInOutcome } from '@3dimli/session/platform'

/** `strange`: an answer that is not of the sign-in that is waited for. */
export type Shown = SignInOutcome | 'strange'

const marks = { yes: '<path d="m14 24.5 7 7 13.5-15"/>', no: '<path d="m16.5 16.5 15 15m0-15-15 15"/>', late: '<path d="M24 14v10.5l6.5 4"/>' }

const words: { readonly [What in Shown]: { readonly mark: keyof typeof marks; readonly title: string; readonly text: (name: string) => string } } = {
  'signed-in': { mark: 'yes', title: 'You are signed in', text: (name) => `You can close this window and go back to ${name}.` },
  refused: { mark: 'no', title: 'You are not signed in', text: (name) => `The sign-in was refused. You can close this window and go back to ${name}.` },
  failed: { mark: 'no', title: 'The sign-in did not work', text: (name) => `You are not signed in. Close this window, go back to ${name} and sign in again.` },
  timeout: { mark: 'late', title: 'The sign-in took too long', text: (name) => `You are not signed in. Close this window, go back to ${name} and sign in again.` },
  strange: { mark: 'no', title: 'This sign-in is over', text: (name) => `Nothing has changed. Close this window and go back to ${name}.` },
}

const style = `
:root { color-scheme: light dark; --ink: #17202e; --soft: #4c5a70; --paper: #fff; --ground: #f1f3f7; --line: #dbe1ea; --yes: #0b6b3a; --no: #a8071a; --late: #7a5200 }
@media (prefers-color-scheme: dark) { :root { --ink: #eef2fb; --soft: #b0bdd4; --paper: #171e2c; --ground: #0c111b; --line: #2b364b; --yes: #6fdca3; --no: #ff9c9c; --late: #ffd27a } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1rem; background: var(--ground); color: var(--ink);
  font: 100%/1.5 ui-sans-serif, system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
main { width: min(28rem, 100%); padding: clamp(1.75rem, 7vw, 3rem) clamp(1.25rem, 6vw, 2.5rem); text-align: center; background: var(--paper); border: 1px solid var(--line);
  border-radius: 1.25rem; box-shadow: 0 1.25rem 3rem rgb(10 20 40 / 10%); overflow-wrap: anywhere }
svg { width: 4.5rem; height: 4.5rem; margin-bottom: 1.25rem; fill: none; stroke: currentcolor; stroke-width: 3; stroke-linecap: round; stroke-linejoin: round }
.yes { color: var(--yes) } .no { color: var(--no) } .late { color: var(--late) }
h1 { margin: 0 0 .5rem; font-size: 1.625rem; line-height: 1.25; letter-spacing: -.01em; text-wrap: balance }
p { margin: 0; color: var(--soft); text-wrap: balance }
`

/** Writes a page and its headers. `name` is the application's. */
export function page(what: Shown, name: string): { readonly status: number; readonly headers: Record<string, string>; readonly body: string } {
  const { mark, title, text } = words[what]
  const policy = ["default-src 'none'", `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]
  return {
    status: what === 'signed-in' ? 200 : 400,
    headers: {
      'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy.join('; '), 'cache-control': 'no-store', 'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff', 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin',
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${escaped(name)}</title>
<style>${style}</style>
</head>
<body>
<main>
<svg class="${mark}" viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="21"/>${marks[mark]}</svg>
<h1>${title}</h1>
<p>${escaped(text(name))}</p>
</main>
</body>
</html>
`,
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
