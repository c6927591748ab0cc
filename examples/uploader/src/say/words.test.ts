/** What is printed when something is wrong, whatever names and arguments are in it. */
import { expect, it, onTestFinished, vi } from 'vitest'
import { run } from '../program.ts'
import { exitCode } from '../exit-code.ts'
import { explain } from './words.ts'

it('no name in an error of the system can command the terminal', () => {
  expect(explain(new Error("ENOENT: no such file or directory, open '/models/\u001B]0;owned\u0007\u009B2J'"))).toMatch(/^ENOENT: [ -~]*$/)
})

it('no file whose name looks like an option can command the terminal', async () => {
  let said = ''
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
  onTestFinished(() => write.mockRestore())
  const code = await run(['upload', 'chair.glb', '--\u001B]0;owned\u0007\u001B[2J\u009B2J.glb'])
  expect(code).toBe(exitCode.wrongUse)
  expect(said).toMatch(/^error: unknown option [ -~]*$/m)
  expect(said.replaceAll('\n', '')).not.toMatch(/\p{C}/u)
})
