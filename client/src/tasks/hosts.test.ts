import { TaskPayload } from '@tandem/shared'
import { expect, test } from 'vitest'
import { hostsIn, hostsToAskFor, noHostIn } from './hosts.ts'

test('[UI-236] of what was refused the hosts can be asked for that a task may name, each once', () => {
  const refused = [
    'Registry.example.com:443',
    'registry.example.com:80',
    'a.example:8080',
    '[::1]:443',
    'b.example:443',
  ]
  const hosts = hostsToAskFor(refused, ['b.example'])
  expect(hosts).toEqual(['registry.example.com', 'a.example:8080'])
  expect(TaskPayload.safeParse({ kind: 'command', command: 'npm i', network: hosts }).success).toBe(true)
})

test('[UI-240] hosts are typed with spaces or commas between, and what is none is named', () => {
  expect(hostsIn(' Example.org,@npm  *.b.example:8080 example.org')).toEqual([
    'example.org',
    '@npm',
    '*.b.example:8080',
  ])
  for (const right of ['', 'example.org, ', '@npm']) expect(noHostIn(right)).toBeUndefined()
  expect(noHostIn('a.example https://b.example/')).toMatch(/^https:\/\/b\.example\/ is no host: /)
  expect(noHostIn(Array.from({ length: 33 }, (_, i) => `h${i}`).join(' '))).toBe(
    'At most 32 hosts are asked for at once',
  )
})
