import { useState } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import styles from './people.module.css'

/** The name others see, and the role one has. */
export function MyName() {
  const session = useSession()
  const { claims } = useView(session.identity)
  const link = useView(session.link)
  const [name, setName] = useState(claims.name)
  const clean = name.trim()
  return (
    <form
      className={styles.myName}
      onSubmit={(e) => {
        e.preventDefault()
        if (clean !== '' && clean !== claims.name) session.rename(clean)
      }}
    >
      <label>
        Your name
        <input value={name} maxLength={80} autoComplete="name" onChange={(e) => setName(e.currentTarget.value)} />
      </label>
      <Button
        type="submit"
        variant="primary"
        disabled={clean === '' || clean === claims.name || link.phase !== 'connected'}
      >
        Save
      </Button>
      <p>
        {link.phase === 'connected'
          ? `Others see it beside your cursor. You are ${claims.role} here.`
          : 'The name can be changed when the connection is back.'}
      </p>
    </form>
  )
}
