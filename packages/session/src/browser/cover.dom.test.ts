/** Covers in a single page: what is marked is hidden before it is stored, keeps its place, and comes back as it was. */
import { afterEach, expect, it } from 'vitest'
import { pageCover } from './cover.ts'

afterEach(() => document.body.replaceChildren())

function marked(): { element: HTMLElement; cover: ReturnType<typeof pageCover>; remove: () => void } {
  const element = document.createElement('main')
  document.body.append(element)
  const cover = pageCover()
  return { element, cover, remove: cover.add(element) }
}

const visibility = (element: HTMLElement) => element.style.getPropertyValue('visibility')

it('P1 E4 a marked element is hidden and inert, and only that one', () => {
  const { element, cover } = marked()
  const other = document.createElement('footer')
  document.body.append(other)
  cover.hide()
  expect([visibility(element), element.style.getPropertyPriority('visibility'), element.inert]).toEqual(['hidden', 'important', true])
  expect([visibility(other), other.inert ?? false]).toEqual(['', false])
})

it('what the application had set itself is back after the cover is lifted, however often it was put on', () => {
  const { element, cover } = marked()
  element.style.setProperty('visibility', 'collapse')
  cover.hide()
  cover.hide()
  cover.show()
  expect([visibility(element), element.inert]).toEqual(['collapse', false])
  cover.show()
  expect(visibility(element)).toBe('collapse')
})

it('an element that is not marked any more is shown and left alone', () => {
  const { element, cover, remove } = marked()
  cover.hide()
  remove()
  expect(visibility(element)).toBe('')
  cover.hide()
  expect(visibility(element)).toBe('')
})

it('says what it needs when it is given something else', () => {
  expect(() => pageCover().add('main')).toThrow(new TypeError('cover() needs an HTML element'))
})
