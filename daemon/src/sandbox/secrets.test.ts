import { expect, test } from 'vitest'
import { secretNames } from './secrets.ts'

test('[TSK-184] what is hidden from commands is known by its name alone', () => {
  const names = ['.env', '.env.local', '.env.example', 'db.secret', 'db.secrets']
  expect(names.filter(secretNames(['.env', '.env.*', '*.secret']))).toEqual(['.env', '.env.local', 'db.secret'])
})
