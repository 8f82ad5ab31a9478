import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createId, Id, messageOf, TandemError } from '@tandem/shared'
import { z } from 'zod'
import { configDir, type Machine } from './config.ts'

const Credential = z.object({
  key: z.string(),
  workspaceId: Id,
  /** What the workspace was called at sign-in. */
  name: z.string(),
  /** When that was, ms. */
  at: z.number(),
})
export type Credential = z.infer<typeof Credential>
const Kept = z.record(z.string(), Credential)

export type Credentials = {
  file: string
  find(origin: string): Credential | undefined
  origins(): string[]
  set(origin: string, credential: Credential): void
  remove(origin: string): void
}

/**
 * The keys that this person's programs got from servers, by the server's origin: `credentials.json` in their
 * configuration folder, readable for them alone. Throws `config-invalid` where the file is not what we wrote: what is
 * in it may be wanted.
 */
export function openCredentials(machine: Pick<Machine, 'env' | 'home'>): Credentials {
  const folder = configDir(machine)
  const file = join(folder, 'credentials.json')

  const read = (): z.infer<typeof Kept> => {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return {}
      throw new TandemError('config-invalid', { reason: `${file} cannot be read: ${messageOf(e)}` }, e)
    }
    try {
      return Kept.parse(JSON.parse(text))
    } catch (e) {
      throw new TandemError('config-invalid', { reason: `${file} is not valid: correct it, or move it away` }, e)
    }
  }
  /** Whole or not at all: a crash leaves the old one. */
  const write = (next: z.infer<typeof Kept>) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const beside = `${file}.${createId()}`
    try {
      writeFileSync(beside, JSON.stringify(next, undefined, 2) + '\n', { mode: 0o600, flag: 'wx', flush: true })
      renameSync(beside, file)
    } catch (e) {
      rmSync(beside, { force: true })
      throw new TandemError('config-invalid', { reason: `${file} cannot be written: ${messageOf(e)}` }, e)
    }
  }
  return {
    file,
    find: (origin) => read()[origin],
    origins: () => Object.keys(read()),
    set: (origin, credential) => write({ ...read(), [origin]: credential }),
    remove: (origin) => {
      const { [origin]: gone, ...rest } = read()
      if (gone) write(rest)
    },
  }
}
