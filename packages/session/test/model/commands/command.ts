/** One thing that happens, and how much of what follows from it is let through before the next. */
import type { AsyncCommand } from 'fast-check'
import type { World } from '../world.ts'

export type ModelCommand = AsyncCommand<World, World>

export interface CommandParts {
  readonly name: string
  readonly act: (world: World) => void | Promise<void>
  readonly possible?: (world: World) => boolean
  /** How many steps are let through afterwards. */
  readonly steps?: number
}

export function command({ name, act, possible = () => true, steps = 0 }: CommandParts): ModelCommand {
  const text = steps > 0 ? `${name}, then ${steps} steps` : name
  return {
    check: possible,
    async run(world) {
      if (world.telling) world.story.push(`--- ${text}`)
      await act(world)
      await world.schedule.turn(steps)
    },
    toString: () => text,
  }
}
