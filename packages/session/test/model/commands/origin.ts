/** What else lives on the origin: a newer version of the SDK, scripts that post what they like, and a person who clears storage. */
import fc from 'fast-check'
import { command, type ModelCommand } from './command.ts'

const forged = fc.constantFrom('ended', 'ending', 'changed', 'watching')

export const origin: readonly fc.WeightedArbitrary<ModelCommand>[] = [
  {
    weight: 2,
    arbitrary: fc.tuple(forged, fc.constantFrom('ours', 'an old', 'an unknown'), fc.constantFrom(1, 1, 2)).map(([type, whose, version]) =>
      command({
        name: `somebody posts ${type} of ${whose} epoch (version ${version})`,
        act({ device, oracle }) {
          const row = oracle.ledger.row()
          const epochId = whose === 'ours' ? row?.epoch.id : whose === 'an old' ? [...oracle.ledger.stretches.keys()][0] : 'ff'.repeat(16)
          device.channels.forge({ v: version, from: 'ee'.repeat(16), type, epochId: epochId ?? 'none', generation: 99, feed: true })
        },
      })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(undefined, null, 7, 'ending', [], { v: 1 }, { v: 1, type: 'ending' }, { v: '1', type: 'changed', epochId: {} }).map((message) =>
      command({ name: `somebody posts ${JSON.stringify(message)}`, act: ({ device }) => device.channels.forge(message) })),
  },
  {
    weight: 1,
    arbitrary: fc.constant(0).map(() =>
      command({
        name: 'the record is lost',
        act({ device, oracle }) {
          device.store.stored = undefined
          device.store.aside = undefined
          oracle.recordLost()
        },
      })),
  },
  {
    weight: 1,
    arbitrary: fc.constant(0).map(() =>
      command({
        name: 'a newer version puts its own record in the place of ours',
        possible: ({ device }) => device.store.aside === undefined && device.store.stored !== undefined,
        act({ device }) {
          device.store.aside = device.store.stored
          device.store.stored = Object.freeze({ v: 3, theirs: 'and nobody else\'s' })
        },
      })),
  },
  {
    weight: 3,
    arbitrary: fc.constant(0).map(() =>
      command({
        name: 'our record is back',
        possible: ({ device }) => device.store.aside !== undefined,
        act: ({ device }) => device.store.restore(),
      })),
  },
  {
    weight: 1,
    arbitrary: fc.constant(0).map(() => command({ name: 'flags cannot be raised', act: ({ device }) => void (device.flagsWork = false) })),
  },
]
