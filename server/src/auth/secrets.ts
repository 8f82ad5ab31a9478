import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

/** All that the server keeps of a secret: its SHA-256, in hex. */
export const SecretHash = z.string().regex(/^[0-9a-f]{64}$/)

export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** Whether both are one hash, in the same time whatever they are; never where nothing is stored. */
export const isSameHash = (hash: string, stored: string | undefined): boolean =>
  timingSafeEqual(Buffer.from(hash, 'hex'), Buffer.from(stored ?? hashOf(''), 'hex')) && stored !== undefined
