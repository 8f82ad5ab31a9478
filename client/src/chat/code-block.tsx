import { atLeast, type Id, type TaskPayload, visibleText } from '@tandem/shared'
import { Copy, Play } from 'lucide-react'
import { useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { copy } from '../ui/copy.ts'
import { IconButton } from '../ui/icon-button.tsx'
import styles from './chat.module.css'
import { RanTask } from './ran-task.tsx'
import { ScrollText } from './scroll-text.tsx'

/** As for what is run from the run box. */
const timeoutMs = 3_600_000
const maxCommand = 4_096

/** What running a block means: a line for the shell, or code of a language that is run here; undefined for others. */
function payloadOf(code: string, language: string): TaskPayload | undefined {
  const name = language.toLowerCase()
  if (/^(?:sh|bash|zsh|shell)$/.test(name) && code.length <= maxCommand && code.trim() !== '')
    return { kind: 'command', command: code, args: [], cwd: '', shell: true }
  if (/^(?:js|javascript|mjs)$/.test(name)) return { kind: 'code', language: 'javascript', code }
  if (/^(?:ts|typescript)$/.test(name)) return { kind: 'code', language: 'typescript', code }
  return undefined
}

/** Code in an answer: it can be copied, and run as any other task. */
export function CodeBlock({ code, language }: { code: string; language: string }) {
  const session = useSession()
  const { role } = useView(session.identity).claims
  const [ran, setRan] = useState<Id>()
  const payload = payloadOf(code, language)
  const run = () => {
    if (!payload) return
    const title = code.trim().split('\n')[0]?.slice(0, 200) || 'Code'
    setRan(session.requests.ask({ kind: 'create', task: { title, payload, timeoutMs } }))
  }
  return (
    <figure className={styles.code}>
      <figcaption>
        <span>{visibleText(language).slice(0, 40) || 'text'}</span>
        <IconButton label="Copy this code" onClick={() => void copy(code, 'Copied.')}>
          <Copy size={13} aria-hidden />
        </IconButton>
        {payload && (
          <IconButton
            label={atLeast(role, 'runner') ? 'Run this code' : `As ${role} you may not run this code`}
            disabled={!atLeast(role, 'runner')}
            onClick={run}
          >
            <Play size={13} aria-hidden />
          </IconButton>
        )}
      </figcaption>
      <ScrollText label={`Code${language === '' ? '' : `, ${visibleText(language)}`}`}>
        <code>{visibleText(code)}</code>
      </ScrollText>
      {ran !== undefined && <RanTask id={ran} />}
    </figure>
  )
}
