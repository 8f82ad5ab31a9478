import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Id } from '@tandem/shared'
import { randomFrom, type LongSuite } from '@tandem/shared/testing'
import { openBrowser } from './harness/browser.ts'
import { accessToken, connect, pathsOf } from './harness/documents.ts'
import { startMirror } from './harness/mirror.ts'
import { differing, filesBelow, isSameFile } from './harness/folders.ts'
import { git, makeRepository } from './harness/repository.ts'
import { openTab } from './harness/tabs.ts'
import { cleanUp, killAndAwaitReturn, save, startTandem, tempFolder, type Tandem } from './harness/tandem.ts'
import { until } from './harness/until.ts'

/** Notes that people write all day on both machines and in the page, tracked by no branch. */
const notes = ['notes/desk.md', 'notes/laptop.md', 'notes/both.md'] as const
const restMs = 180_000

/**
 * A day with a real repository of thousands of files, on two machines and in a browser: the same pull on both, branch
 * switches, a rebase, a stash, a clean-up, a package install, a folder renamed, daemons and server killed, the network
 * flapping; and all the while people write. In the evening both folders are the same to the byte, what git tracks is what
 * a clone without Tandem has after the same commands, and every line that was written is there once.
 */
const suite: LongSuite = {
  name: 'mirror-day',
  covers: [
    'daemon/src/{disk,watch,mirror,link}/**/*.ts',
    'daemon/src/*.ts',
    'shared/src/{merge,docs}/*.ts',
    'server/src/{store,sync}/*.ts',
  ],
  run: async ({ seed, log, signal }) => {
    const random = randomFrom(seed)
    const origin = await makeRepository()
    const clone = async () => {
      const folder = tempFolder()
      await git(folder, 'clone', '-q', origin, '.')
      return folder
    }
    const [desk, laptop, control] = [await clone(), await clone(), await clone()]
    for (const path of notes) {
      for (const folder of [desk, laptop]) {
        mkdirSync(dirname(join(folder, path)), { recursive: true })
        writeFileSync(join(folder, path), 'The day’s notes\n')
      }
    }
    const browser = await openBrowser()
    const counts = { files: 0, lines: 0, kills: 0, cuts: 0, lost: 0, doubled: 0, unlike: 0 }
    let stopWriting = async () => {}
    try {
      const tandem = await startTandem({ folder: desk, args: ['--shared'] })
      const other = await startMirror(tandem, { folder: laptop })
      const tab = await openTab(browser, tandem)
      /** Notes are left out while people write: they are never at rest. */
      const unlike = (withNotes: boolean) =>
        differing(desk, laptop).filter((path) => withNotes || !(notes as readonly string[]).includes(path))
      const same = (what: string, withNotes = false) =>
        until(what, () => unlike(withNotes).length === 0, restMs).catch((e: unknown) => {
          throw new Error(`${String(e)}\n${unlike(withNotes).slice(0, 10).join('\n')}`)
        })
      const step = (what: string) => log.info(what, { ...counts, files: filesBelow(desk).length })
      await same('both machines have the same at the start', true)

      const writing = await startWriting({ desk, laptop, tandem, random })
      stopWriting = writing.stop
      counts.files = filesBelow(desk).length
      await tab.open(notes[0])
      const type = async (line: string) => {
        await tab.type(`${line}\n`, 'start')
        writing.said.get(notes[0])?.push(line)
      }
      await type('typed in the morning')

      step('the same pull on both machines, one of them offline')
      other.cut()
      counts.cuts++
      for (const folder of [desk, laptop, control]) await git(folder, 'merge', '-q', '--ff-only', 'origin/next')
      other.mend()
      // They were equal all the while: what counts is that the laptop has said what it has.
      await inStep(tandem, other.dataDir)
      await same('the pull is once on both')

      step('to the wide branch and back')
      for (const branch of ['wide', 'main']) {
        for (const folder of [desk, control]) await git(folder, 'switch', '-q', branch)
        if (branch === 'wide') await type('typed on the wide branch')
        await same(`the branch ${branch} is on both`)
      }

      step('a rebase, one daemon killed in the middle')
      for (const folder of [desk, control]) await git(folder, 'switch', '-q', 'topic')
      const rebasing = git(desk, 'rebase', '-q', 'origin/next')
      await other.kill()
      counts.kills++
      await rebasing
      await git(control, 'rebase', '-q', 'origin/next')
      await other.start()
      await same('the rebased branch is on both')

      step('a stash and its return, the server killed')
      const tracked = (await git(control, 'ls-files', 'vendor/editor')).split('\n').filter(Boolean).slice(0, 50)
      for (const folder of [desk, control])
        for (const path of tracked) appendFileSync(join(folder, path), '// not committed yet\n')
      await same('the changes are on both')
      for (const folder of [desk, control]) await git(folder, 'stash', '-q')
      await killAndAwaitReturn(tandem, 'server')
      counts.kills++
      await same('the stashed changes are gone on both')
      for (const folder of [desk, control]) await git(folder, 'stash', 'pop', '-q')
      await type('typed after the stash')

      step('a clean-up of what is not tracked, a package install')
      for (let i = 0; i < 100; i++) save(join(laptop, `scratch/${i % 7}/${i}.txt`), `scratch ${i}\n`)
      await same('the scratch files are on both')
      await git(desk, 'clean', '-fdq', 'scratch')
      for (let i = 0; i < 2_000; i++) save(join(desk, `node_modules/package-${i % 50}/file-${i}.js`), `// ${i}\n`)
      await same('the scratch files are gone on both')
      const shared = await pathsOf(tandem)
      if ([...shared.keys()].some((path) => path.startsWith('node_modules/'))) throw new Error('packages were shared')

      step('a folder of hundreds renamed on the laptop, both daemons killed')
      for (let i = 0; i < 300; i++) save(join(laptop, `plans/file-${i}.md`), `plan ${i}\n`)
      await same('the plans are on both')
      const before = await pathsOf(tandem)
      renameSync(join(laptop, 'plans'), join(laptop, 'plans-of-today'))
      await same('the renamed folder is on both')
      const after = await pathsOf(tandem)
      for (let i = 0; i < 300; i++) {
        if (before.get(`plans/file-${i}.md`) !== after.get(`plans-of-today/file-${i}.md`))
          throw new Error(`file-${i}.md lost its identity`)
      }
      await Promise.all([other.kill(), killAndAwaitReturn(tandem, 'daemon')])
      counts.kills += 2
      for (const folder of [desk, control]) await git(folder, 'switch', '-q', '--discard-changes', 'wide')
      await killAndAwaitReturn(tandem, 'daemon')
      counts.kills++
      await other.start()
      await same('the wide branch is on both again')

      step('the network flaps')
      for (let i = 0; i < 20 && !signal.aborted; i++) {
        other.cut()
        counts.cuts++
        await new Promise((resolve) => setTimeout(resolve, 100 + random() * 300))
        other.mend()
        await new Promise((resolve) => setTimeout(resolve, 200 + random() * 600))
      }
      await type('typed in the evening')

      step('the evening')
      for (const folder of [desk, control]) await git(folder, 'switch', '-q', 'main')
      await writing.stop()
      await same('both machines have the same in the evening', true)
      for (const path of notes) {
        const text = readFileSync(join(desk, path), 'utf8')
        const seen = text.split('\n')
        for (const line of writing.said.get(path) ?? []) {
          counts.lines++
          const times = seen.filter((each) => each === line).length
          if (times === 0) counts.lost++
          if (times > 1) counts.doubled++
        }
        const answer = await tandem.api(`/api/v1/workspaces/${tandem.ready.workspaceId}/files/${path}`)
        if ((await answer.text()) !== text) throw new Error(`the document of ${path} is not the file`)
      }
      const unlikeControl = [...(await differingFrom(control, desk)), ...(await differingFrom(control, laptop))]
      counts.unlike = unlikeControl.length
      if (counts.lost + counts.doubled + counts.unlike > 0)
        throw new Error(`${JSON.stringify(counts)}\n${unlikeControl.slice(0, 10).join('\n')}`)
      await tab.showsPart('typed in the evening')
      if (tab.troubles.length > 0) throw new Error(`the page had troubles: ${tab.troubles.join('; ')}`)
      await other.stop()
      return counts
    } finally {
      await stopWriting()
      await browser.close()
      await cleanUp()
    }
  },
}
export default suite

