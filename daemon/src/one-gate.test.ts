import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

/** Why each file of the daemon may start a process. Whatever is not here starts none: a new one is to be thought about. */
const mayStart: Readonly<Record<string, string>> = {
  // What tasks bring, behind walls; without them only where the owner said so by name.
  'sandbox/bubblewrap.ts': 'commands, behind the walls of bubblewrap',
  'sandbox/waiting-shell.ts': 'a shell that becomes bubblewrap for the next command',
  'sandbox/cell.ts': 'isolates, behind walls with nothing in them',
  'sandbox/reduced.ts': 'chmod of a folder of ours; its commands start as bubblewrap’s do',
  'sandbox/reduced-cell.ts': 'isolates, behind Landlock and a filter of system calls',
  'sandbox/terminal.ts': 'commands at a terminal, behind the same walls',
  'sandbox/terminal-host.ts': 'the same, from a process that opens the terminal',
  'sandbox/unsafe.ts': 'commands without walls, with --unsafe-no-sandbox alone',
  'sandbox/vendor/launch.ts': 'commands, behind the walls of the vendor of the system',
  'sandbox/vendor/helper.ts': 'the process that says how those are put up',
  'containers/container.ts': 'code, in a container',
  // Programs of the machine, found outside the workspace, with words of ours.
  'containers/cli.ts': 'podman or docker',
  'sandbox/vendor/process-table.ts': 'ps',
  'sandbox/walls.ts': 'bwrap --help',
  'sandbox/landlock.ts': 'asks the kernel what it has',
  'sandbox/open-runner.ts': 'git config --global, at /',
  'git/head.ts': 'git cat-file, so that nothing of the repository runs',
  'tasks/ways.ts': 'npm config get, at /',
  'tasks/watchdog.ts': 'a process of ours, which ends others',
  'main.ts': 'runs one word of ours, gc',
}

const root = import.meta.dirname
/** What leads to another process, or runs a text as a program, however it is brought in. */
const starts =
  /(?:from|import\(|require\()\s*['"](?:node:)?(?:child_process|cluster|vm|inspector|koffi|@lydell\/node-pty[^'"]*)['"]|\bprocess\.(?:execve|binding|dlopen)\b|\beval\(|\bnew Function\(/
/** Types alone start nothing. */
const typesAlone = /^import type .*$/gm

/** Every file that the daemon's programs can come to: by import, or as a file of their own for a thread or a process. */
function reachable(): Map<string, string> {
  const textByFile = new Map<string, string>()
  const open = [join(root, 'main.ts'), join(root, 'tasks/gate.ts')]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (textByFile.has(file)) continue
    const text = readFileSync(file, 'utf8')
    textByFile.set(file, text)
    for (const [, name = ''] of text.matchAll(/['"`]([.\w/-]+\.ts)['"`]/g)) {
      const path = join(dirname(file), name)
      if (existsSync(path)) open.push(path)
    }
  }
  return textByFile
}

test('[S144] [SBX-400] nothing but the gate and the named few starts a process: there is no way around the walls', () => {
  const files = reachable()
  expect(files.size).toBeGreaterThan(150)
  const found = [...files].filter(([, text]) => starts.test(text.replaceAll(typesAlone, '')))
  expect(found.map(([file]) => relative(root, file)).filter((file) => !(file in mayStart))).toEqual([])
  // Nor does anything stay here that is gone.
  for (const file of Object.keys(mayStart)) expect(readFileSync(join(root, file), 'utf8'), file).toMatch(starts)
})

test('[S140] [SBX-400] none of them hands a line to a shell of the machine: programs are started by their words', () => {
  for (const [file, text] of reachable()) {
    expect(text, file).not.toMatch(/\bshell: true\b.*(?:spawn|execFile)|(?:spawn|execFile)\w*\([^)]*shell: true/s)
    expect(text, file).not.toMatch(/import \{[^}]*\bexec(?:Sync)?\b[^}]*\} from 'node:child_process'/)
  }
})
