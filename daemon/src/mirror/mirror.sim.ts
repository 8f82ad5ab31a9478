import {
  closeSync,
  ftruncateSync,
  futimesSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
  existsSync,
  utimesSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { createId, createLog, type Clock, type Id } from '@tandem/shared'
import { readFileUpdate } from '@tandem/shared/docs'
import { fakeClock, randomFrom } from '@tandem/shared/testing'
import { startMirror, type Mirror } from './mirror.ts'
import type { Workspace } from './ports.ts'
import { bound, isBusy, live, step, stepNow, type Life } from './testing/fuse.ts'
import { memoryServer } from './testing/memory-workspace.ts'

/** What somebody does, `wait` steps of the mirrors after the act before, or once they rest. */
export type Act = { does: Deed; side: number; wait: number; dice: number }
export type History = { seed: number; mirrors: number; acts: Act[] }

const deeds = {
  insert: 16,
  delete: 4,
  set: 4,
  save: 10,
  append: 8,
  held: 6,
  emptied: 3,
  rename: 3,
  remove: 2,
  create: 4,
  type: 30,
  typeDelete: 5,
  typeSet: 6,
  typeRename: 3,
  typeRemove: 2,
  typeCreate: 3,
  crash: 14,
  cut: 5,
  rest: 5,
} as const
type Deed = keyof typeof deeds

/** A history that the seed alone decides. */
export function historyOf(seed: number, length = 30): History {
  const random = randomFrom(seed)
  const all = Object.entries(deeds).flatMap(([deed, weight]) => Array.from({ length: weight }, () => deed as Deed))
  const mirrors = random() < 0.5 ? 1 : 2
  const acts = Array.from({ length }, () => ({
    does: all[Math.floor(random() * all.length)] as Deed,
    side: Math.floor(random() * mirrors),
    wait: Math.floor(random() ** 2 * 12),
    dice: random(),
  }))
  return { seed, mirrors, acts }
}

/** Never waited for but where something is broken. */
const patienceMs = 20_000
const names = ['a.txt', 'b.txt', 'c.txt', 'd/e.txt', 'd/f.txt']
const tokens = (text: string): string[] => text.match(/[a-z]\d+/g) ?? []

type Daemon = { life: Life; mirror: Promise<Mirror>; stop: AbortController; server: Workspace }

/** Carries it out over the real mirror; answers what was lost or doubled, and what else should not be. */
export async function simulate(
  history: History,
  trace?: (line: string) => void,
): Promise<{ wrong: string[]; steps: number; crashes: number; tokens: number }> {
  const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tandem-sim-'))
  const time = fakeClock(Date.now())
  const clock: Clock = { now: time.now, after: (ms, call) => time.after(ms, bound(call)) }
  const server = memoryServer()
  const log = createLog({ level: 'debug', write: (line) => trace?.(`    ${line.trim().slice(0, 300)}`) })
  const folders = Array.from({ length: history.mirrors }, (_, i) => join(base, `folder${i}`))
  const daemons: (Daemon | undefined)[] = folders.map(() => undefined)
  const alive = new Set<string>()
  const wrong: string[] = []
  let [steps, crashes, made, waited, next, killing] = [0, 0, 0, 0, 0, undefined as undefined | number]

  const random = { dice: 0 }
  /** From the act's own dice, so that leaving out another act does not change it. */
  const pick = <T>(list: readonly T[]): T | undefined => {
    random.dice = (random.dice * 9301 + 0.49297) % 1
    return list[Math.floor(random.dice * list.length)]
  }
  const token = (who: string) => {
    const name = `${who}${made++}`
    alive.add(name)
    return name
  }
  const gone = (text: string) => tokens(text).forEach((each) => alive.delete(each))

  const inFolder = (side: number) => {
    const folder = folders[side] as string
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile())
      .map((e) => join(e.parentPath, e.name).slice(folder.length + 1))
      .filter((path) => !path.startsWith('.tandem') && !path.endsWith('~'))
      .toSorted()
  }
  const linesOf = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const changed = (text: string, who: string, does: 'insert' | 'delete' | 'set'): string => {
    const lines = linesOf(text)
    const own = [...lines.entries()].filter(([, line]) => line.startsWith(who) && tokens(line).length === 1)
    if (does === 'delete' && lines.length > 2) {
      const [line] = lines.splice(pick([...lines.keys()]) ?? 0, 1)
      gone(line ?? '')
    } else if (does === 'set' && own.length > 0) {
      const [at, line] = pick(own) ?? [0, '']
      gone(line)
      lines[at] = `${token(who)}\n`
    } else lines.splice(pick([...lines.keys(), lines.length]) ?? 0, 0, `${token(who)}\n`)
    return lines.join('')
  }
  const now = () => time.now() / 1000 + made / 1e6
  /** Through one descriptor: whatever becomes of the name meanwhile, it is this file that is read and written. */
  const inPlace = (file: string, edit: (text: string) => string) => {
    const fd = openSync(file, 'r+')
    const text = edit(readFileSync(fd, 'utf8'))
    ftruncateSync(fd, 0)
    writeSync(fd, text, 0)
    futimesSync(fd, now(), now())
    closeSync(fd)
  }
  const textIds = () =>
    [...server.files.snapshot().byPath.values()]
      .filter((e) => e.kind === 'text')
      .map((e) => e.id)
      .toSorted()
  const typed = (id: Id, does: 'insert' | 'delete' | 'set') => {
    const text = server.text(id)
    const after = changed(text, 't', does)
    // As one edit of whole lines: who overtypes a part of a line that goes meanwhile keeps just that part.
    const [was, is] = [linesOf(text), linesOf(after)]
    let [head, tail] = [0, 0]
    while (head < Math.min(was.length, is.length) && was[head] === is[head]) head++
    while (tail < Math.min(was.length, is.length) - head && was.at(-1 - tail) === is.at(-1 - tail)) tail++
    const lengthOf = (lines: string[]) => lines.join('').length
    server.type(id, {
      at: lengthOf(was.slice(0, head)),
      del: lengthOf(was.slice(head, was.length - tail)),
      ins: is.slice(head, is.length - tail).join(''),
    })
  }
  /** A file that takes another entry's name is its new content; what somebody typed into the one it was brings that back. */
  const isUnclaimed = (path: string) => !server.files.snapshot().byPath.has(path)
  /**
   * Files renamed, or saved under another inode, that were not in step since. Both at once, unseen, only their content
   * tells which they were, as far as it does (MIR-149): where it does not, and somebody typed meanwhile, both are kept.
   */
  const unseen = new Map<string, string>()
  const isSeen = (file: string | undefined) => {
    const path = file === undefined ? undefined : unseen.get(file)
    if (file === undefined || path === undefined) return true
    if (server.at(path) !== readFileSync(file, 'utf8')) return false
    return unseen.delete(file)
  }
  let held: { fd: number; name: string; full?: string } | undefined
  const doAct = ({ does, side, dice }: Act): void => {
    random.dice = dice
    const folder = folders[side] as string
    const who = side === 0 ? 'd' : 'e'
    const path = pick(inFolder(side))
    const file = path === undefined ? undefined : join(folder, path)
    const other = path !== 'keep.txt' ? file : undefined
    const free = pick(names.filter((name) => !existsSync(join(folder, name))))
    const id = pick(textIds())
    const entry = id === undefined ? undefined : server.files.get(id)
    trace?.(`${steps} ${does} ${side} ${path} ${entry?.path} ${free}`)
    if (does === 'insert' || does === 'delete' || does === 'set') {
      if (file) inPlace(file, (text) => changed(text, who, does))
    } else if (does === 'append') {
      if (file) inPlace(file, (text) => `${text}${token(who)}\n`)
    } else if (does === 'save' && file && path !== undefined && isSeen(file)) {
      writeFileSync(`${file}~`, changed(readFileSync(file, 'utf8'), who, 'insert'))
      utimesSync(`${file}~`, now(), now())
      renameSync(`${file}~`, file)
      unseen.set(file, path)
    } else if (does === 'held' && file && path !== undefined) held = { fd: openSync(file, 'a'), name: path }
    else if (does === 'emptied' && file && path !== undefined) {
      const fd = openSync(file, 'r+')
      const full = changed(readFileSync(fd, 'utf8'), who, 'insert')
      ftruncateSync(fd, 0)
      futimesSync(fd, now(), now())
      held = { fd, name: path, full }
    } else if (does === 'rename' && other && isSeen(other) && free !== undefined && isUnclaimed(free)) {
      mkdirSync(join(folder, 'd'), { recursive: true })
      renameSync(other, join(folder, free))
      unseen.set(join(folder, free), free)
    } else if (does === 'remove' && other) {
      gone(readFileSync(other, 'utf8'))
      unlinkSync(other)
    } else if (does === 'create' && free !== undefined) {
      mkdirSync(join(folder, 'd'), { recursive: true })
      writeFileSync(join(folder, free), `${token(who)}\n${token(who)}\n`)
      utimesSync(join(folder, free), now(), now())
    } else if (does === 'type' || does === 'typeDelete' || does === 'typeSet') {
      if (id !== undefined) typed(id, does === 'type' ? 'insert' : does === 'typeSet' ? 'set' : 'delete')
    } else if (does === 'typeRename' || does === 'typeCreate') {
      const to = pick(names.filter((name) => !server.files.snapshot().byPath.has(name)))
      if (to === undefined) return
      if (does === 'typeCreate') server.create(to, `${token('t')}\n${token('t')}\n`)
      else if (id !== undefined && entry?.path !== 'keep.txt') server.files.move(id, to)
    } else if (does === 'typeRemove' && id !== undefined && entry?.path !== 'keep.txt') {
      gone(server.text(id))
      server.files.remove(id, { by: createId(), at: time.now(), snapshot: readFileUpdate(server.save(id)).state })
    } else if (does === 'crash') killing = side
    else if (does === 'cut') server.online(dice < 0.4)
  }
  /** Ends what an old descriptor was held for. */
  const release = () => {
    if (!held) return
    const { fd, name, full } = held
    held = undefined
    trace?.(`${steps} written ${name} ${full ?? ''}`)
    if (full === undefined) {
      const mine = token('h')
      // A file that was deleted meanwhile takes with it what is written to it.
      const before = fstatSync(fd).nlink
      writeSync(fd, `${mine}\n`)
      if (before === 0 || !folders.some((_, side) => inFolder(side).includes(name))) alive.delete(mine)
    } else {
      if (fstatSync(fd).nlink === 0 || !folders.some((_, side) => inFolder(side).includes(name))) gone(full)
      writeSync(fd, full, 0)
    }
    futimesSync(fd, now(), now())
    closeSync(fd)
  }
  const isGentle = (does: Deed) => !['save', 'rename', 'remove', 'create', 'rest'].includes(does)
  const onStep =
    (side: number) =>
    (_name: string, now: boolean): void => {
      steps++
      waited++
      const daemon = daemons[side]
      if (killing === side && daemon) {
        killing = undefined
        daemon.life.dead = true
        crashes++
        trace?.(`${steps} dies ${side}`)
        return
      }
      const act = history.acts[next]
      if (!act || now || isActing) return
      if (held ? waited > 2 : waited > act.wait && act.does !== 'rest' && (isGentle(act.does) || !isBusy())) perform()
    }
  let isActing = false
  const perform = () => {
    isActing = true
    waited = 0
    try {
      if (held) release()
      else doAct(history.acts[next++] as Act)
    } finally {
      isActing = false
    }
  }

  const start = async (side: number): Promise<void> => {
    const life: Life = { dead: false, onStep: () => {} }
    life.onStep = onStep(side)
    const stop = new AbortController()
    const workspace = fused(server.join(), life)
    const mirror = live(life, () =>
      startMirror(
        {
          folder: folders[side] as string,
          stateDir: join(base, `state${side}`),
          workspace,
          clock,
          log: log.with({ side }),
          maxTextBytes: 1_000_000,
          maxBlobBytes: 1_000_000,
          docIdleMs: 2_000,
          polling: false,
          watcher: 'directories',
          watching: false,
        } as Parameters<typeof startMirror>[0],
        stop.signal,
      ),
    )
    daemons[side] = { life, mirror, stop, server: workspace }
    await during(
      mirror.then(
        ({ closed }) => void closed.catch((e: unknown) => life.dead || wrong.push(`mirror ${side}: ${String(e)}`)),
        () => {},
      ),
    )
  }
  const end = async (side: number) => {
    const daemon = daemons[side]
    if (!daemon) return
    daemon.stop.abort(new Error('ended'))
    const mirror = await during(daemon.mirror.catch(() => undefined))
    await during(mirror?.closed.catch(() => {}) ?? Promise.resolve())
    daemons[side] = undefined
  }
  const turn = async () => {
    time.advance(50)
    do await setImmediate()
    while (isBusy())
    await setImmediate()
  }
  const during = async <T>(promise: Promise<T>): Promise<T> => {
    let done = false
    const mark = () => (done = true)
    promise.then(mark, mark)
    for (const end = Date.now() + patienceMs; !done && Date.now() < end;) await turn()
    if (!done) throw new Error('never at rest')
    return promise
  }

  try {
    for (const [side, folder] of folders.entries()) {
      mkdirSync(join(folder, 'd'), { recursive: true })
      if (side === 0)
        for (const name of ['keep.txt', 'a.txt'])
          writeFileSync(join(folder, name), `${token('d')}\n${token('d')}\n${token('d')}\n`)
      await start(side)
    }
    for (let quiet = 0, seen = 0; next < history.acts.length || held;) {
      await turn()
      quiet = steps === seen ? quiet + 1 : 0
      seen = steps
      for (const [side, daemon] of daemons.entries())
        if (daemon?.life.dead) {
          await end(side)
          trace?.(`${steps} starts ${side}`)
          await start(side)
        }
      if (quiet > 4) {
        quiet = 0
        if (!isBusy()) perform()
      }
    }
    killing = undefined
    server.online(true)
    for (const side of folders.keys()) {
      if (!daemons[side]?.life.dead) continue
      await end(side)
      await start(side)
    }
    const mirrors = await during(Promise.all(daemons.map((daemon) => daemon?.mirror as Promise<Mirror>)))
    for (let round = 0; round < 6; round++) {
      for (const mirror of mirrors) {
        await during(mirror.settle())
        await during(mirror.flush())
      }
      for (let i = 0; i < 60; i++) await turn()
    }
    judge()
  } catch (e) {
    wrong.push(e instanceof Error ? (e.stack ?? e.message) : String(e))
  } finally {
    for (const side of folders.keys()) await end(side).catch(() => wrong.push(`mirror ${side} does not end`))
    rmSync(base, { recursive: true, force: true })
  }
  return { wrong, steps, crashes, tokens: made }

  function judge(): void {
    const { byPath } = server.files.snapshot()
    const shared = [...byPath.values()]
      .filter((e) => e.kind === 'text')
      .map((e) => e.path)
      .toSorted()
    for (const [side, folder] of folders.entries()) {
      const there = inFolder(side)
      if (there.join() !== shared.join()) wrong.push(`folder ${side} has ${there.join()}; shared is ${shared.join()}`)
      for (const path of there.filter((each) => byPath.has(each))) {
        const text = readFileSync(join(folder, path), 'utf8')
        if (text !== server.at(path))
          wrong.push(
            `${path} in folder ${side} is ${JSON.stringify(text)}, in its document ${JSON.stringify(server.at(path))}`,
          )
      }
      const left = readdirSync(join(folder, '.tandem/tmp'))
      if (left.length > 0) wrong.push(`left in folder ${side}: ${left.join()}`)
    }
    const all = [...byPath.keys()].flatMap((path) => tokens(server.at(path) ?? ''))
    const aside = folders.flatMap((folder) =>
      ['conflicts', 'trash'].flatMap((part) =>
        readdirSync(join(folder, '.tandem', part)).flatMap((name) =>
          tokens(readFileSync(join(folder, '.tandem', part, name), 'utf8')),
        ),
      ),
    )
    const kept = new Set([...all, ...aside])
    const lost = [...alive].filter((each) => !kept.has(each))
    const doubled = all.filter((each, i) => all.indexOf(each) !== i)
    if (lost.length > 0) wrong.push(`lost ${lost.join()}`)
    const where = (each: string) => [...byPath.keys()].filter((path) => tokens(server.at(path) ?? '').includes(each))
    for (const each of doubled) wrong.push(`doubled ${each} in ${where(each).join()}`)
  }
}

