import { bindingNames, type Task, type TaskPayload, visibleText } from '@tandem/shared'
import { limitWords } from '../ui/relative-time.ts'

type Asked = Pick<Task, 'payload' | 'timeoutMs' | 'artifacts'>

/** What it is that somebody wants to run, as it continues "Mira wants to run". */
export function thingWords({ kind }: TaskPayload): string {
  return { command: 'a command', code: 'code', bash: 'a script over the files', agent: 'an agent' }[kind]
}

/**
 * What beside the command or the code decides what happens: the folder, the time it gets, its environment, and what it
 * may reach.
 */
export function Circumstances({ task: { payload, timeoutMs, artifacts = [] } }: { task: Asked }) {
  const isCommand = payload.kind === 'command'
  const env = isCommand ? Object.entries(payload.env ?? {}) : []
  const ports = isCommand ? (payload.ports ?? []) : []
  const network = isCommand ? (payload.network ?? []) : []
  return (
    <>
      <p>
        In {folderOf(payload)}
        {isCommand && payload.terminal && ', at a terminal'}
        {timeoutMs !== undefined && `, for at most ${limitWords(timeoutMs)}`}.
      </p>
      {network.length > 0 && (
        <p>
          It may reach{' '}
          {network.map((host, i) => (
            <span key={host}>
              {i > 0 && ', '}
              <code>{oneLine(host)}</code>
              {host === '@npm' && ' (the registry npm is configured with)'}
            </span>
          ))}
          , and send there whatever it can read.
        </p>
      )}
      {ports.length > 0 && (
        <p>
          Its machine reaches it at the {ports.length === 1 ? 'port' : 'ports'} {ports.join(', ')}.
        </p>
      )}
      {env.length > 0 && (
        <>
          <p>These variables are set:</p>
          <pre aria-label="Variables">{env.map(([name, value]) => oneLine(`${name}=${value}`)).join('\n')}</pre>
        </>
      )}
      {payload.kind === 'code' && <OfCode payload={payload} />}
      {artifacts.length > 0 && (
        <>
          <p>These files are kept, for everybody here to download:</p>
          <pre aria-label="Files to be kept">{artifacts.map(oneLine).join('\n')}</pre>
        </>
      )}
    </>
  )
}

/** The modules that go with code, what it is given to call, and what runs it. */
function OfCode({ payload }: { payload: Extract<TaskPayload, { kind: 'code' }> }) {
  const { modules = {}, bindings = bindingNames, session, memMb, runner } = payload
  const also = [
    bindings.length > 0 ? `It is given ${bindings.join(', ')}` : 'It is given nothing to call',
    memMb !== undefined && `${memMb} MB of memory`,
    runner !== undefined && `the runner ${runner}`,
    session !== undefined && `the scratch files of ${visibleText(session)}`,
  ]
  return (
    <>
      {Object.entries(modules).map(([name, code]) => (
        <div key={name}>
          <p>Its module {visibleText(name)}:</p>
          <pre aria-label={`Module ${name}`}>{visibleText(code)}</pre>
        </div>
      ))}
      <p>{also.filter(Boolean).join(', ')}.</p>
    </>
  )
}

const folderOf = (payload: TaskPayload): string =>
  payload.kind === 'command' && payload.cwd !== '' ? visibleText(payload.cwd) : 'the workspace folder'

/** A value with line ends must not look like two variables. */
const oneLine = (text: string) => visibleText(text).replaceAll('\n', '⟨U+000A⟩')
