import { Problem, TandemError, errorTable, type ErrorCode, type Role } from '@tandem/shared'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Env } from './deps.ts'
import { describe, docOf, type Media, type RouteDoc } from './describe.ts'
import { scopeFor } from './scopes.ts'
import { leastOf } from './who.ts'

const JsonSchema = z.record(z.string(), z.unknown())
type JsonSchema = z.infer<typeof JsonSchema>

/** The parts of an OpenAPI 3.1 document that ours has. */
export const OpenApi = z.object({
  openapi: z.literal('3.1.1'),
  info: z.object({ title: z.string(), version: z.string(), description: z.string() }),
  servers: z.array(z.object({ url: z.string() })),
  tags: z.array(z.object({ name: z.string() })),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.record(z.string(), z.unknown()),
})
export type OpenApi = z.infer<typeof OpenApi>

/** One operation as we write it. */
export type Operation = {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  parameters: {
    name: string
    in: 'path' | 'query' | 'header'
    required?: true
    description?: string
    schema: JsonSchema
  }[]
  requestBody?: { required: true; content: Content }
  responses: Record<string, { description: string; content?: Content }>
  security?: []
}
export type Content = Record<string, { schema: JsonSchema }>

type Route = { method: string; path: string; doc: RouteDoc; least: Role | undefined }

/** All routes in the order in which they were added. Throws, naming them, where some do not say what they are. */
function routesOf(app: Pick<Hono<Env>, 'routes'>): Route[] {
  const handlersByRoute = Map.groupBy(
    app.routes.filter(({ method }) => method !== 'ALL'),
    ({ method, path }) => `${method} ${path}`,
  )
  const silent: string[] = []
  const routes = [...handlersByRoute].flatMap(([name, handlers]): Route[] => {
    const [method = '', path = ''] = name.split(' ')
    const doc = handlers.map(({ handler }) => docOf(handler)).find((each) => each !== undefined)
    const least = handlers.map(({ handler }) => leastOf(handler)).find((each) => each !== undefined)
    if (!doc) silent.push(name)
    return doc ? [{ method, path, doc, least }] : []
  })
  if (silent.length > 0)
    throw new TandemError('internal', { reason: `routes without a description: ${silent.join(', ')}` })
  return routes
}

/** The description of every route that says what it is, as an OpenAPI 3.1 document. */
export function openApiOf(app: Pick<Hono<Env>, 'routes'>, version: string): OpenApi {
  const paths: OpenApi['paths'] = {}
  for (const route of routesOf(app)) {
    const address = addressOf(route.path)
    paths[address] = { ...paths[address], [route.method.toLowerCase()]: operationOf(route, address) }
  }
  const tags = new Set(Object.values(paths).flatMap((at) => Object.values(at).flatMap((op) => (op as Operation).tags)))
  const inOrder = [...tags].toSorted((a, b) => Number(a in last) - Number(b in last))
  return {
    openapi: '3.1.1',
    info: {
      title: 'Tandem',
      version,
      description:
        'Everything that the page does can be done over HTTP too. Bodies of files are raw bytes, everything else is JSON; every error is a problem document (RFC 9457).',
    },
    servers: [{ url: '/' }],
    tags: inOrder.map((name) => ({ name })),
    security: [{ key: [] }, { cookie: [] }],
    paths,
    components: {
      schemas: { Problem: schemaOf(Problem, 'output') },
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key, or a five-minute access token.' },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: 'tandem_…',
          description: 'The session of a signed-in browser; changing requests must come from our own page.',
        },
      },
    },
  }
}

/** `GET /api/openapi.json`. `app` is asked at the first request, when every route is there. */
export function openApiRoute(app: () => Pick<Hono<Env>, 'routes'>, version: string): Hono<Env> {
  let made: OpenApi | undefined
  return new Hono<Env>().get(
    '/',
    describe({
      tag: 'About',
      summary: 'This description, as OpenAPI 3.1',
      answers: { 200: OpenApi },
      open: true,
    }),
    (c) => c.json((made ??= openApiOf(app(), version))),
  )
}

/** `/files/:id/*` → `/files/{id}/{path}`. */
const addressOf = (path: string): string =>
  path
    .replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}')
    .replace(/\*$/, '{path}')
    .replace(/(?<=.)\/$/, '')

