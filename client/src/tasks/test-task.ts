import { createId, Task } from '@tandem/shared'

/** For tests: a task as the server would tell it, waiting in the queue unless it says otherwise. */
export const taskForTest = (part: Partial<Task> = {}): Task =>
  Task.parse({
    id: createId(),
    workspaceId: createId(),
    title: 't',
    payload: { kind: 'command', command: 'npm test', shell: true },
    state: 'queued',
    attempt: 0,
    attempts: [],
    createdBy: createId(),
    createdByName: 'Mira',
    createdAt: 0,
    ...part,
  })
