import type { Clock, Id } from '@tandem/shared'
import type { OpenText, Workspace } from '../ports.ts'

/** The texts held open: those somebody edits, and those the disk just changed. */
export type Texts = {
  /** Uses an open text, opening it if need be; it stays open a while after. */
  use<T>(id: Id, signal: AbortSignal, work: (text: OpenText) => Promise<T>): Promise<T>
  isOpen(id: Id): boolean
  /** Opens it so that its changes are heard at once. */
  follow(id: Id, signal: AbortSignal): Promise<void>
  close(): void
}

type Held = { text: Promise<OpenText>; users: number; cancel: () => void }
type TextsOptions = {
  workspace: Workspace
  clock: Clock
  idleMs: number
  max?: number
  onRemoteChange: (id: Id) => void
}

/** Opens texts on demand, closes the idle ones after `idleMs`, and the least used ones beyond `max`. */
export function openTexts({ workspace, clock, idleMs, max = 200, onRemoteChange }: TextsOptions): Texts {
  // In order of last use.
  const heldById = new Map<Id, Held>()
  const shut = (id: Id, held: Held) => {
    held.cancel()
    if (heldById.get(id) === held) heldById.delete(id)
    // A text that never opened has nothing to close.
    held.text.then((text) => text.close()).catch(() => {})
  }
  const rest = (id: Id, held: Held) => {
    held.cancel()
    held.cancel = clock.after(idleMs, () => held.users === 0 && shut(id, held))
  }
  const use: Texts['use'] = async (id, signal, work) => {
    let held = heldById.get(id)
    if (!held) {
      const text = workspace.open(id, signal)
      held = { text, users: 0, cancel: () => {} }
      text.then((open) => open.onRemoteChange(() => (rest(id, held as Held), onRemoteChange(id)))).catch(() => {})
    }
    heldById.delete(id)
    heldById.set(id, held)
    held.users++
    try {
      return await work(await held.text)
    } catch (e) {
      // Whatever went wrong, the next one starts with a fresh copy.
      held.users = 1
      shut(id, held)
      throw e
    } finally {
      held.users--
      if (held.users === 0 && heldById.get(id) === held) rest(id, held)
      for (const [each, other] of heldById) {
        if (heldById.size <= max) break
        if (other.users === 0) shut(each, other)
      }
    }
  }
  return {
    use,
    isOpen: (id) => heldById.has(id),
    follow: (id, signal) => use(id, signal, async () => {}),
    close: () => {
      for (const [id, held] of heldById) shut(id, held)
    },
  }
}
