import { useEffect, useState } from 'react'

/** Says `text` politely to those who hear the page, once it has stood for two seconds: never a stream of words. */
export function Announce({ text }: { text: string }) {
  const [said, setSaid] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setSaid(text), 2_000)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <span className="visually-hidden" aria-live="polite">
      {said}
    </span>
  )
}
