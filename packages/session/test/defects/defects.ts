/** Mistakes that a client of this kind is easily made with, each as a change of one or two source files: the model must catch every one. */

import type { Change } from '../build.ts'

/** One mistake. */
export interface Defect {
  readonly name: string
  /** The promise it is about; the model may find another broken first. */
  readonly breaks: string
  readonly changes: readonly Change[]
}

const one = (name: string, breaks: string, file: string, find: string, replace: string): Defect => ({ name, breaks, changes: [{ file, find, replace }] })

/** Each is as small as it can be made; none is caught by the compiler. */
export const defects: readonly Defect[] = [
  one('a late refresh is committed into whatever session is there', 'P6', 'changes.ts',
    'if (row.live && row.epoch.id === input.epochId) {\n    if (hasMoved', 'if (row.live) {\n    if (hasMoved'),
  one('a refresh is committed over a newer generation', 'P3', 'changes.ts',
    "    if (hasMoved(row, input)) return { result: 'newer' }\n    const { attempt: _attempt", '    const { attempt: _attempt'),
  one('a message is trusted over the record', 'P4', 'hints.ts',
    "      return reread((row) => row?.epoch.id !== epochId, () => flagged(ports.flags, epochId) !== undefined, isOurs ? settlePauseMs : 0)\n",
    "      const { session } = life.machine()\n      if (session) life.dispatch({ type: 'ended', end: { cause: 'revoked', by: 'system', disposition: 'wipe', at: 0, issuer: session.issuer, subject: session.subject, epochId: session.epochId } })\n      return\n"),
  {
    name: 'the journal is written after the end, not with it',
    breaks: 'P2',
    changes: [
      {
        file: 'changes.ts', find: 'journals: [...row.journals, { epochId: row.epoch.id, targets: namedFor(targets, live.content.id), unreadableAt: now }],\n      outbox',
        replace: 'journals: row.journals,\n      outbox',
      },
      {
        file: 'ending.ts', find: '    const row = record.view()\n    if (outcome.ended)',
        replace: "    const before = live\n    await record.change((row) => ({ row: { ...row, journals: before ? [...row.journals, { epochId: end.epochId, targets: JSON.parse(JSON.stringify(before.targets).replaceAll('{content}', before.content.id)), unreadableAt: time.now() }] : row.journals }, result: undefined }), 'strict')\n    const row = record.view()\n    if (outcome.ended)",
      },
      {
        file: 'ending.ts', find: '    const outcome = await record.change(', replace: '    const live = record.view()?.live\n    const outcome = await record.change(',
      },
    ],
  },
  one('a lock is trusted to be exclusive', 'P3', 'changes.ts',
    '  if (standing && standing.generation === row.generation && standing.id !== input.instead) return { result: standing }\n', ''),
  one('the record is read in one transaction and written in another', 'P5', 'record.ts',
    `      await bounded('write', () =>
        store.change((stored) => {`, `      const before = await bounded('read', () => store.read())
      await bounded('write', () =>
        store.change(() => {
          const stored = before`),
  one('`invalid_grant` is believed at once', 'P4', 'revocation.ts',
    "      if (verdict.kind === 'grant-unknown') return grantUnknown(epochId)", "      if (verdict.kind === 'grant-unknown') return expire(epochId)"),
  {
    name: 'a call does not keep its epoch',
    breaks: 'P6',
    changes: [
      { file: 'gate.ts', find: "if (phase === 'active' && session?.epochId === epochId) return undefined", replace: "if (phase === 'active' && session) return undefined" },
      { file: 'gate.ts', find: ' || !row?.live || row.epoch.id !== captured.epochId) return undefined', replace: ' || !row?.live) return undefined' },
      { file: 'gate.ts', find: 'current.controller.abort(end ?', replace: 'if (end) current.controller.abort(end ?' },
    ],
  },
  one('the content key of a wiped session is kept in the vault', 'P2', 'changes.ts',
    "const locks = input.end.disposition !== 'wipe' && input.retainMs > 0 && live", 'const locks = live'),
  one('locked content is given to whoever signs in next', 'P10', 'changes.ts',
    'const retained = vault.find(same)', 'const retained = vault[0]'),
  one('an expired session is wiped like a revoked one', 'P10', 'changes.ts',
    "const locks = input.end.disposition !== 'wipe' && input.retainMs > 0 && live.content.key !== undefined", 'const locks = false'),
  one('a token that comes after the end is dropped, not given back', 'P5', 'changes.ts',
    "  return { row: { ...row, outbox: bounded([...row.outbox, giveUp]) }, result: 'given-up' }", "  return { result: 'dropped' }"),
  one('a token that lost against another of its own session is revoked', 'P5', 'changes.ts',
    "    if (hasMoved(row, input)) return { result: 'newer' }\n    const { attempt: _attempt",
    "    if (hasMoved(row, input)) return input.giveUp ? { row: { ...row, outbox: bounded([...row.outbox, input.giveUp]) }, result: 'given-up' } : { result: 'newer' }\n    const { attempt: _attempt"),
  one('a start finishes no journal', 'P2', 'runtime.ts', '      if ((record.view()?.journals.length ?? 0) > 0) {\n        leftovers()', '      if (false) {\n        leftovers()'),
  one('what could not be erased counts as erased', 'P2', 'purge.ts',
    "      return { target, outcome: 'failed', entries: 0, left: 0 }", "      return { target, outcome: 'erased', entries: 0, left: 0 }"),
  one('a replaced session leaves no journal', 'P2', 'changes.ts', 'const ended: Journal[] = replaced ?', 'const ended: Journal[] = false ?'),
  one('a sweep takes what lives', 'P9', 'record.ts',
    'return [...(row?.live ? [row.live.content.id] : []), ...(row?.vault ?? []).map(({ content }) => content.id)]',
    'return (row?.vault ?? []).map(({ content }) => content.id)'),
  {
    name: 'a fence holds nothing back',
    breaks: 'P1',
    changes: [
      { file: 'gate.ts', find: "        if (machine().phase === 'active' && !fenced()) {", replace: "        if (machine().phase === 'active') {" },
      { file: 'gate.ts', find: '        if (fenced() || !row?.live', replace: '        if (!row?.live' },
      { file: 'gate.ts', find: 'return !fenced() && !lapsed(captured, record.view()) && (record.isFresh() || record.readAt() >= since)', replace: 'return true' },
      { file: 'gate.ts', find: '        if (!lapsed(captured, row)) {', replace: '        {' },
    ],
  },
  one('a context that wakes up goes on without reading', 'P1', 'hints.ts', '        reread(() => true)\n        if (life.admitted()) watch().start()', '        if (life.admitted()) watch().start()'),
  one('a read of a minute ago is recent enough', 'P1', 'record.ts', 'const freshMs = 100', 'const freshMs = 60_000'),
  one('an answer is handed out behind a fence and after the end', 'P1', 'request.ts',
    '      // Withheld while fenced, and never handed out once the session is over.\n      await gate.pass(captured, request.signal)\n', ''),
  one('a 5xx of the session endpoint that looks like the end is believed', 'P4', 'verdict.ts',
    "return (status === 200 ? judgeSession(body, known) : undefined) ?? transient", 'return judgeSession(body, known) ?? { kind: \'expired\', details: detailsOf({}, true) }'),
  one('a bare 401 ends the session', 'P4', 'verdict.ts', "    return { kind: 'access-expired' }\n", "    return { kind: 'revoked', details: detailsOf({}, false) }\n"),
  {
    name: 'the word about another session is taken for ours',
    breaks: 'P6',
    changes: [
      { file: 'verdict.ts', find: "return typeof body.sid === 'string' && known.sid !== undefined && body.sid !== known.sid", replace: 'return false' },
      { file: 'verdict.ts', find: 'if (known.sid === undefined || body.sid !== known.sid) return', replace: 'if (known.sid === undefined) return' },
    ],
  },
  one('a suspended account is signed out', 'P4', 'verdict.ts',
    "    if (type === 'account-suspended') return { kind: 'suspended' }\n    return { kind: type", "    if (type === 'account-suspended') return { kind: 'revoked', details: detailsOf(body, false) }\n    return { kind: type"),
  {
    name: 'an answer that was asked for before a suspension takes it back',
    breaks: 'P1',
    changes: [
      { file: 'changes.ts', find: "  if (row.suspended && input.proof.wasSuspended === false) return { result: 'older' }\n", replace: '' },
      { file: 'asking.ts', find: 'return before === doubts() ?', replace: 'return before === before ?' },
    ],
  },
  one('an end that is remembered and not written is looked for by starts only', 'P1', 'runtime.ts', '    hints.seen(row)\n', ''),
  one('a lost answer is asked for again under another key', 'P3', 'refresh.ts',
    'attemptId: attempt.id, ', 'attemptId: repeated ? uuid(ports.random) : attempt.id, '),
  one('an answer that is lost twice is taken for the end of the refresh token', 'P4', 'refresh.ts',
    "judged.kind === 'superseded' ?", "judged.kind === 'superseded' || (repeated && judged.kind === 'transient') ?"),
  one('a lock is waited for without a bound', 'P3', 'refresh.ts', 'const lockMs = 2_000', 'const lockMs = 2_000_000'),
  one('an end that cannot be written is forgotten', 'P5', 'ending.ts', '    ports.flags.raise(flagOf(end))\n', ''),
  one('a record that vanished is written back from memory', 'P5', 'life.ts', '    if (!admitted || stopped) return\n    const ours', '    if (!admitted || stopped || !row) return\n    const ours'),
  one('a record of a newer version is taken for none', 'P9', 'row.ts', "return 'foreign'", "return 'absent'"),
  one('the server is asked more rarely than the application is told', 'P7', 'poll.ts', 'pause(clock, input.pollMs * jitter(', 'pause(clock, 4 * input.pollMs * jitter('),
  one('where nothing can be asked, nothing is renewed to find out', 'P7', 'poll.ts', "!== 'fresh') {\n      await revocation.confirm(epochId)\n    }", "!== 'fresh') {\n    }"),
  one('every kind has the lease of all', 'P7', 'gate.ts', 'leases.leftMs(kind, row) === 0', "leases.leftMs('default', row) === 0"),
  one('tokens travel with the messages', 'P8', 'runtime.ts',
    "if (row) post({ type: 'changed', epochId: row.epoch.id, generation: row.generation })",
    "if (row) post({ type: 'changed', epochId: row.epoch.id, generation: row.generation, ...row.live?.tokens })"),
  one('a token for one job becomes the session\'s own', 'P6', 'refresh.ts', 'minted: narrow !== undefined', 'minted: false'),
  one('a token for one job is asked for beside an attempt that stands', 'P3', 'changes.ts',
    'if (standing && ', 'if (!input.attempt.narrow && standing && '),
  one('an attempt for one job is repeated as one for everything', 'P3', 'refresh.ts', '...(narrow && { narrow }), signal', '...(narrow && !repeated && { narrow }), signal'),
]
