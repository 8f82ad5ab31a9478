import { accessSync, constants, readFileSync, realpathSync } from 'node:fs'
import { perlRelay } from './perl-relay.ts'

const nodeRelay = readFileSync(new URL('relay.ts', import.meta.url), 'utf8')

/** Perl of the system, which is seen inside at the same place, where there is one. */
export function systemPerl(file = '/usr/bin/perl'): string | null {
  try {
    accessSync(file, constants.X_OK)
    // A link may lead to where nothing is seen from inside.
    return realpathSync(file).startsWith('/usr/') ? file : null
  } catch {
    return null
  }
}

/** What runs the relay: Perl where there is one, for it starts sooner, else Node. */
export type RelayPrograms = { readonly node: string; readonly perl: string | null }

/** The relay as a program, its switches and its text. It is told its port, the folder of the sockets and the ports, with commas. `processes`: with its threads. */
export const relayOf = ({ node, perl }: RelayPrograms) =>
  perl === null
    ? { program: node, switches: ['--v8-pool-size=0', '--input-type=module', '--eval'], text: nodeRelay, processes: 12 }
    : { program: perl, switches: ['-C0', '-e'], text: perlRelay, processes: 1 }
