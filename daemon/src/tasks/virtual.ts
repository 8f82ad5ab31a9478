import { aborted, withTimeout, type Clock, type Id, type TaskResult } from '@tandem/shared'
import { createShell, shellLimits, type ShellVerbs } from '../bash/shell.ts'
import { createThreads } from '../bash/threads.ts'
import { bridge } from '../isolate/bridge.ts'
import type { FileTree } from '../isolate/ports.ts'
import { createScratch } from '../isolate/scratch.ts'
import { createSessions } from '../isolate/sessions.ts'
import type { Policy } from '../sandbox/policy.ts'
import { createFileTree } from '../tree/file-tree.ts'
import { readOnly } from '../tree/read-only.ts'
import type { Tree } from '../tree/tree.ts'
import type { Executor, Job } from './execute.ts'
import { createPrograms } from './programs.ts'

/** The project, as its documents say it and beside its folder. */
export type ProjectPorts = {
  tree: Tree
  /** `settle`: what is on the disk is in the documents. `flush`: the other way. Both reject where the mirror has stopped. */
  barriers: { flush(): Promise<readonly string[]>; settle(): Promise<readonly string[]> }
  /** A program starts now: what changes on disk may be the task's doing, until the call that is returned. */
  begin(task: Id): () => void
}

type VirtualOptions = {
  /** Without it there are scratch files alone. */
  project: ProjectPorts | undefined
  command: Executor<'command'>
  /** What holds now; throws where that cannot be known. */
  policyNow: () => Policy
  clock: Clock
}

type Asked = {
  session: string | undefined
  /** False: it may only look at the project. */
  writable: boolean
  /** A person has allowed it. */
  isApproved: boolean
}

/** What one execution has that is not the machine's. */
export type Virtual = {
  files: FileTree
  shell: ShellVerbs
  /** What a record is to say of the programs that its shell started. */
  told(): Pick<TaskResult, 'sandbox' | 'setAside'>
}

/** How long the folder is waited for, which somebody may write to all the time, or whose server is away. */
const patienceMs = 10_000

/** Files and shells for tasks, each session's own [S162] [S216], over the project's documents. */
export function createVirtual({ project, command, policyNow, clock }: VirtualOptions) {
  const threads = createThreads({ memMb: shellLimits.memMb, clock })
  const sessions = createSessions({
    create: () => {
      const scratch = createScratch()
      return { scratch, shell: createShell({ scratch, threads, clock }) }
    },
    close: ({ shell }) => shell.close(),
    clock,
  })
  /** Without a disk, or with one that never rests, the documents count as they are. */
  const patiently = async (signal: AbortSignal, work: Promise<unknown>) => {
    await Promise.race([withTimeout(work, patienceMs, { clock }).catch(() => {}), aborted(signal)])
  }
  return {
    /** Lends them to one execution; comes back when nothing of it is under way, and what it wrote is on the disk. */
    use: <T>(
      job: Pick<Job, 'task' | 'timeoutMs' | 'signal' | 'killSignal' | 'onProcess'>,
      { session, writable, isApproved }: Asked,
      work: (virtual: Virtual) => Promise<T>,
    ): Promise<T> =>
      sessions.use(session, async ({ scratch, shell }) => {
        const over = new AbortController()
        const signal = AbortSignal.any([job.signal, job.killSignal, over.signal])
        const task = job.task.id
        const tree = project && (writable ? project.tree : readOnly(project.tree, looksOnly))
        const programs = project && createPrograms({ command, project, policyNow, job, isApproved })
        const underWay = new Set<Promise<unknown>>()
        const tracked: Wrap =
          (call) =>
          (...args) => {
            const called = call(...args).finally(() => underWay.delete(called))
            underWay.add(called)
            return called
          }
        let seen: Promise<void> | undefined
        /** What somebody saved a moment ago is looked at too. */
        const look = async () => {
          if (project) await (seen ??= patiently(signal, project.barriers.settle()))
        }
        const ofProject = tree && createFileTree({ tree, task, signal })
        const files = bridge(
          scratch,
          ofProject &&
            (async () => {
              await look()
              return ofProject
            }),
        )
        const verbs = shell.with({ tree, runTask: programs?.run, task, signal })
        const first: Wrap =
          (call) =>
          async (...args) => {
            await look()
            return call(...args)
          }
        try {
          return await work({
            files: withEach(files, tracked),
            shell: {
              exec: tracked(first(verbs.exec)),
              readFile: tracked(first(verbs.readFile)),
              writeFile: tracked(first(verbs.writeFile)),
              listFiles: tracked(first(verbs.listFiles)),
              getCwd: verbs.getCwd,
            },
            told: () => programs?.told() ?? {},
          })
        } finally {
          over.abort(new Error('the execution is over'))
          await Promise.allSettled(underWay)
          if (project && seen && writable) await patiently(job.killSignal, project.barriers.flush())
        }
      }),
    close: () => {
      sessions.close()
      threads.close()
    },
  }
}

type Wrap = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => (...args: A) => Promise<R>

const withEach = (files: FileTree, wrap: Wrap): FileTree => ({
  readFile: wrap(files.readFile),
  writeFile: wrap(files.writeFile),
  appendFile: wrap(files.appendFile),
  unlink: wrap(files.unlink),
  exists: wrap(files.exists),
  stat: wrap(files.stat),
  mkdir: wrap(files.mkdir),
  readdir: wrap(files.readdir),
  rmdir: wrap(files.rmdir),
})

const looksOnly = 'the policy of this machine lets it look, and change nothing'
