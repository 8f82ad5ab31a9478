import type * as Y from 'yjs'
import { Task } from '../protocol/task.ts'
import { openRecords, type Records } from './records.ts'

/** The shared list of tasks; only the server's referee writes it. */
export const openTasks = (doc: Y.Doc): Records<Task> => openRecords(doc, 'tasks', Task)
