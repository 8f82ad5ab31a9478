import type { Duplex } from 'node:stream'
import type { Command, CommandResult, Runner } from '../sandbox/command.ts'
import type { Env } from './env.ts'
import { nodeProgram } from './guest/node.ts'
import { modulesOf, type IsolateRun } from './isolate.ts'
import { resultOf, talk, type Ran } from './talk.ts'

type NodeRun = Omit<IsolateRun, 'onStarted' | 'env' | 'limits'> &
  Pick<Command, 'id' | 'env' | 'limits' | 'writable' | 'killSignal' | 'onStarted'> & {
    bindings: Env
    /** What it writes past the console. */
    onOutput: Command['onChunk']
  }

export type NodeGuests = {
  /**
   * Runs a snippet as Node behind the walls of commands, where the project and its packages are. Tells what the snippet
   * gave, where it came to that, and how the command ended.
   */
  run(run: NodeRun): Promise<{ ran: Ran | undefined; ended: CommandResult }>
}

type NodeOptions = {
  runner: Runner
  /** The real path of the folder. */
  workspace: string
  /** What Node is called behind those walls. */
  node?: string
}

export const createNodeGuests = ({ runner, workspace, node = process.execPath }: NodeOptions): NodeGuests => ({
  run: async ({ snippet, bindings, wallMs, limits, onLog, onOutput, ...command }) => {
    let channel: Duplex | undefined
    let talking: ReturnType<typeof talk> | undefined
    const open = (stream: Duplex) => {
      channel?.destroy()
      channel = stream
      // It ends with the command, whatever was under way.
      stream.on('error', () => {})
      talking = talk(
        { input: stream, output: stream },
        {
          modules: modulesOf(snippet),
          typed: snippet.language === 'typescript',
          env: bindings,
          // These are the command's own.
          limits: { cpuMs: wallMs, memMb: limits?.memMb ?? 0 },
          onLog,
          onPrepared: () => {},
        },
      )
    }
    try {
      const ended = await runner.runCommand({
        ...command,
        argv: [node, '--no-warnings', '--input-type=module', '--eval', nodeProgram()],
        cwd: workspace,
        limits: { ...limits, wallMs },
        onChunk: onOutput,
        channel: open,
      })
      channel?.destroy()
      const parting = (await talking)?.parting
      return { ran: parting && 'said' in parting ? resultOf(parting.said) : undefined, ended }
    } finally {
      channel?.destroy()
    }
  },
})
