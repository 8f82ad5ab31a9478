import type { Id, TextEdit } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import Editor, { type OnMount } from '@monaco-editor/react'
import type * as M from 'monaco-editor/editor'
import { type Ref, useEffect, useImperativeHandle, useRef, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { Skeleton } from '../ui/states.tsx'
import { useTheme } from '../ui/theme.ts'
import { toast } from '../ui/toast.ts'
import { editorLook } from './editor-look.ts'
import { createModels, type Models } from './models.ts'
import { monaco } from './monaco.ts'
import { showPeers } from './peer-cursors.ts'
import './peer-cursors.css'
import { themeName } from './themes.ts'
import { useBlame, type BlameView } from './use-blame.ts'
import { useReview } from './use-review.ts'

/** What others may do to the text on the screen. */
export type EditorHandle = {
  /**
   * Edits the file's text as its person, one step of undo: `change` gets the text and answers the edits. False where the
   * file is not on the screen, or the edit was refused, which the person was told.
   */
  edit(fileId: Id, change: (text: string) => readonly TextEdit[]): boolean
  focus(): void
}

type CodeEditorProps = {
  ref: Ref<EditorHandle>
  /** A file whose document is ready; without one the editor is empty, and takes no keys. */
  file: FileEntry | undefined
  readOnly: string | undefined
  focusCall: number
  onOwnEdit: (fileId: Id) => void
  blame: BlameView
}

/** The text of one file at a time, in one editor that lives as long as anything is open. */
export default function CodeEditor({ ref, file, readOnly, focusCall, onOwnEdit, blame }: CodeEditorProps) {
  const session = useSession()
  const fileId = file?.id
  const path = file?.path
  const [theme] = useTheme()
  const [editor, setEditor] = useState<M.editor.IStandaloneCodeEditor>()
  const onEdit = useRef(onOwnEdit)
  useEffect(() => {
    onEdit.current = onOwnEdit
  }, [onOwnEdit])
  const [models, setModels] = useState<Models>()

  useEffect(() => {
    const made = createModels(session, monaco, {
      onRefused: () => toast('That would make the file larger than 8 MB, so the edit was not made.'),
      onOwnEdit: (id) => onEdit.current(id),
    })
    setModels(made)
    return () => made.close()
  }, [session])

  useEffect(() => {
    if (!editor || !models || fileId === undefined) return
    models.editors.add(editor)
    const opened = models.open(fileId, session.files.get(fileId)?.path ?? '')
    editor.setModel(opened.model)
    const isProse = opened.model.getLanguageId() === 'markdown'
    editor.updateOptions({ wordWrap: isProse || matchMedia('(max-width: 759px)').matches ? 'on' : 'off' })
    if (opened.view) editor.restoreViewState(opened.view)
    session.peers.showFile(fileId)
    const hide = showPeers(monaco, editor, opened, session.peers)
    return () => {
      opened.view = editor.saveViewState()
      hide()
      editor.setModel(null)
      session.peers.showFile(undefined)
      models.editors.delete(editor)
    }
  }, [session, editor, models, fileId])

  useBlame({ editor, models, fileId }, blame)
  useReview({ editor, models, fileId })

  useImperativeHandle(
    ref,
    () => ({
      focus: () => editor?.focus(),
      edit: (id, change) => {
        if (!models || id !== fileId) return false
        const { model, binding } = models.open(id, session.files.get(id)?.path ?? '')
        return binding.edit(change(model.getValue(monaco.editor.EndOfLinePreference.LF)))
      },
    }),
    [session, editor, models, fileId],
  )

  useEffect(() => {
    // A rename may bring another language; the text and the cursor stay.
    if (models && fileId !== undefined && path !== undefined) models.open(fileId, path)
  }, [models, fileId, path])

  const answered = useRef(0)
  useEffect(() => {
    if (!editor || !models || fileId === undefined || answered.current === focusCall) return
    answered.current = focusCall
    editor.focus()
  }, [editor, models, fileId, focusCall])

  useEffect(() => {
    editor?.updateOptions({
      readOnly: readOnly !== undefined,
      ...(readOnly !== undefined && { readOnlyMessage: { value: readOnly } }),
    })
  }, [editor, readOnly])

  const onMount: OnMount = (mounted) => setEditor(mounted as unknown as M.editor.IStandaloneCodeEditor)
  return (
    <Editor
      // Models belong to the registry above, never to this wrapper: no `value`, and nothing is disposed with it.
      keepCurrentModel
      defaultPath="tandem-nothing"
      theme={themeName(theme)}
      loading={<EditorSkeleton />}
      onMount={onMount}
      options={options}
    />
  )
}

const EditorSkeleton = () => (
  <Skeleton label="Loading the editor" indent={64} widths={[38, 52, 20, 61, 44, 70, 33, 58, 12, 48, 66, 29, 41, 55]} />
)

const options = {
  ...editorLook,
  renderLineHighlight: 'line',
  padding: { top: 12, bottom: 12 },
  stickyScroll: { enabled: true },
  wordBasedSuggestions: 'off',
  guides: { indentation: true, bracketPairs: false },
  occurrencesHighlight: 'singleFile',
  ariaLabel: 'Text of the file. Control M switches between indenting and leaving the editor with Tab.',
} as const
