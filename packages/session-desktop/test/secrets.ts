/** Secrets that an application keeps by itself: here in a plain file, since what is tested is everything around it. */
import { readFile, writeFile } from 'node:fs/promises'
import type { Secrets } from '../src/index.ts'

/** Secrets in a file. */
export function secretsIn(path: string): Secrets {
  return {
    read: () => readFile(path).then((bytes) => new Uint8Array(bytes), () => undefined),
    write: (bytes) => writeFile(path, bytes),
  }
}
