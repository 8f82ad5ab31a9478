import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { plainText } from '@tandem/shared'
import type { Finding } from './finding.ts'

const place = '.tandem/quarantine'
const shown = 5

/** What of tasks was set aside in a folder, since programs outside the sandbox would run or obey it. */
export function lookAtQuarantine(folder: string): Finding[] {
  const path = join(folder, place)
  if (!lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) return []
  const names = readdirSync(path)
  if (names.length === 0) return []
  const more = names.length > shown ? ` and ${names.length - shown} more` : ''
  return [
    {
      is: 'warn',
      says: plainText(
        `${names.length} tasks left what others would run: ${names.slice(0, shown).join(', ')}${more} in ${place}`,
      ),
      fix: 'Look at it; move back what you want to keep, and delete the rest.',
    },
  ]
}
