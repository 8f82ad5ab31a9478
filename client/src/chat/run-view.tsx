import { isTerminal, type Id, visibleText } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import type { ComponentType } from 'react'
import { useMemo } from 'react'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { Fix } from '../ui/fix.tsx'
import { duration, useTick } from '../ui/relative-time.ts'
import type { Block } from './blocks.ts'
import { changesOf } from './changes.ts'
import { ChangesCard } from './changes-card.tsx'
import styles from './chat.module.css'
import { DraftView } from './draft-view.tsx'
import { Markdown } from './markdown.tsx'
import { lookOf, usageWords } from './run-words.ts'
import { ToolRow } from './tool-row.tsx'
import type { Sent } from './turns.ts'
import type { Agent } from './use-conversation.ts'

type RunViewProps = {
  runId: Id
  agent: Agent
  later: readonly Sent[]
  /** Where a key goes, in words. */
  keys: string | undefined
  /** Asks the same once more, in this one's place. */
  onAgain: () => void
  Question: ComponentType<{ approval: Approval }>
}

const none = new Map<never, never>()

/** One run, as it goes on: what the agent says and does, what it asks, what it changed, and how it stands. */
export function RunView({ runId, agent, later, keys, onAgain, Question }: RunViewProps) {
  const { run, blocks, hunks = none, decisions = none } = agent
  const session = useSession()
  const approvals = useView(session.ops.approvals)
  const asked = [...approvals.values()]
    .filter((a) => a.state === 'pending' && a.subject.task === runId)
    .toSorted((a, b) => a.createdAt - b.createdAt)
  const files = useMemo(() => changesOf(hunks, decisions), [hunks, decisions])
  const isOver = agent.task !== undefined && isTerminal(agent.task.state)
  return (
    <div className={styles.run} data-run={runId}>
      {blocks.map((block) => (
        <BlockView key={block.key} block={block} later={later} isOver={isOver} />
      ))}
      {run && !isOver && <DraftView draft={run.draft} />}
      {asked.map((approval) => (
        <Question key={approval.id} approval={approval} />
      ))}
      {files.length > 0 && <ChangesCard run={runId} files={files} />}
      <RunFoot runId={runId} agent={agent} keys={keys} onAgain={onAgain} />
    </div>
  )
}

function BlockView({ block, later, isOver }: { block: Block; later: readonly Sent[]; isOver: boolean }) {
  switch (block.kind) {
    case 'text':
      return <Markdown text={block.text} />
    case 'reasoning':
      return (
        <details className={styles.reasoning}>
          <summary>Thought about it</summary>
          <p>{visibleText(block.text)}</p>
        </details>
      )
    case 'summary':
      return (
        <details className={styles.summary}>
          <summary>What is above was summed up for the model, to make room</summary>
          <p>{visibleText(block.text)}</p>
        </details>
      )
    case 'said':
      return <p className={styles.said}>{visibleText(later.find(({ id }) => id === block.of)?.text ?? block.text)}</p>
    case 'call':
      return <ToolRow call={block} isOver={isOver} />
    default:
      return block satisfies never
  }
}

/** How the run stands in words, with the one thing to do about it, and what it took. */
function RunFoot({ runId, agent, keys, onAgain }: Pick<RunViewProps, 'runId' | 'agent' | 'keys' | 'onAgain'>) {
  const session = useSession()
  const { task, about } = agent
  const refusal = useView(session.requests.refusals).get(runId)
  const isConnected = useView(session.link).phase === 'connected'
  const look = lookOf(task, about?.status, isConnected)
  useTick(1_000, look.until !== undefined)
  if (refusal)
    return (
      <p className={styles.foot} data-tone="bad" role="alert">
        The server refused it: {visibleText(refusal.reason)}
      </p>
    )
  const left = look.until === undefined ? undefined : look.until - session.serverNow()
  return (
    <div className={styles.foot} data-tone={look.tone}>
      <p role={look.tone === 'bad' ? 'alert' : undefined}>
        <span className={styles.word}>{look.word}</span>
        {left !== undefined && <span> {left > 0 ? `in ${duration(left)}` : 'now'}</span>}
        {look.reason !== undefined && <span> · {visibleText(look.reason)}</span>}
      </p>
      {look.action === 'key' && keys !== undefined && (
        <p>
          <Fix text={keys} />
        </p>
      )}
      {about?.usage && <p className={styles.quiet}>{usageWords(about.usage)}</p>}
      {look.isOver && look.action !== undefined && (
        <Button variant="quiet" onClick={onAgain}>
          Ask again
        </Button>
      )}
    </div>
  )
}
