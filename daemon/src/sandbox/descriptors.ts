import type { ChildProcess } from 'node:child_process'
import type { Writable } from 'node:stream'
import { signalEach } from './process-tree.ts'

/**
 * Of what is open whoever started the daemon may have left some to it, and libuv marks only the lowest numbers of those as
 * not to be handed on. A folder among them would be a way out of any walls, so a shell closes them before the walls go up.
 */
const closing = 'for f in /dev/fd/*; do n=${f##*/}; [[ $n == *[!0-9]* ]] || ((n <= last)) || exec {n}>&-; done; '
const handingOn = `last=$1; shift; ${closing}exec "$@"`

/**
 * Beside it another holds the end of a pipe, the other end of which is ours alone. When that is closed by our sudden
 * death, it ends the group, which is all that was started: bubblewrap has no child that leaves it before the walls stand.
 * (Its own --die-with-parent is set too late, and it dies of having nobody to report to: whoever is killed while the walls
 * go up left a command that nobody looks after; seen: 5 of 15.) When it is told to, it ends bubblewrap's child alone, with
 * which all inside ends, and the others by themselves: not every machine's first process looks after orphans.
 */
const guarding = `last=$1; guard=$((last + 1)); shift
(for f in /dev/fd/*; do n=\${f##*/}; [[ $n == *[!0-9]* ]] || ((n == guard)) || exec {n}>&-; done
read -ru $guard || kill -9 -$$
while read -ra own </proc/$$/task/$$/children; [[ " \${own[*]} " == *" $BASHPID "* ]]; do
  for each in "\${own[@]}"; do
    [[ $each == $BASHPID ]] || read -r below </proc/$each/task/$each/children
    [[ $below ]] && { kill -9 $below; exit; }
  done
done) &
${closing}"$@"
code=$?; exec 2>/dev/null; kill -9 $!; wait $!; exit $code`

/**
 * What comes before a program that is to have the descriptors up to `last` alone. `-p`, `--norc`: no file or function of
 * anybody's is read, not even where its input is a socket, which bash takes for somebody's who logs in from elsewhere.
 */
export const withDescriptorsUpTo = (last: number) =>
  ['/bin/bash', '--norc', '-pc', handingOn, 'bash', String(last)] as const

/** The same, for what is to end with us, and may be ended by `endGuarded`: the pipe for that is `last + 1`. */
export const guardedWithDescriptorsUpTo = (last: number) =>
  ['/bin/bash', '--norc', '-pc', guarding, 'bash', String(last)] as const

/** Ends at once what was started so, in a group of its own; how, its exit tells. */
export function endGuarded(child: ChildProcess, last: number): void {
  const pipe = child.stdio[last + 1] as Writable | undefined
  pipe?.on('error', () => {}) // it ended by itself
  pipe?.write('\n')
  // Whoever should do it may be gone: there is no memory left, say.
  const late = setTimeout(() => signalEach(child.pid === undefined ? [] : [-child.pid], 'SIGKILL'), lateMs)
  child.once('exit', () => clearTimeout(late))
}
const lateMs = 1_000
