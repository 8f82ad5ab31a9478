import { useSession } from './session/session-context.ts'
import { useView } from './session/use-view.ts'
import { Button } from './ui/button.tsx'
import { Dialog } from './ui/dialog.tsx'

const stories = {
  'epoch-changed': {
    title: 'This workspace was made anew',
    text: 'The server has a new history for it, into which this page’s documents cannot be merged.',
    goOn: 'I have the file, start afresh',
  },
  'old-epoch': {
    title: 'Edits from before the workspace was made anew',
    text: 'This device holds edits of an earlier history of this workspace. They cannot be merged into the new one.',
    goOn: 'I have the file, remove them',
  },
  diverged: {
    title: 'The server did not take your last changes',
    text: 'Your role may have changed while you worked. What you see here differs from what everyone else has.',
    goOn: 'I have the file, start afresh',
  },
} as const

const troubles = {
  changed: 'More edits were made here after that copy. Save another one, which holds them too.',
  unreadable: 'This browser could not read all of them. Nothing was removed; try again, or reload the page.',
}

/**
 * Takes along what the server cannot take, in two steps: the file, then the word of the person that they have it. Only
 * that word removes anything here, since no page can know whether a download was kept.
 */
export function RescueDialog() {
  const { rescue } = useSession()
  const { needed, copy, trouble } = useView(rescue.state)
  if (needed === 'none') return undefined
  const { title, text, goOn } = stories[needed]
  const mayWait = needed === 'old-epoch'
  return (
    <Dialog
      open
      title={title}
      onClose={() => mayWait && rescue.postpone()}
      actions={
        <>
          {mayWait && (
            <Button variant="quiet" onClick={rescue.postpone}>
              Not now
            </Button>
          )}
          {/* The same button in both steps: it keeps the focus, so that pressing Enter twice saves twice. */}
          <Button variant={copy === undefined ? 'primary' : 'plain'} onClick={() => void rescue.saveCopy()}>
            {copy === undefined ? 'Save a copy' : 'Save it again'}
          </Button>
          {copy !== undefined && (
            <Button variant="danger" onClick={() => void rescue.letGo()}>
              {goOn}
            </Button>
          )}
        </>
      }
    >
      <p>{text} Save your unsent edits as a file: until you say that you have it, nothing is removed here.</p>
      <p role="status">
        {trouble !== undefined
          ? troubles[trouble]
          : copy !== undefined && (
              <>
                Your browser was given <code>{copy}</code>. See that it is among your downloads before you go on: what
                this device holds of these edits is removed then.
              </>
            )}
      </p>
    </Dialog>
  )
}
