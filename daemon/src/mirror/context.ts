import type { Clock, Id, Log } from '@tandem/shared'
import type { Clashes } from './place/clashes.ts'
import type { Conflicts } from './told/conflicts.ts'
import type { Ignore } from '../watch/ignore.ts'
import type { Root } from '../disk/inside.ts'
import type { Locks } from './locks.ts'
import type { Workspace } from './ports.ts'
import type { Report } from './told/report.ts'
import type { Shadows } from './memory/shadow.ts'
import type { Texts } from './text/texts.ts'
import type { Transfers } from './blob/transfers.ts'
import type { Unread } from './told/unread.ts'

/** What the work on one file needs. */
export type Mirroring = {
  readonly root: Root
  readonly workspace: Workspace
  readonly shadows: Shadows
  readonly texts: Texts
  readonly ignore: Ignore
  readonly conflicts: Conflicts
  /** For alerts that a person can do something about, and for the bytes of large files on their way. */
  readonly report: Pick<Report, 'alert' | 'clear' | 'bytes'>
  readonly transfers: Transfers
  readonly clashes: Clashes
  readonly unread: Unread
  readonly locks: Locks
  readonly clock: Clock
  readonly log: Log
  readonly maxTextBytes: number
  /** Larger files are listed, not shared. */
  readonly maxBlobBytes: number
  /** Aborts when the daemon stops. */
  readonly signal: AbortSignal
  /** What git committed last of these paths, of which it knows any; never throws. */
  committed(paths: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>
  /** Has a file looked at again soon. */
  again(id: Id): void
  /** Whether the last work on a file failed, and is to be tried again. */
  isFailing(id: Id): boolean
  /** Whether a deletion that came from elsewhere is one of so many that its file goes to the trash. */
  isOneOfMany(id: Id): boolean
  /** Says, once, that a path is not written, and why. */
  refuse(path: string, reason: string): void
  /** Has a path looked at, as if the watcher had named it; with `ms` so much later, which no barrier waits for. */
  lookAt(path: string, ms?: number): void
  /** Whether somebody waits for all that is on disk now to be on the server. */
  inHaste(): boolean
}

/** The origin of our own changes to the index. */
export const origin = 'mirror'
