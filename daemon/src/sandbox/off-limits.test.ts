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
