// `npm start` as a person uses it: it answers, it ends on Ctrl-C, and it names a port that is taken.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, listen, until } from '../driver/index.ts'

const script = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url))

async function start(...args: string[]) {
  const data = await mkdtemp(join(tmpdir(), 'data-'))
  // Its own process group, so that Ctrl-C can be sent as a terminal does: to all of them.
  const child = spawn('node', [script, '--data', data, ...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  const ended = once(child, 'close').then(([code]) => code as number)
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL')
    await ended
    await rm(data, { recursive: true, force: true })
  })
  return { output: () => output, ended, interrupt: () => process.kill(-child.pid!, 'SIGINT') }
}

test('it prints where things are, answers there, and ends on Ctrl-C', async () => {
  const port = await freePort(1)
  const demo = await start('--port', String(port))
  await Promise.race([
    until(() => demo.output().includes('Ctrl-C ends it'), { what: 'the demo to be up', timeoutMs: 200_000 }),
    demo.ended.then(() => Promise.reject(new Error(`It ended instead:\n${demo.output()}`))),
  ])
  expect(demo.output()).toContain('mira@example.test')
  expect(demo.output()).not.toMatch(/warning/i)

  const storefront = `http://localhost:${port + 1}`
  expect(demo.output()).toContain(storefront)
  expect(await (await fetch(`${storefront}/config.json`)).json()).toMatchObject({ issuer: `http://localhost:${port}`, clientId: 'storefront' })
  const page = await fetch(`${storefront}/some/page`)
  expect(await page.text()).toContain('<script')
  expect(page.headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'")
  expect((await fetch(`${storefront}/missing.js`)).status).toBe(404)

  demo.interrupt()
  expect(await demo.ended).toBe(0)
  await expect(fetch(storefront)).rejects.toThrow('fetch failed')
})

test('a taken port is named, with the way out', async () => {
  const holder = createServer()
  const port = await listen(holder)
  onTestFinished(() => void holder.close())
  const demo = await start('--port', String(port))
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain(`Port ${port}, meant for the provider, is taken`)
  expect(demo.output()).toContain('npm start -- --port')
})

test('an option it does not have is an error that shows the options', async () => {
  const demo = await start('--prot', '4500')
  expect(await demo.ended).toBe(1)
  expect(demo.output()).toContain('Not understood: ')
  expect(demo.output()).toContain('--port 4500')
})
