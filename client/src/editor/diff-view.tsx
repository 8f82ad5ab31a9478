import type * as M from 'monaco-editor/editor'
import 'monaco-editor/features/diffEditor/register'
import { useEffect, useRef } from 'react'
import { useTheme } from '../ui/theme.ts'
import { editorLook } from './editor-look.ts'
import { languageOf } from './language.ts'
import { monaco } from './monaco.ts'
import { themeName } from './themes.ts'

type DiffEditor = { host: HTMLElement; editor: M.editor.IStandaloneDiffEditor }

/** Those that nobody shows. A diff editor that is disposed of leaves much behind, so each is moved to where it is wanted. */
const idle: DiffEditor[] = []

function makeEditor(): DiffEditor {
  const host = document.createElement('div')
  host.style.height = '100%'
  const editor = monaco.editor.createDiffEditor(host, {
    ...editorLook,
    readOnly: true,
    originalEditable: false,
    renderSideBySideInlineBreakpoint: 640,
    renderOverviewRuler: false,
    renderMarginRevertIcon: false,
    renderGutterMenu: false,
    hideUnchangedRegions: { enabled: true },
    originalAriaLabel: 'The text before. F7 goes from change to change.',
    modifiedAriaLabel: 'The text after. F7 goes from change to change.',
  })
  return { host, editor }
}

type DiffViewProps = { path: string; before: string; after: string }

/** Two texts and what differs between them, to read. */
export default function DiffView({ path, before, after }: DiffViewProps) {
  const place = useRef<HTMLDivElement>(null)
  const [theme] = useTheme()
  const shown = useRef<{ path: string; view: M.editor.IDiffEditorViewState | null }>(undefined)
  const taken = useRef<DiffEditor>(undefined)
  useEffect(() => {
    const held = (taken.current = idle.pop() ?? makeEditor())
    place.current?.append(held.host)
    return () => {
      held.host.remove()
      idle.push(held)
    }
  }, [])
  useEffect(() => monaco.editor.setTheme(themeName(theme)), [theme])
  useEffect(() => {
    const editor = taken.current?.editor
    if (!editor) return
    const language = languageOf(monaco, path, Math.max(before.length, after.length))
    const original = monaco.editor.createModel(before, language)
    const modified = monaco.editor.createModel(after, language)
    editor.setModel({ original, modified })
    // The same file as it goes on: one stays where one was reading.
    if (shown.current?.path === path) editor.restoreViewState(shown.current.view)
    return () => {
      shown.current = { path, view: editor.saveViewState() }
      const letGo = () => {
        if (editor.getModel()?.original === original) editor.setModel(null)
        original.dispose()
        modified.dispose()
      }
      // Texts that go while its worker is still to compare them are an error to Monaco that nobody catches.
      if (editor.getLineChanges()) return letGo()
      const compared = editor.onDidUpdateDiff(() => {
        compared.dispose()
        letGo()
      })
    }
  }, [path, before, after])
  return <div ref={place} style={{ height: '100%' }} data-testid="diff" />
}
