import { NewCheckpoint } from '@tandem/shared'
import type { z } from 'zod'
import type { Api } from './api.ts'

/** How all files stood at a moment in which nobody wrote. */
export type Version = {
  seq: number
  contents: ReadonlyMap<string, string>
  /** A checkpoint holds it, or it is too young to be thinned: it must be there exactly. */
  isKept: boolean
}

export type Versions = {
  all(): readonly Version[]
  /** Remembers how things stand; some are named, which keeps them for ever. */
  remember(contents: ReadonlyMap<string, string>): Promise<void>
  /** The server's clock went on by days: what no checkpoint holds may be thinned now. */
  aged(): void
  /** Compares some files of some remembered versions with what the server says of them. Returns what is wrong. */
  check(): Promise<string[]>
  done(): { versionsChecked: number; versionsThinned: number; checkpoints: number }
}

export function createVersions(api: Api, random: () => number): Versions {
  let versions: (Version & { isNamed: boolean })[] = []
  const done = { versionsChecked: 0, versionsThinned: 0, checkpoints: 0 }
  const any = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)]

  const checkOne = async ({ seq, contents, isKept }: Version): Promise<string[]> => {
    const [path, expected] = any([...contents]) ?? ['', '']
    const answer = await api.ask(`/versions/${seq}/files/${path}`)
    const found = answer?.ok ? await answer.text() : undefined
    const isExact = answer?.headers.get('tandem-version') === String(seq)
    if (!isKept && !isExact) {
      done.versionsThinned += 1
      return []
    }
    done.versionsChecked += 1
    return found === expected
      ? []
      : [`${path} at version ${seq} is not as it was (${answer?.status}): ${found?.slice(-200)}`]
  }

  return {
    all: () => versions,
    done: () => done,
    aged: () => (versions = versions.map((v) => ({ ...v, isKept: v.isNamed }))),
    remember: async (contents) => {
      const { seq } = await api.version()
      const isNamed = random() < 0.3
      if (isNamed) {
        const checkpoint: z.input<typeof NewCheckpoint> = { name: `at ${seq}`, version: seq }
        await api.must('/checkpoints', { method: 'POST', body: JSON.stringify(checkpoint) })
        done.checkpoints += 1
      }
      versions = [...versions, { seq, contents, isKept: true, isNamed }].slice(-60)
    },
    check: async () => {
      const wrong: string[] = []
      for (let i = 0; i < 4; i++) {
        const version = any(versions)
        if (version) wrong.push(...(await checkOne(version)))
      }
      return wrong
    },
  }
}
