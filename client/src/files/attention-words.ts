import type { Attention } from '../session/attention.ts'

/** "Sync halted · 2 conflicts · 1 alert"; undefined where all is well. */
export function attentionLine({ halted, conflicts, alerts }: Omit<Attention, 'mirrors'>): string | undefined {
  const parts = [
    halted.length > 0 ? 'Sync halted' : '',
    count(conflicts.length, 'conflict'),
    count(alerts.length, 'alert'),
  ].filter(Boolean)
  return parts.length === 0 ? undefined : parts.join(' · ')
}

const count = (n: number, what: string) => (n === 0 ? '' : `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`)
