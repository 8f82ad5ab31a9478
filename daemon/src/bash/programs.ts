/** Commands that a shell in memory cannot be: they are handed on. */
// oxfmt-ignore
export const programs = ['git', 'npm', 'npx', 'pnpm', 'yarn', 'node', 'python', 'python3', 'make', 'cargo', 'go', 'tsc'] as const
const names = new Set<string>(programs)
/** Whether a command of a line is a real program, and not the shell's own. */
export const isProgram = (name: string): boolean => names.has(name)
