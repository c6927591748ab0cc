/** The command line: what can be asked for, and what each command is told. */
import { isAbsolute, resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { nameFor, type Settings } from './application.ts'
import type { Shown } from './commands/open.ts'
import type { Run } from './commands/run.ts'
import { execute } from './execute.ts'
import { exitCode, exitCodes, type ExitCode } from './exit-code.ts'
import { plain } from './say/frame.ts'
import type { How } from './signing-in.ts'

const standardServer = 'http://localhost:4400'

interface Shared {
  readonly server: string
  readonly name?: string
  readonly data?: string
  readonly json: boolean
}

interface SigningIn {
  readonly signIn?: boolean
  readonly device?: boolean
}

/** Runs what the arguments ask for; resolves with the exit code. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = exitCode.done
  const does = async (shared: Shared, command: (run: Run) => Promise<ExitCode>): Promise<void> => void (code = await execute(settingsOf(shared), shared, command))
  const program = new Command('uploader')
    .description('Uploads a seller’s files to 3DIMLI, in a session that ends everywhere at once.')
    .addHelpText('after', `\n${exitCodes}`)
    .exitOverride()
    // What is no option may be the name of a file.
    .configureOutput({ outputError: (text, write) => write(text.split('\n').map(plain).join('\n')) })
    .configureHelp({ showGlobalOptions: true })

  command(program, 'sign-in').description('sign in, for every command and window of yours on this machine')
    .option('--device', 'with a code, on any other device')
    .action((given: Shared & SigningIn) => does(given, async (it) => (await import('./commands/sign-in.ts')).signInCommand(it, { device: given.device === true })))
  signingIn(command(program, 'upload')).description('upload files, and go on where an earlier upload of them stopped').argument('<file...>', 'the files')
    .action((files: string[], given: Shared & SigningIn) => does(given, async (it) => (await import('./commands/upload.ts')).uploadCommand(it, files, howOf(given))))
  signingIn(command(program, 'watch')).description('upload what appears in a folder, until Ctrl-C').argument('<folder>', 'the folder; what lies in it now counts too')
    .action((folder: string, given: Shared & SigningIn) => does(given, async (it) => (await import('./commands/watch.ts')).watchCommand(it, folder, howOf(given))))
  command(program, 'open').description('the same in a window: drop files on it')
    .option('--browser <program>', 'show it in this browser').option('--address', 'print its address and start no browser')
    .action((given: Shared & Shown) => does(given, async (it) => (await import('./commands/open.ts')).openCommand(it, given)))
  command(program, 'status').description('say who is signed in, and what this machine keeps')
    .action((given: Shared) => does(given, async (it) => (await import('./commands/status.ts')).statusCommand(it)))
  command(program, 'sign-out').description('end the session in every window and process, and at the server')
    .action((given: Shared) => does(given, async (it) => (await import('./commands/sign-out.ts')).signOutCommand(it)))

  program.command('demo').exitOverride().description('try it: a marketplace of your own, a folder with models, and this uploader, until Ctrl-C')
    .action(async () => void (code = await (await import('./commands/demo.ts')).demo()))

  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    const { code: what, exitCode: wanted } = error as { code?: unknown; exitCode?: unknown }
    if (typeof what !== 'string' || !what.startsWith('commander.')) throw error
    return wanted === 0 ? exitCode.done : exitCode.wrongUse
  }
  return code
}

function command(program: Command, name: string): Command {
  return program.command(name).exitOverride().showHelpAfterError('(uploader --help says more)')
    .addOption(new Option('--server <url>', 'the marketplace').default(standardServer).argParser(server))
    .option('--name <name>', 'a session of its own under this name, at each marketplace', sessionName)
    .option('--data <folder>', 'where the session is kept (default: your data directory)', (path) => (isAbsolute(path) ? path : resolve(path)))
    .option('--json', 'one JSON object per line on stdout, words on stderr', false)
}

function signingIn(made: Command): Command {
  return made.option('--sign-in', 'sign in first, in the browser, where nobody is signed in').option('--device', 'the same with a code, on any other device')
}

function howOf({ signIn, device }: SigningIn): How | undefined {
  return signIn || device ? { device: device === true } : undefined
}

function settingsOf({ server, name, data }: Shared): Settings {
  return { server, name: nameFor(server, standardServer, name), ...(data !== undefined && { data }) }
}

function server(text: string): string {
  const url = URL.parse(text)
  const isLoopback = url !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback)) || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new InvalidArgumentError('It must be an https address, or http on this machine.')
  }
  return url.href.replace(/\/$/, '')
}

function sessionName(text: string): string {
  if (!/^[\w-]{1,64}$/.test(text)) throw new InvalidArgumentError('It must be 1 to 64 letters, digits, "-" or "_".')
  return text
}
