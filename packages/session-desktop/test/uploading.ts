/** What tests of uploads do and look at. */
import { lstatSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Upload, UploadsState } from '../src/uploads/index.ts'
import { newFolder } from './folders.ts'
import type { Market, Program } from './market.ts'

export const MB = 1024 * 1024
/** Each of them is being sent, and has come so far. */
export const inFlight = (bytes: number) => (uploads: readonly Upload[]): boolean => uploads.every(({ state, bytesSent }) => state === 'uploading' && bytesSent >= bytes)
/** There are some, and each is there. */
export const all = (state: Upload['state']) => (uploads: readonly Upload[]): boolean => uploads.length > 0 && uploads.every((upload) => upload.state === state)

/** What becomes of a program's uploads. */
export const settled = async (program: Program): Promise<readonly Upload[]> => ((await program.ask('settled')) as UploadsState).uploads

/** Files below a folder in which processes are at work: what goes while one looks is left out. */
export function filesIn(directory: string): { readonly path: string; readonly bytes: Buffer }[] {
  const names = (folder: string): string[] => {
    try {
      return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? names(join(folder, entry.name)) : join(folder, entry.name)))
    } catch {
      return []
    }
  }
  return names(directory).flatMap((path) => {
    try {
      return [{ path, bytes: lstatSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0) }]
    } catch {
      return []
    }
  })
}

/** Records of uploads on a device. */
export const records = (directory: string): string[] => filesIn(join(directory, '3dimli.uploader', 'content', 'uploads')).map(({ path }) => path)

/** A file of so many zeroes. */
export async function emptyFile(bytes: number): Promise<string> {
  const path = join(newFolder(), 'scene.usdz')
  writeFileSync(path, '')
  truncateSync(path, bytes)
  return path
}

/** A program in which a seller is signed in. */
export async function oneProgram(market: Market, options: object = {}): Promise<{ readonly program: Program; readonly directory: string; readonly sid: string; readonly again: () => Promise<Program> }> {
  const device = market.device()
  const program = await device.program({ uploads: { chunkBytes: MB, ...options } })
  const tokens = await market.signIn()
  await program.ask('adopt', tokens)
  return { program, directory: device.directory, sid: tokens.sid, again: () => device.program({ uploads: { chunkBytes: MB, ...options } }) }
}
