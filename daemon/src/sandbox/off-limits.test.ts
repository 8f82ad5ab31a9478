import { expect, test } from 'vitest'
import { createOffLimits } from './off-limits.ts'

test('[SBX-337] what a task must not write among the shared files, however it is spelt', () => {
  const offLimits = createOffLimits(['./ci/', 'deploy.sh'])
  const why = (path: string, ...names: string[]) => offLimits(path, () => new Set(names))
  for (const path of ['.envrc', 'a/.vscode/tasks.json', '.VSCode', '.husky/pre-commit', 'sub/.mcp.json', '.claude/x'])
    expect(why(path), path).toContain('outside the sandbox')
  for (const path of ['tandem.policy.json', 'Tandem.Policy.JSON', 'ci/run.sh', 'CI', 'deploy.sh', '.gitmodules'])
    expect(why(path), path).toContain('the policy of this machine')
  for (const path of ['src/a.ts', 'package.json', 'ci2/run.sh', 'src/deploy.sh', 'docs/HEAD', 'lib/config', 'refs/a'])
    expect(why(path, 'a.ts', 'objects'), path).toBeUndefined()
})

test('[SBX-419] nor what some disk takes for it', () => {
  const offLimits = createOffLimits(['infra/Deploy.yaml'])
  const why = (path: string) => offLimits(path, () => new Set())
  for (const name of [
    '.v\u017fcode',
    '.hus\u212ay',
    '.vs\u200dcode',
    '.env\u200drc',
    '\uff0evscode',
    'VSCODE~1',
    'ENVRC~1',
    'DEVCON~1.JSO',
    'VS0F3C~1',
  ])
    expect(why(`a/${name}/x`), name).toContain('outside the sandbox')
  for (const path of [
    'tandem.policy.j\u017fon',
    'TANDEM~1.JSO',
    'infra/DEPLOY~1.YAM',
    'INFRA/deploy.y\u200daml/x',
    '.git\u200dmodules',
  ])
    expect(why(path), path).toContain('the policy of this machine')
  for (const path of ['src/a~1', 'notes~2.txt', 'Makefile', 'a b/c~', 'src/VSCODE.md', 'Stra\u00dfe', '\u0130.ts'])
    expect(why(path), path).toBeUndefined()
  expect(offLimits('x/he\u200dad', () => new Set(['ref\u017f']))).toContain('repository')
})

test('[SBX-337] no folder becomes a repository, in whatever order its parts come, nor is one changed that is there', () => {
  const offLimits = createOffLimits([])
  const why = (path: string, ...names: string[]) => offLimits(path, () => new Set(names))
  expect(why('x/HEAD', 'refs')).toContain('repository')
  expect(why('x/refs/heads/main', 'HEAD', 'heads')).toContain('repository')
  expect(why('x/commondir', 'HEAD')).toContain('repository')
  expect(why('x/Head', 'REFS')).toContain('repository')
  expect(why('x/hooks/post-checkout', 'HEAD', 'refs', 'objects')).toContain('repository')
  expect(why('x/config', 'HEAD', 'refs')).toContain('repository')
  expect(why('x/README', 'HEAD', 'refs')).toBeUndefined()
})
