import { parseShell, type ShellCommand, type ShellScript } from './shell-commands.ts'

/** Options of a wrapper that take the next word as their value. */
// oxfmt-ignore
const valueOptions: Record<string, readonly string[]> = {
  env: ['-u', '-C', '--unset', '--chdir'], nice: ['-n', '--adjustment'], ionice: ['-c', '-n', '-p', '--class', '--classdata', '--pid'],
  timeout: ['-k', '-s', '--kill-after', '--signal'], stdbuf: ['-i', '-o', '-e', '--input', '--output', '--error'], setsid: [], nohup: [], command: [],
  xargs: ['-I', '-n', '-P', '-L', '-d', '-E', '-s', '-a', '--max-args', '--max-procs', '--max-lines', '--max-chars', '--delimiter', '--arg-file'],
  time: ['-f', '-o', '--format', '--output'], builtin: [], exec: ['-a'], sudo: ['-u', '-g', '-h', '-p', '-C'], doas: ['-u', '-C'],
  watch: ['-n', '-d', '--interval'],
}
const shells = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash'])
const none: ShellScript = { commands: [], doubts: [], writes: false }

/** The commands that a command runs in its turn: behind wrappers, `bash -c`, `find -exec`, `eval`. */
export function innerCommands({ words }: ShellCommand): ShellScript {
  const [name, ...args] = words
  if (name === undefined) return none
  if (name === 'eval')
    return args.includes(undefined)
      ? { commands: [], doubts: ['evaluates computed text'], writes: false }
      : parseShell(args.join(' '))
  if (shells.has(name)) return shellScript(args)
  if (name === 'find') return findActions(args)
  // Only tells where the command is.
  if (name === 'command' && /^-[vV]/.test(args[0] ?? '')) return none
  const options = valueOptions[name]
  return options === undefined ? none : wrapped(name, args, options)
}

function shellScript(args: readonly (string | undefined)[]): ShellScript {
  const at = args.findIndex((arg) => arg !== undefined && /^-[a-z]*c[a-z]*$/.test(arg))
  if (at < 0) return none
  // Further options may come before the script itself.
  const script = args.slice(at + 1).find((arg) => arg === undefined || !/^[-+]/.test(arg))
  return script === undefined ? { commands: [], doubts: ['runs a computed script'], writes: false } : parseShell(script)
}

function findActions(args: readonly (string | undefined)[]): ShellScript {
  const commands = args.flatMap((arg, i): ShellCommand[] => {
    if (arg === undefined || !/^-(exec|execdir|ok|okdir)$/.test(arg)) return []
    const rest = args.slice(i + 1)
    const end = rest.findIndex((word) => word === ';' || word === '+')
    return [{ words: end < 0 ? rest : rest.slice(0, end), sets: [] }]
  })
  return { commands, doubts: args.includes('-delete') ? ['deletes files'] : [], writes: false }
}

function wrapped(name: string, args: readonly (string | undefined)[], options: readonly string[]): ShellScript {
  const text = name === 'env' ? splitText(args) : undefined
  if (text !== undefined) return { ...text, doubts: [...text.doubts, 'splits text into a command'] }
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
    doubts: [],
    writes: false,
  }
}

/** What `env -S 'some command'` makes of its text. */
function splitText(args: readonly (string | undefined)[]): ShellScript | undefined {
  for (const [i, arg] of args.entries()) {
    const text = /^(?:-[a-zA-Z]*S|--split-string=?)([^]*)$/.exec(arg ?? '')?.[1]
    if (text !== undefined) return parseShell(text || (args[i + 1] ?? ''))
    if (arg !== undefined && !arg.startsWith('-') && !arg.includes('=')) return undefined
  }
  return undefined
}
