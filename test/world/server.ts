// A server on a loopback port that answers as a test tells it to, and ends with the test.
import { createServer, type RequestListener } from 'node:http'
import { onTestFinished } from 'vitest'
import { listen } from '../driver/index.ts'

/** Starts it; resolves to its origin. */
export async function startServer(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  const port = await listen(server)
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://localhost:${port}`
}
