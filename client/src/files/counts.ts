import type { MirrorState } from '@tandem/shared/docs'

const number = (n: number) => n.toLocaleString('en')

/** "2,314 files · 180 still arriving": what is known, and honestly what is not yet. */
export function countLine(known: number, mirror: MirrorState | undefined): string {
  const files = `${number(known)} ${known === 1 ? 'file' : 'files'}`
  if (!mirror) return files
  if (mirror.phase === 'scanning' || mirror.phase === 'starting') return `${files} · reading the folder…`
  const arriving = mirror.phase === 'seeding' && mirror.total !== undefined ? mirror.total - (mirror.done ?? 0) : 0
  return arriving > 0 ? `${files} · ${number(arriving)} still arriving` : files
}

/** "12 hidden: .gitignore, .env": what of the folder is not shared, and why; undefined where all is. */
export function hiddenLine(hidden: MirrorState['hidden']): string | undefined {
  const total = hidden.reduce((n, h) => n + h.count, 0)
  if (total === 0) return undefined
  const reasons = hidden.toSorted((a, b) => b.count - a.count).map((h) => h.reason)
  const shown = reasons.slice(0, 3).join(', ')
  return `${number(total)} hidden: ${shown}${reasons.length > 3 ? ` and ${reasons.length - 3} more` : ''}`
}
