import type { Id } from '@tandem/shared'
import { openTaskLog } from '@tandem/shared/docs'
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDownToLine, Copy } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useDoc, useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { IconButton } from '../ui/icon-button.tsx'
import { toast } from '../ui/toast.ts'
import { AnsiLine } from './ansi-line.tsx'
import { createOutput } from './output.ts'
import styles from './tasks.module.css'

const lineHeight = 18
const none = { snapshot: () => [], subscribe: () => () => {} }

type TaskOutputProps = { taskId: Id; attempt: number; isOver: boolean; tail: string | undefined; truncated: boolean }

/** A task's output as it comes: virtualised, coloured, following its end until one scrolls up. */
export function TaskOutput({ taskId, attempt, isOver, tail, truncated }: TaskOutputProps) {
  const { workspaceId } = useSession().place
  const handle = useDoc({ kind: 'log', taskId, attempt })
  const log = useMemo(() => (handle ? openTaskLog(handle.doc) : none), [handle])
  const chunks = useView(log)
  // Another attempt's output begins anew.
  const read = useMemo(createOutput, [log])
  const live = read(chunks)
  // Once an old log was put away, its end is in the record.
  const kept = useTail(tail)
  const lines = live.lines.length > 0 ? live.lines : kept
  const [isFollowing, setFollowing] = useState(true)
  const scroller = useRef<HTMLDivElement>(null)
  // oxlint-disable-next-line react/incompatible-library -- the virtualizer's own state drives this component
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 30,
  })

  useEffect(() => {
    if (isFollowing && lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: 'end' })
  }, [isFollowing, lines, virtual])

  const isCut = live.missing > 0 || truncated
  return (
    <section className={styles.output} aria-label="Output">
      <header className={styles.outputBar}>
        <span>output:</span>
        {isCut && (
          <a href={`/api/v1/workspaces/${workspaceId}/tasks/${taskId}/log`} target="_blank" rel="noreferrer">
            Earlier output was left out · open the whole log
          </a>
        )}
        <span className={styles.grow} />
        <IconButton
          label="Copy output"
          disabled={lines.length === 0}
          onClick={() => void copy(lines.map((l) => l.text).join('\n'))}
        >
          <Copy size={14} aria-hidden />
        </IconButton>
        <IconButton label="Follow the end" aria-pressed={isFollowing} onClick={() => setFollowing(!isFollowing)}>
          <ArrowDownToLine size={14} aria-hidden />
        </IconButton>
      </header>
      <div
        ref={scroller}
        className={styles.lines}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolled with the keyboard
        tabIndex={0}
        role="log"
        aria-label="Output of the task"
        aria-live="off"
        onWheel={(e) => e.deltaY < 0 && setFollowing(false)}
        onKeyDown={(e) =>
          e.key === 'End' ? setFollowing(true) : ['ArrowUp', 'PageUp', 'Home'].includes(e.key) && setFollowing(false)
        }
      >
        {lines.length === 0 && <p className={styles.quiet}>{isOver ? 'It wrote nothing.' : 'Nothing written yet.'}</p>}
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index]
            return (
              <div
                key={item.index}
                className={styles.outputLine}
                data-stream={line?.stream}
                style={{ top: item.start }}
              >
                <AnsiLine text={line?.text ?? ''} />
              </div>
            )
          })}
        </div>
      </div>
    </section>
  )
}

const useTail = (tail: string | undefined) =>
  useMemo(
    () =>
      tail === undefined ? [] : createOutput()([{ q: 0, o: 0, t: 0, s: 1, d: new TextEncoder().encode(tail) }]).lines,
    [tail],
  )

// oxlint-disable-next-line no-control-regex -- colour codes are what is taken out
const colours = /\u001b\[[\d;:]*m/g

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text.replace(colours, ''))
    toast('Copied the output.')
  } catch {
    toast('This browser did not allow copying.')
  }
}
