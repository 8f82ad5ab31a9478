import { atLeast } from '@tandem/shared'
import { ChevronRight } from 'lucide-react'
import { useRef, useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { asStrings, useRemembered } from '../ui/remembered.ts'
import styles from './tasks.module.css'

/** A command line for the workspace's folder. Works offline: what is asked for then is run when the connection is back. */
export function RunBox({ onAsked }: { onAsked: (id: string) => void }) {
  const session = useSession()
  const { claims } = useView(session.identity)
  const [line, setLine] = useState('')
  const [past, setPast] = useRemembered<string[]>(`tandem.commands.${session.place.workspaceId}`, [], asStrings)
  const at = useRef(-1)
  const mayRun = atLeast(claims.role, 'runner')

  const run = () => {
    const command = line.trim()
    if (command === '') return
    onAsked(
      session.requests.ask({
        kind: 'create',
        task: { title: command.slice(0, 200), payload: { kind: 'command', command, shell: true } },
      }),
    )
    setPast([command, ...past.filter((c) => c !== command)].slice(0, 50))
    setLine('')
    at.current = -1
  }
  const recall = (step: number) => {
    at.current = Math.max(-1, Math.min(past.length - 1, at.current + step))
    setLine(past[at.current] ?? '')
  }
  return (
    <form
      className={styles.run}
      onSubmit={(e) => {
        e.preventDefault()
        run()
      }}
    >
      <ChevronRight size={14} aria-hidden />
      <input
        aria-label="Command to run in the workspace"
        placeholder={
          mayRun ? 'Run a command in the workspace, such as npm test' : `As ${claims.role} you may not run commands`
        }
        value={line}
        maxLength={4096}
        disabled={!mayRun}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        onChange={(e) => setLine(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key !== 'ArrowUp' && e.key !== 'ArrowDown') return
          e.preventDefault()
          recall(e.key === 'ArrowUp' ? 1 : -1)
        }}
      />
      <Button type="submit" variant="primary" disabled={!mayRun || line.trim() === ''}>
        Run
      </Button>
    </form>
  )
}
