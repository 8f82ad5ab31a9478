import { type SetAside, visibleText } from '@tandem/shared'
import { Archive, Copy, ShieldAlert } from 'lucide-react'
import { copy } from '../ui/copy.ts'
import { IconButton } from '../ui/icon-button.tsx'
import styles from './outcome.module.css'
import { moveBack } from './set-aside-words.ts'

/** What the command left for other programs to run: where it is now and how one gets it back, or that it is still there. */
export function SetAsideNote({ setAside: { folder, paths, left } }: { setAside: SetAside }) {
  return (
    <>
      {paths.length > 0 && (
        <section className={styles.aside} aria-label="Set aside">
          <p>
            <Archive size={13} aria-hidden />
            <span>
              Set aside, for programs outside the sandbox would run or obey it. It lies in{' '}
              <code>{visibleText(folder)}</code> of the folder; whoever trusts it moves it back there, in a terminal of
              their own.
            </span>
          </p>
          <ul>
            {paths.map((path) => (
              <li key={path}>
                <code>{visibleText(path)}</code>
                <IconButton
                  label={`Copy the command that moves ${visibleText(path)} back`}
                  onClick={() => void copy(moveBack(folder, path), 'Copied the command that moves it back.')}
                >
                  <Copy size={12} aria-hidden />
                </IconButton>
              </li>
            ))}
          </ul>
        </section>
      )}
      {left.length > 0 && (
        <p className={styles.left} role="alert">
          <ShieldAlert size={14} aria-hidden />
          <span>
            Programs outside the sandbox may run or obey what could not be set aside: {visibleText(left.join(', '))}.
            Look at it before you use the folder.
          </span>
        </p>
      )}
    </>
  )
}
