import { type ComponentType, Suspense, useState } from 'react'
import { visibleText } from '@tandem/shared'
import { Button } from '../ui/button.tsx'
import { Empty, Failed, Skeleton } from '../ui/states.tsx'
import type { VersionText } from '../session/read-text.ts'
import type { Pair } from './compare.ts'
import { usePairTexts } from './use-pair-texts.ts'
import type { VersionTexts } from './version-texts.ts'

/** Shows two texts and what differs; the editor's, placed here by the workbench. */
export type DiffView = ComponentType<{ path: string; before: string; after: string }>

/** Beyond this a comparison would make the page stutter. */
const maxLength = 2_000_000

type ComparisonProps = { pair: Pair; texts: VersionTexts; head: number; Diff: DiffView }

/** A file before and after, or why there is nothing to compare. */
export function Comparison({ pair, texts, head, Diff }: ComparisonProps) {
  const [attempt, setAttempt] = useState(0)
  const found = usePairTexts(pair, texts, head, attempt)
  if (found.is === 'loading') return <DiffSkeleton />
  if (found.is === 'failed') {
    return (
      <Failed
        what="The text of this version did not come."
        safe={`It said: ${found.reason}. Nothing is lost.`}
        action={<Button onClick={() => setAttempt(attempt + 1)}>Try again</Button>}
      />
    )
  }
  const { before, after } = found
  const instead = insteadOf(pair, before, after)
  if (instead !== undefined) return <Empty>{instead}</Empty>
  return (
    <Suspense fallback={<DiffSkeleton />}>
      <Diff path={pair.path} before={before?.text ?? ''} after={after?.text ?? ''} />
    </Suspense>
  )
}

const DiffSkeleton = () => <Skeleton label="Loading the text" widths={[38, 52, 20, 61, 44, 33]} />

/** What is said where no two texts can be shown. */
function insteadOf(pair: Pair, before: VersionText | undefined, after: VersionText | undefined): string | undefined {
  const path = visibleText(pair.path)
  if (!before && !after) return `${path} did not exist then, and does not now.`
  const reason = before?.reason ?? after?.reason
  if (reason !== undefined) return `${path} cannot be compared here: ${reason}.`
  if ((before?.text?.length ?? 0) + (after?.text?.length ?? 0) > maxLength)
    return `${path} is too large to be compared here.`
  if (before?.text === after?.text) {
    if (pair.from !== undefined) return `Moved from ${visibleText(pair.from)} to ${path}; its text is the same.`
    return `The text of ${path} is the same in both.`
  }
  if (before && !after && before.text === '') return `${path} was deleted; it was empty.`
  if (after && !before && after.text === '') return `${path} was created empty.`
  return undefined
}
