/** An upload whose seller goes before all files are looked at. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { newFolder } from '../../../../packages/session-desktop/test/folders.ts'
import { exitCode } from '../exit-code.ts'
import { createOutput } from '../say/output.ts'
import { desk } from '../testing/desk.ts'
import { uploadCommand } from './upload.ts'

it.for([
  ['somebody else signs in', async ({ signIn }: Awaited<ReturnType<typeof desk>>) => signIn('jonas'), /Another account signed in.*Somebody else is signed in now\./s],
  ['she signs out', async ({ app }: Awaited<ReturnType<typeof desk>>) => app.session.signOut(), /You are signed out/],
] as const)('P6 when %s, nothing that a seller named is sent any more, the program says so and ends with 3', async ([, leave, words]) => {
  const here = await desk()
  await here.signIn('sela')
  here.onAsked = async () => {
    await leave(here)
    return []
  }
  const path = join(newFolder(), 'chair.glb')
  writeFileSync(path, 'a chair')
  const said: string[] = []
  const stream = new PassThrough().on('data', (text: Buffer) => said.push(text.toString())) as unknown as NodeJS.WriteStream
  const output = createOutput({ json: true, stdout: stream, stderr: stream })
  // What were sent all the same would be tried for minutes.
  const stop = here.app.uploads.subscribe(() => {
    stop()
    here.app.uploads.pause()
  })
  const code = await uploadCommand({ app: here.app, output, signal: here.signal, settings: { server: here.app.server, name: 'desk' } }, [path], undefined)
  expect([here.added(), code]).toEqual([[], exitCode.signedOut])
  expect(said.join('')).toMatch(words)
})
