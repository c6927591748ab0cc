/** The command line: `node --disable-warning=ExperimentalWarning src/main.ts --port 4400 --storefront http://localhost:4401 --data .data`. */
// Node 24 warns that node:sqlite is experimental; the flag above, given to whatever starts this file, keeps that one warning quiet.
import { parseArgs } from 'node:util'
import { catalogue, fileOf } from './assets/catalogue.ts'
import { startAuthority } from './index.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4400' },
    storefront: { type: 'string', multiple: true, default: ['http://localhost:4401'] },
    data: { type: 'string', default: '.data' },
    'access-token-seconds': { type: 'string' },
    'download-bytes-per-second': { type: 'string' },
    'no-idempotent-refresh': { type: 'boolean', default: false },
    'no-dpop': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})

// Made now rather than at the first download, which would wait for it.
for (const { id } of catalogue) fileOf(id)

const { 'access-token-seconds': accessTokenSeconds, 'download-bytes-per-second': downloadBytesPerSecond } = values
const authority = await startAuthority({
  port: Number(values.port),
  storefront: values.storefront,
  dataDir: values.data,
  idempotentRefresh: !values['no-idempotent-refresh'],
  dpop: !values['no-dpop'],
  ...(accessTokenSeconds === undefined ? {} : { accessTokenSeconds: Number(accessTokenSeconds) }),
  ...(downloadBytesPerSecond === undefined ? {} : { downloadBytesPerSecond: Number(downloadBytesPerSecond) }),
  ...(values.verbose ? { observe: (event) => console.log(JSON.stringify(event)) } : {}),
}).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
console.log(`Authority at ${authority.issuer}, administration at ${authority.issuer}/admin`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void authority.close())
