import { isTandemError, messageOf, type PairingLook } from '@tandem/shared'
import { useCallback, useEffect, useState } from 'react'
import { answerPairing, lookAtPairing } from '../session/people.ts'
import { Button } from '../ui/button.tsx'
import { Trouble } from './fields.tsx'
import { cleanCode } from './pair-code.ts'
import styles from './settings.module.css'
import { useAction } from './use-action.ts'

/** Lets a machine in that shows a code: `given` is the code of the address, where one came by its link. */
export function PairSection({ given, mayPair }: { given: string; mayPair: boolean }) {
  const [typed, setTyped] = useState(given)
  const [look, setLook] = useState<{ code: string; machine: PairingLook }>()
  const [done, setDone] = useState<'approved' | 'refused'>()
  const [unknown, setUnknown] = useState<string>()
  const code = cleanCode(typed)
  const find = useCallback((wanted: string) => {
    setUnknown(undefined)
    lookAtPairing(wanted).then(
      (machine) => setLook({ code: wanted, machine }),
      (e: unknown) =>
        setUnknown(
          isTandemError(e, 'not-found')
            ? 'No machine waits with this code. It may have expired: run the command again for a new one.'
            : messageOf(e),
        ),
    )
  }, [])
  useEffect(() => {
    const asked = cleanCode(given)
    if (mayPair && asked !== undefined) find(asked)
  }, [given, mayPair, find])
  const { run, isRunning, trouble } = useAction(() => {})
  const answer = (approve: boolean) =>
    run(async () => {
      if (look) await answerPairing(look.code, approve)
      setDone(approve ? 'approved' : 'refused')
    })

  if (!mayPair) return <p>Your role does not let you connect machines: that takes a runner.</p>
  if (done && look) {
    return (
      <p role="status">
        {done === 'approved'
          ? `${look.machine.name} is let in, in your name. It goes on by itself; its key is among yours, and can be withdrawn there.`
          : `${look.machine.name} was refused.`}
      </p>
    )
  }
  if (look) {
    return (
      <section className={styles.ask} aria-label="A machine asks to be let in">
        <h3>
          Let <strong>{look.machine.name}</strong> in?
        </h3>
        <p>
          It asks from {look.machine.address} under the code <code>{look.code}</code>. It will act in your name: share
          folders and run commands. Allow only what you have just started yourself.
        </p>
        <div className={styles.answers}>
          <Button variant="primary" disabled={isRunning} onClick={() => answer(true)}>
            Let it in
          </Button>
          <Button disabled={isRunning} onClick={() => answer(false)}>
            Refuse
          </Button>
        </div>
        <Trouble text={trouble} />
      </section>
    )
  }
  return (
    <>
      <p>On the other machine, in a checkout of Tandem:</p>
      <pre className={styles.command}>npm run tandem -- login --server {location.origin}</pre>
      <form
        className={styles.form}
        onSubmit={(e) => {
          e.preventDefault()
          if (code !== undefined) find(code)
        }}
      >
        <label>
          The code it shows
          <input
            value={typed}
            maxLength={12}
            spellCheck={false}
            autoCapitalize="characters"
            placeholder="KWPT-3MQX"
            onChange={(e) => setTyped(e.currentTarget.value)}
          />
        </label>
        <Button type="submit" variant="primary" disabled={code === undefined}>
          Look
        </Button>
      </form>
      <Trouble text={unknown} />
    </>
  )
}
