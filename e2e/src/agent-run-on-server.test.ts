import { acknowledged, testClient } from '@tandem/server/test-server'
import { join } from '@tandem/server/test-people'
import { createId } from '@tandem/shared'
import { openChat } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { agentBed, runOf, type Ada } from './agent-bed.ts'
import { until } from './harness/until.ts'

test('[AGT-123] [S233] [S240] a run is a task: it edits, runs lines in the shell, answers, and its document tells all of it', async () => {
  const t = await agentBed([
    {
      parts: [
        { text: 'I look and change.' },
        { tool: 'editFile', id: 'e1', input: { path: 'sum.ts', edits: [{ oldText: 'a + b', newText: 'a - b' }] } },
        { tool: 'bash', id: 'b1', input: { script: 'cat sum.ts; pwd' } },
      ],
    },
    { parts: [{ text: 'Done.' }] },
  ])
  await t.daemon()
  const id = await t.ask({ prompt: 'Subtract.', mode: 'auto' })
  expect(await t.ended(id)).toMatchObject({ state: 'completed' })
  expect(t.file.text.toString()).toBe('return a - b\n')
  const run = await runOf(t, id)
  const { about, status, usage } = run.snapshot()
  expect(about).toMatchObject({ mode: 'auto', model: 'local:scripted', prompt: 1 })
  expect(status).toMatchObject({ state: 'done', activity: 'idle', attempt: 1 })
  expect(usage).toMatchObject({ rounds: 2, inputTokens: 200, outputTokens: 40 })
  expect(run.messages.snapshot().map(({ message }) => message.role)).toEqual(['user', 'assistant', 'tool', 'assistant'])
  expect(JSON.stringify(run.messages.snapshot())).toContain(String.raw`"return a - b\n/workspace\n"`)
  expect([...run.journal.snapshot().values()].map(({ state }) => state)).toEqual(['ended', 'ended'])
  expect([...run.hunks.snapshot().values()]).toMatchObject([{ kind: 'edit', call: 'e1' }])
  expect(run.draft.snapshot()).toEqual({ part: undefined, text: '' })
  expect(t.ops.checkpoints.get(about?.checkpoint ?? '')).toMatchObject({ kind: 'run', run: id })
})

test('[AGT-9] [AGT-124] [S269] [S270] a run that waits for people holds no slot, and goes on where it was when they have answered', async () => {
  const t = await agentBed([
    { parts: [{ tool: 'bash', id: 'b1', input: { script: 'rm sum.ts' } }] },
    { parts: [{ tool: 'bash', id: 'b2', input: { script: 'rm -r src' } }] },
    { parts: [{ text: 'I leave the folder.' }] },
  ])
  const first = await t.daemon()
  const id = await t.ask({ prompt: 'Clean up.', mode: 'auto' })
  const question = (call: string) =>
    until(`it asks about ${call}`, () =>
      [...t.ops.approvals.snapshot().values()].find((each) => each.subject.call === call),
    )
  const one = await question('b1')
  expect(one).toMatchObject({ action: 'bash', summary: 'rm sum.ts', risk: 'high', subject: { task: id, attempt: 1 } })
  await until('it holds nothing', () => first.tasks.get(id)?.state === 'awaiting_approval')
  expect(first.tasks.get(id)?.lease).toBeUndefined()
  const run = await runOf(t, id)
  expect(run.snapshot().status).toMatchObject({ state: 'waiting', code: 'needs-answer' })
  expect([...run.journal.snapshot()]).toEqual([])
  expect(t.index.snapshot().byPath.has('sum.ts')).toBe(true)
  // Another process goes on.
  await first.close()
  await t.daemon()
  await t.post(`/approvals/${one.id}/approve`, {})
  const two = await question('b2')
  expect(t.index.snapshot().byPath.has('sum.ts')).toBe(false)
  await t.post(`/approvals/${two.id}/reject`, { comment: 'not that one' })
  expect(await t.ended(id)).toMatchObject({ state: 'completed', attempt: 3 })
  expect(JSON.stringify(run.messages.snapshot())).toContain('a person did not allow it: not that one')
  expect(t.models.log).toHaveLength(3)
})

