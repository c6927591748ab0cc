// All figures, in the order in which they are shown.
import type { Figure } from '../figure.ts'
import { erase } from './erase.ts'
import { feeds } from './feeds.ts'
import { files } from './files.ts'
import { growth } from './growth.ts'
import { idle } from './idle.ts'
import { lists } from './lists.ts'
import { requests } from './requests.ts'
import { size } from './size.ts'
import { start } from './start.ts'
import { tabs } from './tabs.ts'
import { uploads } from './uploads.ts'

export const figures: readonly Figure<never>[] = [size as never, start as never, requests as never, tabs as never, erase as never, files as never, idle as never, growth as never, feeds as never, lists as never, uploads as never]
