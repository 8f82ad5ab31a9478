import type { Id } from '@tandem/shared'
import type * as M from 'monaco-editor/editor'
import { useEffect } from 'react'
import { useSession } from '../session/session-context.ts'
import { showBlame } from './blame-gutter.ts'
import './blame.css'
import type { Models } from './models.ts'
import { monaco } from './monaco.ts'

export type BlameView = {
  isOn: boolean
  toggle: () => void
  /** What there is to say of the line that the cursor is on; undefined while nothing is shown. */
  onLine: (words: string | undefined) => void
}

type Shown = { editor: M.editor.IStandaloneCodeEditor | undefined; models: Models | undefined; fileId: Id | undefined }

/** Who wrote each line of the file in the editor, while that is wanted; Alt+B there changes it. */
export function useBlame({ editor, models, fileId }: Shown, { isOn, toggle, onLine }: BlameView): void {
  const session = useSession()
  useEffect(() => {
    if (!isOn || !editor || !models || fileId === undefined) return
    const opened = models.open(fileId, session.files.get(fileId)?.path ?? '')
    return showBlame({ monaco, editor, opened, session, onLine })
  }, [isOn, editor, models, fileId, session, onLine])
  useEffect(() => {
    if (!editor) return
    const action = editor.addAction({
      id: 'tandem.blame',
      label: 'Show or hide who wrote each line',
      keybindings: [monaco.KeyMod.Alt | monaco.KeyCode.KeyB],
      run: toggle,
    })
    return () => action.dispose()
  }, [editor, toggle])
}
