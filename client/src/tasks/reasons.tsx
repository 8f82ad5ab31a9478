import { type Task, type TaskOutput, type TaskPayload, visibleText } from '@tandem/shared'
import { CornerUpRight, ShieldAlert, ShieldOff } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { Fix } from '../ui/fix.tsx'
import { isFailure, isLimit, isRefusedByPolicy, whyOf } from './describe.ts'
import { hostsToAskFor } from './hosts.ts'
import { SetAsideNote } from './set-aside-note.tsx'
import styles from './tasks.module.css'

type ReasonsProps = { task: Task; onDuplicate: (payload: TaskPayload, timeoutMs: number | undefined) => void }

/** Why a task is as it is, what of it others should know, and what can be done about it. */
export function Reasons({ task, onDuplicate }: ReasonsProps) {
  const { error, exitCode, sandbox, setAside, execution, code, refusedHosts } = task.result ?? {}
  // The hosts stand below, where they can be asked for.
  const why = refusedHosts ? whyOf(task)?.replace(/; it was refused the way to .*$/s, '') : whyOf(task)
  // The line above has said how the command ended, and below stands how code failed; here what is said about it else.
  const isSaid =
    (task.state === 'failed' && (error === undefined || why === `it ended with exit code ${exitCode}`)) ||
    (execution?.errors.length ?? 0) > 0 ||
    isLimit(task)
  return (
    <>
      {sandbox === 'none' && (
        <p className={styles.unsafe}>
          <ShieldOff size={14} aria-hidden /> This ran without a sandbox: it could reach everything its daemon’s user
          can.
        </p>
      )}
      {sandbox === 'reduced' && (
        <p className={styles.reduced}>
          <ShieldAlert size={14} aria-hidden /> This ran in a reduced sandbox, which holds less than the full one.
        </p>
      )}
      {why !== undefined &&
        !isSaid &&
        (isFailure(task) ? (
          <div className={styles.error} role="alert">
            <span>error:</span> <Fix text={why} />
          </div>
        ) : (
          <p className={styles.stopped}>{visibleText(why)}</p>
        ))}
      {isRefusedByPolicy(task) && (
        <Hint>
          The owner of that machine can allow it, in <code>~/.config/tandem/policy.json</code> there; until then it is
          refused again.
        </Hint>
      )}
      {isLimit(task) && code !== 'timeout' && (
        <Hint>
          The owner of that machine sets its limits, in <code>~/.config/tandem/policy.json</code> there.
        </Hint>
      )}
      {setAside && <SetAsideNote setAside={setAside} />}
      <Network task={task} onDuplicate={onDuplicate} />
    </>
  )
}

/** What a command wanted to reach and was refused, and the way to ask for it. */
function Network({ task: { payload, result, timeoutMs }, onDuplicate }: ReasonsProps) {
  const refused = result?.refusedHosts ?? []
  if (refused.length === 0) {
    return (
      result?.wantedNetwork && (
        <Hint>
          It looks as if this command needed the network, which the sandbox does not give by itself. Change and run it
          with the hosts that it may reach: the machine’s policy allows them, or somebody is asked.
        </Hint>
      )
    )
  }
  const known = payload.kind === 'command' ? (payload.network ?? []) : []
  const more = hostsToAskFor(refused, known)
  return (
    <Hint>
      <span className={styles.refusedHosts}>
        It was refused the way to{' '}
        {refused.map((host, i) => (
          <span key={host}>
            {i > 0 && ', '}
            <code>{visibleText(host)}</code>
          </span>
        ))}
        .{' '}
        {payload.kind === 'command' && more.length > 0 && (
          <Button onClick={() => onDuplicate({ ...payload, network: [...known, ...more] }, timeoutMs)}>
            Ask for {more.length === 1 ? 'it' : 'them'}
          </Button>
        )}
      </span>
    </Hint>
  )
}

/** That the server could not keep the whole of an output. */
export const UnkeptNote = ({ output }: { output: Pick<TaskOutput, 'unkept'> | undefined }) =>
  output?.unkept !== undefined && (
    <p className={styles.reduced}>
      Of its output only the end is kept: {visibleText(output.unkept.replace(/\.$/, ''))}.
    </p>
  )

const Hint = ({ children }: { children: ReactNode }) => (
  <div className={styles.hint}>
    <CornerUpRight size={13} aria-hidden />
    <div>{children}</div>
  </div>
)
