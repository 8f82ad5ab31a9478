import type { Task } from '@tandem/shared'
import { createFetch } from '../../egress/fetch.ts'
import type { Job } from '../../tasks/execute.ts'
import type { Tree } from '../../tree/tree.ts'
import type { Tool } from '../loop/tool.ts'
import { bashTool } from '../tools/bash.ts'
import { agentReach, fetchTool } from '../tools/fetch.ts'
import type { ProjectPorts } from '../tools/project.ts'
import { projectTools } from '../tools/project-tools.ts'
import type { AgentPorts } from './ports.ts'
import { createRunShell } from './shell.ts'

type ToolsOf = {
  task: Task
  job: Pick<Job, 'task' | 'signal' | 'killSignal' | 'onProcess' | 'onTerminal'>
  /** Durable when resolved, and only while the run is ours. */
  setHunks: (...hunks: Parameters<ProjectPorts['setHunks']>) => Promise<void>
}

/** All the tools of one run: files, the shell, the network, and what the daemon adds. */
export async function runTools(ports: AgentPorts, { task, job, setHunks }: ToolsOf): Promise<readonly Tool[]> {
  const { tree, clock } = ports
  const shell = createRunShell({ execute: ports.execute, task, job })
  const fetching = (besides: URL) =>
    createFetch({
      reach: agentReach(ports.policyNow(), besides),
      clock,
      record: (entry) => ports.recordEgress(job.task, entry),
    })
  const more = (await ports.extraTools?.({ task, signal: job.signal })) ?? []
  return [...projectTools({ tree, task: task.id, clock, setHunks }), bashTool(shell), fetchTool(fetching), ...more]
}

/** A text as it is now; nothing where there is none at that path. */
export async function textAt(tree: Tree, path: string, signal: AbortSignal): Promise<string | undefined> {
  const entry = tree.at(path)
  if (entry === undefined || entry === 'folder' || entry.kind !== 'text') return undefined
  return (await tree.texts([entry.id], signal)).get(entry.id)
}
