import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGitGuard } from './git-guard.ts'

const me = { uid: 0, gid: 0, isRoot: true, drop: false }
let workspace: string
const at = (path: string) => join(workspace, path)
const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: workspace, encoding: 'utf8', env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' } })
beforeEach(() => void (workspace = mkdtempSync(join(tmpdir(), 'tandem-guard-'))))
afterEach(() => rmSync(workspace, { recursive: true }))

describe('[SBX-207] the settings of a repository cannot be sent elsewhere', () => {
  test('while commands run, git’s pointer to another configuration is taken, and git works as ever', () => {
    git('init', '-q')
    const guard = createGitGuard(workspace, me)
    const first = guard.hold()
    // Of other walls, for the same folder.
    const second = createGitGuard(workspace, me).hold()
    expect(readFileSync(at('.git/commondir'), 'utf8')).toBe('.')
    writeFileSync(at('a'), 'a')
    git('add', 'a')
    git('-c', 'user.name=x', '-c', 'user.email=x@example.org', 'commit', '-qm', 'one')
    expect(git('status', '--short')).toBe('')
    expect(git('log', '--format=%s')).toBe('one\n')
    first()
    expect(existsSync(at('.git/commondir'))).toBe(true)
    second()
    expect(existsSync(at('.git/commondir'))).toBe(false)
  })

  test('a hooks folder is made where there is none, and the second settings file where it counts', () => {
    git('init', '-q')
    rmSync(at('.git/hooks'), { recursive: true })
    git('config', 'extensions.worktreeConfig', 'true')
    createGitGuard(workspace, me).hold()()
    expect([existsSync(at('.git/hooks')), existsSync(at('.git/config.worktree'))]).toEqual([true, true])
    expect(git('status', '--short')).toBe('')
  })

  test('what stands there already is left alone; without a repository nothing is made', () => {
    createGitGuard(workspace, me).hold()()
    expect(existsSync(at('.git'))).toBe(false)
    mkdirSync(at('.git'))
    writeFileSync(at('.git/commondir'), '../elsewhere\n')
    createGitGuard(workspace, me).hold()()
    expect(readFileSync(at('.git/commondir'), 'utf8')).toBe('../elsewhere\n')
  })
})
