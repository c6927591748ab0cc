/** Everything that can happen in a run. */
import fc from 'fast-check'
import type { ModelCommand } from './command.ts'
import { decisions } from './server.ts'
import { life } from './life.ts'
import { moments } from './moments.ts'
import { origin } from './origin.ts'
import { person } from './person.ts'
import { time } from './time.ts'
import { weather } from './weather.ts'

/** One command; rare ones are rare. */
export const commands: fc.Arbitrary<ModelCommand> = fc.oneof(...person, ...decisions, ...time, ...life, ...weather, ...origin, ...moments)
