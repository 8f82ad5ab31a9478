import { Button } from '../ui/button.tsx'
import { missingWords } from './log-rows.ts'
import type { LogFacts } from './log.ts'

type LogNoteProps = {
  facts: LogFacts
  /** Something of it is not here, and will not come by itself. */
  isCut: boolean
  isOffline: boolean
  fileUrl: string
  again: (() => void) | undefined
}

/** What of an output is not here, why, and where it can be had. */
export function LogNote({ facts, isCut, isOffline, fileUrl, again }: LogNoteProps) {
  if (facts.trouble !== undefined)
    return (
      <>
        {isOffline ? 'The whole is on the server.' : `The rest did not come: ${facts.trouble}.`}{' '}
        <Button variant="quiet" disabled={isOffline} onClick={again}>
          Try again
        </Button>
      </>
    )
  if (facts.parts) return <>{`loading, ${facts.parts.done} of ${facts.parts.total}`}</>
  if (!isCut) return null
  return (
    <>
      {missingWords(facts.missing) ?? 'Its middle was left out.'}{' '}
      {!isOffline && (
        <a href={fileUrl} target="_blank" rel="noreferrer">
          Open the file
        </a>
      )}
    </>
  )
}
