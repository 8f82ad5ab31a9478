import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Id, KeyInfo, Role, createId, scopes, type Clock, type Scope } from '@tandem/shared'
import type { z } from 'zod'
import { SecretHash, hashOf, isSameHash } from './secrets.ts'
import { openCached, type AuthTable } from './table.ts'

const pattern = /^tdm_([0-9A-HJKMNP-TV-Z]{26})_([0-9a-f]{64})_([0-9a-f]{8})$/

/** A new key, `tdm_<id>_<secret>_<crc>`: shown once, kept by its owner; the server stores its hash [S54]. */
export const createApiKey = (): string => keyWith(createId())

function keyWith(id: Id): string {
  const body = `${id}_${randomBytes(32).toString('hex')}`
  return `tdm_${body}_${checksum(body)}`
}

/** A key's public part; undefined where it is mistyped (its checksum tells) or no key at all. */
export function apiKeyId(key: string): Id | undefined {
  const [, id, secret, crc] = pattern.exec(key) ?? []
  return id && secret && crc === checksum(`${id}_${secret}`) ? id : undefined
}

const checksum = (body: string) => crc32(body).toString(16).padStart(8, '0')

const KeyRecord = KeyInfo.omit({ prefix: true }).extend({ hash: SecretHash })
type KeyRecord = z.infer<typeof KeyRecord>

/** A program whose key comes from the settings [S55]. */
export type Program = { name: string; role: Role; scopes: readonly Scope[]; secret: string | undefined }

export type ApiKeys = {
  /** Which key this is; undefined where it is unknown, mistyped, withdrawn or expired. Takes the same time for every secret. */
  verify(secret: string): Id | undefined
  /** A key that still is valid: nothing that it opened outlives it. */
  get(id: Id): KeyInfo | undefined
  /** Also those that have expired, until they are removed. */
  list(): readonly KeyInfo[]
  /** `key` is told here once. */
  make(asked: Omit<KeyInfo, 'id' | 'prefix' | 'createdAt' | 'lastUsedAt'>): Promise<{ key: string; info: KeyInfo }>
  /** Makes `key` the owner's one key; an earlier owner's key stops working. */
  setOwner(key: string, principal: Id): Promise<void>
  /** Makes the programs' keys what the settings say; returns who each program is, undefined where it has no key. */
  setPrograms(
    programs: readonly Program[],
  ): Promise<readonly { name: string; role: Role; principal: Id; here: boolean }[]>
  remove(id: Id): Promise<void>
  /** Notes that a key was used, at most once a minute; true for the first time in an hour. */
  touch(id: Id): boolean
  onChange(listen: () => void): void
}

const touchEveryMs = 60_000
const tellEveryMs = 3_600_000

export async function openApiKeys(table: AuthTable, clock: Clock): Promise<ApiKeys> {
  const keys = await openCached(table, KeyRecord)
  const toldAt = new Map<Id, number>()
  const records = () => keys.entries().map(([, record]) => record)
  const stands = (record: KeyRecord | undefined): record is KeyRecord =>
    record !== undefined && (record.expiresAt === undefined || clock.now() < record.expiresAt)
  const put = (record: Omit<KeyRecord, 'hash' | 'createdAt'>, secret: string) =>
    keys.set(record.id, { ...record, hash: hashOf(secret), createdAt: clock.now() })

  return {
    verify: (secret) => {
      const hash = hashOf(secret)
      const id = apiKeyId(secret)
      const own = id === undefined ? undefined : keys.get(id)
      // Keys from the settings have no form of their own: each is compared, whatever was found before.
      const found = [own, ...records().filter(({ kind }) => kind === 'environment')].filter((record) =>
        isSameHash(hash, record?.hash),
      )
      return found.find(stands)?.id
    },
    get: (id) => {
      const record = keys.get(id)
      return stands(record) ? infoOf(record) : undefined
    },
    list: () => records().map(infoOf),
    make: async (asked) => {
      const id = createId()
      const key = keyWith(id)
      await put({ id, ...asked }, key)
      return { key, info: infoOf(keys.get(id) as KeyRecord) }
    },
    setOwner: async (key, principal) => {
      const id = apiKeyId(key)
      if (id === undefined) throw new TypeError('not an API key')
      const old = records().filter((other) => other.kind === 'owner' && other.id !== id)
      await Promise.all(old.map((other) => keys.remove(other.id)))
      const known = keys.get(id)
      if (known?.kind === 'owner' && isSameHash(hashOf(key), known.hash)) return
      await put({ id, principal, name: 'Owner', role: 'owner', scopes: [...scopes], kind: 'owner' }, key)
    },
    setPrograms: (programs) =>
      Promise.all(
        programs.map(async ({ name, role, scopes: allowed, secret }) => {
          const known = records().find((record) => record.kind === 'environment' && record.name === name)
          const principal = known?.principal ?? createId()
          if (known && (secret === undefined || !isSameHash(hashOf(secret), known.hash))) await keys.remove(known.id)
          if (secret !== undefined && !(known && keys.get(known.id)))
            await put({ id: createId(), principal, name, role, scopes: [...allowed], kind: 'environment' }, secret)
          return { name, role, principal, here: secret !== undefined }
        }),
      ),
    remove: keys.remove,
    touch: (id) => {
      const record = keys.get(id)
      if (!record) return false
      const now = clock.now()
      // Nobody waits for this write, and it may be lost with a failing store.
      if (now - (record.lastUsedAt ?? 0) >= touchEveryMs) keys.set(id, { ...record, lastUsedAt: now }).catch(() => {})
      const isNews = now - (toldAt.get(id) ?? -Infinity) >= tellEveryMs
      if (isNews) toldAt.set(id, now)
      return isNews
    },
    onChange: keys.onChange,
  }
}

/** As others may see it: without the hash. Of a key that somebody chose themselves nothing is public. */
function infoOf(record: KeyRecord): KeyInfo {
  const { hash: _, ...info } = record
  return { ...info, prefix: info.kind === 'environment' ? '' : `tdm_${info.id}` }
}
