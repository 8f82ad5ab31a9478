import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { testServer } from '../test-server.ts'
import { OpenApi, openApiOf, type Operation } from './openapi.ts'

const describedBy = async (url: string) => OpenApi.parse(await (await fetch(`${url}/api/openapi.json`)).json())
const operationsOf = ({ paths }: OpenApi) =>
  Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ method, path, operation: operation as Operation })),
  )

test('[OPS-32] the description of the server is a valid OpenAPI 3.1 document, and holds every route', async () => {
  const server = await testServer()
  // A route that says nothing of itself would be an error here.
  const document = await describedBy(server.url)
  expect(await new Validator().validate(document)).toMatchObject({ valid: true })
  expect(document.openapi).toMatch(/^3\.1\./)
  const operations = operationsOf(document)
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
  expect(operations.length).toBeGreaterThan(40)
  const put = document.paths['/api/v1/workspaces/{ws}/files/{path}']?.['put'] as Operation
  expect(put.parameters.map((p) => p.name)).toEqual(['ws', 'path', 'if-match', 'if-none-match'])
  expect(Object.keys(put.responses)).toEqual(expect.arrayContaining(['200', '201', '409', '412', '413', '428', '429']))
  expect(put.description).toContain('editor')
  expect(put.description).toContain('files:write')
})

test('[OPS-32] a route without a description is an error that names it', () => {
  const handler = () => {}
  const routes = [{ basePath: '/', path: '/api/secret', method: 'GET', handler }]
  expect(() => openApiOf({ routes } as unknown as Parameters<typeof openApiOf>[0], '1')).toThrow('GET /api/secret')
})

test('[OPS-32] what is asked for without a word answers in the shape that is described', async () => {
  const server = await testServer()
  const headers = { 'if-none-match': '*' }
  await server.inWorkspace('/files/src/a.ts', { method: 'PUT', body: 'a', headers })
  await server.inWorkspace('/tasks', {
    method: 'POST',
    body: JSON.stringify({ payload: { kind: 'command', command: 'true' } }),
  })
  const seen: string[] = []
  for (const { method, path, operation } of operationsOf(await describedBy(server.url))) {
    const schema = operation.responses['200']?.content?.['application/json']?.schema
    const asks = operation.parameters.some(
      (p) => (p.in === 'path' && p.name !== 'ws') || (p.in === 'query' && p.required),
    )
    if (method !== 'get' || !schema || asks) continue
    const answer = await server.api(path.replace('{ws}', server.workspaceId))
    expect([200], path).toContain(answer.status)
    const parsed = z.fromJSONSchema(schema).safeParse(await answer.json())
    expect(parsed.error?.issues ?? [], path).toEqual([])
    seen.push(path)
  }
  expect(seen.length).toBeGreaterThan(8)
})

test('[OPS-33] the docs page runs nothing and loads nothing, and shows every route with a line to try it', async () => {
  const server = await testServer()
  const answer = await fetch(`${server.url}/docs`)
  const policy = answer.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toContain('unsafe')
  const page = await answer.text()
  expect(page).not.toMatch(/<script|https?:\/\/(?!127\.0\.0\.1)/)
  for (const { path, operation } of operationsOf(await describedBy(server.url))) {
    expect(page).toContain(`id="${operation.operationId}"`)
    expect(page).toContain(`<code>${path}</code>`)
  }
  for (const code of ['precondition-failed', '4429', '4401', '1011', 'Retry-After']) expect(page).toContain(code)
  expect(page).toContain('curl -X PUT')
})
