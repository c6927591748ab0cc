// docs/engines.md says what the table and the tests say, and no test leaves an engine out in another way.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { abilities } from './engines.ts'
import { declared, report, sources } from './report.ts'

test('docs/engines.md is what scripts/engines.mjs would write', () => {
  expect(readFileSync(new URL('../../docs/engines.md', import.meta.url), 'utf8'), 'run node scripts/engines.mjs').toBe(report())
})

test('each test that needs something says so in a way that the document sees', () => {
  expect(declared().every(({ title, needs }) => title !== '' && needs.every((ability) => ability in abilities))).toBe(true)
  const seen = declared().filter(({ needs }) => needs.length > 0).length
  expect(sources().reduce((sum, { text }) => sum + text.split(/\bneeds\(/).length - 1, 0)).toBe(seen)
})

test('a test that runs in every engine uses no page of puppeteer and skips only by what it needs', () => {
  for (const { file, text } of sources()) {
    expect(text.match(/\.page\b|\.puppeteer\b|\.skip\b|skipIf|runIf|\.todo\b/g) ?? [], file).toEqual([])
  }
})
