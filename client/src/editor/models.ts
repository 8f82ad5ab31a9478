import { type Id, readSettings } from '@tandem/shared'
import { openFile } from '@tandem/shared/docs'
import type * as M from 'monaco-editor/editor'
import type { DocHandle } from '../session/registry.ts'
import type { Session } from '../session/session.ts'
import { bindText, type Binding } from './binding.ts'
import { languageOf } from './language.ts'
import type { Monaco } from './monaco.ts'

/** Five hundred live models cost 480 MB; twenty switch as fast as any. */
const keptModels = 20
/** The limit of a server that was not told another: a text it would refuse is not made here either. */
const { maxTextBytes } = readSettings({})

export type OpenModel = {
  readonly fileId: Id
  readonly model: M.editor.ITextModel
  readonly binding: Binding
  /** Where the person was in it. */
  view: M.editor.ICodeEditorViewState | null
}

type Events = { onRefused: () => void; onOwnEdit: (fileId: Id) => void }

/** The editor's models: owned here and not by components, kept for the last files shown, each bound to its document. */
export function createModels(session: Session, monaco: Monaco, { onRefused, onOwnEdit }: Events) {
  type Entry = OpenModel & { handle: DocHandle }
  /** In order of last use. */
  const entries = new Map<Id, Entry>()
  const editors = new Set<M.editor.ICodeEditor>()

  const end = (entry: Entry) => {
    entries.delete(entry.fileId)
    entry.model.dispose()
    entry.handle.release()
  }
  const isShown = ({ model }: Entry) => [...editors].some((editor) => editor.getModel() === model)
  const trim = () => {
    for (const entry of [...entries.values()]) {
      if (entries.size <= keptModels) return
      if (!isShown(entry)) end(entry)
    }
  }
  return {
    editors,
    /** The model of a file whose document is ready. `path` decides the language, also after a rename. */
    open: (fileId: Id, path: string): OpenModel => {
      const held = entries.get(fileId)
      if (held) {
        entries.delete(fileId)
        entries.set(fileId, held)
        monaco.editor.setModelLanguage(held.model, languageOf(monaco, path, held.model.getValueLength()))
        return held
      }
      const handle = session.open({ kind: 'file', fileId })
      const { text } = openFile(handle.doc)
      const uri = monaco.Uri.from({ scheme: 'tandem', authority: fileId.toLowerCase(), path: '/' + path })
      const model = monaco.editor.createModel('', languageOf(monaco, path, text.length), uri)
      const binding = bindText({
        monaco,
        text,
        model,
        editors: () => editors,
        maxBytes: maxTextBytes,
        onRefused,
        onOwnEdit: () => onOwnEdit(fileId),
      })
      const entry: Entry = { fileId, model, binding, handle, view: null }
      entries.set(fileId, entry)
      trim()
      return entry
    },
    close: () => {
      for (const entry of [...entries.values()]) end(entry)
    },
  }
}

export type Models = ReturnType<typeof createModels>
