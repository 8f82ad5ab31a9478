import { type Id, nameOf, visibleText } from '@tandem/shared'
import styles from './history.module.css'

type FiltersProps = {
  /** The path of the file in the editor, where one is open. */
  path: string | undefined
  isFileOnly: boolean
  onFileOnly: (isFileOnly: boolean) => void
  authors: ReadonlyMap<Id, string>
  author: Id | undefined
  onAuthor: (author: Id | undefined) => void
}

/** Whose past: that of the workspace or of the file in the editor; by everyone, or by one. */
export const Filters = ({ path, isFileOnly, onFileOnly, authors, author, onAuthor }: FiltersProps) => (
  <>
    <div className={styles.switch} role="group" aria-label="Whose history">
      <button type="button" aria-pressed={!isFileOnly} onClick={() => onFileOnly(false)}>
        Workspace
      </button>
      <button
        type="button"
        aria-pressed={isFileOnly}
        disabled={path === undefined}
        title={path ?? 'Open a file to see its history alone'}
        onClick={() => onFileOnly(true)}
      >
        {path === undefined ? 'This file' : visibleText(nameOf(path))}
      </button>
    </div>
    <select
      className={styles.select}
      aria-label="By whom"
      value={author ?? ''}
      onChange={(e) => onAuthor(e.currentTarget.value === '' ? undefined : e.currentTarget.value)}
    >
      <option value="">By everyone</option>
      {[...authors].map(([id, name]) => (
        <option key={id} value={id}>
          By {name}
        </option>
      ))}
    </select>
  </>
)
