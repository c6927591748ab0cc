/** Erasing real files: what was registered goes, links are cut and not followed, and nothing outside of the content folder is reached. */
import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../../test/folders.ts'
import { folderEraser } from './eraser.ts'

function setting() {
  const around = newFolder()
  const root = join(around, 'content')
  const file = (path: string, text = 'x'): string => {
    const place = join(around, path)
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, text)
    return place
  }
  return { around, root, file, eraser: folderEraser(root) }
}

const directory = (path: string) => ({ kind: 'directory', path }) as const
const id = (digit: string): string => digit.repeat(32)

describe('P2 P9 erasing a folder', () => {
  it('takes what is in it, then itself, and leaves what stands beside it byte for byte', async () => {
    const { root, file, eraser } = setting()
    for (const name of ['a', 'b/c', 'b/d/e', '.hidden']) file(`content/drafts/${name}`)
    mkdirSync(join(root, 'drafts/empty'))
    const beside = [file('content/drafts-2/a', 'mine'), file('content/drafts.txt', 'mine'), file('own.txt', 'mine')]
    expect(await eraser.remains(directory('drafts'))).toBe(4)
    expect(await eraser.erase(directory('drafts'))).toBe(4)
    expect([await eraser.remains(directory('drafts')), existsSync(join(root, 'drafts'))]).toEqual([0, false])
    expect(beside.map((path) => readFileSync(path, 'utf8'))).toEqual(['mine', 'mine', 'mine'])
  })

  it('takes a single file, an empty folder, and nothing where there is none', async () => {
    const { root, file, eraser } = setting()
    expect([await eraser.erase(directory('x')), await eraser.remains(directory('x'))]).toEqual([0, 0])
    file('content/one.bin')
    mkdirSync(join(root, 'none/at/all'), { recursive: true })
    expect([await eraser.remains(directory('one.bin')), await eraser.remains(directory('none'))]).toEqual([1, 1])
    expect([await eraser.erase(directory('one.bin')), await eraser.erase(directory('none'))]).toEqual([1, 0])
    expect(readdirSync(root)).toEqual([])
    expect(await eraser.erase(directory('one.bin/below'))).toBe(0)
  })

  it('takes files and folders whose names are no text', async ({ skip }) => {
    if (process.platform !== 'linux') skip('names are always text here')
    const { root, file, eraser } = setting()
    file('content/drafts/a')
    const odd = Buffer.concat([Buffer.from(join(root, 'drafts/')), Buffer.of(0xe9, 0xff)])
    mkdirSync(odd)
    writeFileSync(Buffer.concat([odd, Buffer.from('/'), Buffer.of(0xfe)]), 'x')
    expect(await eraser.remains(directory('drafts'))).toBe(2)
    expect(await eraser.erase(directory('drafts'))).toBe(2)
    expect([await eraser.remains(directory('drafts')), readdirSync(root)]).toEqual([0, []])
  })

  it('D10 cuts links and leaves what they lead to, wherever that is', async () => {
    const { around, root, file, eraser } = setting()
    const own = file('documents/thesis.txt', 'mine')
    file('content/drafts/a')
    symlinkSync(join(around, 'documents'), join(root, 'drafts/to-folder'))
    symlinkSync(own, join(root, 'drafts/to-file'))
    symlinkSync(join(around, 'gone'), join(root, 'drafts/to-nothing'))
    linkSync(own, join(root, 'drafts/second-name'))
    symlinkSync(join(around, 'documents'), join(root, 'link'))
    expect(await eraser.erase(directory('drafts'))).toBe(5)
    expect(await eraser.erase(directory('link'))).toBe(1)
    expect([readdirSync(root), readFileSync(own, 'utf8')]).toEqual([[], 'mine'])
  })

  it('refuses a path that leaves the content folder, by its words or through a link', async () => {
    const { around, root, file, eraser } = setting()
    const own = file('documents/thesis.txt', 'mine')
    mkdirSync(root)
    symlinkSync(join(around, 'documents'), join(root, 'link'))
    symlinkSync('..', join(root, 'up'))
    for (const path of ['../documents', 'a/../../documents', own, '..', '.', '', 'link/thesis.txt', 'up/documents/thesis.txt', 'link/../../documents', '..\\documents']) {
      for (const call of [eraser.erase, eraser.remains]) await expect(call(directory(path)), path).rejects.toThrow(TypeError)
    }
    expect(readFileSync(own, 'utf8')).toBe('mine')
  })

  it('follows the content folder itself when the person moved it and left a link', async () => {
    const { around, root, file, eraser } = setting()
    file('elsewhere/drafts/a')
    symlinkSync(join(around, 'elsewhere'), root)
    expect(await eraser.erase(directory('drafts'))).toBe(1)
    expect(readdirSync(join(around, 'elsewhere'))).toEqual([])
  })

  it('knows no storage of a browser', async () => {
    const { eraser } = setting()
    const target = { kind: 'cache-storage', cache: 'x' } as const
    expect([await eraser.erase(target), await eraser.remains(target), await eraser.sweep(target, async () => [])]).toEqual([0, 0, 0])
  })
})

describe('P2 P10 sweeping', () => {
  it('takes what lies under ids that are kept no more, asks only after it looked, and takes nothing that is no id', async () => {
    const { root, file, eraser } = setting()
    for (const name of [`${id('a')}.part`, `${id('b')}.part`, `${id('c')}.part`]) for (const at of ['x', 'y/z']) file(`content/previews/${name}/deep/${at}`)
    for (const name of ['own', `${id('b')}.part.own`, `x${id('b')}.part`, `${id('B')}.part`, `${id('b').slice(1)}.part`]) file(`content/previews/${name}/deep/x`)
    file(`content/previews/${id('b')}.part/other`)
    const keep = async (): Promise<readonly string[]> => {
      file(`content/previews/${id('d')}.part/deep/late`)
      return [id('a')]
    }
    expect(await eraser.sweep(directory('previews/{content}.part/deep'), keep)).toBe(4)
    expect(readdirSync(join(root, 'previews')).sort()).toEqual(
      [`${id('a')}.part`, `${id('b')}.part`, `${id('b')}.part.own`, `${id('B')}.part`, `${id('b').slice(1)}.part`, `${id('c')}.part`, `${id('d')}.part`, 'own', `x${id('b')}.part`].sort(),
    )
    expect(readdirSync(join(root, 'previews', `${id('b')}.part`))).toEqual(['other'])
    expect(existsSync(join(root, 'previews', `${id('d')}.part/deep/late`))).toBe(true)
  })

  it('at the root of the content folder, and of a target without an id', async () => {
    const { root, file, eraser } = setting()
    file(`content/${id('a')}/x`)
    file('content/recent/x')
    expect([await eraser.sweep(directory('{content}'), async () => []), await eraser.sweep(directory('recent'), async () => [])]).toEqual([1, 0])
    expect(readdirSync(root)).toEqual(['recent'])
  })
})
