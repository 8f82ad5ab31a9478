import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProgram, treeOf, end, type Peer } from './peer.ts'

/** One copy of all, once: what the disk allows. */
export const rsync: Peer = {
  name: 'rsync',
  note: 'one way, once',
  needs: ['rsync'],
  restMs: 0,
  start: async ({ near, far }) => {
    const child = spawn('rsync', ['-a', '--exclude=.git', `${near}/`, `${far}/`], { stdio: 'ignore' })
    return { pids: () => treeOf(child), stop: () => end(child) }
  },
}

/** Watches one side and runs rsync. */
export const lsyncd: Peer = {
  name: 'lsyncd',
  note: 'one way, delay 0.1 s',
  needs: ['lsyncd', 'rsync'],
  restMs: 400,
  start: async ({ near, far, scratch }) => {
    const config = join(scratch, 'lsyncd.lua')
    writeFileSync(
      config,
      `settings { nodaemon = true, logfile = "${join(scratch, 'log')}", statusFile = "${join(scratch, 'status')}" }
sync { default.rsync, source = "${near}", target = "${far}", delay = 0.1, exclude = { ".git" },
  rsync = { archive = true } }
`,
    )
    return startProgram('lsyncd', ['-nodaemon', config])
  },
}

/** Compares both sides with what they were, again and again. */
export const unison: Peer = {
  name: 'Unison',
  note: 'looks once a second',
  needs: ['unison'],
  restMs: 300,
  start: async ({ near, far, scratch }) =>
    startProgram(
      'unison',
      [near, far, '-batch', '-silent', '-auto', '-repeat', '1', '-ignore', 'Name .git', '-confirmbigdel=false'],
      { UNISON: scratch, HOME: scratch },
    ),
}
