/** Time passes, or only its clock moves. */
import fc from 'fast-check'
import { command, type ModelCommand } from './command.ts'

const spans = fc.constantFrom(50, 99, 101, 500, 2_100, 10_500, 31_000, 60_000, 290_000)
const jumps = fc.constantFrom(-86_400_000, -3_600_000, -5_000, 5_000, 600_000, 86_400_000)

export const time: readonly fc.WeightedArbitrary<ModelCommand>[] = [
  { weight: 8, arbitrary: fc.oneof(fc.nat(20), fc.constant(200)).map((steps) => command({ name: `${steps} steps`, act: () => {}, steps })) },
  { weight: 8, arbitrary: spans.map((ms) => command({ name: `${ms} ms pass`, act: ({ schedule }) => schedule.pass(ms) })) },
  {
    weight: 1,
    arbitrary: jumps.map((ms) =>
      command({
        name: `the wall clock moves by ${ms} ms`,
        act(world) {
          world.device.wallOffset += ms
          world.oracle.ledger.wallMovedAt = world.schedule.now()
        },
      })),
  },
]
