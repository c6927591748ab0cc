// Fails when the tables and pictures are not what bench/results make.
import { outOfStep } from './results.ts'

const files = outOfStep()
if (files.length > 0) {
  console.error(`not what bench/results make; npm run bench writes them: ${files.join(', ')}`)
  process.exitCode = 1
}
