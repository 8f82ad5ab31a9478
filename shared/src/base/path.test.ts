import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTandemError } from './errors.ts'
import { checkPath, clashKey, isProtectedName, nameOf, parentOf, parsePath } from './path.ts'

const refusal = (path: string) => {
  const checked = checkPath(path)
  return 'refused' in checked ? checked.refused.code : undefined
}

describe('a path from outside', () => {
  test.each([
    'a.ts',
    'src/deep/er/file name.md',
    '.github/workflows/ci.yml',
    '.gitignore',
    'ünï/côdé.txt',
    '…',
    'git/hooks',
  ])('%j is an ordinary path', (path) => expect(parsePath(path)).toBe(path.normalize('NFC')))

  test.each(['../x', 'a/../../x', 'a/..', '/etc/passwd', '~/x', 'C:/x', 'c:x'])(
    '[MIR-51] [SBX-126] [SBX-131] %j leaves the workspace and is refused',
    (path) => expect(refusal(path)).toBe('path-outside-workspace'),
  )

  test.each([
    '.git/hooks/x',
    '.GIT/x',
    'sub/.git/config',
    '.gi\u200ct/x',
    'git~1/x',
    '.git./x',
    '.tandem/lock',
    '.git ',
    'ＧＩＴ~1/x',
  ])('[MIR-51] [SBX-137] %j is .git or .tandem in some spelling and is refused', (path) =>
    expect(refusal(path)).toMatch(/^path-(protected|invalid)$/),
  )

  test.each([
    '',
    'a//b',
    './a',
    'a/.',
    'a\\b',
    'a\0b',
    'a\nb',
    'name ',
    'name.',
    'file::$DATA',
    'x'.repeat(300),
    '\ud800x',
  ])('[SBX-130] [SBX-135] [SBX-136] [SBX-139] [SBX-141] [SBX-143] %j is malformed and is refused', (path) =>
    expect(refusal(path)).toBe('path-invalid'),
  )

  test('[MIR-51] whatever is accepted stays inside, is normalised, and is accepted again as it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('..', '.', '.git', 'a')), { maxLength: 5 }),
        (names) => {
          const checked = checkPath(names.join('/'))
          if ('refused' in checked) return isTandemError(checked.refused)
          const parts = checked.path.split('/')
          return parsePath(checked.path) === checked.path && !parts.includes('..') && !parts.some(isProtectedName)
        },
      ),
    )
  })
})

test('[MIR-52] two normal forms and two cases of one name clash', () => {
  expect(clashKey('e\u0301.TXT')).toBe(clashKey('\u00e9.txt'))
})

test('parentOf and nameOf take a path apart', () => {
  expect([parentOf('a/b/c'), nameOf('a/b/c'), parentOf('a'), nameOf('a')]).toEqual(['a/b', 'c', '', 'a'])
})
