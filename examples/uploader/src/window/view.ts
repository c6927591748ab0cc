/** What the window shows and what it can ask for: plain data between the process and its page, never a token. */
import type { Notice } from '@3dimli/session/notice'
import type { Upload } from '@3dimli/session-desktop/uploads'

/** A file, as the page sees it: nothing of where it lies. */
export type UploadView = Omit<Upload, 'path' | 'type'>

/** An unfinished upload of an earlier window or command whose file is no more where it was, or no more what it was. */
export interface Lost {
  readonly id: string
  readonly name: string
  readonly bytesSent?: number
  readonly bytesTotal: number
}

/** Everything the page shows. */
export interface View {
  readonly server: string
  readonly session: {
    /** `held`: signed in, and nothing is sent until the session is confirmed. */
    readonly status: 'opening' | 'signed-out' | 'signed-in' | 'held' | 'ending'
    readonly seller?: string
    readonly isSuspended?: boolean
  }
  /** While somebody signs in; with the code to show, where one is used. */
  readonly signingIn?: { readonly code?: { readonly userCode: string; readonly verificationUri: string; readonly expiresAt: number } }
  /** What went wrong last. */
  readonly problem?: string
  /** Why the last session ended. */
  readonly notice?: Notice
  /** Whether the next start finds the session. */
  readonly persistent: boolean
  readonly uploads: readonly UploadView[]
  /** What waits for its file to be chosen again. */
  readonly lost: readonly Lost[]
  readonly bytesSent: number
  readonly bytesTotal: number
  /** Names of files that the marketplace had already. */
  readonly known: readonly string[]
  /** Whether something was not sent because somebody else signed in after it was dropped. */
  readonly unsent: boolean
}

/** A file that was chosen or dropped, as a browser tells of it. */
export interface Chosen {
  readonly name: string
  readonly size: number
  /** Epoch ms. */
  readonly lastModified: number
}

/** What the page can ask for. */
export type Wish =
  | { readonly do: 'add'; readonly files: readonly Chosen[]; readonly folder?: string }
  | { readonly do: 'pause'; readonly id: string }
  | { readonly do: 'resume'; readonly id: string }
  | { readonly do: 'cancel'; readonly id: string }
  | { readonly do: 'sign-in'; readonly device: boolean }
  | { readonly do: 'give-up' }
  | { readonly do: 'sign-out' }

/** What came of a wish: names of files that were not found. */
export interface Granted {
  readonly missing: readonly Chosen[]
}

/** Reads a wish; undefined where it is none. */
export function readWish(given: unknown): Wish | undefined {
  const { do: what, files, folder, id, device } = (given ?? {}) as Readonly<Record<string, unknown>>
  if (what === 'add') {
    if (!Array.isArray(files) || files.length > 10_000 || !files.every(isChosen)) return undefined
    return { do: what, files, ...(typeof folder === 'string' && folder !== '' && { folder }) }
  }
  if (what === 'pause' || what === 'resume' || what === 'cancel') return typeof id === 'string' ? { do: what, id } : undefined
  if (what === 'sign-in') return { do: what, device: device === true }
  return what === 'give-up' || what === 'sign-out' ? { do: what } : undefined
}

function isChosen(given: unknown): given is Chosen {
  const { name, size, lastModified } = (given ?? {}) as Partial<Chosen>
  return typeof name === 'string' && name !== '' && !/[/\\\0]/.test(name) && Number.isSafeInteger(size) && Number.isFinite(lastModified)
}
