import { atLeast, visibleText } from '@tandem/shared'
import type { MirrorQuestion } from '@tandem/shared/docs'
import { OctagonPause } from 'lucide-react'
import { useRef, useState } from 'react'
import styles from './mirror-question.module.css'
import { answerSentence, countFiles, goneSentence } from './question-words.ts'
import type { Halted } from './session/attention.ts'
import { useSession } from './session/session-context.ts'
import { useView } from './session/use-view.ts'
import { Button } from './ui/button.tsx'
import { Dialog } from './ui/dialog.tsx'

type QuestionProps = { halted: Halted; question: MirrorQuestion }

/** So much is gone from a folder that it may be a slip: nothing is deleted for others before somebody has said so. */
export default function Question({ halted, question }: QuestionProps) {
  const session = useSession()
  const { claims } = useView(session.identity)
  const { phase } = useView(session.link)
  const [isSure, setSure] = useState(false)
  const { on } = halted
  const answered = answerSentence(halted, claims.principal)
  const whyNot = !atLeast(claims.role, 'editor')
    ? `As ${claims.role} you cannot decide this: ask an editor or an owner.`
    : phase !== 'connected'
      ? 'It can be answered when the connection is back: until then nobody knows whether it is still asked.'
      : undefined
  const region = useRef<HTMLElement>(null)
  const answer = (say: 'delete' | 'restore') => {
    setSure(false)
    // The buttons go away with the answer.
    region.current?.focus()
    session.requests.ask({ kind: 'answer', daemon: on.id, question: question.id, answer: say })
  }
  const more = question.count - question.examples.length
  return (
    <section
      ref={region}
      tabIndex={-1}
      className={styles.question}
      aria-label={`Files gone from the folder on ${on.name}`}
    >
      <div className={styles.row}>
        <OctagonPause size={16} aria-hidden />
        <p role="alert">
          <strong>
            {goneSentence(question, on.name)}
            {answered === undefined && ' Nothing is deleted for others until you say so.'}
          </strong>
        </p>
        {answered === undefined && (
          <div className={styles.answers}>
            <Button disabled={whyNot !== undefined} onClick={() => answer('restore')}>
              Put them back on disk
            </Button>
            <Button variant="danger" disabled={whyNot !== undefined} onClick={() => setSure(true)}>
              Delete them for everybody…
            </Button>
          </div>
        )}
      </div>
      <div className={styles.more}>
        {answered !== undefined ? (
          <p role="status">{answered}</p>
        ) : (
          <p>{whyNot ?? 'Until then the folder is not being synced. What you write here is kept and shared.'}</p>
        )}
        {question.examples.length > 0 && (
          <details>
            <summary>Which files</summary>
            <ul>
              {question.examples.map((path) => (
                <li key={path}>{visibleText(path)}</li>
              ))}
              {more > 0 && <li>and {countFiles(more)} more</li>}
            </ul>
          </details>
        )}
      </div>
      <Dialog
        open={isSure}
        title={`Delete ${countFiles(question.count)} for everybody?`}
        onClose={() => setSure(false)}
        actions={
          <>
            <Button onClick={() => setSure(false)}>Cancel</Button>
            <Button variant="danger" onClick={() => answer('delete')}>
              Delete {countFiles(question.count)}
            </Button>
          </>
        }
      >
        <p>
          They disappear from this workspace and from every folder that shares it. The history keeps them: they can be
          brought back from there.
        </p>
      </Dialog>
    </section>
  )
}
