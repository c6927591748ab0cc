/** Keeps a file that strangers made from running as a page of the application's own origin. */

const inert = /^(?:(?:image\/(?!svg)|(?:audio|video|font|model)\/)[\w.-]+(?:\+(?:json|zip|binary))?|text\/plain|application\/(?:json|pdf|zip|gzip|octet-stream|x-7z-compressed))\s*(?:;|$)/i

/**
 * The type of a file where a browser only shows it; anything else, markup of every kind above all, is mere bytes.
 * An object URL has the origin of the page that made it, and a type that a browser does not know is guessed from the bytes (MIME Sniffing, section 7).
 */
export function inertType(type: string): string {
  // Of several types in one a browser takes the last.
  return inert.test(type) && !type.includes(',') ? type : 'application/octet-stream'
}

/** What a service worker's answer with a kept file says to the browser: no script, no guessing at types. */
export const inertHeaders = { 'content-security-policy': "sandbox; default-src 'none'", 'x-content-type-options': 'nosniff' } as const
