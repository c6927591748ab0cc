/** A process that does nothing but start, with a keychain that answers when the first look at the record was given up and the next has not begun. */
import { createSession } from '@3dimli/session'
import { scriptedAuthority } from '@3dimli/session/testing'
import { desktop } from '../../src/index.ts'

const { directory } = JSON.parse(process.argv[2] ?? '') as { directory: string }
const secrets = { read: () => new Promise<Uint8Array>((resolve) => void setTimeout(resolve, 2_100, new Uint8Array(32))), write: async () => undefined }
const session = createSession({ authority: scriptedAuthority(() => Date.now()).authority, platform: desktop({ name: 'starter', directory, secrets }), origins: ['https://api.test'] })
await session.start()
console.log(`started ${session.state.status}`)
session.stop()
