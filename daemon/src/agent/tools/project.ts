import { TandemError, type Clock, type Id, type ReviewHunk } from '@tandem/shared'
import type { z } from 'zod'
import type { TextVersion } from '../../tree/edit-text.ts'
import type { Tree } from '../../tree/tree.ts'

/** What the tools of a run need of the workspace. */
export type ProjectPorts = {
  tree: Tree
  /** The run: the cause of all it writes. */
  task: Id
  /** Keeps what a call is about to change, in place of what was kept of it before; durable when resolved. */
  setHunks(call: string, hunks: z.input<typeof ReviewHunk>[]): Promise<void>
  clock: Pick<Clock, 'now'>
}

/** So many files are remembered as the model last saw them. */
const maxSeen = 200

/** The workspace as one run sees it: what it has read is what its writing is compared with. */
export function openProject(ports: ProjectPorts) {
  const seen = new Map<string, TextVersion>()
  const remember = (version: TextVersion) => {
    seen.delete(version.path)
    seen.set(version.path, version)
    const oldest = seen.size > maxSeen ? seen.keys().next().value : undefined
    if (oldest !== undefined) seen.delete(oldest)
  }
  return {
    ...ports,
    /** A text as it is now; throws `conflict` for what is none. */
    read: async (path: string, signal: AbortSignal): Promise<TextVersion> => {
      const [version] = await ports.tree.read([path], signal)
      if (version?.kind !== 'text')
        throw new TandemError('conflict', {
          reason: `it is no text (${version?.bytes.length ?? 0} bytes)`,
          path,
        })
      return version
    },
    remember,
    /** The file as the model last saw it; undefined where it did not, or where it is another file by now. */
    seen: (path: string, id: Id): TextVersion | undefined => {
      const version = seen.get(path)
      return version?.id === id ? version : undefined
    },
  }
}
export type Project = ReturnType<typeof openProject>
