/** The picture of a queue in a terminal: what is being sent, line by line, and the sum. */
import { stripVTControlCharacters } from 'node:util'
import type { Upload, UploadsState } from '@3dimli/session-desktop/uploads'
import { count, duration, percent, size } from './numbers.ts'
import { stateWords } from './file-words.ts'

/** More lines than this would push what was said out of sight. */
const mostLines = 8
const barWidth = 20

/** Draws it. Files that are done or have failed were told of when that happened, and only count. */
export function frame({ uploads, bytesSent, bytesTotal }: UploadsState, { columns, bytesPerSecond }: { columns: number; bytesPerSecond: number }): string {
  const open = uploads.filter(({ state }) => state !== 'done' && state !== 'failed')
  if (open.length === 0) return ''
  const working = open.filter(({ state }) => state !== 'waiting')
  const shown = (working.length > 0 ? working : open).slice(0, mostLines)
  const nameWidth = Math.max(8, Math.min(32, columns - barWidth - 32, Math.max(...shown.map(({ name }) => name.length))))
  const lines = shown.map((upload) => `  ${fitted(plain(upload.name), nameWidth)}  ${bar(upload.bytesSent, upload.bytesTotal)}  ${where(upload)}`)
  const rest = open.length - shown.length
  if (rest > 0) lines.push(`  and ${count(rest, 'more file')}`)
  const done = uploads.filter(({ state }) => state === 'done').length
  const speed = bytesPerSecond > 0 ? `, ${size(bytesPerSecond)}/s, ${duration(((bytesTotal - bytesSent) / bytesPerSecond) * 1000)} left` : ''
  lines.push(`  ${done} of ${count(uploads.length, 'file')}, ${size(bytesSent)} of ${size(bytesTotal)}${speed}`)
  return lines.map((line) => line.slice(0, Math.max(20, columns - 1))).join('\n')
}

function where({ state, bytesSent, bytesTotal }: Upload): string {
  return state === 'uploading' ? `${percent(bytesSent, bytesTotal).padStart(5)}  ${size(bytesSent)} of ${size(bytesTotal)}` : stateWords[state]
}

function bar(part: number, whole: number): string {
  const full = whole === 0 ? 0 : Math.floor((part / whole) * barWidth)
  return '█'.repeat(full) + '░'.repeat(barWidth - full)
}

/** A name as text of one line: a terminal would obey what is not text. */
export function plain(name: string): string {
  return stripVTControlCharacters(name).replaceAll(/\p{C}/gu, '?')
}

/** The beginning and the end of a name tell more than its middle. */
function fitted(name: string, width: number): string {
  if (name.length <= width) return name.padEnd(width)
  const end = Math.floor((width - 1) / 3)
  return `${name.slice(0, width - 1 - end)}…${name.slice(name.length - end)}`
}
