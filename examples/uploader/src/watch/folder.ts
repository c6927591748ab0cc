/** Files of a folder that are complete: each is told of once it has stopped growing, and again when it was changed. */
import { lstat, realpath, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { watch } from 'chokidar'

/** How long a file must not have grown before it counts as complete. */
const stillMs = 2_000
/** What browsers, copying programs and editors call what they have not finished. */
const unfinished = /^\.|~$|\.(part|partial|crdownload|download|tmp|swp)$/i

/** What is told of a folder. */
export interface FolderListener {
  complete(path: string): void
  gone(path: string): void
  /** Looking at it failed; the folder may be gone. */
  failed(): void
}

/** Whether a folder is there. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), () => false)
}

/** Whether there is a file, and no link on the way to it. */
export async function isOwnFile(path: string): Promise<boolean> {
  return Promise.all([lstat(path), realpath(path)]).then(([found, real]) => found.isFile() && real === path, () => false)
}

/** Watches a folder, given by its real path, and those in it, following no link out of it; returns the end of it. */
export function watchFolder(path: string, listener: FolderListener): () => Promise<void> {
  const watcher = watch(path, {
    awaitWriteFinish: { stabilityThreshold: stillMs, pollInterval: 100 },
    followSymlinks: false,
    ignored: (file) => file !== path && unfinished.test(basename(file)),
    ignorePermissionErrors: true,
  })
  const complete = (file: string): void => {
    // A link is watched like a file, and what it leads to is nothing of this folder: whoever puts one here would have any file sent.
    void isOwnFile(file).then((isOwn) => (isOwn ? listener.complete(file) : listener.gone(file)))
  }
  watcher.on('add', complete).on('change', complete).on('unlink', listener.gone).on('error', listener.failed)
  return () => watcher.close()
}
