/** What an application may register to be erased. */
import { expect, it } from 'vitest'
import { scene } from '../test/scene.ts'

it('P9 a directory target that would leave the content folder is refused by name', async () => {
  const { first } = scene()
  for (const path of ['', '/etc', '../x', 'a/../../x', 'a//b', './a', 'a/.', 'a/', 'C:/x', 'a\\..\\b', 'a\0b']) {
    expect(() => first.session.register({ kind: 'directory', path }), path).toThrow(TypeError)
  }
  await first.session.register({ kind: 'directory', path: 'previews/{content}' })
})
