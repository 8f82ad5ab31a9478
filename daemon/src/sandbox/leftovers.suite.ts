import { execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { silentLog } from '@tandem/shared'
import { createBed, type Bed } from './fixture.ts'
import { openRunner } from './open-runner.ts'
import { defaultPolicy } from './policy.ts'

/**
 * What a command leaves behind for others to run. Each test has a folder of its own below the workspace. Where a test says
 * nothing that depends on whose folder it is, it runs for one of them.
 */
export function describeLeftovers(
  who: string,
  { owner, reduced = false }: { owner?: number; reduced?: boolean } = {},
): void {
  describe(`what is left behind, ${who}`, { timeout: 30_000 }, () => {
    let bed: Bed
    let folders = 0
    // `reduced.suite.ts` says what a reduced sandbox does instead.
    const whereHeld = reduced ? () => {} : test
    beforeAll(async () => {
      bed = await createBed({ owner, reduced })
      if (bed.probe.tier !== (reduced ? 'reduced' : 'full')) throw new Error(`${bed.probe.reason}. ${bed.probe.fix}`)
    })
    afterAll(() => bed?.remove())
    const open = async () => {
      const name = `of-${++folders}`
      await bed.run(`mkdir ${name}`)
      const at = (path: string) => join(bed.workspace, name, path)
      const run = (line: string) => bed.run(line, { cwd: at('') })
      const aside = (ran: Awaited<ReturnType<typeof run>>) =>
        ran.quarantined?.paths.map((p) => p.slice(name.length + 1))
      return { name, at, run, aside }
    }
    /** Whether git outside, as a person's editor runs it, would run the program that makes `ran`. */
    const gitRuns = (folder: string, command = ['status']) => {
      rmSync(join(bed.base, 'ran'), { force: true })
      const env = { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' }
      const safe = ['-c', 'safe.directory=*', '-c', 'user.name=x', '-c', 'user.email=x@example.org']
      try {
        execFileSync('git', [...safe, ...command], { cwd: folder, env, stdio: 'ignore' })
      } catch {
        // Whether it works is not the question.
      }
      return existsSync(join(bed.base, 'ran'))
    }
    const evil = () => `touch ${bed.base}/ran; false`
    const hook = () => `printf '#!/bin/sh\\n%s\\n' ${JSON.stringify(evil())}`

    test('[SBX-26] [SBX-234] what editors, shells and agents obey is moved to the quarantine, at any depth', async () => {
      const { name, at, run, aside } = await open()
      const ran = await run(
        'mkdir -p a/b/.vscode .idea; echo x > a/b/.vscode/tasks.json; echo evil > .envrc; echo {} > .mcp.json; ln -s /etc .devcontainer; echo plain > file; echo "!.ssh" > .tandemignore',
      )
      expect(aside(ran)).toEqual(['.devcontainer', '.envrc', '.idea', '.mcp.json', '.tandemignore', 'a/b/.vscode'])
      expect(readdirSync(at('')).toSorted()).toEqual(['a', 'file'])
      const folder = join(bed.workspace, ran.quarantined?.folder ?? '')
      expect(folder).toContain('/.tandem/quarantine/')
      expect(readFileSync(join(folder, name, 'a/b/.vscode/tasks.json'), 'utf8')).toBe('x\n')
      expect(readlinkSync(join(folder, name, '.devcontainer'))).toBe('/etc')
      expect(lstatSync(join(folder, name, '.envrc')).uid).toBe(lstatSync(bed.workspace).uid)
      expect(lstatSync(folder).uid).toBe(lstatSync(bed.workspace).uid)
    })

    test('[SBX-24] a hook in a new repository is moved away, the repository stays', async () => {
      const { at, run, aside } = await open()
      const ran = await run(`git init -q r; ${hook()} > r/.git/hooks/pre-commit; chmod +x r/.git/hooks/pre-commit`)
      expect(aside(ran)).toEqual(['r/.git/hooks/pre-commit'])
      expect(gitRuns(at('r'), ['commit', '--allow-empty', '-m', 'x'])).toBe(false)
      expect((await run('git -C r status')).exitCode).toBe(0)
    })

    whereHeld('[SBX-25] [SBX-232] what is there when a command begins is not its to change, at any depth', async () => {
      const { name, at, run } = await open()
      mkdirSync(at('sub/.vscode'), { recursive: true })
      writeFileSync(at('sub/.vscode/tasks.json'), 'mine')
      execFileSync('git', ['init', '-q', at('repo')])
      writeFileSync(at('repo/.git/hooks/pre-commit'), 'mine')
      const before = readFileSync(at('repo/.git/config'), 'utf8')
      const ran = await run(
        'echo x > sub/.vscode/tasks.json; rm -rf sub/.vscode; echo x > repo/.git/hooks/pre-commit; git -C repo config core.fsmonitor x; ' +
          'mv repo/.git repo/old; git init -q repo; echo x > repo/.git/hooks/pre-commit; chmod +x repo/.git/hooks/pre-commit',
      )
      expect(readFileSync(at('sub/.vscode/tasks.json'), 'utf8')).toBe('mine')
      // Moved as a whole it is a repository that was not there, whose hooks do not stay either.
      const moved = existsSync(at('repo/old'))
      expect(readFileSync(at(moved ? 'repo/old/config' : 'repo/.git/config'), 'utf8')).toBe(before)
      const hook = moved ? join(bed.workspace, ran.quarantined?.folder ?? '', name, 'repo/old') : at('repo/.git')
      expect(readFileSync(join(hook, 'hooks/pre-commit'), 'utf8')).toBe('mine')
      if (moved) expect(existsSync(at('repo/.git/hooks/pre-commit'))).toBe(false)
      expect(ran.quarantined?.left ?? []).toEqual([])
    })

    test('[SBX-237] hooks that a repository keeps in a folder that is not there yet are awaited', async () => {
      const { at } = await open()
      const config = join(bed.workspace, '.git/config')
      const before = readFileSync(config)
      const path = at('hooks').slice(bed.workspace.length + 1)
      writeFileSync(config, `${String(before)}[core]\n\thooksPath = ${path}\n`)
      const ran = await bed.run(`mkdir ${path}; echo x > ${path}/pre-commit`)
      writeFileSync(config, before)
      expect(ran.quarantined?.paths).toEqual([path])
      expect(existsSync(at('hooks'))).toBe(false)
    })

    whereHeld('[SBX-234] nothing that was set aside is written over, nor seen by a later command', async () => {
      const { at, run } = await open()
      const one = await bed.run('echo one > .envrc', { cwd: at(''), id: 'same' })
      const two = await bed.run('echo two > .envrc', { cwd: at(''), id: 'same' })
      expect([one, two].map((ran) => ran.quarantined?.folder)).toEqual([
        '.tandem/quarantine/same',
        '.tandem/quarantine/same-2',
      ])
      const seen = await run(
        `ls -A ${bed.workspace}/.tandem; cat ${bed.workspace}/.tandem/quarantine/same/*/.envrc; touch ${bed.workspace}/.tandem/x; mv ${bed.workspace}/.tandem ${bed.workspace}/gone`,
      )
      expect(seen.stdout).toBe('')
      expect(existsSync(join(bed.workspace, '.tandem/x')) || existsSync(join(bed.workspace, 'gone'))).toBe(false)
    })

    test('[SBX-234] where somebody took our own folder away, it is made again, and a link in its place is refused', async () => {
      const { at, run, aside } = await open()
      rmSync(join(bed.workspace, '.tandem'), { recursive: true })
      expect(aside(await run('echo x > .envrc'))).toEqual(['.envrc'])
      rmSync(join(bed.workspace, '.tandem'), { recursive: true })
      symlinkSync(bed.outside, join(bed.workspace, '.tandem'))
      await expect(run('touch began')).rejects.toMatchObject({
        message: expect.stringContaining('is a link or a file'),
      })
      expect([existsSync(at('began')), readdirSync(bed.outside).includes('running')]).toEqual([false, false])
      rmSync(join(bed.workspace, '.tandem'))
    })

    test('[SBX-238] a folder that may not be written any more is opened, and closed again', async () => {
      const { at, run, aside } = await open()
      const ran = await run('mkdir -p d/.vscode; chmod 500 d/.vscode d')
      expect(aside(ran)).toEqual(['d/.vscode'])
      expect(lstatSync(at('d')).mode & 0o777).toBe(0o500)
    })

    test('[SBX-238] a folder that is swapped for a link meanwhile leads nowhere', async () => {
      const { at, run } = await open()
      writeFileSync(join(bed.outside, '.envrc'), 'mine')
      const go = new AbortController()
      const swaps = bed.run(
        `cd ${at('')}; mkdir a; while :; do mv a b; ln -s ${bed.outside} a; rm a; mv b a; done 2> /dev/null`,
        {
          signal: go.signal,
          limits: { graceMs: 0 },
        },
      )
      await vi.waitFor(() => expect(existsSync(at('a'))).toBe(true))
      // Where what is to be held is never where it was, a command is refused.
      for (let i = 0; i < 8; i++) await run('touch a/.envrc b/.envrc').catch(() => {})
      go.abort()
      await swaps
      expect(readFileSync(join(bed.outside, '.envrc'), 'utf8')).toBe('mine')
    })

    if (owner === undefined) testOnce({ bed: () => bed, open, gitRuns, evil })
  })
}

type Ran = Awaited<ReturnType<Bed['run']>>
/** What a test has to work with: a folder of its own, and a git as a person's editor runs it. */
type Part = {
  bed: () => Bed
  open: () => Promise<{ name: string; at: (path: string) => string; run: (line: string) => Promise<Ran> }>
  gitRuns: (folder: string) => boolean
  evil: () => string
}

/** What does not depend on whose folder it is, and so is looked at once. */
function testOnce({ bed, open, gitRuns, evil }: Part): void {
  test('[SBX-24] [SBX-236] no way leads git outside to a program: settings, links, files, bare repositories', async () => {
    const { at, run } = await open()
    const set = `config core.fsmonitor ${JSON.stringify(evil())}`
    const ways: Record<string, string> = {
      settings: `git init -q w; git -C w ${set}`,
      bare: `git init -q --bare w; git -C w ${set}`,
      link: `git init -q x; git -C x ${set}; mkdir w; mv x/.git w/elsewhere; ln -s elsewhere w/.git`,
      file: `git init -q x; git -C x ${set}; mkdir w; mv x/.git w/elsewhere; echo "gitdir: elsewhere" > w/.git`,
      common: `git init -q x; git -C x ${set}; git init -q w; echo ../../x/.git > w/.git/commondir`,
      apart: `git init -q x; git -C x ${set}; mkdir w; echo ref: refs/heads/main > w/HEAD; echo ../x/.git > w/commondir`,
      worktree: `git init -q w; git -C w config extensions.worktreeConfig true; git -C w config --worktree core.fsmonitor ${JSON.stringify(evil())}`,
      within: `git init -q w; git init -q x; git -C x ${set}; mkdir -p w/.git/x w/s; mv x/.git w/.git/x/y; echo "gitdir: ../.git/x/y" > w/s/.git`,
      modules: `mkdir -p node_modules/w; git init -q node_modules/w; git -C node_modules/w ${set}`,
    }
    for (const [way, line] of Object.entries(ways)) {
      const ran = await run(`mkdir ${way}; cd ${way}; ${line}`)
      expect([way, ran.quarantined?.left]).toEqual([way, []])
      for (const folder of ['w', 'w/s', 'x', 'w/elsewhere', 'node_modules/w']) {
        if (existsSync(at(`${way}/${folder}`)))
          expect([way, folder, gitRuns(at(`${way}/${folder}`))]).toEqual([way, folder, false])
      }
    }
  })

  test('[SBX-235] what git and npm make of an ordinary project stays where it is', async () => {
    const { run } = await open()
    const ran = await run(
      'set -e; git init -q a; cd a; echo x > x; git add x; git commit -qm x; git checkout -qb feature; git config user.name Ada; ' +
        'git remote add origin git@example.org:a/b.git; git worktree add -q ../tree; git clone -q . ../clone; git clone -q --bare . ../bare; cd ..; ' +
        'git -C clone switch -qc other; mkdir b; cd b; echo {} > package.json; npm install --silent ../a 2> /dev/null || true',
    )
    expect(ran).toMatchObject({ exitCode: 0 })
    expect(ran.quarantined).toBe(undefined)
    const file = 'git -c protocol.file.allow=always'
    const further = await run(
      `set -e; git clone -q a s; ${file} -C s submodule --quiet add ../clone sub; git -C s commit -qam sub; ${file} clone -q --recurse-submodules s whole; git clone -q a sp; git -C sp sparse-checkout init --cone; git -C whole/sub status`,
    )
    expect(further).toMatchObject({ exitCode: 0, stderr: '' })
    expect(further.quarantined).toBe(undefined)
    const again = await run(
      'git -C tree commit -q --allow-empty -m y && git -C clone fetch -q && git -C bare log --oneline | wc -l',
    )
    expect(again).toMatchObject({ exitCode: 0, stdout: '1\n' })
    expect(again.quarantined).toBe(undefined)
  })

  test('[SBX-237] what a killed daemon could not look after is looked after by the next', async () => {
    const { name, at } = await open()
    const script = `
      const { openRunner } = await import(${JSON.stringify(import.meta.resolve('./open-runner.ts'))})
      const { defaultPolicy } = await import(${JSON.stringify(import.meta.resolve('./policy.ts'))})
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      const workspace = ${JSON.stringify(bed().workspace)}
      const { runner } = await openRunner({ workspace, policy: defaultPolicy, environment: process.env, unsafe: false, log })
      await runner.runCommand({ id: 'killed', shellLine: 'echo evil > ${name}/.envrc; echo x > ${name}/made; sleep 100', cwd: workspace, onChunk() {} })`
    const daemon = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
    await vi.waitFor(() => expect(existsSync(at('made'))).toBe(true), { timeout: 20_000 })
    daemon.kill('SIGKILL')
    await new Promise((resolve) => daemon.once('exit', resolve))
    const ofKilled = (note: string) => note.startsWith(`${daemon.pid}-`)
    const running = () => readdirSync(join(bed().workspace, '.tandem/running')).filter(ofKilled)
    expect(existsSync(at('.envrc'))).toBe(true)
    expect(running().length).toBe(1)
    const { workspace } = bed()
    await openRunner({ workspace, policy: defaultPolicy, environment: process.env, unsafe: false, log: silentLog })
    expect([existsSync(at('.envrc')), existsSync(at('made')), running()]).toEqual([false, true, []])
    expect(readFileSync(join(bed().workspace, '.tandem/quarantine/killed', name, '.envrc'), 'utf8')).toBe('evil\n')
  })
}
