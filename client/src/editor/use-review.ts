import { messageOf, type Id } from '@tandem/shared'
import type * as M from 'monaco-editor/editor'
import { useEffect, useMemo, useState } from 'react'
import { openReviews, type OpenReviews } from '../session/open-reviews.ts'
import { useSession } from '../session/session-context.ts'
import { toast } from '../ui/toast.ts'
import type { Models } from './models.ts'
import { monaco } from './monaco.ts'
import './review.css'
import { showReview } from './review-marks.ts'

type Shown = { editor: M.editor.IStandaloneCodeEditor | undefined; models: Models | undefined; fileId: Id | undefined }

/** What runs changed in the file in the editor: marked, and kept or undone by Alt+Y and Alt+N where the cursor is. */
export function useReview({ editor, models, fileId }: Shown): void {
  const session = useSession()
  const [reviews, setReviews] = useState<OpenReviews>()
  const [count, setCount] = useState(0)
  useEffect(() => {
    const opened = openReviews(session)
    setReviews(opened)
    return opened.close
  }, [session])
  const [shown, setShown] = useState<ReturnType<typeof showReview>>()
  useEffect(() => {
    if (!editor || !models || !reviews || fileId === undefined) return
    const opened = models.open(fileId, session.files.get(fileId)?.path ?? '')
    const marks = showReview({ monaco, editor, opened, session, reviews, onCount: setCount })
    setShown(marks)
    return () => {
      setShown(undefined)
      marks.close()
    }
  }, [editor, models, reviews, fileId, session])
  const actions = useMemo(
    () =>
      [
        { id: 'tandem.keep', label: 'Keep the agent’s change here', key: monaco.KeyCode.KeyY, does: 'accept' },
        { id: 'tandem.undo', label: 'Undo the agent’s change here', key: monaco.KeyCode.KeyN, does: 'reject' },
      ] as const,
    [],
  )
  const isAny = count > 0
  useEffect(() => {
    if (!editor || !shown || !isAny) return
    const added = actions.map(({ id, label, key, does }) =>
      editor.addAction({
        id,
        label,
        keybindings: [monaco.KeyMod.Alt | key],
        run: async () => {
          try {
            if (!(await shown.decide(does))) shown.next()
          } catch (e) {
            toast(`Nothing was changed: ${messageOf(e)}.`)
          }
        },
      }),
    )
    return () => added.forEach((action) => action.dispose())
  }, [editor, shown, isAny, actions])
}
