/**
 * Names that stay on the owner's machine, see docs/adr/0011-hidden-files-stay-home.md. What they hold would go to
 * everyone and for ever into the log; what others would run must not be for an editor to write.
 */

/** Why a name is never shared, whatever an ignore file says: it stands for secrets. */
export function secretOf(name: string): '.env' | 'keys' | undefined {
  if (/^\.env(?:$|\.)/i.test(name)) return '.env'
  if (/\.(?:pem|key|p12|pfx)$/i.test(name) || /^id_(?:rsa|dsa|ecdsa|ed25519)/i.test(name)) return 'keys'
  return undefined
}

/** Hidden files that people edit together: no secrets are kept in them, and nothing on this machine runs them unasked. */
// oxfmt-ignore
const ordinaryFiles = new Set([
  '.gitignore', '.gitattributes', '.gitkeep', '.editorconfig', '.mailmap', '.dockerignore', '.npmignore',
  '.prettierignore', '.eslintignore', '.nvmrc', '.node-version', '.python-version', '.ruby-version', '.tool-versions',
  '.browserslistrc', '.swcrc', '.gitlab-ci.yml', '.travis.yml',
])
/** `.eslintrc`, `.eslintrc.json` and so on. */
const ordinaryConfigs = /^\.(?:prettier|eslint|stylelint|oxlint|oxfmt|babel)rc(?:\.[a-z]+)?$/
/** What is in them runs elsewhere, or when somebody asks for it. */
const ordinaryFolders = new Set(['.github', '.circleci', '.changeset', '.storybook'])

/** Whether a name with a leading dot is not one of the ordinary project files. */
export const isHidden = (name: string, isDir: boolean): boolean =>
  name.startsWith('.') && !(isDir ? ordinaryFolders.has(name) : ordinaryFiles.has(name) || ordinaryConfigs.test(name))
