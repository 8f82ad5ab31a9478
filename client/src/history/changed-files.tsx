import { nameOf, parentOf, visibleText, type Id } from '@tandem/shared'
import type { Pair } from './compare.ts'
import styles from './history.module.css'

type ChangedFilesProps = {
  pairs: readonly Pair[]
  more: number
  current: Id | undefined
  picked: ReadonlySet<Id>
  onShow: (id: Id) => void
  onPick: (id: Id, isPicked: boolean) => void
}

const signs = {
  created: ['+', 'created'],
  edited: ['·', 'edited'],
  moved: ['→', 'moved'],
  deleted: ['−', 'deleted'],
  restored: ['+', 'brought back'],
  none: [' ', 'not there'],
} as const

/** The files of a step: one is shown, any may be ticked to be restored together. */
export const ChangedFiles = ({ pairs, more, current, picked, onShow, onPick }: ChangedFilesProps) => (
  <div className={styles.files}>
    <ul aria-label="Files">
      {pairs.map((pair) => {
        const [sign, word] = signs[pair.change]
        const path = visibleText(pair.path)
        return (
          <li key={pair.fileId} data-current={pair.fileId === current || undefined}>
            <input
              type="checkbox"
              aria-label={`Choose ${path}`}
              checked={picked.has(pair.fileId)}
              onChange={(e) => onPick(pair.fileId, e.currentTarget.checked)}
            />
            <button
              type="button"
              aria-current={pair.fileId === current}
              title={pair.from === undefined ? path : `${visibleText(pair.from)} → ${path}`}
              onClick={() => onShow(pair.fileId)}
            >
              <span className={styles.sign} data-change={pair.change} aria-hidden>
                {sign}
              </span>
              <span className="visually-hidden">{word} </span>
              <span className={styles.fileName}>{visibleText(nameOf(pair.path))}</span>
              <span className={styles.folder}>{visibleText(parentOf(pair.path))}</span>
            </button>
          </li>
        )
      })}
    </ul>
    {more > 0 && <p className={styles.note}>and {more.toLocaleString('en')} more</p>}
  </div>
)
