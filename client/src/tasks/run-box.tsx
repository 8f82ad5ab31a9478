import { atLeast, type TaskPayload, visibleText } from '@tandem/shared'
import { ChevronRight, Globe, SquareTerminal, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { limitWords } from '../ui/relative-time.ts'
import { asStrings, useRemembered } from '../ui/remembered.ts'
import { HostsField } from './hosts-field.tsx'
import { hostsIn, noHostIn } from './hosts.ts'
import styles from './tasks.module.css'

/** A command to be changed and run: its line, and what of another task goes with it. */
export type Draft = {
  line: string
  with: Omit<Extract<TaskPayload, { kind: 'command' }>, 'kind' | 'command' | 'args' | 'shell'> & {
    /** How long it may take, ms. */
    timeoutMs?: number | undefined
  }
}

type RunBoxProps = {
  /** Put into the box when it changes. */
  draft: Draft | undefined
  onAsked: (id: string) => void
}

/** Until somebody looks on, and it gets the size of their view. */
const usualSize = { cols: 80, rows: 24 }
/** What is pasted keeps its lines, and so many of them are seen at once. */
const mostLines = 6
/** As long as the command line gives a command, ms: a person who runs tests or a build sees them, and can end them. */
const usualTimeoutMs = 3_600_000

/** A command line, or several, for the workspace's folder: Enter runs, Shift+Enter begins another line. Works offline: what is asked for then is run when the connection is back. */
export function RunBox({ draft, onAsked }: RunBoxProps) {
  const session = useSession()
  const { claims } = useView(session.identity)
  const [line, setLine] = useState('')
  const [taken, setTaken] = useState<Draft['with']>()
  const [isAtTerminal, setAtTerminal] = useState(false)
  /** What it is to reach, as it is typed; undefined while nobody asks for anything. */
  const [hosts, setHosts] = useState<string>()
  const [past, setPast] = useRemembered<string[]>(`tandem.commands.${session.place.workspaceId}`, [], asStrings)
  const at = useRef(-1)
  /** What was half typed when the past was looked through. */
  const unsent = useRef('')
  const input = useRef<HTMLTextAreaElement>(null)
  const hostsInput = useRef<HTMLInputElement>(null)
  const mayRun = atLeast(claims.role, 'runner')
  useEffect(() => {
    if (!draft) return
    setLine(draft.line)
    setTaken(draft.with)
    setAtTerminal(draft.with.terminal !== undefined)
    setHosts(draft.with.network?.join(', '))
    input.current?.focus()
  }, [draft])

  const run = () => {
    const command = line.trim()
    if (command === '' || wrong !== undefined) return
    const {
      terminal = usualSize,
      timeoutMs = isAtTerminal ? undefined : usualTimeoutMs,
      network: _,
      ...rest
    } = taken ?? {}
    const network = hostsIn(hosts ?? '')
    const also = { ...(isAtTerminal && { terminal }), ...(network.length > 0 && { network: [...network] }) }
    const payload = { kind: 'command', ...rest, command, shell: true, ...also } as const
    const task = { title: command.slice(0, 200), payload, ...(timeoutMs !== undefined && { timeoutMs }) }
    onAsked(session.requests.ask({ kind: 'create', task }))
    setPast([command, ...past.filter((c) => c !== command)].slice(0, 50))
    setLine('')
    setTaken(undefined)
    setAtTerminal(false)
    setHosts(undefined)
    at.current = -1
  }
  const recall = (step: number) => {
    if (at.current === -1) unsent.current = line
    at.current = Math.max(-1, Math.min(past.length - 1, at.current + step))
    setLine(past[at.current] ?? unsent.current)
  }
  const also = taken && alsoWords(taken)
  const wrong = noHostIn(hosts ?? '')
  return (
    <form
      className={styles.run}
      onSubmit={(e) => {
        e.preventDefault()
        run()
      }}
    >
      <ChevronRight size={14} aria-hidden />
      <textarea
        ref={input}
        rows={Math.min(mostLines, line.split('\n').length)}
        aria-label="Command to run in the workspace"
        placeholder={
          !mayRun
            ? `As ${claims.role} you may not run commands`
            : isAtTerminal
              ? 'Run a command in a terminal, such as bash'
              : 'Run a command, such as npm test'
        }
        value={line}
        maxLength={4096}
        disabled={!mayRun}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        onChange={(e) => setLine(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.nativeEvent.isComposing) return
          if (e.key === 'Enter' && !e.shiftKey) run()
          else if (e.key === 'ArrowUp' && isInFirstLine(e.currentTarget)) recall(1)
          else if (e.key === 'ArrowDown' && isInLastLine(e.currentTarget)) recall(-1)
          else return
          e.preventDefault()
        }}
      />
      {also !== undefined && also !== '' && (
        <button type="button" className={styles.chip} title={also} onClick={() => setTaken(undefined)}>
          <span>{also}</span> <X size={12} aria-label="Leave that away" />
        </button>
      )}
      <IconButton
        label="Let it reach hosts"
        aria-expanded={hosts !== undefined}
        disabled={!mayRun}
        onClick={() => {
          setHosts(hosts === undefined ? '' : undefined)
          if (hosts === undefined) requestAnimationFrame(() => hostsInput.current?.focus())
          else input.current?.focus()
        }}
      >
        <Globe size={15} aria-hidden />
      </IconButton>
      <IconButton
        label="Run in a terminal"
        aria-pressed={isAtTerminal}
        disabled={!mayRun}
        onClick={() => {
          setAtTerminal(!isAtTerminal)
          input.current?.focus()
        }}
      >
        <SquareTerminal size={15} aria-hidden />
      </IconButton>
      <Button type="submit" variant="primary" disabled={!mayRun || line.trim() === '' || wrong !== undefined}>
        Run
      </Button>
      {hosts !== undefined && <HostsField input={hostsInput} hosts={hosts} wrong={wrong} onHosts={setHosts} />}
    </form>
  )
}

const isInFirstLine = ({ value, selectionStart }: HTMLTextAreaElement) => !value.slice(0, selectionStart).includes('\n')
const isInLastLine = ({ value, selectionEnd }: HTMLTextAreaElement) => !value.slice(selectionEnd).includes('\n')

/** What goes with a command that was taken over: "in src, 2 variables, for at most 5 minutes". */
function alsoWords({ cwd, env, ports = [], timeoutMs = usualTimeoutMs }: Draft['with']): string {
  const variables = Object.keys(env ?? {}).length
  return [
    cwd !== '' && `in ${visibleText(cwd)}`,
    variables > 0 && (variables === 1 ? '1 variable' : `${variables} variables`),
    ports.length > 0 && `reached at ${ports.join(', ')}`,
    timeoutMs !== usualTimeoutMs && `for at most ${limitWords(timeoutMs)}`,
  ]
    .filter(Boolean)
    .join(', ')
}
