import {
  executionFile,
  type ConsoleLevel,
  type ErrorCategory,
  type ExecutionError,
  type ExecutionResult,
  type Task,
  type TaskPayload,
  visibleText,
} from '@tandem/shared'
import { Copy } from 'lucide-react'
import { useState } from 'react'
import { copy } from '../ui/copy.ts'
import { IconButton } from '../ui/icon-button.tsx'
import { excerpt, pretty } from './execution-words.ts'
import styles from './outcome.module.css'

/** What came of code: its result, or each error with its place in the source; and what it wrote, by level. */
export function Execution({ task: { payload, result } }: { task: Task }) {
  const execution = result?.execution
  if (!execution) return undefined
  const { success, ranIn, errors, truncated } = execution
  const where = result.sandbox === 'none' ? placesUnsafe[ranIn] : places[ranIn]
  return (
    <section className={styles.execution} aria-label="What came of the code">
      <p className={styles.where}>
        {success ? 'Gave this result' : 'Failed'}, {where}.
        {truncated && ` Not all of it is here: the file ${executionFile} has the whole.`}
      </p>
      {success && <Value text={execution.result ?? 'null'} />}
      {errors.map((error, i) => (
        <Failure key={i} error={error} payload={payload} />
      ))}
      <Logs logs={execution.logs} />
    </section>
  )
}

const places: Readonly<Record<ExecutionResult['ranIn'], string>> = {
  isolate: 'in an isolate of its own',
  node: 'as Node in the sandbox',
  command: 'as a command in the sandbox',
  container: 'in a container',
}
const placesUnsafe = { ...places, node: 'as Node, without a sandbox', command: 'as a command, without a sandbox' }

const Value = ({ text }: { text: string }) => (
  <div className={styles.value}>
    {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls */}
    <pre aria-label="Result" tabIndex={0}>
      {visibleText(pretty(text))}
    </pre>
    <IconButton label="Copy the result" onClick={() => void copy(pretty(text), 'Copied the result.')}>
      <Copy size={13} aria-hidden />
    </IconButton>
  </div>
)

const categories: Readonly<Record<ErrorCategory, string>> = {
  syntax: 'It is not valid code',
  runtime: 'It threw an error',
  timeout: 'It took too long',
  memory: 'It used too much memory',
  cancelled: 'It was cancelled',
  denied: 'It was not allowed',
  unknown: 'It failed',
}

function Failure({ error, payload }: { error: ExecutionError; payload: TaskPayload }) {
  const { category, name, message, module = 'main', line, column } = error
  const place = line === undefined ? undefined : `line ${line}${column === undefined ? '' : `, column ${column}`}`
  const shown = excerpt(payload, error)
  const isNamed = name !== undefined && !message.startsWith(name)
  return (
    <div className={styles.failure} role="alert">
      <p>
        <strong>
          {categories[category]}
          {place !== undefined && ` at ${place}${module === 'main' ? '' : ` of ${visibleText(module)}`}`}:
        </strong>{' '}
        {isNamed && `${visibleText(name)}: `}
        {visibleText(message)}
      </p>
      {shown !== undefined && <pre aria-label="Where it failed">{shown}</pre>}
    </div>
  )
}

const levels: readonly ConsoleLevel[] = ['error', 'warn', 'info', 'log', 'debug']
/** More lines than this are read in the output. */
const mostLines = 500

function Logs({ logs }: { logs: ExecutionResult['logs'] }) {
  const [level, setLevel] = useState<ConsoleLevel>()
  if (logs.length === 0) return undefined
  const present = levels.filter((each) => logs.some((log) => log.level === each))
  const shown = level === undefined ? logs : logs.filter((log) => log.level === level)
  return (
    <details className={styles.logs}>
      <summary>
        Console: {logs.length === 1 ? '1 line' : `${logs.length.toLocaleString('en')} lines`}
        {present.includes('error') && `, ${countOf(logs, 'error')} of them errors`}
      </summary>
      {present.length > 1 && (
        <div role="group" aria-label="Show lines by level">
          {[undefined, ...present].map((each) => (
            <button key={each ?? 'all'} type="button" aria-pressed={level === each} onClick={() => setLevel(each)}>
              {each ?? 'All'} {each === undefined ? logs.length : countOf(logs, each)}
            </button>
          ))}
        </div>
      )}
      <ol>
        {shown.slice(0, mostLines).map(({ level, text }, i) => (
          <li key={i} data-level={level}>
            <span>{level}</span> <code>{visibleText(text)}</code>
          </li>
        ))}
      </ol>
      {shown.length > mostLines && <p>The rest stands in the output.</p>}
    </details>
  )
}

const countOf = (logs: ExecutionResult['logs'], level: ConsoleLevel): number =>
  logs.filter((log) => log.level === level).length
