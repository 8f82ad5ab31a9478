import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Id, Role, createId, type Clock } from '@tandem/shared'
import { z } from 'zod'

const pattern = /^tdm_([0-9A-HJKMNP-TV-Z]{26})_([0-9a-f]{64})_([0-9a-f]{8})$/

/** A new key, `tdm_<id>_<secret>_<crc>`: shown once, kept by its owner; the server stores its hash [S54]. */
export function createApiKey(): string {
  const body = `${createId()}_${randomBytes(32).toString('hex')}`
  return `tdm_${body}_${checksum(body)}`
}

/** A key's public part; undefined where it is mistyped (its checksum tells) or no key at all. */
export function apiKeyId(key: string): Id | undefined {
  const [, id, secret, crc] = pattern.exec(key) ?? []
  return id && secret && crc === checksum(`${id}_${secret}`) ? id : undefined
}

const checksum = (body: string) => crc32(body).toString(16).padStart(8, '0')
const hashOf = (secret: string) => createHash('sha256').update(secret).digest()

const KeyRecord = z.object({
  hash: z.string(),
  principal: Id,
  name: z.string(),
  role: Role,
  /** The key that the owner's URL carries: there is one, kept beside the data. */
  owner: z.boolean().default(false),
  createdAt: z.number(),
})
type KeyRecord = z.infer<typeof KeyRecord>

/** Who a key, a cookie or a token stands for. */
export type Account = { principal: Id; name: string; role: Role }

/** Small records that auth keeps; the store provides them. */
export type AuthTable = {
  read(key: string): Promise<unknown>
  write(key: string, value: unknown): Promise<void>
  list(): AsyncIterable<readonly [key: string, value: unknown]>
}

export type ApiKeys = {
  /** The account of a key; undefined where it is unknown, mistyped or withdrawn. Takes the same time for every secret. */
  verify(key: string): Promise<(Account & { keyId: Id }) | undefined>
  /** Makes `key` the owner's one key; an earlier owner's key stops working. */
  setOwner(key: string, account: Account): Promise<void>
  add(key: string, account: Account): Promise<void>
  /** Whether a key still is valid: a session never outlives the key that opened it. */
  has(keyId: Id): Promise<boolean>
  remove(keyId: Id): Promise<void>
}

export function createApiKeys(table: AuthTable, clock: Clock): ApiKeys {
  const put = async (key: string, account: Account, owner: boolean) => {
    const id = apiKeyId(key)
    if (id === undefined) throw new TypeError('not an API key')
    const record: KeyRecord = { ...account, hash: hashOf(key).toString('hex'), owner, createdAt: clock.now() }
    await table.write(id, record)
  }
  return {
    verify: async (key) => {
      const keyId = apiKeyId(key)
      const parsed = keyId === undefined ? undefined : KeyRecord.safeParse(await table.read(keyId))
      const known = parsed?.data
      const matches = timingSafeEqual(hashOf(key), known ? Buffer.from(known.hash, 'hex') : hashOf(''))
      if (!known || !matches || keyId === undefined) return undefined
      return { principal: known.principal, name: known.name, role: known.role, keyId }
    },
    setOwner: async (key, account) => {
      const id = apiKeyId(key)
      for await (const [other, raw] of table.list()) {
        if (other !== id && KeyRecord.safeParse(raw).data?.owner) await table.write(other, undefined)
      }
      await put(key, account, true)
    },
    add: (key, account) => put(key, account, false),
    has: async (keyId) => KeyRecord.safeParse(await table.read(keyId)).success,
    remove: (keyId) => table.write(keyId, undefined),
  }
}
