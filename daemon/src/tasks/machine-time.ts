import { uptime } from 'node:os'

/**
 * Milliseconds since the machine started, the time it slept included, and the same for every process on it. A lease goes
 * on while a lid is closed; a process’s own monotonic clock does not. Its steps are of 10 ms on Linux, of 1 s elsewhere.
 */
export const machineTime = (): number => Math.round(uptime() * 1_000)
