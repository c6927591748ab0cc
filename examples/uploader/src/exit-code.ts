/** What the program's exit codes mean; scripts rely on them. */

/** The exit codes. */
export const exitCode = {
  done: 0,
  /** Some file could not be uploaded. */
  failed: 1,
  wrongUse: 2,
  /** Nobody is signed in, or the session ended meanwhile. */
  signedOut: 3,
  /** The server did not answer. */
  unreachable: 4,
  /** A session cannot be kept on this machine. */
  notKept: 5,
  /** Ctrl-C. */
  interrupted: 130,
  /** Whoever read what is printed went away; as of a program that SIGPIPE ends. */
  unread: 141,
  /** Told to end by the system. */
  terminated: 143,
} as const

/** One of them. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

/** The same, for `--help`. */
export const exitCodes = `Exit codes:
  0    done
  1    some file could not be uploaded
  2    wrong use
  3    nobody is signed in, or the session has ended
  4    the server cannot be reached
  5    this machine cannot keep a session between two commands
  130  stopped by Ctrl-C
  141  stopped, since nobody reads any more what it prints`
