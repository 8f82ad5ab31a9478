import { visibleText } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'

/** What a run of the agent asks: about one call that it wants to make, or whether it may go on at all. */
export type AskedCall = { title: string; isAboutRun: boolean; note: string }

const things: Readonly<Record<string, string>> = {
  writeFile: 'write a file',
  editFile: 'edit a file',
  bash: 'run a script over the files',
  runTask: 'run a command',
  fetch: 'fetch from the web',
  createSkill: 'make a skill',
}
/** A question of the run itself is named by what it came to, and how often it did. */
const aboutRun = /^(?:rounds|tokens|cost|time|repeated|key):\d+$/

/** Nothing for what asks about a task itself. */
export function callOf({ subject: { call }, action }: Pick<Approval, 'subject' | 'action'>): AskedCall | undefined {
  if (call === undefined) return undefined
  if (aboutRun.test(call))
    return { title: 'The agent asks whether to go on', isAboutRun: true, note: 'Denied, the run ends here.' }
  const thing = Object.hasOwn(things, action) ? things[action] : `use ${visibleText(action).slice(0, 60)}`
  return {
    title: `The agent wants to ${thing}`,
    isAboutRun: false,
    note: 'Once is for this call alone. The others cover exactly this: for the run, in this run; for the workspace, in every run until it is taken back.',
  }
}
