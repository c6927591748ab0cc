/** Sizes, speeds and times as people read them. */

/** Writes a size in bytes. */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  for (const [unit, one] of [['KB', 1e3], ['MB', 1e6], ['GB', 1e9]] as const) {
    // By what it is rounded to: 999,999 bytes are 1.0 MB.
    if (unit === 'GB' || Math.round(bytes / one) < 1_000) return `${(bytes / one).toFixed(unit === 'KB' || bytes >= 99.5 * one ? 0 : 1)} ${unit}`
  }
  return ''
}

/** Writes a share in whole percent; 100 only when nothing is missing. */
export function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.floor((part / whole) * 100)} %`
}

/** Writes how long something takes. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.ceil(seconds / 60)} min`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}

/** Writes a day and a time. */
export function moment(at: number): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(at)
}

/** Writes a time of this day. */
export function timeOfDay(at: number): string {
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(at)
}

/** Counts something. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}
