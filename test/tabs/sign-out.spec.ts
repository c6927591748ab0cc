// A sign-out in one tab is a sign-out in all.
import { afterEach, expect, test } from 'vitest'
import { until } from '../driver/index.ts'
import { allAre, createWorld, onlyOneIsVisible, type World } from '../world/world.ts'

let world: World
afterEach(() => world.close())

test('P1 E1 a sign-out in one of ten tabs ends the other nine, and the refresh token', async () => {
  world = await createWorld()
  const first = await world.open()
  await world.signIn(first)
  const tabs = [first]
  while (tabs.length < 10) tabs.push(await world.open())
  await allAre(tabs, 'active')
  await onlyOneIsVisible(tabs)
  // Each says so by itself: whoever asks a tab of WebKit gives it the focus, and a tab that is looked at reads the record anyway.
  await Promise.all(tabs.map((tab, index) => tab.evaluate((own) => void shop.session.subscribe(({ status }) => {
    if (status === 'signed-out') localStorage.setItem(`told.${own}`, status)
  }), index)))
  const result = await tabs[3]!.evaluate(() => shop.session.signOut())
  expect(result).toMatchObject({ remote: 'revoked', purge: { complete: true } })
  const told = () => Object.keys(localStorage).filter((key) => key.startsWith('told.')).length
  await until(async () => (await tabs[3]!.evaluate(told)) === 10, { what: 'ten tabs to be told without being looked at' })
  await allAre(tabs, 'signed-out')
  // A tab that waited too long for another's turn tells the server once more, which harms nothing.
  expect(world.of('revocation')[0]).toMatchObject({ known: true })
})

test('P5 E2 after an end the provider asks for the password again', async () => {
  world = await createWorld()
  const tab = await world.open()
  const before = await world.signIn(tab)
  await tab.evaluate(() => shop.session.signOut())
  // signIn() of this world types a password, so it only succeeds where the form is shown.
  expect(await world.signIn(tab)).not.toBe(before)
})
