import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, TandemError } from '@tandem/shared'
import { z } from 'zod'
import { HostRule } from '../egress/rules.ts'
import { IsolateLimits } from './isolate-limits.ts'
import { Limits } from './limits.ts'
import { isAsStrict, Mode } from './modes.ts'
import { sentenceOf } from './policy-file.ts'
import { Rules, type Policy } from './policy.ts'

/** A file like any other of the repository, which everybody sees: it goes where the work goes. */
export const repositoryPolicyFile = 'tandem.policy.json'

const verdicts = ['allow', 'ask', 'deny'] as const
const Verdict = z.enum(verdicts).optional()

/** What a repository may say: only what can make the owner's policy stricter. */
const RepositoryPolicy = z.strictObject({
  version: z.literal(1).default(1),
  commands: z
    .strictObject({ mode: Mode.optional(), default: Verdict, ask: Rules.default([]), deny: Rules.default([]) })
    .prefault({}),
  network: z
    .strictObject({
      deny: z.array(HostRule).max(500).default([]),
      commands: z.strictObject({ default: Verdict }).prefault({}),
    })
    .prefault({}),
  limits: z.partialRecord(Limits.keyof(), z.int().nonnegative()).default({}),
  isolate: z.partialRecord(IsolateLimits.keyof(), z.int().nonnegative()).default({}),
})
type RepositoryPolicy = z.infer<typeof RepositoryPolicy>

const maxBytes = 65_536

/**
 * The owner's policy, made stricter by the repository's file where there is one: what holds now, for people change that
 * file too. Throws `config-invalid`, naming the key, for a file that cannot be understood or would loosen anything: then
 * nothing is run, since nobody knows what was meant. While the folder is gone, or another is in its place, what its file
 * said last holds.
 */
export function createPolicyNow(workspace: string, owner: Policy): () => Policy {
  const file = join(workspace, repositoryPolicyFile)
  const folder = folderAt(workspace)
  let known: { text: string | undefined; policy: () => Policy } | undefined
  const look = (): (() => Policy) => {
    if (known && folderAt(workspace) !== folder) return known.policy
    const text = read(file)
    if (known && known.text === text) return known.policy
    known = { text, policy: text === undefined ? () => owner : madeOnce(() => tighten(owner, parse(text))) }
    return known.policy
  }
  try {
    look() // The folder may be gone when it is first asked for.
  } catch {
    // Told whenever it is asked for.
  }
  return () => look()()
}

/** Which folder it is; undefined where there is none. */
function folderAt(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return stat?.isDirectory() ? `${stat.dev}.${stat.ino}` : undefined
}

/** The same each time; throws each time where it cannot be made. */
function madeOnce<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

function refuse(reason: string, cause?: unknown): never {
  throw new TandemError('config-invalid', { reason: `${repositoryPolicyFile} ${reason}` }, cause)
}

/** Not through a link: what it says must be what everybody sees. */
function read(file: string): string | undefined {
  let fd: number
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    return refuse(code === 'ELOOP' ? 'is a link, where a file is needed' : `cannot be read: ${messageOf(e)}`, e)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return refuse('is no file')
    if (stat.size > maxBytes) return refuse(`is larger than ${maxBytes / 1024} KB`)
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

function parse(text: string): RepositoryPolicy {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (e) {
    return refuse(`is not JSON: ${messageOf(e)}`, e)
  }
  const parsed = RepositoryPolicy.safeParse(value)
  return parsed.success ? parsed.data : refuse(`is not valid: ${sentenceOf(parsed.error)}; it can only tighten`)
}

function tighten(owner: Policy, { commands, network, limits, isolate }: RepositoryPolicy): Policy {
  const atLeast = (key: string, wanted: (typeof verdicts)[number] | undefined, has: (typeof verdicts)[number]) =>
    wanted === undefined || verdicts.indexOf(wanted) >= verdicts.indexOf(has)
      ? (wanted ?? has)
      : loosens(key, wanted, has)
  const { mode = owner.commands.mode } = commands
  if (!isAsStrict(mode, owner.commands.mode)) loosens('commands.mode', mode, owner.commands.mode)
  const atMost = <S extends z.ZodType<Readonly<Record<string, number>>>>(
    key: string,
    Schema: S,
    has: z.infer<S>,
    wanted: Readonly<Record<string, number>>,
  ) => {
    for (const [name, value] of Object.entries(wanted)) {
      const most = has[name] ?? 0
      if (value > most) loosens(`${key}.${name}`, value, most)
    }
    const limited = Schema.safeParse({ ...has, ...wanted })
    return limited.success ? limited.data : refuse(`is not valid: ${key}.${sentenceOf(limited.error)}`)
  }
  return {
    ...owner,
    commands: {
      ...owner.commands,
      mode,
      default: atLeast('commands.default', commands.default, owner.commands.default),
      ask: [...owner.commands.ask, ...commands.ask],
      deny: [...owner.commands.deny, ...commands.deny],
    },
    network: {
      ...owner.network,
      deny: [...owner.network.deny, ...network.deny],
      commands: {
        ...owner.network.commands,
        default: atLeast('network.commands.default', network.commands.default, owner.network.commands.default),
      },
    },
    limits: atMost('limits', Limits, owner.limits, limits),
    isolate: atMost('isolate', IsolateLimits, owner.isolate, isolate),
  }
}

const loosens = (key: string, wanted: string | number, has: string | number): never =>
  refuse(`would loosen the policy of this machine: ${key} is ${has} there, not ${wanted}; it can only tighten`)
