import { expect, test } from 'vitest'
import { testServer } from '../test-server.ts'
import { OpenApi } from './openapi.ts'
import { requireScope, scopeFor } from './scopes.ts'

test('[ACC-44] every route has a scope on purpose; what nobody thought of needs a key that may do everything', async () => {
  const server = await testServer()
  const { paths } = OpenApi.parse(await (await fetch(`${server.url}/api/openapi.json`)).json())
  const byScope = new Map<string, Set<string>>()
  for (const [path, byMethod] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(byMethod)) {
      if ((operation as { security?: unknown[] }).security?.length === 0) continue
      const scope = scopeFor(method.toUpperCase(), path.replace('{ws}', server.workspaceId)) ?? 'none'
      const words = path.replace(/^\/api(\/v1)?(\/workspaces\/\{\w+\})?/, '').split('/')
      byScope.set(scope, (byScope.get(scope) ?? new Set()).add(words[1] ?? ''))
    }
  }
  // A new route lands here by itself: give it its scope in scopes.ts, or its name in this list.
  expect([...(byScope.get('admin') ?? [])].toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    'approvals',
    'audit',
    'connections',
    'invites',
    'keys',
    'members',
    'pairings',
    'sessions',
  ])
  expect(byScope.get('none')).toEqual(new Set(['session', 'workspaces', 'access-token']))
  // To look is not to answer.
  expect(scopeFor('GET', '/api/v1/workspaces/x/approvals')).toBe('read')
  expect(scopeFor('GET', '/api/v1/workspaces/x/anything-new')).toBe('admin')
})

test('[S55] [S56] [ACC-44] the founding addresses of the cockpit need the scopes of the founding keys', () => {
  expect(scopeFor('GET', '/api/cockpit/agents')).toBe('agents:read')
  expect(scopeFor('POST', '/api/cockpit/alerts/ack/1')).toBe('alerts:ack')
  expect(scopeFor('GET', '/api/cockpit/alerts')).toBe('cockpit:read')
  expect(scopeFor('POST', '/api/cockpit/tasks')).toBe('tasks:write')
  expect(() => requireScope({ scopes: new Set(['read', 'cockpit:read']) }, 'agents:read')).toThrow('scope agents:read')
})
