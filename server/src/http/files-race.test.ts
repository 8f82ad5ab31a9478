import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { acknowledged, testClient, testServer } from '../test-server.ts'

const tag = (content: string) => `"${createHash('sha256').update(content).digest('hex')}"`

test(
  '[ACC-84] what a person types while a script replaces the file is never lost, and never doubled',
  { timeout: 60_000 },
  async () => {
    const server = await testServer()
    const client = await testClient(server)
    let round = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ typed: fc.nat(200), at: fc.nat(200), line: fc.nat(5) }), { minLength: 1, maxLength: 6 }),
        async (steps) => {
          const path = `f${round++}`
          const lines = Array.from({ length: 6 }, (_, i) => `line ${i}`)
          const headers = { 'if-none-match': '*' }
          await server.inWorkspace(`/files/${path}`, { method: 'PUT', body: lines.join('\n'), headers })
          const list = (await (await server.inWorkspace('/files')).json()) as { files: { path: string; id: string }[] }
          const fileId = list.files.find((f) => f.path === path)?.id ?? ''
          const person = await client.open({ kind: 'file', fileId })

          const marks: string[] = []
          for (const [n, { typed, at, line }] of steps.entries()) {
            const read = await (await server.inWorkspace(`/files/${path}`)).text()
            const wanted = read.split('\n').map((text, i) => (i === line ? `${text}<s${n}>` : text))
            // In the same moment: neither has seen what the other does.
            const mark = `[p${n}]`
            person.text.insert(typed === 0 ? 0 : Math.min(at, person.text.length), mark)
            marks.push(mark)
            const put = await server.inWorkspace(`/files/${path}`, {
              method: 'PUT',
              body: wanted.join('\n'),
              headers: { 'if-match': tag(read) },
            })
            expect([200, 412]).toContain(put.status)
            if (put.status === 200) marks.push(`<s${n}>`)
            await acknowledged(person.provider)
          }
          const after = await (await server.inWorkspace(`/files/${path}`)).text()
          // Marks may be typed inside each other: each character of theirs is there, as often as it was written.
          expect(lettersOf(after)).toEqual(lettersOf(lines.join('\n') + marks.join('')))
          await vi.waitFor(() => expect(person.text.toString()).toBe(after))
          person.provider.destroy()
        },
      ),
      { seed: 20_261_121, numRuns: 25 },
    )
  },
)

const lettersOf = (text: string) => [...text].toSorted().join('')
