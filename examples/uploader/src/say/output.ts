/** What the program prints: words for people, or one JSON object per line for scripts; and lines that are drawn over. */
import { styleText } from 'node:util'
import { createLogUpdate } from 'log-update'
import { exitCode } from '../exit-code.ts'

type Style = Parameters<typeof styleText>[0]

/** Where everything that is printed goes through. */
export interface Output {
  readonly json: boolean
  /** Whether what is drawn can be drawn over. */
  readonly isLive: boolean
  readonly columns: number
  /** Says something to a person. */
  line(text?: string): void
  /** Says what is wrong, or what to do about it. */
  problem(text: string): void
  /** Tells a script. */
  event(name: string, data?: object): void
  /** Draws below everything that was said, over what was drawn before; nothing takes it away. */
  draw(text?: string): void
  /** Colours for a person; plain where there are none. */
  style(style: Style, text: string): string
}

/** Makes it. With `json` stdout has nothing but objects, and people are told on stderr. */
export function createOutput({ json, stdout = process.stdout, stderr = process.stderr }: { json: boolean; stdout?: NodeJS.WriteStream; stderr?: NodeJS.WriteStream }): Output {
  const people = json ? stderr : stdout
  const isLive = !json && stderr.isTTY && people.isTTY
  const live = isLive ? createLogUpdate(stderr) : undefined
  let drawn = ''
  // Whoever reads may go away before the end, as `head` does.
  for (const stream of [stdout, stderr]) stream.on('error', (error: NodeJS.ErrnoException) => void (error.code === 'EPIPE' && process.exit(exitCode.unread)))

  const say = (stream: NodeJS.WriteStream, text: string): void => {
    if (drawn !== '') live?.clear()
    stream.write(`${text}\n`)
    if (drawn !== '') live?.(drawn)
  }
  return {
    json, isLive,
    get columns() {
      return stderr.columns ?? 80
    },
    line: (text = '') => say(people, text),
    problem: (text) => say(stderr, text),
    event: (name, data = {}) => void (json && stdout.write(`${lineOf({ event: name, ...data })}\n`)),
    draw(text = '') {
      drawn = text
      if (text === '') live?.clear()
      else live?.(text)
    },
    style: (style, text) => (json ? text : styleText(style, text, { stream: people })),
  }
}

/** JSON lets through what some take for the end of a line, and a terminal for a command. */
function lineOf(data: object): string {
  return JSON.stringify(data).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