/** A call that may wait for a connection: a step at either end. */
const asked =
  <A extends unknown[], R>(name: string, work: (...args: A) => Promise<R>) =>
  async (...args: A): Promise<R> => {
    await step(`${name} asked`, async () => {})()
    const answer = await work(...args)
    await step(`${name} answered`, async () => {})()
    return answer
  }

/** The server as this life reaches it: what it asks for is a step of it, what it is told of reaches only it. */
function fused(workspace: Workspace, life: Life): Workspace {
  const { files } = workspace
  return {
    ...workspace,
    files: {
      ...files,
      subscribe: (call) => files.subscribe(bound(call)),
      transact: stepNow('index', files.transact) as typeof files.transact,
    },
    ready: { ...workspace.ready, subscribe: (call) => workspace.ready.subscribe(bound(call)) },
    indexDurable: asked('index durable', workspace.indexDurable),
    seed: asked('seed', workspace.seed),
    change: asked('change', workspace.change),
    read: asked('read', workspace.read),
    open: async (...args) => {
      const text = await workspace.open(...args)
      return {
        ...text,
        apply: stepNow('apply', text.apply),
        durable: asked('durable', text.durable),
        onRemoteChange: (call) => text.onRemoteChange(bound(() => life.dead || call())),
      }
    },
  }
}

/** Leaves out acts as long as what is left still goes wrong. */
export async function shrunk(history: History): Promise<History> {
  let best = history
  for (let size = best.acts.length >> 1; size >= 1; size >>= 1)
    for (let at = 0; at < best.acts.length;) {
      const tried = { ...best, acts: best.acts.toSpliced(at, size) }
      if ((await simulate(tried)).wrong.length > 0) best = tried
      else at += size
    }
  return best
}
