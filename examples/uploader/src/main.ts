/** The uploader: `node src/main.ts upload chair.glb`, or `npm run uploader -- upload chair.glb` at the root. */
import { run } from './program.ts'

process.exitCode = await run(process.argv.slice(2))
