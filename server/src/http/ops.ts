import { openOps, type Ops } from '@tandem/shared/docs'
import type { HttpDeps } from './deps.ts'

/** What the server alone says of the workspace, kept open from the first question on. */
export function createOpsLook({ documents }: Pick<HttpDeps, 'documents'>): () => Promise<Ops> {
  let held: Promise<Ops> | undefined
  const hold = async () => {
    try {
      return openOps((await documents.hold({ kind: 'ops' })).doc)
    } catch (e) {
      held = undefined
      throw e
    }
  }
  return () => (held ??= hold())
}
