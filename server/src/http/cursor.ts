import { TandemError } from '@tandem/shared'

/** Where somebody stopped listening: a version, and of which generation of the workspace's data. */
export type Cursor = { generation: number; seq: number }

/** `<generation>.<seq>`, undefined where nothing is said; throws `bad-request`. */
export function readCursor(raw: string | undefined): Cursor | undefined {
  if (raw === undefined || raw === '') return undefined
  const [, generation, seq] = /^(\d{1,10})\.(\d{1,15})$/.exec(raw) ?? []
  if (generation === undefined || seq === undefined)
    throw new TandemError('bad-request', { reason: 'a cursor is <generation>.<seq>' })
  return { generation: Number(generation), seq: Number(seq) }
}
