// The program of the figure about uploads: sends one file through the SDK, or through bare tus-js-client, when a line says so, and prints how long it took.
import { createReadStream, statSync, utimesSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createSession } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { desktop, type Secrets } from '@3dimli/session-desktop'
import { createUploads } from '@3dimli/session-desktop/uploads'
import { Upload } from 'tus-js-client'

interface Input {
  readonly issuer: string
  readonly directory: string
  readonly tokens: { readonly accessToken: string; readonly refreshToken: string; readonly subject: string; readonly expiresAt: number }
}

const { issuer, directory, tokens } = JSON.parse(process.argv[2] ?? '') as Input
const endpoint = `${issuer}/api/uploads`
const chunkSize = 8 * 1024 * 1024
let secret: Uint8Array | undefined
const secrets: Secrets = {
  read: async () => secret,
  write: async (bytes) => void (secret = bytes),
}
const platform = desktop({ name: 'bench', directory, secrets })
const session = createSession({ authority: oauth({ issuer, clientId: 'storefront', redirectUri: 'http://localhost:4999/' }), platform, origins: [issuer] })
const uploads = createUploads(session, { endpoint, platform, chunkBytes: chunkSize })
await session.start()
await session.adopt(tokens)

const ways: Record<string, (path: string) => Promise<void>> = {
  async ours(path) {
    // A file that was changed is another one: it is sent whole, and its checksum is made anew.
    utimesSync(path, new Date(), new Date())
    const id = uploads.add(path)
    const { uploads: all } = await uploads.settled()
    const sent = all.find((upload) => upload.id === id)
    if (sent?.state !== 'done') throw new Error(`not sent: ${sent?.failure?.code ?? sent?.state}`)
  },
  bare: (path) =>
    new Promise((resolve, reject) => {
      new Upload(createReadStream(path) as never, {
        endpoint, chunkSize, uploadSize: statSync(path).size, headers: { authorization: `Bearer ${tokens.accessToken}` }, metadata: { filename: 'x' }, onSuccess: () => resolve(), onError: reject,
      }).start()
    }),
}

let most = 0
setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 50).unref()
createInterface({ input: process.stdin }).on('line', (line) => {
  const [way, path] = JSON.parse(line) as [string, string]
  most = process.memoryUsage.rss()
  const begin = performance.now()
  ways[way]!(path).then(
    () => console.log(JSON.stringify({ ms: performance.now() - begin, mostBytes: most })),
    (error: unknown) => console.log(JSON.stringify({ failed: error instanceof Error ? error.message : String(error) })),
  )
})
console.log('ready')
