import { visibleText } from '@tandem/shared'
import type { MirrorQuestion } from '@tandem/shared/docs'
import type { Halted } from './session/attention.ts'

const number = (n: number) => n.toLocaleString('en')
export const countFiles = (n: number): string => `${number(n)} ${n === 1 ? 'file' : 'files'}`

/** What happened. */
export const goneSentence = ({ count, total }: MirrorQuestion, machine: string): string =>
  `${count === total ? `All ${countFiles(total)}` : `${number(count)} of ${countFiles(total)}`} ${count === 1 ? 'is' : 'are'} gone from the folder on ${machine}.`

const will = { delete: 'deletes them for everybody', restore: 'puts them back on disk', dismiss: 'goes on' } as const
const chose = {
  delete: 'to delete them for everybody',
  restore: 'to put them back on disk',
  dismiss: 'to go on',
} as const

/** How it stands once somebody answered; undefined before. `me` is our own principal. */
export function answerSentence({ on, answer, asked }: Halted, me: string): string | undefined {
  if (answer) {
    const who = answer.by === me ? 'You' : visibleText(answer.byName)
    const then = on.isHere
      ? `${on.name} ${will[answer.answer]} now…`
      : `${on.name} ${will[answer.answer]} once it is back.`
    return `${who} chose ${chose[answer.answer]}. ${then}`
  }
  return asked === undefined ? undefined : `Your answer is on its way: ${chose[asked]}…`
}
