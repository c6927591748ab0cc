/** Checks what an application registers to be erased. */
import type { Target } from './end.ts'

/** Reads a target; throws a `TypeError` that names the member which is wrong. */
export function readTarget(target: Target): Target {
  const need = (value: unknown, member: string): void => {
    if (typeof value !== 'string' || value === '') throw new TypeError(`"${member}" of a ${target.kind} target must be a non-empty string`)
  }
  const may = (value: unknown, member: string): void => {
    if (value !== undefined) need(value, member)
  }
  switch (target?.kind) {
    case 'cache-storage':
      need(target.cache, 'cache')
      return target
    case 'indexeddb':
      need(target.database, 'database')
      may(target.store, 'store')
      may(target.prefix, 'prefix')
      return target
    case 'web-storage':
      if (target.area !== 'local' && target.area !== 'session') throw new TypeError('"area" of a web-storage target must be "local" or "session"')
      may(target.key, 'key')
      may(target.prefix, 'prefix')
      if ((target.key === undefined) === (target.prefix === undefined)) throw new TypeError('a web-storage target needs either "key" or "prefix"')
      return target
    case 'opfs':
      need(target.path, 'path')
      return target
    case 'directory':
      need(target.path, 'path')
      if (!isInside(target.path)) throw new TypeError('"path" of a directory target must be relative, with "/" between its parts and no "." or ".." among them')
      return target
    default:
      throw new TypeError('"kind" must be "cache-storage", "indexeddb", "web-storage", "opfs" or "directory"')
  }
}

/** Whether a path of a directory target stays below the folder that it is relative to, on every system, by its words alone. */
export function isInside(path: string): boolean {
  return !/[\\:\0]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}
