// A certificate for localhost that nobody signed, made by openssl, and the one switch that lets Chromium trust just it.
import { execFile } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findOpenssl } from '../../scripts/setup/programs.mjs'

export async function createCertificate() {
  const folder = await mkdtemp(join(tmpdir(), 'certificate-'))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  await promisify(execFile)(findOpenssl() ?? 'openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate,
  ])
  const { publicKey } = new X509Certificate(await readFile(certificate))
  const hash = createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64')
  return {
    key, certificate,
    trust: `--ignore-certificate-errors-spki-list=${hash}`,
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