type Writing = { desk: string; laptop: string; tandem: Tandem; random: () => number }

/** People at both machines append to the notes, and somebody types in each of their documents; each line once. */
async function startWriting({ desk, laptop, tandem, random }: Writing) {
  const said = new Map<string, string[]>(notes.map((path) => [path, []]))
  const shared = await pathsOf(tandem)
  const access = await accessToken(tandem)
  // The day is longer than a token's life.
  const token = async () => (await accessToken(tandem)).token
  const clients = notes.map((path) =>
    connect(tandem, access, { kind: 'file', fileId: shared.get(path) ?? '' }, { token }),
  )
  await Promise.all(clients.map((client) => client.synced()))
  const stopping = new AbortController()
  let n = 0
  const write = () => {
    const which = Math.floor(random() * notes.length)
    const path = notes[which] ?? notes[0]
    const dice = random()
    const line = `${dice < 0.35 ? 'desk' : dice < 0.7 ? 'laptop' : 'page'} ${n++}`
    if (dice < 0.35) appendFileSync(join(desk, path), `${line}\n`)
    else if (dice < 0.7) appendFileSync(join(laptop, path), `${line}\n`)
    else clients[which]?.document.getText('content').insert(0, `${line}\n`)
    said.get(path)?.push(line)
  }
  const writing = (async () => {
    while (!stopping.signal.aborted) {
      write()
      await new Promise((resolve) => setTimeout(resolve, 50 + random() * 400))
    }
  })()
  return {
    said,
    stop: async () => {
      if (stopping.signal.aborted) return
      stopping.abort()
      try {
        await writing
        const isSaved = () => clients.every(({ provider }) => !provider.hasUnsyncedChanges)
        await until('what was typed is on the server', isSaved)
      } finally {
        for (const client of clients) client.close()
      }
    },
  }
}

