import { randomFrom } from '@tandem/shared/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  answerAll,
  Killed,
  killedAt,
  newWorld,
  processOf,
  resultsIn,
  scripted,
  type World,
} from '../testing/run-bed.ts'
import { startModelServer, type ModelRequest, type ModelServer } from '../testing/model-server.ts'
import type { Turn } from '../testing/model-turn.ts'
import type { RunEnd } from './ports.ts'
import { runAgent } from './run-agent.ts'

const call = (tool: string, id: string) => ({ tool, id, input: { path: `${id}.ts` } })
const turns: readonly Turn[] = [
  { parts: [{ text: 'First I look.' }, call('look', 'look-1'), call('put', 'put-1')] },
  { parts: [call('send', 'send-1'), call('put', 'put-2'), call('nope', 'nope-1')] },
  { parts: [{ text: 'Now the risky part.' }, call('danger', 'danger-1'), call('send', 'send-2')] },
  { parts: [{ text: 'All done.' }] },
  { parts: [{ text: 'And the rest is fine, too.' }] },
]
/** Which turn follows from what was said so far alone: it is the same for whoever goes on. */
const script = ({ body }: ModelRequest): Turn =>
  turns[(body.messages as { role: string }[]).filter(({ role }) => role === 'assistant').length] ?? { status: 400 }

let server: ModelServer
beforeAll(async () => {
  server = await startModelServer({ script, chunkSize: 40 })
})
afterAll(() => server.close())

function begin(): World {
  const world = newWorld('do it')
  world.incoming.push({ id: 'm1', text: 'and mind the tests', delivery: 'steer' })
  world.incoming.push({ id: 'm2', text: 'is all well?', delivery: 'queue' })
  return world
}

/** One process, to its end or its death. */
async function live(world: World, killAt: number): Promise<{ end: RunEnd | 'killed'; passed: number }> {
  const { point, passed } = killedAt(killAt)
  try {
    const end = await runAgent(processOf({ world, model: scripted(server.url), point }))
    return { end, passed: passed() }
  } catch (e) {
    if (!(e instanceof Killed)) throw e
    return { end: 'killed', passed: passed() }
  }
}

/** Processes one after the other until the run is done; people say yes to what is asked. Answers how many it took. */
async function liveOn(world: World, nextKill: () => number): Promise<number> {
  for (let lives = 1; lives <= 60; lives++) {
    const { end } = await live(world, nextKill())
    if (end === 'killed') continue
    if (end.end === 'done') return lives
    if (end.end !== 'parked' || !('questions' in end)) throw new Error(JSON.stringify(end))
    answerAll(world, end.questions)
  }
  throw new Error('it never came to an end')
}

const effects = ['put-1', 'send-1', 'put-2', 'danger-1', 'send-2']

/** What holds however often it was killed. */
function check({ saved, done }: World): void {
  const results = resultsIn(saved.messages)
  expect(Object.keys(results).toSorted()).toEqual([...effects, 'look-1', 'nope-1'].toSorted())
  for (const [id, said] of Object.entries(results)) expect(said, id).toHaveLength(1)
  for (const id of effects) {
    const isUnknown = results[id]?.[0]?.includes('outcome unknown')
    // Once, or nobody says that it was done.
    if (!isUnknown) expect(done.get(id), id).toBe(1)
    expect(done.get(id) ?? 0, id).toBeLessThanOrEqual(1)
    if (id.startsWith('put')) expect(isUnknown, id).toBe(false)
  }
  expect(results['look-1']).toEqual(['content of look-1.ts'])
  const said = saved.messages.flatMap((m) => (m.role === 'user' ? [m.content] : []))
  expect(said).toEqual(['do it', 'and mind the tests', 'is all well?'])
  expect(saved.messages.at(-1)).toMatchObject({ content: [{ text: 'And the rest is fine, too.' }] })
}

/** Kills a process at each of the moments it would have, and lets others go on; answers how many calls nobody knew of. */
async function killAtEach(start: () => Promise<World>): Promise<number> {
  const { passed } = await live(await start(), Infinity)
  let unknown = 0
  for (let at = 0; at < passed; at++) {
    const world = await start()
    expect((await live(world, at)).end).toBe('killed')
    await liveOn(world, () => Infinity)
    check(world)
    unknown += Object.values(resultsIn(world.saved.messages)).filter((said) => said[0]?.includes('unknown')).length
  }
  expect(passed).toBeGreaterThan(15)
  return unknown
}

/** Between the beginning of a call and its end, if nothing tells whether it was done: begun, before, after, before its end. */
const momentsUnknown = 4

test('[AGT-10] [AGT-40] [S278] [S279] killed at each of its moments, a run goes on and does each call once, or says that nobody knows', async () => {
  expect(await killAtEach(async () => begin())).toBe(2 * momentsUnknown)
})

test('[AGT-40] [AGT-9] the same where a person has just allowed what it waited for', async () => {
  const start = async () => {
    const world = begin()
    const { end } = await live(world, Infinity)
    if (end === 'killed' || end.end !== 'parked' || !('questions' in end)) throw new Error(JSON.stringify(end))
    expect(end.questions).toMatchObject([{ call: 'danger-1', action: 'danger', risk: 'high' }])
    answerAll(world, end.questions)
    return world
  }
  expect(await killAtEach(start)).toBe(momentsUnknown)
})

test('[AGT-10] [AGT-40] killed again and again, at any moments, it is the same', async () => {
  const random = randomFrom(7)
  for (let i = 0; i < 25; i++) {
    const world = begin()
    await liveOn(world, () => (random() < 0.25 ? Infinity : Math.floor(random() * 60)))
    check(world)
  }
})
