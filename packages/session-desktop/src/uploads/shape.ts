/** The shape of uploads: what an application holds, calls and shows. */

/**
 * Where an upload stands.
 *
 * - `waiting`: for its turn, or for another process that sends the same file
 * - `hashing`: its checksum is made, before the last part is sent; takes a while only where an earlier process sent what came before
 * - `uploading`: being sent, or waiting for the next attempt after a failure of the network
 * - `paused`: until `resume()`
 * - `waiting-for-session`: held back until the session is confirmed, or until its seller signs in again
 * - `done`: the server has the whole file and said that it is what was sent
 * - `failed`: see `failure`; `resume()` tries once more
 */
export type UploadState = 'waiting' | 'hashing' | 'uploading' | 'paused' | 'waiting-for-session' | 'done' | 'failed'

/** Why an upload failed; plain data. */
export interface UploadFailure {
  /**
   * - `unreadable`: the file is not there, is no file, may not be read, or lies behind a link that is to be refused
   * - `changed`: the file was changed while it was being sent
   * - `refused`: the server will not take it, see `status`
   * - `integrity`: the server has something else than was sent; `resume()` begins anew
   * - `unreachable`: the server did not answer, and every retry was used up
   * - `origin-not-allowed`: the endpoint is not one of the session's `origins`
   * - `session-ended`: the session ended in a way after which nothing is kept
   */
  readonly code: 'unreadable' | 'changed' | 'refused' | 'integrity' | 'unreachable' | 'origin-not-allowed' | 'session-ended'
  /** The server's last status, where it answered. */
  readonly status?: number
}

/** One file; plain data that does not change afterwards. */
export interface Upload {
  readonly id: string
  /** Absolute. */
  readonly path: string
  readonly name: string
  readonly type?: string
  readonly state: UploadState
  /** Bytes that were sent, those of earlier runs included; falls back to what the server has when a connection breaks. */
  readonly bytesSent: number
  /** The size of the file; 0 until it was looked at. */
  readonly bytesTotal: number
  /** When the state is `failed`. */
  readonly failure?: UploadFailure
}

/** All files of this process, in the order in which they were added, and their sums. */
export interface UploadsState {
  readonly uploads: readonly Upload[]
  readonly bytesSent: number
  readonly bytesTotal: number
}

/** An upload that was begun and not finished, as its record and its server tell; plain data. */
export interface UnfinishedUpload {
  /** Absolute. */
  readonly path: string
  readonly name: string
  readonly type?: string
  /** What the server has; absent while another process is sending the file, or where the server did not tell within 5 s. */
  readonly bytesSent?: number
  readonly bytesTotal: number
  /** Whether the file is where it was, as it was: `add()` goes on with it. One that was changed would begin anew. */
  readonly isThere: boolean
}

/** What else is known of a file. */
export interface AddOptions {
  /** What the server is told the file is called. @default the last part of its path */
  readonly name?: string
  /** Its media type. @default none */
  readonly type?: string
  /** Whether a link may be anywhere on the path. Where others may write, refuse them: they could have any file of the person sent. @default `follow` */
  readonly links?: 'follow' | 'refuse'
  /** Epoch ms. What any process of this seller finished since then is not sent again; for whoever asked the server before. @default now */
  readonly since?: number
}

/** The uploads of a session, in this process. */
export interface Uploads {
  /** A new object after every change, and the same one until then. */
  readonly state: UploadsState
  /**
   * Puts a file into the queue and returns its id in this process. A file that this seller had begun to send before, in whatever process, goes
   * on where the server says it stopped, unless it was changed since. The file is only ever read; a link is followed
   * unless `links` says otherwise.
   *
   * Throws a `TypeError` for a path that is no string, and for a wrong option.
   */
  add(path: string, options?: AddOptions): string
  /** Calls back after every change of a state at once, and with the progress every 100 ms. Returns the remover. */
  subscribe(listener: (state: UploadsState) => void): () => void
  /** Stops one file, or all that are not done; nothing more is sent of it. */
  pause(id?: string): void
  /** Lets one file go on, or all: what was paused, and what failed. */
  resume(id?: string): void
  /** Takes a file out of the queue; resolves when the record of it is gone and the server, if it could be reached, has thrown away what it had. */
  cancel(id: string): Promise<void>
  /**
   * Resolves when nothing goes on by itself any more: every file is done, failed or paused, or waits for a seller to sign in. A fence is
   * waited for. Keeps the process alive until then.
   */
  settled(): Promise<UploadsState>
  /**
   * What the seller who is signed in has begun, in whatever process, and not finished, apart from what is in this queue; a queue that was cut
   * short is put together again from it.
   *
   * Rejects with the session's errors, such as `signed-out` and `fenced`.
   */
  unfinished(): Promise<readonly UnfinishedUpload[]>
  /** Stops everything and takes the listeners off the session; what was begun goes on in the next process that adds it. */
  close(): void
}
