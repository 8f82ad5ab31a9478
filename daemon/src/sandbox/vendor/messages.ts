import { z } from 'zod'

/** What one command may see and change, as absolute paths; what it says itself names more than they do. */
export const Fence = z.object({
  denyRead: z.array(z.string()),
  allowRead: z.array(z.string()),
  allowWrite: z.array(z.string()),
  denyWrite: z.array(z.string()),
})
export type Fence = z.infer<typeof Fence>

/** What the daemon asks its helper, a line of JSON each. */
export const ToHelper = z.object({ n: z.int(), line: z.string(), fence: Fence })
export type ToHelper = z.infer<typeof ToHelper>

/** What the helper answers: that it is ready, or cannot be; how a line is to be started so that it is fenced in, or why not. */
export const FromHelper = z.discriminatedUnion('t', [
  z.object({ t: z.literal('ready') }),
  z.object({ t: z.literal('unfit'), reason: z.string() }),
  z.object({ t: z.literal('fenced'), n: z.int(), argv: z.tuple([z.string()], z.string()) }),
  z.object({ t: z.literal('failed'), n: z.int(), reason: z.string() }),
])
export type FromHelper = z.infer<typeof FromHelper>

/** The descriptor on which the helper answers: the library may write to the usual ones. */
export const answersFd = 3
