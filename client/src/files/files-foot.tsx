import type { Id } from '@tandem/shared'
import type { MirrorState } from '@tandem/shared/docs'
import { lazy, Suspense } from 'react'
import { useAttention } from '../session/attention.ts'
import { HiddenNote } from './hidden-note.tsx'

// On most days nothing needs a look.
const AttentionSection = lazy(() => import('./attention-section.tsx'))

/** Below the tree: what needs a look, and what of the folder is not here. */
export function FilesFoot({ mirror, onOpen }: { mirror: MirrorState | undefined; onOpen: (id: Id) => void }) {
  const attention = useAttention()
  const { conflicts, alerts, halted } = attention
  return (
    <>
      {conflicts.length + alerts.length + halted.length > 0 && (
        <Suspense>
          <AttentionSection attention={attention} onOpen={onOpen} />
        </Suspense>
      )}
      <HiddenNote mirror={mirror} />
    </>
  )
}
