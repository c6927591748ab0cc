/** Bytes on their way out, as fast as they are read or at a rate. */
import { setTimeout as after } from 'node:timers/promises'

const chunkBytes = 64 * 1024

/** Streams `bytes` in pieces. */
export function paced(bytes: Uint8Array<ArrayBuffer>, bytesPerSecond: number | undefined): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0
  return new ReadableStream({
    async pull(controller) {
      const chunk = bytes.subarray(at, at + chunkBytes)
      at += chunk.length
      if (chunk.length === 0) return controller.close()
      if (bytesPerSecond !== undefined) await after((chunk.length / bytesPerSecond) * 1000)
      controller.enqueue(chunk.slice())
    },
  })
}
