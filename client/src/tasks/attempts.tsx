import type { Id, Task } from '@tandem/shared'
import { duration } from '../ui/relative-time.ts'
import { lookOf } from './describe.ts'
import { StateGlyph } from './state-glyph.tsx'
import styles from './tasks.module.css'
import { stretches } from './timeline.ts'

/** When a task waited and ran, drawn to scale; said in words for those who do not see it. */
export function Timeline({ task, now }: { task: Task; now: number }) {
  const list = stretches(task, now)
  const said = list.map(
    ({ attempt, ms }) => `${attempt === undefined ? 'waited' : `attempt ${attempt} ran`} ${duration(ms)}`,
  )
  return (
    <div className={styles.timeline} role="img" aria-label={`Course: ${said.join(', ')}`}>
      {list.map(({ from, to, attempt, tone }, i) => (
        <i
          key={i}
          data-tone={attempt === undefined ? 'waiting' : tone}
          style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }}
          title={said[i]}
        />
      ))}
    </div>
  )
}

type AttemptsProps = { task: Task; shown: number; nameOfDaemon: (id: Id) => string; onShow: (attempt: number) => void }

/** Each time it was begun, how that ended, and which of them is looked at. */
export const Attempts = ({ task, shown, nameOfDaemon, onShow }: AttemptsProps) => (
  <div className={styles.attempts} role="group" aria-label="Attempts">
    {task.attempts.map(({ n, outcome, exitCode, error, daemonId, startedAt, endedAt }) => {
      const { tone, word } = lookOf(outcome ?? (n === task.attempt ? task.state : 'lost'))
      const facts = [
        typeof exitCode === 'number' && exitCode !== 0 && `exit code ${exitCode}`,
        startedAt !== undefined && endedAt !== undefined && duration(endedAt - startedAt),
        nameOfDaemon(daemonId),
      ]
      return (
        <button
          key={n}
          type="button"
          className={styles.attempt}
          aria-pressed={n === shown}
          title={error}
          onClick={() => onShow(n)}
        >
          <StateGlyph tone={tone} />
          Attempt {n} {word}
          <span>{facts.filter(Boolean).join(', ')}</span>
        </button>
      )
    })}
  </div>
)
