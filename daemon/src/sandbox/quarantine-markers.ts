import { lstatSync, rmSync, writeFileSync } from 'node:fs'
import { lchown, mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { openOwnFolder } from '../disk/own-folder.ts'
import { ignoring } from '../disk/stat.ts'
import type { Identity } from './identity.ts'

const Note = z.object({
  pid: z.int(),
  /** When that process began, as the kernel counts: a number used again is another process. */
  processStart: z.string(),
  id: z.string(),
  /** Paths by which file they were: what is still the same was not the command's to change. */
  known: z.record(z.string(), z.string()),
  /** What the settings of a repository held that may run programs. */
  doubts: z.record(z.string(), z.array(z.string())),
  awaited: z.array(z.string()),
  /** Whether walls kept what is known from being changed within. */
  held: z.boolean().default(true),
  /** Which folder it is about, where that is not the workspace. */
  place: z.string().default(''),
})
/** What was so when a command began. `startedAt` is by the clock of the workspace's own file system. */
export type Marker = z.infer<typeof Note> & { readonly file: string; readonly startedAt: number }

/**
 * A note for each command that runs, in `.tandem/running`, where no command can write. One that is left behind by a
 * daemon that is no more says what to look after.
 */
export function createMarkers(workspace: string, identity: Identity, place = '') {
  const isFolder = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  const folder = async () => {
    const places = [join(workspace, '.tandem'), join(workspace, '.tandem/running')]
    if (places.every(isFolder)) return places[1] ?? ''
    const own = await openOwnFolder(workspace)
    const running = join(own, 'running')
    await mkdir(running).catch(ignoring('EEXIST'))
    for (const each of [own, running]) if (identity.drop) await lchown(each, identity.uid, identity.gid)
    await writeFile(join(own, '.gitignore'), '*\n', { flag: 'wx' }).catch(ignoring('EEXIST'))
    return running
  }
  let ownLine: Promise<string> | undefined

  return {
    write: async (note: Pick<Marker, 'id' | 'known' | 'doubts' | 'awaited' | 'held'>): Promise<Marker> => {
      const file = join(await folder(), `${process.pid}-${++made}.json`)
      const full = {
        ...note,
        place,
        pid: process.pid,
        processStart: startOf(await (ownLine ??= statLine(process.pid))),
      }
      // Small and at once: this stands before every command, and waiting for another thread takes longer.
      writeFileSync(file, JSON.stringify(full), { mode: 0o600 })
      return { ...full, file, startedAt: lstatSync(file).ctimeMs }
    },
    remove: ({ file }: Marker) => rmSync(file, { force: true }),
    /** Those of processes that are no more. */
    leftBehind: async (): Promise<Marker[]> => {
      const running = join(workspace, '.tandem/running')
      if (!lstatSync(running, { throwIfNoEntry: false })?.isDirectory()) return []
      const found: Marker[] = []
      for (const name of await readdir(running)) {
        const file = join(running, name)
        const pid = Number(/^(\d+)-\d+\.json$/.exec(name)?.[1])
        const stat = lstatSync(file, { throwIfNoEntry: false })
        if (!stat?.isFile() || Number.isNaN(pid)) continue
        const note = Note.safeParse(await readFile(file, 'utf8').then(parseJson)).data
        const line = await statLine(pid)
        if (line !== '' && (!note || startOf(line) === note.processStart)) continue
        if (note?.place === place) found.push({ ...note, file, startedAt: stat.ctimeMs })
        // Torn as it was written: that command had not begun.
        else if (!note) await unlink(file)
      }
      return found
    },
  }
}

/** Of all runners in this process, which may serve one folder one after the other. */
let made = 0

const statLine = (pid: number): Promise<string> => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
const startOf = (line: string): string => line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? ''

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
