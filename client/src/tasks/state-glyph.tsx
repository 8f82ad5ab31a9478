import { Ban, CircleCheck, CircleDashed, CircleHelp, CircleX, LoaderCircle } from 'lucide-react'
import type { Tone } from './describe.ts'
import styles from './tasks.module.css'

const icon = {
  waiting: CircleDashed,
  running: LoaderCircle,
  ok: CircleCheck,
  bad: CircleX,
  stopped: Ban,
  ask: CircleHelp,
} as const

/** A state's picture; its word always stands beside it. */
export const StateGlyph = ({ tone }: { tone: Tone }) => {
  const Icon = icon[tone]
  return <Icon size={15} aria-hidden className={styles.glyph} data-tone={tone} />
}
