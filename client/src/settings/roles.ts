import type { Role } from '@tandem/shared'

/** What each role may do, in words: each can do what stands before it too. */
export const roleWords: Readonly<Record<Role, string>> = {
  viewer: 'can read everything',
  commenter: 'can comment and talk',
  editor: 'can change files',
  runner: 'can run commands',
  owner: 'can do everything, and say who takes part',
}
