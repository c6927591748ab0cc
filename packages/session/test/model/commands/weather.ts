/** What goes wrong between the contexts, on the disk and on the way to the server. */
import fc from 'fast-check'
import type { MessageFault } from '../channel.ts'
import type { Fault, Line } from '../network.ts'
import type { StorageMode } from '../store.ts'
import type { World } from '../world.ts'
import { command, type ModelCommand } from './command.ts'

const lines = fc.constantFrom<Line>('token', 'token', 'token', 'session', 'session', 'resource', 'revocation', 'feed')
const faults = fc.constantFrom<Fault>(
  'lost-on-the-way', 'lost-answer', 'lost-answer', 'never-arrives', 'never-answered', 'late-request', 'late-answer', 'late-answer',
  'error-500', 'gateway-504', 'too-many', 'html', 'bare-401', 'forbidden', 'invalid-grant', 'invalid-grant', 'invalid-grant', 'unknown-session', 'other-session', 'other-session', 'old-event')
const modes = fc.constantFrom<StorageMode>('throws', 'hangs', 'refuses-writes', 'loses its connection')

const failed = (world: World): void => void (world.oracle.ledger.storageFailedAt = world.schedule.now())

export const weather: readonly fc.WeightedArbitrary<ModelCommand>[] = [
  {
    weight: 10,
    arbitrary: fc.tuple(lines, faults, fc.constantFrom(1, 1, 1, 2, 3)).map(([line, fault, count]) =>
      command({
        name: `the next ${count} exchanges at ${line}: ${fault}`,
        act: ({ network }) => void network.faults.set(line, [...(network.faults.get(line) ?? []), ...Array.from({ length: count }, () => fault)]),
      })),
  },
  {
    weight: 2,
    arbitrary: fc.boolean().map((offline) => command({ name: offline ? 'going offline' : 'back online', act: ({ network }) => void (network.offline = offline), possible: ({ network }) => network.offline !== offline })),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom<MessageFault>('drop', 'drop', 'duplicate', 'delay'), fc.integer({ min: 1, max: 4 })).map(([fault, count]) =>
      command({ name: `the next ${count} messages: ${fault}`, act: ({ device }) => void device.channels.faults.push(...Array.from({ length: count }, () => fault)) })),
  },
  {
    weight: 2,
    arbitrary: modes.map((mode) =>
      command({
        name: `the record ${mode}`,
        act(world) {
          world.device.store.mode = mode
          failed(world)
        },
      })),
  },
  {
    weight: 4,
    arbitrary: fc.constant(0).map(() =>
      command({ name: 'the record works again', possible: ({ device }) => device.store.mode !== 'works', act: ({ device }) => device.store.heal() })),
  },
  {
    weight: 3,
    arbitrary: modes.map((mode) => command({ name: `the disk ${mode}`, act: ({ device }) => void (device.disk.mode = mode) })),
  },
  {
    weight: 2,
    arbitrary: fc.constant(0).map(() =>
      command({ name: 'the disk works again', possible: ({ device }) => device.disk.mode !== 'works', act: ({ device }) => void (device.disk.mode = 'works') })),
  },
]
