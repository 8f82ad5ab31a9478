import { type AgentMode, agentModes } from '@tandem/shared'
import type { AgentOffer } from '@tandem/shared/docs'
import { Square } from 'lucide-react'
import { useId, useMemo, useRef, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import styles from './chat.module.css'
import { mentionAt, mentionsIn, offered } from './mention.ts'
import type { Wanted } from './send.ts'

const modeWords: Readonly<Record<AgentMode, string>> = {
  plan: 'Plan: only reads',
  ask: 'Ask before each change',
  'auto-edit': 'Edit by itself',
  auto: 'All that is allowed',
}

type MessageBoxProps = {
  offer: AgentOffer | undefined
  mode: AgentMode
  model: string | undefined
  onMode: (mode: AgentMode) => void
  onModel: (model: string | undefined) => void
  /** A run goes on: what is sent waits for it, or steers it. */
  isRunning: boolean
  /** The run was asked to stop. */
  isStopping: boolean
  whyNot: string | undefined
  onSend: (wanted: Wanted, how: 'queue' | 'steer') => void
  onStop: () => void
}

/** Where a person writes: Enter sends, Shift+Enter breaks the line; while a run goes on, Ctrl+Enter steers it. */
export function MessageBox(props: MessageBoxProps) {
  const { offer, mode, model, onMode, onModel, isRunning, isStopping, whyNot, onSend, onStop } = props
  const { byId } = useView(useSession().files)
  const paths = useMemo(
    () => new Set([...byId.values()].flatMap(({ path, deleted }) => (deleted ? [] : [path]))),
    [byId],
  )
  const [text, setText] = useState('')
  const [caret, setCaret] = useState(0)
  const [chosen, setChosen] = useState(0)
  const [closedAt, setClosedAt] = useState<number>()
  const area = useRef<HTMLTextAreaElement>(null)
  const [list, hint] = [useId(), useId()]
  const mention = mentionAt(text, caret)
  const choices = useMemo(() => {
    const typed = mentionAt(text, caret)
    return typed === undefined || typed.from === closedAt ? [] : offered(paths, typed.query)
  }, [text, caret, closedAt, paths])
  const current = Math.min(chosen, choices.length - 1)

  const write = (next: string, at: number) => {
    setText(next)
    setCaret(at)
    setChosen(0)
    requestAnimationFrame(() => area.current?.setSelectionRange(at, at))
  }
  const take = (path: string) => {
    if (!mention) return
    const head = `${text.slice(0, mention.from)}@${path} `
    write(head + text.slice(caret).trimStart(), head.length)
    area.current?.focus()
  }
  const send = (how: 'queue' | 'steer') => {
    if (text.trim() === '' || whyNot !== undefined) return
    onSend({ text, mentions: mentionsIn(text, (path) => paths.has(path)), mode, model }, how)
    write('', 0)
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return
    if (choices.length > 0) {
      const to = { ArrowDown: current + 1, ArrowUp: current - 1 }[event.key]
      const path = choices[current]
      if (to !== undefined) setChosen((to + choices.length) % choices.length)
      else if ((event.key === 'Enter' || event.key === 'Tab') && path !== undefined) take(path)
      else if (event.key === 'Escape') {
        setClosedAt(mention?.from)
        // The list alone is closed: it is no wish to stop the run.
        event.stopPropagation()
      } else return
      event.preventDefault()
      return
    }
    if (event.key !== 'Enter' || event.shiftKey) return
    event.preventDefault()
    send(event.ctrlKey || event.metaKey ? 'steer' : 'queue')
  }
  return (
    <form
      className={styles.box}
      aria-label="Ask the agent"
      onSubmit={(e) => {
        e.preventDefault()
        send('queue')
      }}
    >
      {choices.length > 0 && (
        <div className={styles.offered} role="listbox" id={list} aria-label="Files">
          {choices.map((path, i) => (
            <div
              key={path}
              id={`${list}-${i}`}
              role="option"
              aria-selected={i === current}
              onPointerDown={(e) => {
                e.preventDefault()
                take(path)
              }}
            >
              {path}
            </div>
          ))}
        </div>
      )}
      <textarea
        ref={area}
        data-reply
        className={styles.input}
        aria-label="Message to the agent"
        aria-describedby={hint}
        aria-controls={choices.length > 0 ? list : undefined}
        aria-activedescendant={choices.length > 0 ? `${list}-${current}` : undefined}
        aria-autocomplete="list"
        placeholder={isRunning ? 'Say more while it works' : 'Ask, or say what to do. @ names a file'}
        rows={Math.min(10, Math.max(2, text.split('\n').length))}
        value={text}
        disabled={whyNot !== undefined}
        onChange={(e) => {
          setText(e.currentTarget.value)
          setCaret(e.currentTarget.selectionStart)
          setChosen(0)
          if (mentionAt(e.currentTarget.value, e.currentTarget.selectionStart)?.from !== closedAt)
            setClosedAt(undefined)
        }}
        onSelect={(e) => setCaret(e.currentTarget.selectionStart)}
        onKeyDown={onKeyDown}
      />
      <p className={styles.hint} id={hint}>
        {whyNot ??
          (isRunning ? 'Enter: after its answer. Ctrl+Enter: at its next step. Esc twice stops it.' : undefined)}
      </p>
      <div className={styles.row}>
        <select aria-label="What it may do" value={mode} onChange={(e) => onMode(e.currentTarget.value as AgentMode)}>
          {agentModes.map((each) => (
            <option key={each} value={each}>
              {modeWords[each]}
            </option>
          ))}
        </select>
        {offer && (
          <select aria-label="Model" value={model ?? ''} onChange={(e) => onModel(e.currentTarget.value || undefined)}>
            <option value="">{titleOf(offer, offer.default)} (usual)</option>
            {offer.choices
              .filter(({ name }) => name !== offer.default)
              .map(({ name, title, why }) => (
                <option key={name} value={name} disabled={why !== undefined}>
                  {title}
                </option>
              ))}
          </select>
        )}
        <span className={styles.sends}>
          {isRunning && (
            <Button variant="danger" onClick={onStop}>
              <Square size={11} aria-hidden />
              {isStopping ? 'Stop at once' : 'Stop'}
            </Button>
          )}
          {isRunning && (
            <Button disabled={text.trim() === '' || whyNot !== undefined} onClick={() => send('steer')}>
              Steer
            </Button>
          )}
          <Button type="submit" variant="primary" disabled={text.trim() === '' || whyNot !== undefined}>
            {isRunning ? 'Queue' : 'Send'}
          </Button>
        </span>
      </div>
    </form>
  )
}

const titleOf = ({ choices }: AgentOffer, name: string) => choices.find((each) => each.name === name)?.title ?? name
