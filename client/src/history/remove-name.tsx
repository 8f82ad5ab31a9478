import { type Checkpoint, messageOf, visibleText } from '@tandem/shared'
import { useSession } from '../session/session-context.ts'
import { Button } from '../ui/button.tsx'
import { toast } from '../ui/toast.ts'

/** Takes a name away again; the version stays. */
export function RemoveName({ checkpoint, whyNot }: { checkpoint: Checkpoint; whyNot: string | undefined }) {
  const { history } = useSession()
  const remove = async () => {
    try {
      await history.removeName(checkpoint.id)
      const again = () => {
        history
          .nameVersion({ name: checkpoint.name, version: checkpoint.seq })
          .catch((e: unknown) => toast(`It was not named again: ${messageOf(e)}.`))
      }
      toast(`Removed the name ${visibleText(checkpoint.name)}; the version stays.`, { label: 'Undo', run: again })
    } catch (e) {
      toast(`The name stays: ${messageOf(e)}.`)
    }
  }
  return (
    <Button variant="quiet" disabled={whyNot !== undefined} onClick={() => void remove()}>
      Remove the name
    </Button>
  )
}
