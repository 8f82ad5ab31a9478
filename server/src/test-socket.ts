import { onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { TestServer } from './test-server.ts'

type Outcome = { status?: number; code?: number; reason?: string; body?: string; retryAfter?: string }

/** For tests: a bare socket, for what no client of ours would do. */
export function rawSocket(
  server: TestServer,
  headers: Record<string, string> = {},
  route = `/api/ws?ws=${server.workspaceId}`,
) {
  const ws = new WebSocket(server.url.replace('http', 'ws') + route, { headers })
  onTestFinished(() => ws.terminate())
  const outcome = new Promise<Outcome>((resolve) => {
    ws.on('unexpected-response', (_request, response) => {
      let body = ''
      response.on('data', (d: Buffer) => (body += d.toString()))
      const retryAfter = response.headers['retry-after']
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, ...(retryAfter && { retryAfter }) }))
    })
    ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    ws.on('error', () => {})
  })
  return { ws, outcome, opened: new Promise((resolve) => ws.on('open', resolve)) }
}

/** It prints what it cannot read; here that is the point. */
export function muteHocuspocus() {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => printed.mockRestore())
}

const bytes = (s: string) => new TextEncoder().encode(s)
const varUint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varUint(Math.floor(n / 128))])
export const text = (s: string): number[] => [...varUint(bytes(s).length), ...bytes(s)]
export const frame = (name: string, ...rest: number[]) => Uint8Array.from([...text(name), ...rest])
export const authFrame = (name: string, token: string) => frame(name, 2, 0, ...text(token))
export const updateFrame = (name: string, update: Uint8Array) => frame(name, 0, 2, ...varUint(update.length), ...update)
