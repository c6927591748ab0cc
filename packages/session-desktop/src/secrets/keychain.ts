/** The keychain of the system: one item, which holds a short text and nothing else. */
import { askApart, type Question } from './apart.ts'
import type { Secrets } from './secret.ts'

/** The item is the same wherever the folder lies: packages such as snaps move it at each update. */
const account = 'record'

/**
 * Makes the secrets that lie in macOS's keychain, Windows' credential manager or a Secret Service (gnome-keyring, KWallet).
 *
 * The text is base64url: some keychains lose what has line breaks, and Windows takes no more than 1280 characters (this one has 43).
 */
export function keychain(scope: string, ask: (question: Question) => Promise<string | null> = askApart): Secrets {
  return {
    async read() {
      const text = await ask({ service: scope, account })
      return text === null ? undefined : new Uint8Array(Buffer.from(text, 'base64url'))
    },
    async write(bytes) {
      await ask({ service: scope, account, write: Buffer.from(bytes).toString('base64url') })
    },
  }
}
