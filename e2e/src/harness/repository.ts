import { execFile } from 'node:child_process'
import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { filesBelow } from './folders.ts'
import { save, tempFolder } from './tandem.ts'

const run = promisify(execFile)
const here = fileURLToPath(new URL('../../..', import.meta.url))

/** Real git, without what this machine's owner has set up. Answers what it prints; throws, with what it said, where it fails. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', ['-c', 'gc.auto=0', '-c', 'advice.detachedHead=false', ...args], {
    cwd: folder,
    maxBuffer: 64 * 2 ** 20,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_EDITOR: 'true',
      GIT_AUTHOR_NAME: 'Mira',
      GIT_AUTHOR_EMAIL: 'mira@example.com',
      GIT_COMMITTER_NAME: 'Mira',
      GIT_COMMITTER_EMAIL: 'mira@example.com',
    },
  })
  return stdout
}

/**
 * A repository of some thousand real files to clone from, with `main`, a branch `wide` that changes, adds, renames and
 * removes many of them, a branch `topic` of twenty commits to be rebased, and `next`, one commit ahead of `main`.
 */
export async function makeRepository(): Promise<string> {
  const origin = tempFolder()
  await git(origin, 'init', '-q', '-b', 'main')
  for (const part of ['shared', 'server', 'daemon', 'client', 'cli', 'docs'])
    copySources(join(here, part), join(origin, part))
  copySources(join(here, 'client/node_modules/monaco-editor/esm'), join(origin, 'vendor/editor'))
  // As real ones have them: line ends of another system, a file that is no text, one that may be run.
  writeFileSync(join(origin, 'vendor/crlf.txt'), 'one\r\ntwo\r\nthree\r\n')
  writeFileSync(
    join(origin, 'vendor/logo.bin'),
    Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256),
  )
  writeFileSync(join(origin, 'vendor/run.sh'), '#!/bin/sh\necho run\n', { mode: 0o755 })
  await commit(origin, 'the files as they are')

  await git(origin, 'switch', '-q', '-c', 'wide')
  const sources = filesBelow(join(origin, 'vendor/editor')).filter((path) => path.endsWith('.js'))
  for (const [i, path] of sources.entries()) {
    const file = join(origin, 'vendor/editor', path)
    if (i % 10 === 0) rmSync(file)
    else writeFileSync(file, `// line of the wide branch\n${readFileSync(file, 'utf8')}`)
  }
  for (let i = 0; i < 300; i++) save(join(origin, `vendor/added/${i % 17}/file-${i}.ts`), `export const n = ${i}\n`)
  await git(origin, 'mv', 'server/src/http', 'server/src/doors')
  await commit(origin, 'wide: much is different')

  await git(origin, 'switch', '-q', '-c', 'topic', 'main')
  for (let i = 0; i < 20; i++) {
    save(
      join(origin, 'shared/topic.ts'),
      Array.from({ length: i + 1 }, (_, n) => `export const step${n} = ${n}\n`).join(''),
    )
    save(join(origin, `shared/topic-${i}.ts`), `export const only = ${i}\n`)
    await commit(origin, `topic: step ${i}`)
  }
  await git(origin, 'switch', '-q', '-c', 'next', 'main')
  const pages = filesBelow(join(origin, 'docs')).filter((path) => path.endsWith('.md'))
  for (const path of pages) appendFileSync(join(origin, 'docs', path), '\nSaid upstream.\n')
  writeFileSync(
    join(origin, 'vendor/logo.bin'),
    Uint8Array.from({ length: 90_000 }, (_, i) => (i * 11) % 256),
  )
  await commit(origin, 'docs: said upstream')
  await git(origin, 'switch', '-q', 'main')
  return origin
}

async function commit(folder: string, message: string): Promise<void> {
  await git(folder, 'add', '-A')
  await git(folder, 'commit', '-q', '-m', message)
}

function copySources(from: string, to: string): void {
  const skipped = /(?:^|\/)(?:node_modules|dist|build|artifacts|\.[^/]*)$/
  cpSync(from, to, {
    recursive: true,
    dereference: true,
    filter: (path) => path === from || !skipped.test(path.slice(from.length)),
  })
}
