/** What is on its way while a process goes on for hours: Node forgets the signal of a request that nobody holds, the end must not be forgotten with it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createSession } from '@3dimli/session'
import { scriptedAuthority } from '@3dimli/session/testing'
import { expect, it, onTestFinished } from 'vitest'
import { newFolder } from '../test/folders.ts'
import { secretsIn } from '../test/secrets.ts'
import { desktop } from './index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Memory is tidied up, and what was waiting to hear of it has. */
async function tidyUp(): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    collect()
    await turn()
  }
}

/** A session, and a server whose answers have no end; `gone` resolves when it sees that one was given up. */
async function scene() {
  const gone = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    request.socket.on('close', () => gone.resolve())
    response.write('begun')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const platform = desktop({ name: 'long', directory: newFolder(), secrets: secretsIn(join(newFolder(), 'secret')) })
  const session = createSession({ authority: scriptedAuthority(() => Date.now()).authority, platform, origins: [api] })
  onTestFinished(() => session.stop())
  await session.start()
  await session.adopt({ accessToken: 'at', subject: 'mira', sid: 'sid-1', expiresAt: Date.now() + 300_000 })
  const begin = async (init?: RequestInit): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
    const reader = (await session.fetch(`${api}/stream`, init)).body!.getReader()
    await reader.read()
    return reader
  }
  return { session, begin, gone: gone.promise }
}

it('P1 G5 an answer that is still being read ends with the session, however long it has been read', async () => {
  const { session, begin, gone } = await scene()
  const reading = (await begin()).read()
  reading.catch(() => undefined)
  await tidyUp()
  await session.signOut()
  await expect(reading).rejects.toMatchObject({ code: 'session-ended' })
  await gone
})

it('and with the signal of whoever asked for it', async () => {
  const { begin, gone } = await scene()
  const caller = new AbortController()
  const reading = (await begin({ signal: caller.signal })).read()
  reading.catch(() => undefined)
  await tidyUp()
  caller.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
  await gone
})
