import type { ChildProcess } from 'node:child_process'

/** How a child ended; rejects where it could not be started. (Not `close`: that waits for streams nobody may read.) */
export const exitOf = (child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> =>
  new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', reject)
  })
