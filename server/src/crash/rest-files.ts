import { RestoreAnswer } from '@tandem/shared'
import type { Api } from './api.ts'
import type { Version } from './versions.ts'

/** A file that only REST writes, one request after the other: what it must hold is known at every moment. */
export type RestFile = {
  path: string
  /** One request: replaced, edited, deleted or restored. False where no answer came. */
  step(versions: readonly Version[]): Promise<boolean>
  /** What is wrong with what the server has; what it has counts from now on. */
  check(): Promise<string[]>
  content(): string | undefined
  done(): { writes: number; restores: number }
}

type Options = { path: string; api: Api; random: () => number; kind: 'deleted now and then' | 'restored now and then' }

export function createRestFile({ path, api, random, kind }: Options): RestFile {
  let settled: string | undefined
  /** What it may hold instead: asked for, not answered. */
  let tried: (string | undefined)[] = []
  let count = 0
  const done = { writes: 0, restores: 0 }
  const route = `/files/${path}`

  const attempt = async (to: string | undefined, ask: () => Promise<Response | undefined>): Promise<boolean> => {
    tried = [to]
    const answer = await ask()
    const said = await answer?.text().catch(() => undefined)
    if (!answer || said === undefined || answer.status >= 500) return false
    tried = []
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${said}`)
    settled = to
    return true
  }
  const put = () => {
    const body = `${Array.from({ length: 1 + Math.floor(random() * 40) }, () => `line ${++count}\n`).join('')}end`
    const condition = settled === undefined ? { 'if-none-match': '*' } : { 'if-match': '*' }
    return attempt(body, () => api.ask(route, { method: 'PUT', body, headers: condition }))
  }
  const edit = (text: string) => {
    const line = `line ${++count}\nend`
    const body = JSON.stringify({ search: 'end', replace: line })
    return attempt(text.replace('end', line), () =>
      api.ask(`${route}?op=edit`, { method: 'POST', body, headers: { 'if-match': '*' } }),
    )
  }
  const remove = () => attempt(undefined, () => api.ask(route, { method: 'DELETE', headers: { 'if-match': '*' } }))
  const restore = async ({ seq, contents }: Version) => {
    const body = JSON.stringify({ version: seq, paths: [path] })
    const worked = await attempt(contents.get(path), async () => {
      const answer = await api.ask('/restore', { method: 'POST', body })
      if (answer?.ok)
        RestoreAnswer.parse(
          await answer
            .clone()
            .json()
            .catch(() => undefined),
        )
      return answer
    })
    if (worked) done.restores += 1
    return worked
  }

  return {
    path,
    content: () => settled,
    done: () => done,
    step: async (versions) => {
      const dice = random()
      const text = settled
      const candidates = versions.filter((v) => v.isKept && v.contents.get(path) !== undefined)
      const version = candidates[Math.floor(random() * candidates.length)]
      const step =
        text === undefined
          ? put()
          : dice < 0.2 && kind === 'deleted now and then'
            ? remove()
            : dice < 0.3 && kind === 'restored now and then' && version
              ? restore(version)
              : dice < 0.6
                ? put()
                : edit(text)
      const worked = await step
      if (worked) done.writes += 1
      return worked
    },
    check: async () => {
      const answer = await api.ask(route)
      if (!answer || (!answer.ok && answer.status !== 404)) return [`cannot be read: ${answer?.status}`]
      const found = answer.ok ? await answer.text() : undefined
      const allowed = [settled, ...tried]
      settled = found
      tried = []
      return allowed.includes(found)
        ? []
        : [
            `holds ${JSON.stringify(found)?.slice(-200)}, not ${allowed.map((a) => JSON.stringify(a)?.slice(-200)).join(' or ')}`,
          ]
    },
  }
}
