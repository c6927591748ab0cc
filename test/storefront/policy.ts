// Watches what a content security policy refuses in a tab, in two ways: the page's own events, and what the browser itself reports.
import type { Tab } from '../driver/index.ts'

/** One thing a policy refused. */
export interface Refused {
  /** `event`: the page was told. `browser`: the developer tools were, also where no script of the page runs. */
  readonly by: 'event' | 'browser'
  readonly directive: string
  readonly page: string
}

export interface PolicyWatch {
  readonly refused: readonly Refused[]
  /** Console messages that are none of the network's own lines about an answer with an error status or none. */
  strange(): readonly string[]
}

declare global {
  var policyRefused: ((directive: string, page: string) => void) | undefined
}

/** Begins to watch; to be called before the tab goes anywhere. */
export async function watchPolicy({ page, observed }: Tab): Promise<PolicyWatch> {
  const refused: Refused[] = []
  await page.exposeFunction('policyRefused', (directive: string, on: string) => void refused.push({ by: 'event', directive, page: on }))
  await page.evaluateOnNewDocument(() => {
    addEventListener('securitypolicyviolation', ({ effectiveDirective }) => globalThis.policyRefused?.(effectiveDirective, location.pathname), true)
  })
  const cdp = await page.createCDPSession()
  cdp.on('Audits.issueAdded', ({ issue: { details } }) => {
    const found = details.contentSecurityPolicyIssueDetails
    if (found) refused.push({ by: 'browser', directive: found.violatedDirective, page: new URL(page.url()).pathname })
  })
  await cdp.send('Audits.enable')
  return {
    refused,
    strange: () => observed.console.map(({ text }) => text).filter((text) => !text.startsWith('Failed to load resource: ')),
  }
}
