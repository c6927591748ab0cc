// Which process shows a tab: it may be killed or stopped for a test, so nothing else may be taken for it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished, expect, test } from 'vitest'
import { busyProcess, killGroup } from './processes.ts'

// A browser that is always busy, and a page that is busy when told to; the last argument is how Chromium names such a process.
const page = `process.on('message', (ms) => { for (const from = Date.now(); Date.now() - from < ms; ); process.send('done') }); process.send({ pid: process.pid })`
const browser = `
  const page = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(page)}, '--', '--type=renderer', '-'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  page.on('message', (message) => process.send(message))
  process.on('message', (ms) => page.send(ms))
  setInterval(() => { for (const from = Date.now(); Date.now() - from < 40; ); }, 1)`

test('the process of a page is found beside a browser that is busier', async () => {
  const child = spawn(process.execPath, ['-e', browser], { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  onTestFinished(() => killGroup(child.pid!))
  const [{ pid }] = (await once(child, 'message')) as [{ pid: number }]
  const spin = async (ms: number) => {
    child.send(ms)
    await once(child, 'message')
  }
  expect(await busyProcess(child.pid!, spin)).toBe(pid)
})
