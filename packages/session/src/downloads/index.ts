/**
 * Downloads that stay on the device while the session lives, encrypted, and are unreadable the moment it ends.
 *
 * @module `@3dimli/session/downloads`
 */
export { createDownloads } from './downloads.ts'
export type { Download, Downloads, DownloadsOptions, OpenDownload, SaveOptions, SaveProgress } from './downloads.ts'
