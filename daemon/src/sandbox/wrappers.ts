import { parseShell, type ShellCommand, type ShellScript } from './shell-commands.ts'

/** Options of a wrapper that take the next word as their value. */
// oxfmt-ignore
const valueOptions: Record<string, readonly string[]> = {
  env: ['-u', '-C', '--unset', '--chdir', '-S'], nice: ['-n'], ionice: ['-c', '-n', '-p'], timeout: ['-k', '-s', '--kill-after', '--signal'],
  stdbuf: ['-i', '-o', '-e'], xargs: ['-I', '-n', '-P', '-L', '-d', '-E', '-s', '-a'], time: ['-f', '-o'], setsid: [], nohup: [],
  command: [], builtin: [], exec: ['-a'], sudo: ['-u', '-g', '-h', '-p', '-C'], doas: ['-u', '-C'], watch: ['-n', '-d'],
}
const shells = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash'])
const none: ShellScript = { commands: [], doubts: [] }

/** The commands that a command runs in its turn: behind wrappers, `bash -c`, `find -exec`, `eval`. */
export function innerCommands({ words }: ShellCommand): ShellScript {
  const [name, ...args] = words
  if (name === undefined) return none
  if (name === 'eval')
    return args.includes(undefined) ? { commands: [], doubts: ['evaluates computed text'] } : parseShell(args.join(' '))
  if (shells.has(name)) return shellScript(args)
  if (name === 'find') return findActions(args)
  const options = valueOptions[name]
  return options === undefined ? none : wrapped(name, args, options)
}

function shellScript(args: readonly (string | undefined)[]): ShellScript {
  const at = args.findIndex((arg) => arg !== undefined && /^-[a-z]*c[a-z]*$/.test(arg))
  if (at < 0) return none
  const script = args[at + 1]
  return script === undefined ? { commands: [], doubts: ['runs a computed script'] } : parseShell(script)
}

function findActions(args: readonly (string | undefined)[]): ShellScript {
  const commands = args.flatMap((arg, i): ShellCommand[] => {
    if (arg === undefined || !/^-(exec|execdir|ok|okdir)$/.test(arg)) return []
    const rest = args.slice(i + 1)
    const end = rest.findIndex((word) => word === ';' || word === '+')
    return [{ words: end < 0 ? rest : rest.slice(0, end), sets: [] }]
  })
  return { commands, doubts: args.includes('-delete') ? ['deletes files'] : [] }
}

function wrapped(name: string, args: readonly (string | undefined)[], options: readonly string[]): ShellScript {
  const sets: string[] = []
  let i = 0
  for (; i < args.length; i++) {
    const arg = args[i]
    if (arg === undefined) break
    const assigned = name === 'env' || name === 'sudo' ? /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(arg)?.[1] : undefined
    if (assigned !== undefined) sets.push(assigned)
    else if (options.includes(arg)) i++
    else if (!arg.startsWith('-')) break
  }
  const duration = name === 'timeout' ? 1 : 0
  const words = args.slice(i + duration)
  return {
    commands: words.length ? [{ words, sets }] : [],
    doubts: name === 'env' && args.includes('-S') ? ['splits text into a command'] : [],
  }
}
