import { limitPrefix, readCeilings, type Limits } from '../limits.ts'

type LineOptions = {
  readonly argv: readonly string[]
  readonly cwd: string
  /** Holds `started` once the walls are up. */
  readonly own: string
  readonly environment: Readonly<Record<string, string>>
  readonly limits: Limits
  /** Which descriptors are its own. */
  readonly lastFd: number
}

/**
 * Runs behind the walls, before the command: what the shells on the way there left open is closed, and that they are up is
 * noted. In words that the bash of macOS (3.2) knows.
 */
const entering =
  'last=$1 dir=$2 own=$3; shift 3; for f in /dev/fd/*; do n=${f##*/}; case $n in *[!0-9]*) ;; *) [ "$n" -le "$last" ] || eval "exec $n>&-" ;; esac; done; ' +
  ': > "$own/started"; cd "$dir" && exec "$@"'

/** A command as a line of the shell that stands for itself: environment, limits, folder and arguments are in it. */
export function lineOf({ argv, cwd, own, environment, limits, lastFd }: LineOptions): string {
  const limited =
    process.platform === 'linux' ? [...limitPrefix(limits, readCeilings()), ...argv] : [...byShell(limits), ...argv]
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const words = [...variables, '/bin/bash', '--norc', '-pc', entering, 'bash', String(lastFd), cwd, own, ...limited]
  return ['exec', '/usr/bin/env', '-i', ...words.map(quote)].join(' ')
}

/** Where there is no `prlimit`: a limit that is higher than the machine's own is left as it is. */
const byShell = ({ fileMb, openFiles }: Limits) => [
  '/bin/bash',
  '--norc',
  '-pc',
  `ulimit -c 0; ulimit -f ${fileMb * 1024} 2>/dev/null; ulimit -n ${openFiles} 2>/dev/null; exec "$@"`,
  'bash',
]

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
