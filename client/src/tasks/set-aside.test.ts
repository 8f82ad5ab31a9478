import { expect, test } from 'vitest'
import { moveBack } from './set-aside-words.ts'

test('[UI-235] what was set aside is moved back by a line for a shell, whatever its name, and never over something', () => {
  expect(moveBack('.tandem/quarantine/x.1', 'a/.envrc')).toBe('mv -n -- .tandem/quarantine/x.1/a/.envrc a/.envrc')
  expect(moveBack('q', "it's $(x)")).toBe(`mv -n -- 'q/it'\\''s $(x)' 'it'\\''s $(x)'`)
})
