import { useEffect, useState } from 'react'
import { providerName } from './session/rest.ts'
import button from './ui/button.module.css'
import styles from './welcome.module.css'

/** Sign-in at the provider that the server names, taking an invite along; nothing where it names none. */
export function ProviderButton({ invite }: { invite?: string }) {
  const [name, setName] = useState<string>()
  useEffect(() => {
    void providerName().then(setName)
  }, [])
  if (name === undefined) return undefined
  const query = invite === undefined ? '' : `?invite=${encodeURIComponent(invite)}`
  return (
    <a className={`${button.button} ${styles.provider}`} href={`/api/v1/oidc/login${query}`}>
      Sign in with {name}
    </a>
  )
}