/** What the names in addresses stand for, everywhere. */
const pathParameters: Readonly<Record<string, string>> = {
  ws: 'The workspace’s id.',
  id: 'An id, as a list shows it.',
  path: 'A file’s path; its slashes may stand as they are, everything else is percent-encoded.',
  seq: 'A version’s number, or `head`.',
  token: 'The secret part of the link.',
  userCode: 'The short code that the program shows.',
}

const last = { 'Founding addresses': true, About: true }

/** Addresses that only repeat others, for programs written for the founding documents, stand by themselves. */
const tagOf = (address: string, { tag }: RouteDoc): string =>
  /^\/files?\b|^\/api\/(workspaces|tasks)\//.test(address) ? 'Founding addresses' : tag

function operationOf({ method, path, doc, least }: Route, address: string): Operation {
  const inPath = [...address.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path' as const,
    required: true as const,
    description: pathParameters[name] ?? name,
    schema: { type: 'string' },
  }))
  const scope = doc.open ? undefined : scopeFor(method, path)
  const needs = [
    ...(least ? [`the role ${least}`] : []),
    ...(scope === undefined ? [] : [`of a key the scope ${scope}`]),
  ]
  const description = [
    ...(doc.more === undefined ? [] : [doc.more]),
    ...(needs.length > 0 ? [`Needs ${needs.join(', and ')}.`] : []),
  ]
  return {
    operationId: [method.toLowerCase(), ...address.split(/\W+/).filter(Boolean)].join('_'),
    tags: [tagOf(address, doc)],
    summary: doc.summary,
    ...(description.length > 0 && { description: description.join(' ') }),
    parameters: [...inPath, ...inQuery(doc), ...inHeaders(doc)],
    ...(doc.body && { requestBody: { required: true as const, content: contentOf(doc.body, 'input') } }),
    responses: { ...answersOf(doc), ...errorsOf(doc) },
    ...(doc.open && { security: [] as [] }),
  }
}

function inQuery({ query }: RouteDoc): Operation['parameters'] {
  if (!query) return []
  const { properties, required = [] } = schemaOf(query, 'input') as {
    properties: Record<string, JsonSchema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    ...(required.includes(name) && { required: true as const }),
    ...(typeof schema['description'] === 'string' && { description: schema['description'] }),
    schema,
  }))
}

const inHeaders = ({ headers = {} }: RouteDoc): Operation['parameters'] =>
  Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }))

const statusWords: Readonly<Record<string, string>> = {
  200: 'Done.',
  201: 'Made.',
  202: 'Asked for.',
  204: 'Done; there is nothing to say.',
  302: 'Go there.',
  304: 'You have it as it is.',
  503: 'Not ready, and why.',
}

const answersOf = ({ answers, events }: RouteDoc): Operation['responses'] =>
  Object.fromEntries(
    Object.entries(answers).map(([status, what]) => [
      status,
      {
        description: statusWords[status] ?? 'Answer.',
        ...(what !== 'nothing' && {
          content:
            what === 'events' && events
              ? { 'text/event-stream': { schema: schemaOf(events, 'output') } }
              : contentOf(what, 'output'),
        }),
      },
    ]),
  )

/** Errors that come of what a route is, so that none has to name them. */
function errorsOf(doc: RouteDoc): Operation['responses'] {
  const codes = new Set<ErrorCode>([
    ...(doc.errors ?? []),
    ...(doc.open ? [] : (['unauthorized', 'forbidden'] as const)),
    ...(doc.query || doc.body ? (['validation-failed'] as const) : []),
    ...(doc.body ? (['bad-request', 'too-large'] as const) : []),
    'origin-refused',
    'rate-limited',
  ])
  const byStatus = Map.groupBy([...codes], (code) => errorTable[code].http)
  return Object.fromEntries(
    [...byStatus].map(([status, named]) => [
      status,
      {
        description: named.map((code) => `\`${code}\`: ${errorTable[code].hint}`).join('\n'),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  )
}

const media = {
  bytes: ['application/octet-stream', { type: 'string', format: 'binary' }],
  text: ['text/plain', { type: 'string' }],
  html: ['text/html', { type: 'string' }],
  events: ['text/event-stream', { type: 'string' }],
} as const satisfies Record<Exclude<Media, 'nothing'>, readonly [string, JsonSchema]>

function contentOf(what: z.ZodType | Media, io: 'input' | 'output'): Content {
  if (what === 'nothing') return {}
  const [type, schema] = typeof what === 'string' ? media[what] : ['application/json', schemaOf(what, io)]
  return { [type]: { schema } }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
