import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { messageOf, systemClock } from '@tandem/shared'
import { openAudit } from '../store/audit.ts'
import { openLevelStore } from '../store/level.ts'
import { replay } from '../store/replay.ts'

/**
 * Looks into what a killed server left, in a copy, so that the next start still finds it as it was: every document is
 * whole, versions are in order, and the audit's chain holds. Returns what is wrong.
 */
export async function inspect(storeDir: string): Promise<string[]> {
  const copy = await mkdtemp(path.join(tmpdir(), 'tandem-inspect-'))
  try {
    await cp(storeDir, copy, { recursive: true })
    const store = await openLevelStore(copy)
    const wrong: string[] = []
    let last = 0
    for await (const { seq, doc } of store.heads()) {
      if (seq <= last) wrong.push(`version ${seq} of ${doc} comes after ${last}`)
      last = seq
    }
    for await (const [doc, stat] of store.docs()) {
      await replay(store, doc, { atLeast: stat?.seq ?? 0 }).catch((e: unknown) => wrong.push(`${doc}: ${messageOf(e)}`))
    }
    const audit = await openAudit(store, { write: async () => {} }, systemClock)
    const broken = await audit.verify()
    if (broken !== undefined) wrong.push(`the audit does not hold from entry ${broken} on`)
    await store.close()
    return wrong
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}
