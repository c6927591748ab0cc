/** Patience: what passes quickly is not worth a word. */
import { useEffect, useState } from 'preact/hooks'

const patienceMs = 300

/** True once something has lasted long enough to be worth a word. */
export function useLasting(now: boolean): boolean {
  const [lasting, setLasting] = useState(false)
  useEffect(() => {
    if (!now) return setLasting(false)
    const timer = setTimeout(() => setLasting(true), patienceMs)
    return () => clearTimeout(timer)
  }, [now])
  return now && lasting
}
