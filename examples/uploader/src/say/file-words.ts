/** What is said of a file. */
import type { Upload, UploadFailure, UploadState } from '@3dimli/session-desktop/uploads'

/** Where a file stands, in a word or two. */
export const stateWords: Readonly<Record<UploadState, string>> = {
  waiting: 'waiting', hashing: 'reading', uploading: 'uploading', paused: 'paused', 'waiting-for-session': 'held back', done: 'done', failed: 'failed',
}

const failures: { readonly [Code in UploadFailure['code']]: string } = {
  unreadable: 'It cannot be read. Look whether it is there, is a file, and may be read by you.',
  changed: 'It was changed while it was being sent. Try again when it is finished.',
  refused: 'The marketplace does not take it.',
  integrity: 'It did not arrive as it left, so the marketplace threw it away. Try again.',
  unreachable: 'The marketplace cannot be reached. What has arrived is kept: try again later.',
  'origin-not-allowed': 'Uploads of this server go to another address, which is not allowed.',
  'session-ended': 'The session ended. Sign in and begin it anew.',
}

/** Says why a file failed. */
export function failureWords({ failure }: Pick<Upload, 'failure'>): string {
  if (!failure) return ''
  if (failure.code === 'refused' && failure.status === 403) return 'Your account may not upload. Sellers can.'
  if (failure.code === 'refused' && failure.status === 413) return 'It is larger than the marketplace takes.'
  return failures[failure.code] ?? 'It could not be uploaded.'
}
