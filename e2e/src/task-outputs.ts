import type { TaskState } from '@tandem/shared'
import { note, readLogSegment } from '@tandem/shared/docs'

export type AttemptsOf = {
  id: string
  title: string
  attempts: readonly { n: number; outcome?: TaskState; output?: { bytes: number; segments?: readonly object[] } }[]
}

/** A line that is put out with beat `n`: long enough that an output is several chunks. */
export const lineOf = (n: number) => `${n} ${'0'.repeat(200)}`

/**
 * Reads what each attempt has put out, as any client does, and answers what is wrong with it in words. `told` says how many
 * lines the command had begun to write; an attempt that ended by itself has to have them all, any other the first of them.
 */
export async function judgeOutputs(
  tasks: readonly AttemptsOf[],
  read: (task: string, attempt: number) => Promise<Uint8Array>,
  told: (task: string, attempt: number) => number,
): Promise<string[]> {
  const wrong: string[] = []
  for (const { id, title, attempts } of tasks)
    for (const { n, outcome, output } of attempts) {
      const name = `the output of attempt ${n} of ${title} (${outcome})`
      const chunks = readLogSegment(await read(id, n))
      const its = chunks.filter(({ s }) => s !== note)
      const text = Buffer.concat(its.map(({ d }) => d)).toString()
      const lines = text.split('\n').slice(0, -1)
      if (chunks.some(({ q }, i) => q !== i)) wrong.push(`${name} has a gap: ${chunks.map(({ q }) => q).join(' ')}`)
      const strange = lines.findIndex((line, i) => line !== lineOf(i))
      if (strange >= 0) wrong.push(`line ${strange} of ${name} is ${lines[strange]?.slice(0, 20)}`)
      const all = told(id, n)
      if (lines.length > all) wrong.push(`${name} has ${lines.length} lines of ${all}`)
      if (outcome !== 'completed') continue
      if (lines.length < all) wrong.push(`${name} has but ${lines.length} lines of ${all}`)
      const bytes = its.reduce((sum, { d }) => sum + d.length, 0)
      if (output?.segments && output.bytes !== bytes) wrong.push(`${name} is ${bytes} bytes, not ${output.bytes}`)
    }
  return wrong
}