test('[AGT-120] [AGT-125] who may not run things is not heard by a run, nor who writes in another’s name', async () => {
  let asked = () => {}
  const waits = new Promise<void>((resolve) => (asked = resolve))
  let go = () => {}
  const gate = new Promise<void>((resolve) => (go = resolve))
  const t = await agentBed([
    { parts: [{ text: 'First.' }], pace: () => (asked(), gate) },
    { parts: [{ text: 'Second.' }] },
    { parts: [{ text: 'Third.' }] },
  ])
  await t.daemon()
  const conversationId = createId()
  const chatOf = async (client: Ada) => {
    const opened = await client.open({ kind: 'chat', conversationId })
    return { ...opened, chat: openChat(opened.doc) }
  }
  const ada = await chatOf(t.ada)
  const member = async (role: 'runner' | 'commenter', name: string) =>
    chatOf(await testClient(await join(t.server, role, name)))
  const [ben, eve] = [await member('runner', 'Ben'), await member('commenter', 'Eve')]
  const id = await t.ask({ prompt: 'Begin.', conversationId })
  await waits
  const about = { run: id, at: 1 }
  ben.chat.send({ ...about, text: 'from Ben', deliver: 'queue' })
  await acknowledged(ben.provider)
  const bens = ben.doc.clientID
  await until('Eve has it', () => eve.chat.snapshot().size === 1)
  eve.chat.send({ ...about, text: 'from Eve', deliver: 'steer' })
  // With the id that Ben writes under.
  const forged = new Y.Doc()
  Y.applyUpdate(forged, Y.encodeStateAsUpdate(eve.doc))
  forged.clientID = bens
  openChat(forged).send({ ...about, text: 'forged', deliver: 'steer' })
  Y.applyUpdate(eve.doc, Y.encodeStateAsUpdate(forged))
  await acknowledged(eve.provider)
  await until('Ada has all', () => ada.chat.snapshot().size === 3)
  ada.chat.send({ ...about, text: 'from Ada', deliver: 'queue' })
  await acknowledged(ada.provider)
  go()
  expect(await t.ended(id)).toMatchObject({ state: 'completed' })
  const run = await runOf(t, id)
  const said = run.messages.snapshot().filter(({ message }) => message.role === 'user')
  expect(said.map(({ message }) => message.content)).toEqual(['Begin.', 'from Ben', 'from Ada'])
  expect(run.delivered.snapshot().size).toBe(2)
})

test('[AGT-126] [S250] a run is given the talk before it, which stands in the runs where it was said', async () => {
  const t = await agentBed([
    { parts: [{ text: 'Seven.' }] },
    { parts: [{ text: 'Eight.' }] },
    { parts: [{ text: 'Nine.' }] },
  ])
  await t.daemon()
  const conversationId = createId()
  const opened = await t.ada.open({ kind: 'chat', conversationId })
  const chat = openChat(opened.doc)
  const say = async (text: string, more: { replaces?: string; mentions?: { path: string }[] } = {}) => {
    const run = createId()
    const message = chat.send({ text, run, deliver: 'now', at: 1, ...more })
    await acknowledged(opened.provider)
    const id = await t.ask({ prompt: text, conversationId, message, ...(more.mentions && { mentions: more.mentions }) })
    chat.edit(message, {})
    return { id, message, planned: run }
  }
  // The page names the task's id before it asks; here the record says it afterwards.
  const tell = async ({ id, message }: { id: string; message: string }) => {
    const record = opened.doc.getMap('messages').get(message) as object
    opened.doc.getMap('messages').set(message, { ...record, run: id })
    await acknowledged(opened.provider)
  }
  const one = await say('What is after six?')
  await tell(one)
  await t.ended(one.id)
  const two = await say('And then?', { mentions: [{ path: 'sum.ts' }] })
  await tell(two)
  await t.ended(two.id)
  const asked = () => JSON.stringify(t.models.log.at(-1)?.body.messages)
  expect(asked()).toMatch(/after six.*Seven.*And then.*return a \+ b/)
  const second = await runOf(t, two.id)
  expect(second.snapshot().about?.earlier).toEqual([{ run: one.id, from: 0, to: 2 }])
  expect(second.messages.snapshot()).toHaveLength(2)
  // Sent again in place of the second: the course goes on from the first.
  const three = await say('And then, in words?', { replaces: two.message })
  await tell(three)
  await t.ended(three.id)
  expect(asked()).toMatch(/after six.*Seven.*in words/)
  expect(asked()).not.toContain('Eight')
})

test('[AGT-53] [AGT-127] cancelled, a run ends with what it had said; nothing of it is left half', async () => {
  let asked = () => {}
  const waits = new Promise<void>((resolve) => (asked = resolve))
  const t = await agentBed([
    {
      parts: [{ text: 'I was just about to say' }],
      pace: (frame) => (frame > 2 ? (asked(), new Promise(() => {})) : undefined),
    },
  ])
  await t.daemon()
  const id = await t.ask({ prompt: 'Talk.' })
  await waits
  await t.post(`/tasks/${id}/cancel`, {})
  expect(await t.ended(id)).toMatchObject({ state: 'cancelled' })
  const run = await runOf(t, id)
  await until('it says so', () => run.snapshot().status?.state === 'stopped')
  expect(run.messages.snapshot().at(-1)?.message.role).toBe('assistant')
  expect(run.draft.snapshot().part).toBeUndefined()
})

test('[AGT-128] a model that is not there fails the run in words', async () => {
  const t = await agentBed([{ status: 400, message: 'no such model' }])
  await t.daemon()
  const id = await t.ask({ prompt: 'x' })
  expect(await t.ended(id)).toMatchObject({ state: 'failed', result: { code: 'model-refused' } })
  const other = await t.ask({ prompt: 'x', model: 'nobody:x' })
  const ended = await t.ended(other)
  expect(ended).toMatchObject({ state: 'failed', result: { code: 'not-found' } })
  expect(ended.result?.error).toContain("there is no model 'nobody:x'")
  expect((await runOf(t, other)).snapshot().status).toMatchObject({ state: 'failed', code: 'not-found' })
})
