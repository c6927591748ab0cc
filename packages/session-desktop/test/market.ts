/** A market with sellers: the example's authority behind a proxy, people who sign in, and programs that upload. */
import { createHash } from 'node:crypto'
import { closeSync, createWriteStream, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { onTestFinished } from 'vitest'
import { generateKeyPair, generateProof } from '../../../examples/authority/node_modules/dpop/build/index.js'
import { startAuthority, type Authority, type AuthorityEvent, type AuthorityOptions } from '../../../examples/authority/src/index.ts'
import { createVisitor } from '../../../examples/authority/src/testing/visitor.ts'
import type { Upload } from '../src/uploads/index.ts'
import { newFolder } from './folders.ts'
import { startChild, type Child } from './processes.ts'
import { startProxy, type Proxy } from './proxy.ts'

const storefront = 'http://localhost:4999'

/** A program of a seller, told by lines what to do. */
export interface Program extends Child {
  /** Says a line and resolves with what it answered. */
  ask(command: string, given?: unknown): Promise<unknown>
  /** Resolves with the first look at the uploads that fits, from now on. */
  until(fits: (uploads: readonly Upload[]) => boolean): Promise<void>
}

/** A device: everything that shares one data directory. */
export interface Device {
  readonly directory: string
  program(more?: object): Promise<Program>
  /** A program that was told nothing yet, and may not even have begun. */
  spawn(more?: object): Program
}

/** The market. */
export interface Market {
  readonly authority: Authority
  readonly proxy: Proxy
  readonly events: AuthorityEvent[]
  device(): Device
  /** Signs a person in, with tokens bound to a key; what adopt() of a program takes. */
  signIn(email?: string): Promise<{ readonly sid: string; readonly subject: string }>
  /** Every refresh token that the provider has at this moment. */
  refreshTokens(): readonly string[]
  /** What the server let in and made of it, by upload: bytes that came in, the digest of what lies on its disk, and the one that the program promised. */
  received(): readonly { readonly id: string; readonly sid: string; readonly bytes: number; readonly finished: boolean; readonly digest: string; readonly promised: string | null }[]
}

/** Opens it. */
export async function openMarket(options: AuthorityOptions = {}): Promise<Market> {
  const events: AuthorityEvent[] = []
  const dataDir = newFolder()
  const authority = await startAuthority({ port: 0, storefront, dataDir, observe: (event) => void events.push(event), ...options })
  onTestFinished(() => authority.close())
  const proxy = await startProxy(authority.port)
  const asked = <Found>(query: string): Found[] => {
    const database = new DatabaseSync(join(dataDir, 'authority.sqlite'), { readOnly: true })
    try {
      return database.prepare(query).all() as Found[]
    } finally {
      database.close()
    }
  }

  return {
    authority, proxy, events,

    async signIn(email = 'sela@example.test') {
      const keys = await generateKeyPair('ES256', { extractable: true })
      const visitor = createVisitor(authority.issuer, storefront)
      const proof = (): Promise<string> => generateProof(keys, `${authority.issuer}/token`, 'POST')
      const tokens = await visitor.signIn({ email, scope: 'openid offline_access profile uploads:write', headers: { dpop: await proof() } })
      const { sub, sid } = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string; sid: string }
      const written = (key: CryptoKey): Promise<JsonWebKey> => crypto.subtle.exportKey('jwk', key)
      return {
        accessToken: tokens.access_token, refreshToken: tokens.refresh_token, tokenType: 'DPoP', subject: sub, sid, expiresAt: Date.now() + tokens.expires_in * 1_000,
        keys: { privateKey: await written(keys.privateKey), publicKey: await written(keys.publicKey) },
      }
    },

    // An opaque token of oidc-provider is the name it is kept under.
    refreshTokens: () => asked<{ id: string }>(`SELECT id FROM provider WHERE kind = 'RefreshToken'`).map(({ id }) => id),

    received() {
      const uploads = events.filter((event) => event.type === 'upload')
      const rows = asked<{ id: string; sha256: string | null }>('SELECT id, sha256 FROM uploads')
      return [...new Set(uploads.map(({ id }) => id))].map((id) => {
        const own = uploads.filter((event) => event.id === id)
        const bytes = own.filter(({ what }) => what === 'received').reduce((sum, event) => sum + event.bytes, 0)
        return { id, sid: own.at(-1)?.sid ?? '', bytes, finished: own.some(({ what }) => what === 'finished'), digest: digestOf(join(dataDir, 'uploads', id)), promised: rows.find((row) => row.id === id)?.sha256 ?? null }
      })
    },

    device() {
      const directory = newFolder()
      const secret = join(newFolder(), 'secret')
      const device: Device = {
        directory,
        spawn(more = {}) {
          const child = startChild('uploader', { directory, secret, issuer: authority.issuer, api: proxy.origin, redirectUri: `${storefront}/signed-in`, ...more })
          return {
            ...child,
            async ask(command, given) {
              const from = child.lines.length
              child.say(`${command} ${JSON.stringify(given ?? null)}`)
              const answer = await child.line(`${command} `, from)
              return JSON.parse(answer.slice(command.length + 1)) as unknown
            },
            async until(fits) {
              let from = child.lines.length
              child.say('look null')
              for (;;) {
                const line = await child.line('uploads ', from)
                if (fits(JSON.parse(line.slice(8)) as never)) return
                from = child.lines.indexOf(line, from) + 1
              }
            },
          }
        },
        async program(more) {
          const program = device.spawn(more)
          await program.line('ready')
          await program.ask('start')
          return program
        },
      }
      return device
    },
  }
}

/** A file of pseudo-random bytes: the same for the same seed. */
export async function makeFile(path: string, size: number, seed: string): Promise<string> {
  const whole = createHash('sha256')
  // One block of noise, told apart by a counter at its beginning, is enough to notice a missing, doubled or moved byte.
  const block = Buffer.concat(Array.from({ length: 2_048 }, (_, index) => createHash('sha256').update(`${seed} ${index}`).digest()))
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0; at < size; at += block.length) {
      const piece = Buffer.from(block.subarray(0, Math.min(block.length, size - at)))
      if (piece.length >= 6) piece.writeUIntBE(at, 0, 6)
      whole.update(piece)
      yield piece
    }
  }
  await pipeline(Readable.from(pieces(), { objectMode: false, highWaterMark: 1024 * 1024 }), createWriteStream(path))
  return whole.digest('hex')
}

/** The SHA-256 of a file. */
export function digestOf(path: string): string {
  const hash = createHash('sha256')
  const file = openSync(path, 'r')
  const bytes = Buffer.alloc(1024 * 1024)
  for (let read = 1; read > 0; ) {
    read = readSync(file, bytes)
    hash.update(bytes.subarray(0, read))
  }
  closeSync(file)
  return hash.digest('hex')
}
