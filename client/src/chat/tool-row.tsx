import { visibleText } from '@tandem/shared'
import {
  ChevronRight,
  FileText,
  FolderTree,
  Globe,
  type LucideIcon,
  Pencil,
  Search,
  SquareTerminal,
  Wrench,
} from 'lucide-react'
import { useState } from 'react'
import { duration } from '../ui/relative-time.ts'
import type { CallBlock } from './blocks.ts'
import { givenWords, sizeOf, targetOf, taskOf, verbOf } from './call-words.ts'
import styles from './chat.module.css'
import { RanTask } from './ran-task.tsx'
import { ScrollText } from './scroll-text.tsx'

const icons: Readonly<Record<string, LucideIcon>> = {
  readFile: FileText,
  listFiles: FolderTree,
  search: Search,
  editFile: Pencil,
  writeFile: Pencil,
  fetch: Globe,
  bash: SquareTerminal,
  runTask: SquareTerminal,
}

/** So much of what a call was given or came to is shown. */
const maxShown = 20_000

/** One call of a tool: what, of what, how long and how much; unfolded, all that it was given and what came of it. */
export function ToolRow({ call, isOver }: { call: CallBlock; /** The run does nothing more. */ isOver: boolean }) {
  const [isOpen, setOpen] = useState(false)
  const Icon = (Object.hasOwn(icons, call.tool) ? icons[call.tool] : undefined) ?? Wrench
  const task = taskOf(call)
  const facts = [
    stateWord(call, isOver),
    call.tookMs === undefined ? undefined : duration(call.tookMs),
    call.text === undefined || call.isError ? undefined : sizeOf(call.text),
  ].filter(Boolean)
  return (
    <div className={styles.tool} data-state={call.isError ? 'failed' : call.state}>
      <button type="button" className={styles.toolLine} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <ChevronRight size={13} aria-hidden data-open={isOpen} />
        <Icon size={13} aria-hidden />
        <span>{verbOf(call.tool)}</span>
        <code>{targetOf(call)}</code>
        <span className={styles.facts}>{facts.join(' · ')}</span>
      </button>
      {isOpen && (
        <div className={styles.toolBody}>
          <Shown label="What it was given" text={givenWords(call.input)} />
          {call.text !== undefined && (
            <Shown label="What came of it" text={visibleText(call.text.slice(0, maxShown))} />
          )}
        </div>
      )}
      {task !== undefined && <RanTask id={task} />}
    </div>
  )
}

const Shown = ({ label, text }: { label: string; text: string }) => (
  <ScrollText label={label}>
    {text.slice(0, maxShown)}
    {text.length > maxShown && '\n…'}
  </ScrollText>
)

function stateWord({ state, isError }: CallBlock, isOver: boolean): string | undefined {
  if (isError) return 'failed'
  if (state === 'ended') return undefined
  if (isOver) return 'not done'
  return state === 'begun' ? 'running' : 'waits'
}
