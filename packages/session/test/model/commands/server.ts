/** What the server decides. */
import fc from 'fast-check'
import { command, type ModelCommand } from './command.ts'

const then = fc.oneof(fc.nat(8), fc.constant(300))
const standing = fc.constantFrom('revoked', 'revoked', 'expired', 'suspended', 'alive')
const disposition = fc.constantFrom('wipe', 'wipe', 'lock')

export const decisions: readonly fc.WeightedArbitrary<ModelCommand>[] = [
  {
    weight: 6,
    arbitrary: fc.tuple(fc.nat(2), standing, disposition, then).map(([back, to, how, after]) =>
      command({
        name: `the server has the ${back === 0 ? 'last' : `${back + 1}th last`} session ${to}${to === 'revoked' ? ` (${how})` : ''}`,
        possible: ({ server }) => server.logins.size > back,
        act: ({ server }) => server.change([...server.logins.keys()].at(-1 - back) ?? '', to as 'revoked', how as 'wipe'),
        steps: after,
      })),
  },
]
