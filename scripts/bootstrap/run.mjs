import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { childEnv } from './child.mjs'

const END_WITH_PARENT = new URL('./end-with-parent.mjs', import.meta.url).href

/**
 * Runs the program with our terminal and resolves with its exit code.
 *
 * Each signal reaches it once. On Ctrl-C the terminal signals npm, us and our child alike, and npm passes its own on to
 * us again: so the child is kept out of the terminal's group, and of the same signal within half a second we pass on
 * the first only (a later one is a second Ctrl-C, and meant). Should we be killed outright, it sees the closed channel.
 */
export function run(cwd, node, [program, ...args], env = childEnv()) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, ['--import', END_WITH_PARENT, program, ...args], {
      cwd,
      env,
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      detached: true,
    })
    const lastAt = new Map()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        const now = Date.now()
        if (now - (lastAt.get(signal) ?? 0) < 500) return
        lastAt.set(signal, now)
        child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal)
      })
    }
    // Killed outright, npm tells nobody; that our parent is another one now is how we see it.
    const parent = process.ppid
    const orphaned = () => process.env.npm_lifecycle_event && process.ppid !== parent && child.kill('SIGTERM')
    setInterval(orphaned, 1000).unref()
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}
