// Debian's packages: what is missing of the programs is installed in one call, or named in an error that says what to do.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { must, run, say } from './command.mjs'

const missingOf = (programs) => programs.filter(({ find }) => !find())

/** Makes sure that all of the programs are there; of those that are optional, as many as can be. */
export async function ensurePrograms(programs) {
  await ensureAll(programs.filter(({ optional }) => !optional))
  await ensureAll(programs.filter(({ optional }) => optional)).catch((error) => say(`Some tests will be skipped. ${error.message}`))
}

async function ensureAll(programs) {
  const missing = missingOf(programs)
  if (missing.length === 0) return
  const packages = [...new Set(missing.flatMap((program) => program.packages))]
  const canInstall = process.getuid?.() === 0 && (await run('apt-get', ['--version'])).code === 0
  if (!canInstall) {
    const list = missing.map(({ what, hint }) => (hint ? `${what} (${hint})` : what)).join(', ')
    throw new Error(
      `The tests need what was not found on this machine: ${list}. ` +
        `On Debian: apt-get install ${packages.join(' ')}. As root on Debian this is done for you.`,
    )
  }
  await install(packages)
  const still = missingOf(missing)
  if (still.length > 0) throw new Error(`Installed ${packages.join(', ')}, but this does not start: ${still.map(({ what }) => what).join(', ')}.`)
}

async function install(packages) {
  say(`Installing ${packages.join(', ')} with apt-get (once; a minute or two)`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await must('apt-get update', 'apt-get', ['update'], { env })
  const options = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', '-o', 'APT::Status-Fd=3']
  const allowServices = withoutServices()
  try {
    await must(`apt-get install ${packages.join(' ')}`, 'apt-get', [...options, ...packages], { env, onStatus: inQuarters() })
  } finally {
    allowServices()
  }
}

const policy = '/usr/sbin/policy-rc.d'

/** Debian starts a service as soon as it is installed, here nginx on port 80, unless this file says no. */
function withoutServices() {
  if (existsSync(policy)) return () => {}
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  return () => rmSync(policy, { force: true })
}

/** apt's status lines (`dlstatus:2:37.5:Retrieving file 2 of 90`) as one progress line per quarter. */
function inQuarters() {
  const told = new Set()
  return (chunk) => {
    for (const [, kind, percent] of chunk.matchAll(/^(dl|pm)status:.*?:([\d.]+):/gm)) {
      const quarter = Math.floor(Number(percent) / 25) * 25
      const line = `  ${kind === 'dl' ? 'downloaded' : 'installed'} ${quarter} %`
      if (quarter > 0 && !told.has(line)) say(line)
      told.add(line)
    }
  }
}
