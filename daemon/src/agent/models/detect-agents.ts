import { findProgram } from '../../sandbox/walls.ts'

/** Agents that speak the Agent Client Protocol, and the arguments with which each does. */
const known = [
  { name: 'claude-code', title: 'Claude Code', program: 'claude-agent-acp', args: [] },
  { name: 'claude-code', title: 'Claude Code', program: 'claude-code-acp', args: [] },
  { name: 'codex', title: 'Codex', program: 'codex-acp', args: [] },
  { name: 'gemini', title: 'Gemini CLI', program: 'gemini', args: ['--acp'] },
  { name: 'opencode', title: 'OpenCode', program: 'opencode', args: ['acp'] },
  { name: 'goose', title: 'Goose', program: 'goose', args: ['acp'] },
  { name: 'qwen', title: 'Qwen Code', program: 'qwen', args: ['--acp'] },
] as const

export type FoundAgent = {
  readonly name: string
  readonly title: string
  readonly file: string
  readonly args: readonly string[]
}

/** The agents on the daemon's PATH, the first of each name. Nothing is run, and nothing of the workspace is looked at. */
export function detectAgents({ path, workspace }: { path: string; workspace: string }): readonly FoundAgent[] {
  const found = known.flatMap(({ name, title, program, args }) => {
    const file = findProgram(program, path, workspace)
    return file === undefined ? [] : [{ name, title, file, args }]
  })
  return found.filter(({ name }, i) => found.findIndex((each) => each.name === name) === i)
}
