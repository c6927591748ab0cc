/** What scripts are told. */
import { PassThrough } from 'node:stream'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createOutput } from './output.ts'

it('an object stays on its line and commands no terminal, whatever a file is called', () => {
  const stdout = new PassThrough()
  const output = createOutput({ json: true, stdout: stdout as unknown as NodeJS.WriteStream, stderr: new PassThrough() as unknown as NodeJS.WriteStream })
  const path = '/models/\n\r\u001B[2J\u007F\u0085\u009B2J\u2028\u2029 häuser 🏠.glb'
  output.event('known', { path })
  const said = String(stdout.read())
  expect(JSON.parse(said)).toEqual({ event: 'known', path })
  expect(said).toMatch(/^[^\p{Cc}\u2028\u2029]*\n$/u)
})

it('a run whose reader went away before the end does not end as if it were done', () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation((() => undefined) as unknown as typeof process.exit)
  onTestFinished(() => exit.mockRestore())
  const stdout = new PassThrough()
  createOutput({ json: true, stdout: stdout as unknown as NodeJS.WriteStream, stderr: new PassThrough() as unknown as NodeJS.WriteStream })
  stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  expect(exit.mock.calls).toEqual([[141]])
})
