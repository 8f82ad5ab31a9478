import { nameOf, type Task, visibleText } from '@tandem/shared'
import { Download } from 'lucide-react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { sizeWords } from '../ui/size-words.ts'
import styles from './tasks.module.css'

/** The files a task has kept, each to be downloaded. */
export function Artifacts({ task: { id, result } }: { task: Task }) {
  const { place, link } = useSession()
  const isOffline = useView(link).phase === 'offline'
  const kept = result?.artifacts ?? []
  if (kept.length === 0) return undefined
  return (
    <div className={styles.artifacts}>
      <span>{isOffline ? 'kept, to be downloaded when the connection is back:' : 'kept:'}</span>
      <ul>
        {kept.map(({ path, size }) => {
          const name = (
            <>
              {visibleText(path)} <span>{sizeWords(size)}</span>
            </>
          )
          return (
            <li key={path}>
              {isOffline ? (
                name
              ) : (
                <a
                  href={`/api/v1/workspaces/${place.workspaceId}/tasks/${id}/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`}
                  download={nameOf(path)}
                >
                  <Download size={12} aria-hidden /> {name}
                </a>
              )}
            </li>
          )
        })}
      </ul>
    </div>
  )
}
