/** The headers of every page: nothing inline, nothing from elsewhere, no frame. */

/** Writes them. `formTargets` are the origins that an answer to a form may redirect to: browsers check the whole way. */
export function pageHeaders(formTargets: readonly string[] = []): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'", "object-src 'none'", "style-src 'self'", "img-src 'self'", `form-action ${["'self'", ...formTargets].join(' ')}`,
      "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  }
}
