/** Something that did not work, said where it happened; read out when it appears. */
import { useRef, useState } from 'preact/hooks'
import { isSessionError } from '@3dimli/session'
import { explain } from '../words/failures.ts'
import { Icon } from './icon.tsx'

/** A failure, in words. */
export function Problem({ error }: { error: unknown }) {
  return <div role="alert">{error !== undefined && <p class="problem"><Icon name="alert" /><span>{explain(error)}</span></p>}</div>
}

/** Runs what a person asked for: busy while it lasts, and the failure when it does not work. What the end of the session stops is told by its notice. */
export function useTask(): { readonly busy: boolean; readonly error: unknown; run(work: () => Promise<unknown>): void } {
  const [busy, setBusy] = useState(false)
  const running = useRef(false)
  const [error, setError] = useState<unknown>()
  return {
    busy, error,
    run(work) {
      // A busy control keeps the focus, so it is not disabled; pressing it again does nothing.
      if (running.current) return
      running.current = true
      setBusy(true)
      setError(undefined)
      work().catch((failure: unknown) => {
        if (!isSessionError(failure, 'session-ended') && !isSessionError(failure, 'session-changed')) setError(() => failure)
      }).finally(() => {
        running.current = false
        setBusy(false)
      })
    },
  }
}
