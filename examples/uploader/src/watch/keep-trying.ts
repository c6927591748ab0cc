/** A service tries again what failed because the server could not be reached. */
import type { Uploads } from '@3dimli/session-desktop/uploads'

const againMs = 30_000

/** Resumes such files a while after they failed; returns the end of it. */
export function keepTrying(uploads: Uploads): () => void {
  const timer = setInterval(() => {
    for (const { id, failure } of uploads.state.uploads) if (failure?.code === 'unreachable') uploads.resume(id)
  }, againMs)
  return () => clearInterval(timer)
}
