import type { Id } from '@tandem/shared'
import { visibleText } from '@tandem/shared'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { IconButton } from '../ui/icon-button.tsx'
import { relativeTime } from '../ui/relative-time.ts'
import styles from './chat.module.css'
import { EditLine } from './edit-line.tsx'
import type { ConversationItem } from './use-conversation.ts'

type ConversationBarProps = {
  current: Id
  title: string
  items: readonly ConversationItem[]
  now: number
  /** Undefined for whoever may not write. */
  onTitle: ((title: string) => void) | undefined
  onOpen: (id: Id) => void
  onNew: () => void
}

/** Which conversation this is: its title, the others, and a new one. */
export function ConversationBar({ current, title, items, now, onTitle, onOpen, onNew }: ConversationBarProps) {
  const [draft, setDraft] = useState<string>()
  const own = items.find(({ id }) => id === current)
  const shown = title || own?.title || 'New conversation'
  const save = () => {
    if (draft !== undefined && draft.trim() !== '' && draft !== shown) onTitle?.(draft)
    setDraft(undefined)
  }
  return (
    <header className={styles.bar}>
      {draft === undefined ? (
        <h2 className={styles.title}>
          <button
            type="button"
            title={onTitle && own ? 'Change the title' : undefined}
            disabled={!onTitle || !own}
            onClick={() => setDraft(shown)}
          >
            {visibleText(shown)}
          </button>
        </h2>
      ) : (
        <EditLine
          label="Title of the conversation"
          className={styles.title}
          maxLength={200}
          draft={draft}
          onDraft={setDraft}
          onSave={save}
          onLeave={() => setDraft(undefined)}
        />
      )}
      {items.some(({ id }) => id !== current) && (
        <select aria-label="Conversations" value={current} onChange={(e) => onOpen(e.currentTarget.value as Id)}>
          {!own && <option value={current}>New conversation</option>}
          {items.map(({ id, title: name, at, isActive }) => (
            <option key={id} value={id}>
              {visibleText(id === current ? shown : name).slice(0, 60)} · {isActive ? 'at work' : relativeTime(at, now)}
            </option>
          ))}
        </select>
      )}
      <IconButton label="New conversation" onClick={onNew}>
        <Plus size={14} aria-hidden />
      </IconButton>
    </header>
  )
}
