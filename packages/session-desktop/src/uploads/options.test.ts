/** Options of uploads, and what can be seen without a session. */
import { expect, it } from 'vitest'
import { createSession, type Session } from '@3dimli/session'
import { scriptedAuthority } from '@3dimli/session/testing'
import { newFolder } from '../../test/folders.ts'
import { desktop, type Desktop } from '../index.ts'
import { createUploads, type UploadsOptions } from './index.ts'

function scene(): { readonly session: Session; readonly platform: Desktop } {
  const platform = desktop({ name: 'uploader', directory: newFolder() })
  return { platform, session: createSession({ authority: scriptedAuthority(() => Date.now()).authority, platform, origins: ['https://api.example'] }) }
}

it.each([
  ['endpoint', { endpoint: '/uploads' }], ['endpoint', { endpoint: 'file:///tmp' }], ['platform', { platform: {} }], ['platform', { platform: { content: 'here' } }],
  ['authorize', { authorize: 'token' }], ['concurrency', { concurrency: 0 }], ['chunkBytes', { chunkBytes: 0.5 }], ['retryDelays', { retryDelays: [1, -1] }], ['tries', { tries: 3 }],
])('a wrong option is named: %s', (name, wrong) => {
  const { session, platform } = scene()
  expect(() => createUploads(session, { endpoint: 'https://api.example/uploads', platform, ...wrong } as UploadsOptions)).toThrow(new RegExp(`^"${name}"`))
})

it('what is added before the session began waits for it, is counted and can be taken out', async () => {
  const { session, platform } = scene()
  const uploads = createUploads(session, { endpoint: 'https://api.example/uploads', platform })
  const seen: number[] = []
  const stop = uploads.subscribe((state) => void seen.push(state.uploads.length))
  for (const path of ['', 7, 'a\0b']) expect(() => uploads.add(path as string)).toThrow('"path"')
  expect(() => uploads.add('/tmp/chair.blend', { links: 'follows' as never })).toThrow('"links"')
  for (const since of [Number.NaN, '0']) expect(() => uploads.add('/tmp/chair.blend', { since: since as number })).toThrow('"since"')
  const id = uploads.add('/tmp/chair.blend', { type: 'model/gltf-binary' })
  expect(uploads.state).toEqual({ uploads: [{ id, path: '/tmp/chair.blend', name: 'chair.blend', type: 'model/gltf-binary', state: 'waiting-for-session', bytesSent: 0, bytesTotal: 0 }], bytesSent: 0, bytesTotal: 0 })
  expect(uploads.state).toBe(uploads.state)
  expect(Object.isFrozen(uploads.state.uploads[0])).toBe(true)
  uploads.pause()
  expect((await uploads.settled()).uploads[0]?.state).toBe('paused')
  uploads.close()
  expect(() => uploads.add('/tmp/chair.blend')).toThrow('close()')
  stop()
  expect(seen.length).toBeGreaterThan(0)
})
