import { messageOf, type RestoreAnswer } from '@tandem/shared'
import { useCallback } from 'react'
import { useSession } from '../session/session-context.ts'
import { toast } from '../ui/toast.ts'
import { restoredWords } from './restore-words.ts'

/** Says what a restore did and offers to take it back, and that again, for as long as one likes. */
export function useRestored(): (answer: RestoreAnswer) => void {
  const { history } = useSession()
  return useCallback(
    (answer) => {
      const tell = ({ undo, ...done }: RestoreAnswer, words: string, label: string, next: string) => {
        if (!undo || done.files.length === 0) return toast(words)
        const run = () => {
          history.revert(undo).then(
            (reverted) => tell(reverted, next === 'Redo' ? 'Taken back.' : restoredWords(reverted), next, label),
            (e: unknown) => toast(`It could not be taken back: ${messageOf(e)}.`),
          )
        }
        toast(words, { label, run })
      }
      tell(answer, restoredWords(answer), 'Undo', 'Redo')
    },
    [history],
  )
}
