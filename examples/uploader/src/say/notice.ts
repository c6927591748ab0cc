/** The end of a session, as the program tells it: what happened, what became of what, what to do. */
import { explainEnd, type Notice } from '@3dimli/session/notice'
import type { Ended } from '../application.ts'
import type { Output } from './output.ts'

/** Puts an end into words for a seller. */
export function noticeOf({ end, report }: Ended): Notice {
  return explainEnd(end, { audience: 'seller', report })
}

/** Tells it. */
export function tellEnd(output: Output, ended: Ended): void {
  const notice = noticeOf(ended)
  const { cause, by, reason, serverAt, at, disposition, lockedUntil } = ended.end
  output.event('ended', { cause, by, reason, serverAt, at, disposition, lockedUntil, complete: ended.report.complete, notice })
  const paragraphs = [
    ['', [notice.happened, ...(notice.said ? [`“${notice.said.text}”`] : []), ...(notice.when === undefined ? [] : [notice.when])]],
    ['Removed', notice.removed],
    ['Yours', notice.kept],
    ['What to do', notice.next],
  ] as const
  output.problem('')
  output.problem(output.style(notice.alarming ? ['red', 'bold'] : 'bold', notice.title))
  for (const [name, lines] of paragraphs) {
    if (name !== '') output.problem(output.style('dim', name))
    for (const line of lines) output.problem(`  ${line}`)
  }
}
