import { Command } from 'commander'
import { expect, test } from 'vitest'
import { addTaskCommands } from './task.ts'

test('[TSK-238] each command says what it prints with --json, and the one that prints no JSON has no such option', () => {
  const { signal } = new AbortController()
  const say = { out: () => {}, err: () => {}, progress: () => {} }
  const program = new Command()
  addTaskCommands(program, { machine: { env: {}, home: '/', isTTY: false }, say, stop: signal, force: signal })
  const json = (program.commands[0]?.commands ?? []).map((command) => [
    command.name(),
    command.options.find(({ long }) => long === '--json')?.description,
  ])
  const each = 'print how each stands then as a line of JSON'
  expect(Object.fromEntries(json)).toEqual({
    run: 'print the task as a line of JSON when it has ended, or with --detach when it is made; no output',
    list: 'print them as one line of JSON',
    logs: undefined,
    ...{ cancel: each, retry: each, rerun: each, approve: each, reject: each },
  })
})
