import { readSettings, TandemError, type Settings } from '@tandem/shared'

export type DaemonConfig = { settings: Settings; folder: string; dataDir: string }

/** The child program's configuration, from its environment; throws `config-invalid` naming what is missing. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): DaemonConfig {
  const required = (name: string): string => {
    const value = env[name]
    if (!value) throw new TandemError('config-invalid', { reason: `${name} is not set` })
    return value
  }
  required('TANDEM_SERVER')
  required('TANDEM_TOKEN')
  return { settings: readSettings({ env }), folder: required('TANDEM_FOLDER'), dataDir: required('TANDEM_DATA') }
}
