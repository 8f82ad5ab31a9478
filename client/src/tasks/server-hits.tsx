import { useState } from 'react'
import { sinceStart } from './log-line.tsx'
import styles from './tasks.module.css'
import { useServerSearch } from './use-server-search.ts'

type ServerHitsProps = {
  logUrl: string
  words: string
  isPattern: boolean
  /** Shows the line that begins at this byte, once it is here. */
  onGoTo: (at: number) => void
}

/** What is found in an output that is not here whole: looked for on the server, and a way to each line. */
export function ServerHits({ logUrl, words, isPattern, onGoTo }: ServerHitsProps) {
  const found = useServerSearch(logUrl, words, isPattern)
  const [awaited, setAwaited] = useState<number>()
  const says = !found
    ? 'Looking through the whole output on the server…'
    : found.trouble !== undefined
      ? `The whole could not be searched on the server: ${found.trouble}.`
      : `In the whole output, on the server: ${countWords(found.hits.length, found.isComplete)}.`
  return (
    <section className={styles.serverHits} aria-label="Found in the whole output">
      <p role="status">{awaited === undefined ? says : `${says} The line is shown once the rest is here.`}</p>
      <ul>
        {found?.hits.map(({ o, t, text, at: [from, to] }) => (
          <li key={o}>
            <button
              type="button"
              aria-pressed={o === awaited}
              onClick={() => {
                setAwaited(o)
                onGoTo(o)
              }}
            >
              <span className={styles.time}>{sinceStart(t)}</span>
              {text.slice(0, from)}
              <mark>{text.slice(from, to)}</mark>
              {text.slice(to)}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function countWords(count: number, isComplete: boolean): string {
  if (count === 0) return isComplete ? 'nothing' : 'nothing yet'
  return `${isComplete ? '' : 'the first '}${count === 1 ? '1 line' : `${count.toLocaleString('en')} lines`}`
}
