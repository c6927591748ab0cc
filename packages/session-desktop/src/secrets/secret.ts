/** The 32 bytes from which the record's keys are made: asked for once in the life of a platform, and made by one process only. */
import { within, type Clock, type Lock } from '@3dimli/session/platform'

const length = 32
/** A locked keychain shows a prompt and may never answer. */
const waitMs = 30_000

/** Where the application keeps 32 bytes for the record, instead of the system's keychain. */
export interface Secrets {
  /** What was written; `undefined` where nothing ever was. Rejects when it cannot be told: nothing is written then. */
  read(): Promise<Uint8Array | undefined>
  write(bytes: Uint8Array): Promise<void>
}

/** Makes the question for the secret. Its answer is undefined, and `lack` told why, where there is no place that keeps one. */
export function recordSecret(input: {
  readonly secrets: Secrets
  readonly lock: Lock
  readonly clock: Clock
  readonly random: (length: number) => Uint8Array
  readonly lack: (what: string) => void
}): () => Promise<Uint8Array | undefined> {
  const { secrets } = input
  let asked: Promise<Uint8Array | undefined> | undefined

  const read = async (): Promise<Uint8Array | undefined> => {
    const bytes = await secrets.read()
    if (bytes !== undefined && (!(bytes instanceof Uint8Array) || bytes.length !== length)) throw new Error('What is kept under our name is no secret of ours.')
    return bytes
  }

  /** Another process may be making one at this moment. What the keychain says afterwards is what counts, not what was written. */
  const make = (): Promise<Uint8Array | undefined> =>
    input.lock.hold('secret', AbortSignal.timeout(waitMs), async () => {
      const theirs = await read()
      if (theirs) return theirs
      await secrets.write(input.random(length))
      return read()
    })

  const ask = async (): Promise<Uint8Array | undefined> => {
    const late = new Error('late')
    try {
      const secret = await within(input.clock, waitMs, read().then((found) => found ?? make()), () => late)
      if (secret) return secret
      input.lack('the keychain forgets what is written to it: the session lives only in this process')
    } catch (error) {
      input.lack(`the keychain ${error === late ? 'does not answer' : 'cannot be used'}: the session lives only in this process`)
    }
    return undefined
  }

  return () => (asked ??= ask())
}