/** Resolves once what a daemon's folder holds is shared: a task there is done only then. */
async function inStep(tandem: Tandem, dataDir: string): Promise<void> {
  const [daemonId] = readFileSync(join(dataDir, 'daemon/id'), 'utf8').split('\n')
  const tasks = `/api/v1/workspaces/${tandem.ready.workspaceId}/tasks`
  const answer = await tandem.api(tasks, {
    method: 'POST',
    body: JSON.stringify({ payload: { kind: 'command', command: 'true' }, target: { daemonId } }),
    headers: { 'content-type': 'application/json' },
  })
  if (!answer.ok) throw new Error(`the daemon cannot be waited for: ${await answer.text()}`)
  const { id } = (await answer.json()) as { id: Id }
  await until(
    'the daemon is in step',
    async () => {
      const { status } = (await (await tandem.api(`${tasks}/${id}`)).json()) as { status: string }
      if (status === 'failed' || status === 'cancelled') throw new Error(`the task that waits for the daemon ${status}`)
      return status === 'completed'
    },
    restMs,
  )
}

/** Tracked paths of `control` that are not the same in `folder`. */
async function differingFrom(control: string, folder: string): Promise<string[]> {
  const tracked = (await git(control, 'ls-files')).split('\n').filter(Boolean)
  return tracked.filter(
    (path) => existsSync(join(control, path)) && !isSameFile(join(control, path), join(folder, path)),
  )
}
