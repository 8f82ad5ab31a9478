import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { anthropic } from './anthropic-protocol.ts'
import { google } from './google-protocol.ts'
import type { Protocol, Turn } from './model-turn.ts'
import { openai } from './openai-protocol.ts'

export type ModelRequest = {
  readonly n: number
  readonly protocol: Protocol['name']
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: {
    readonly model?: string
    readonly stream?: boolean
    readonly messages?: readonly unknown[]
  } & Record<string, unknown>
}
/** Turns in order, or what to say to this request. */
export type Script = readonly Turn[] | ((request: ModelRequest) => Turn | Promise<Turn>)

type Logged = ModelRequest & {
  /** How the answer ended: said to its end, or left by whoever asked. */
  readonly closed: Promise<'whole' | 'early'>
}

type Options = { script: Script; chunkSize?: number; models?: readonly string[] }

/**
 * A model server that says what a test wants, on loopback, in the protocols of OpenAI (`<url>/chat/completions`),
 * Anthropic (`<url>/messages`) and Google (`<url>/models/<id>:streamGenerateContent`), streamed or whole, and lists its
 * models at `<url>/models`. It keeps what it was asked.
 */
export async function startModelServer({ script, chunkSize = 7, models = ['scripted'] }: Options) {
  const log: Logged[] = []
  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const path = req.url ?? '/'
    if (req.method === 'GET' && path.endsWith('/models'))
      return json(res, 200, { object: 'list', data: models.map((id) => ({ id, object: 'model' })) })
    const protocol = protocolOf(path)
    if (!protocol) return json(res, 404, { error: { message: 'no such route' } })
    let text = ''
    for await (const chunk of req.setEncoding('utf8')) text += chunk
    const closed = new Promise<'whole' | 'early'>((resolve) =>
      res.once('close', () => resolve(res.writableEnded ? 'whole' : 'early')),
    )
    const body = JSON.parse(text) as ModelRequest['body']
    const request = { n: log.length, protocol: protocol.name, path, headers: req.headers, body, closed }
    log.push(request)
    const turn = typeof script === 'function' ? await script(request) : (script[request.n] ?? over)
    const { status = 200, hang } = turn
    if (hang) return
    if (status !== 200) {
      const said = turn.body ?? protocol.error(status, turn.message ?? 'a scripted error')
      return json(res, status, said, turn.headers)
    }
    const said = { n: request.n, model: body.model ?? 'scripted', chunkSize, turn }
    const isStream = body.stream === true || path.includes(':streamGenerateContent')
    if (!isStream) return json(res, 200, protocol.whole(said), turn.headers)
    res.writeHead(200, { 'content-type': 'text/event-stream', ...turn.headers })
    let frames = 0
    for (const frame of protocol.frames(said)) {
      await turn.pace?.(frames)
      if (res.closed) return
      if (frames++ === turn.cutAfter) {
        // What was written reaches the other side before the socket is gone.
        await new Promise<void>((resolve) => res.write(': cut\n\n', () => resolve()))
        return void res.destroy()
      }
      res.write(frame)
    }
    res.end()
  }
  const server = createServer((req, res) => void answer(req, res).catch(() => res.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    log: log as readonly Logged[],
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type ModelServer = Awaited<ReturnType<typeof startModelServer>>

const over: Turn = { status: 400, message: 'the script is over' }

function protocolOf(path: string): Protocol | undefined {
  if (path.endsWith('/chat/completions')) return openai
  if (path.endsWith('/messages')) return anthropic
  return /\/models\/[^/]+:(?:streamG|g)enerateContent/.test(path) ? google : undefined
}

function json(res: ServerResponse, status: number, body: unknown, headers?: Readonly<Record<string, string>>): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers })
  res.end(JSON.stringify(body))
}
