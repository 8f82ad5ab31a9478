import { readSettings, TandemError, type Settings } from '@tandem/shared'
import { readPolicy } from './sandbox/policy-file.ts'
import type { Policy } from './sandbox/policy.ts'

export type DaemonConfig = { settings: Settings; folder: string; dataDir: string; policy: Policy }

/** The child program's configuration, from its environment; throws `config-invalid` naming what is missing or wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): DaemonConfig {
  const required = (name: string): string => {
    const value = env[name]
    if (!value) throw new TandemError('config-invalid', { reason: `${name} is not set` })
    return value
  }
  required('TANDEM_SERVER')
  required('TANDEM_TOKEN')
  const folder = required('TANDEM_FOLDER')
  const { policy } = readPolicy({ environment: env, workspace: folder })
  return { settings: readSettings({ env }), folder, dataDir: required('TANDEM_DATA'), policy }
}
