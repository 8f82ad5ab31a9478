import { Button } from '../ui/button.tsx'
import { missingWords } from './log-rows.ts'
import type { LogFacts } from './log.ts'

type LogNoteProps = Pick<LogFacts, 'missing' | 'parts' | 'trouble'> & {
  /** Something of it is not here, and will not come by itself. */
  isCut: boolean
  isOffline: boolean
  fileUrl: string
  again: (() => void) | undefined
}

/** What of an output is not here, why, and where it can be had. */
export function LogNote({ missing, parts, trouble, isCut, isOffline, fileUrl, again }: LogNoteProps) {
  if (trouble !== undefined)
    return (
      <>
        {isOffline ? 'The whole is on the server.' : `The rest did not come: ${trouble}.`}{' '}
        <Button variant="quiet" disabled={isOffline} onClick={again}>
          Try again
        </Button>
      </>
    )
  if (parts) return <>{`loading, ${parts.done} of ${parts.total}`}</>
  if (!isCut) return null
  return (
    <>
      {missingWords(missing) ?? 'Its middle was left out.'}{' '}
      {!isOffline && (
        <a href={fileUrl} target="_blank" rel="noreferrer">
          Open the file
        </a>
      )}
    </>
  )
}
