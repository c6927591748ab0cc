/** Erases what the application registered: folders and files below its content folder. Storages of a browser do not exist here. */
import { readdir } from 'node:fs/promises'
import type { Eraser, Target } from '@3dimli/session/platform'
import { unless } from '../folder.ts'
import { clear, countAt, findPlace } from './walk.ts'

const contentMark = '{content}'
const contentId = '([0-9a-f]{32})'
/** A write that was under way may land between two looks. */
const looks = 3

/** Makes the eraser of one content folder. */
export function folderEraser(root: string): Eraser {
  const erase = async (path: string): Promise<number> => {
    let entries = 0
    for (let look = 0; look < looks; look += 1) {
      const place = await findPlace(root, path)
      if (place === undefined) break
      entries += await clear(place)
    }
    return entries
  }

  /** Content ids that stand, on the disk, where the pattern has its mark. */
  const idsOf = async (pattern: string): Promise<ReadonlySet<string>> => {
    const parts = pattern.split('/')
    const at = parts.findIndex((part) => part.includes(contentMark))
    const shape = new RegExp(`^${(parts[at] ?? '').split(contentMark).map(escape).join(contentId)}$`)
    const folder = at === 0 ? root : await findPlace(root, parts.slice(0, at).join('/'))
    const names = (folder === undefined ? undefined : await unless(['ENOENT', 'ENOTDIR'], readdir(folder))) ?? []
    return new Set(names.flatMap((name) => shape.exec(name)?.[1] ?? []))
  }

  return {
    erase: async (target) => (isFolder(target) ? erase(target.path) : 0),
    async remains(target) {
      const place = isFolder(target) ? await findPlace(root, target.path) : undefined
      return place === undefined ? 0 : countAt(place)
    },
    async sweep(target, keep) {
      if (!isFolder(target) || !target.path.includes(contentMark)) return 0
      const found = await idsOf(target.path)
      const kept = await keep()
      let entries = 0
      for (const id of found) if (!kept.includes(id)) entries += await erase(target.path.replaceAll(contentMark, id))
      return entries
    },
  }
}

function isFolder(target: Target): target is Extract<Target, { kind: 'directory' }> {
  return target.kind === 'directory'
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
