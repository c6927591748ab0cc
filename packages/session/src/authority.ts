/** What an authority must supply: whoever issues sessions, is asked about them, and judges. */
import type { Ports } from './ports.ts'
import type { Narrowing, TokenSet } from './tokens.ts'

/** Whoever issues and judges sessions: `oauth({ … })`. */
export interface Authority {
  readonly issuer: string
  connect(io: AuthorityPorts): Connection
}

/** What an authority may use of the platform. */
export type AuthorityPorts = Pick<Ports, 'fetch' | 'clock' | 'random' | 'flows' | 'address' | 'keys'> & {
  /** Sends one request without judging it; rejects as `fetch` does, or with the signal's reason. */
  readonly send: (request: Request, signal: AbortSignal) => Promise<Response>
}

/** What one sign-in brought. */
export interface Grant {
  readonly tokens: TokenSet
  readonly keys?: CryptoKeyPair
  readonly issuer: string
  readonly subject: string
  readonly sid?: string
  /** By the server's clock, epoch ms. */
  readonly establishedAt?: number
}

/** What a server can do beyond tokens. */
export interface Features {
  /** Repeats its answer to the same refresh attempt. */
  readonly idempotent: boolean
  readonly session: boolean
  readonly feed: boolean
  readonly revocation: boolean
}

/** How to begin a sign-in. */
export interface SignInOptions {
  /** Path to come back to in the application. Default: where the person is. */
  readonly returnTo?: string
  /** More parameters of the authorization request, e.g. `login_hint`, `acr_values`, `max_age`; a `TypeError` names one that protects it, such as `state`. */
  readonly params?: Readonly<Record<string, string>>
  /** Gives the sign-in up; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Has the person sign in on any other device, with a code (RFC 8628); called once with what to show. `returnTo` has no meaning then. */
  readonly device?: (prompt: DevicePrompt) => void
}

/** What to show to a person who signs in on another device. */
export interface DevicePrompt {
  /** The code to type in, as the server wrote it, e.g. `WDJB-MJHT`. */
  readonly userCode: string
  /** Where to type it in. */
  readonly verificationUri: string
  /** The same with the code in it, e.g. for a QR code. */
  readonly verificationUriComplete?: string
  /** When the code is worth nothing any more; by this device's clock, epoch ms. */
  readonly expiresAt: number
}

/** Talks to one authority. Each answer comes back unjudged. */
export interface Connection {
  features(): Promise<Features>
  /** Leaves the page; or, where the sign-in is finished without leaving, resolves after `begin` took what it brought. With `again` the person is asked for the password. */
  signIn(options: SignInOptions, again: boolean, begin: (grant: Grant) => Promise<void>): Promise<void>
  /** Finishes a sign-in whose answer is in the address; `undefined` when there is none of ours. */
  complete(signal: AbortSignal): Promise<{ grant: Grant; returnTo?: string } | undefined>
  /** With `narrow`, the access token that comes is for one job. */
  refresh(input: Credentials & { readonly attemptId: string; readonly narrow?: Narrowing; readonly signal: AbortSignal }): Promise<TokenAnswer>
  session(input: Credentials & { readonly signal: AbortSignal }): Promise<Answer>
  /** Opens the feed; `listener` gets each event's object. Resolves when the stream is over. */
  feed(input: Credentials & { readonly signal: AbortSignal; readonly lastEventId?: string; readonly listener: FeedListener }): Promise<Answer>
  revoke(input: { readonly token: string; readonly keys?: CryptoKeyPair; readonly signal: AbortSignal }): Promise<Answer>
  /** Headers for one request to a resource. */
  headers(input: Credentials & { readonly method: string; readonly url: URL }): Promise<Record<string, string>>
  /** Keeps a nonce the resource's server sent along (RFC 9449 section 8). */
  noteNonce(response: Response): void
}

/** What a request is made with. */
export interface Credentials {
  readonly tokens: TokenSet
  readonly keys?: CryptoKeyPair
}

/** What a stream says while it is open. */
export interface FeedListener {
  readonly opened: () => void
  /** Anything at all came in: the stream lives. */
  readonly heard: () => void
  readonly event: (answer: Answer, id: string | undefined) => void
  /** The server stops for a reason of its own, and wants this device back no sooner than in so many ms. */
  readonly goodbye: (retryMs: number) => void
}

/** A token endpoint's answer: new tokens, or what to judge. */
export type TokenAnswer = { readonly tokens: TokenSet } | { readonly answer: Answer }

/** A parsed challenge of `WWW-Authenticate`. */
export interface Challenge {
  readonly error?: string
  readonly errorUri?: string
  readonly scope?: string
  readonly acrValues?: string
  readonly maxAgeMs?: number
}

/** One answer of a server, reduced to what a verdict needs. */
export type Answer =
  | {
      readonly from: 'session' | 'feed' | 'token' | 'resource' | 'revocation'
      readonly status: number
      /** Parsed JSON; absent when the body was no JSON or not read. */
      readonly body?: unknown
      /** A page came, or JSON that is none: whoever wrote it is not the server that was asked. */
      readonly garbled?: true
      readonly challenge?: Challenge
      readonly retryAfterMs?: number
    }
  | { readonly from: 'session' | 'feed' | 'token' | 'resource' | 'revocation'; readonly failed: 'network' | 'timeout' | 'redirected' | 'closed' | 'unsupported' }
  | { readonly from: 'list'; readonly value: number }
  | { readonly from: 'channel'; readonly epochId: string }

