import { isTerminal, type RunStatus, type RunUsage, type Task } from '@tandem/shared'

/** How a run stands for whoever looks: a word, why, and the one thing to do about it. */
export type RunLook = {
  tone: 'running' | 'waiting' | 'ok' | 'bad' | 'quiet'
  word: string
  reason?: string | undefined
  /** When it goes on by itself. */
  until?: number | undefined
  action?: 'again' | 'key' | undefined
  /** Nothing more comes of it. */
  isOver: boolean
}

const failures: Readonly<Record<string, string>> = {
  'model-overflow': 'What was asked is more than the model takes at once. Begin a new conversation, or mention less.',
  'model-no-credit': 'The provider says that there is no credit left.',
  'model-refused': 'The provider refused the request.',
  'model-unreachable': 'The model’s server cannot be reached.',
}

/**
 * The task is the server's word and the run's status the daemon's own: of a task that has ended, or that no daemon has,
 * the server knows better.
 */
export function lookOf(task: Task | undefined, status: RunStatus | undefined, isConnected: boolean): RunLook {
  if (!task) return waiting(isConnected ? 'asking' : 'sent when the connection is back')
  const reason = status?.reason ?? task.result?.error ?? task.reason
  if (isTerminal(task.state)) {
    if (task.state === 'completed') return { tone: 'ok', word: 'done', isOver: true }
    if (task.state === 'cancelled') return { tone: 'quiet', word: 'stopped', isOver: true, action: 'again' }
    const isKey = isForKey(status?.code) || isForKey(task.result?.code)
    const known = failures[status?.code ?? task.result?.code ?? '']
    const why = known === undefined ? (reason ?? 'It ended without saying why.') : known + quoted(reason)
    return { tone: 'bad', word: 'failed', reason: why, action: isKey ? 'key' : 'again', isOver: true }
  }
  if (task.state === 'cancelling') return { tone: 'running', word: 'stopping', isOver: false }
  if (task.state === 'disconnected') return waiting('its daemon is away', reason)
  if (status?.state === 'waiting')
    return { ...waiting('waits for you', reason), action: isForKey(status.code) ? 'key' : undefined }
  if (status?.state === 'sleeping') return { ...waiting('sleeps', reason), until: status.until }
  if (status?.state !== 'running' || task.state === 'queued') return waiting('waits for a daemon', task.reason)
  if (status.code === 'retry') return { ...waiting('tries again', reason), tone: 'running', until: status.until }
  const word = { idle: 'at work', thinking: 'thinking', executing: 'working' }[status.activity]
  return { tone: 'running', word, isOver: false }
}

const waiting = (word: string, reason?: string): RunLook => ({ tone: 'waiting', word, reason, isOver: false })
const isForKey = (code: string | undefined) =>
  code === 'needs-key' || code === 'model-needs-key' || code === 'limit-key'
const quoted = (reason: string | undefined) => (reason === undefined ? '' : ` It said: ${reason}`)

/** "12,400 tokens in, 800 out, 3 rounds, $0.04"; what it cost only where somebody knows. */
export function usageWords({ inputTokens, outputTokens, rounds, costUsd }: RunUsage): string {
  const parts = [
    `${inputTokens.toLocaleString('en')} tokens in`,
    `${outputTokens.toLocaleString('en')} out`,
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
  ]
  if (costUsd !== undefined) parts.push(costUsd < 0.01 && costUsd > 0 ? 'less than $0.01' : `$${costUsd.toFixed(2)}`)
  return parts.join(', ')
}
