import { z } from 'zod'

/** What containers are made of, by the machine's owner: a repository cannot name an image. */
export const ContainerPolicy = z.strictObject({
  /** One that is there already, with Node 22.15 or newer and a shell; nothing is fetched. */
  image: z
    .string()
    .regex(/^[A-Za-z0-9][\w./:@-]{0,299}$/)
    .optional(),
  /** Processors of the machine that one container may keep busy. */
  cpus: z.number().positive().max(1_024).default(2),
})
export type ContainerPolicy = z.infer<typeof ContainerPolicy>
