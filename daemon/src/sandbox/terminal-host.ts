import { spawn } from 'node:child_process'
import { closeSync, constants, createWriteStream, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants as system } from 'node:os'
import { ReadStream } from 'node:tty'
import { withDescriptorsUpTo } from './descriptors.ts'
import { signalEach } from './process-tree.ts'
import type { ToTerminalHost } from './terminal.ts'

// A program of its own, one for each command at a terminal: the package that opens terminals leaves them open to every
// process that is started afterwards, so that one task could type into another's. This one starts a single process.

type Native = {
  open(cols: number, rows: number): { master: number; slave: number; pty: string }
  resize(fd: number, cols: number, rows: number): void
}

const require = createRequire(import.meta.url)

/** How long output may still come after the command ended: a child it left behind can hold the terminal for ever. */
const afterglowMs = 250

process.once('message', (message) => {
  const order = message as ToTerminalHost
  if (order.t === 'start') start(order)
})
// The daemon is gone: what it ran ends with it, and so do walls that are just being put up, which are of this group.
process.once('disconnect', () => {
  end()
  process.kill(-process.pid, 'SIGKILL')
})
let end = () => {}

function start({ file, args, cwd, env, owner, size, data }: Extract<ToTerminalHost, { t: 'start' }>): void {
  const { native, master, slave } = open(size)
  // Its own terminal's other end is among what the command must not get.
  const [shell, ...closing] = withDescriptorsUpTo(2 + data.length)
  const stdio = [slave, slave, slave, ...data]
  const child = spawn(shell, [...closing, file, ...args], { cwd, env, stdio, ...owner })
  closeSync(slave)
  end = () => signalEach(child.pid === undefined ? [] : [-child.pid], 'SIGKILL')
  const screen = new ReadStream(master)
  const out = createWriteStream('', { fd: 1 })
  screen.pipe(out, { end: false })
  process.stdin.pipe(screen, { end: false })

  let heardAt = performance.now()
  screen.on('data', () => (heardAt = performance.now()))
  const closed = new Promise<void>((resolve) => {
    // Once nobody has the terminal open any more, Linux says so by an error; all that was written was read before it.
    screen.on('error', () => {})
    screen.once('close', resolve)
  })
  child.once('spawn', () => process.send?.({ t: 'started', pid: child.pid }))
  child.once('error', (error) => fail(error.message))
  child.once('exit', (code, signal) => {
    const timer = setInterval(() => {
      if (performance.now() - heardAt >= afterglowMs) screen.destroy()
    }, afterglowMs)
    void closed.then(() => {
      clearInterval(timer)
      // As a shell tells it.
      out.end(() => process.exit(code ?? 128 + (signal ? system.signals[signal] : 0)))
    })
  })
  process.on('message', (message) => {
    const order = message as ToTerminalHost
    if (order.t === 'resize') native.resize(master, order.size.cols, order.size.rows)
  })
}

/** A terminal whose end for the command is opened anew: the package's own would not wait for what is typed. */
function open({ cols, rows }: { cols: number; rows: number }) {
  try {
    const { requireBinary } = require('@lydell/node-pty/requireBinary.js') as { requireBinary(file: string): Native }
    const native = requireBinary('pty.node')
    const made = native.open(cols, rows)
    const slave = openSync(made.pty, constants.O_RDWR | constants.O_NOCTTY)
    closeSync(made.slave)
    return { native, master: made.master, slave }
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

function fail(reason: string): never {
  process.send?.({ t: 'failed', reason: reason.split('\n')[0] }, undefined, undefined, () => process.exit(1))
  throw new Error(reason)
}
