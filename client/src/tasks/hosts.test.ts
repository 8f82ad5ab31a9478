import { TaskPayload } from '@tandem/shared'
import { expect, test } from 'vitest'
import { hostsToAskFor } from './hosts.ts'

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
