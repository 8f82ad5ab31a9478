import { expect, test } from 'vitest'
import { doubtfulLines } from './git-settings.ts'

const ordinary = `# made by git
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
[remote "origin"]
\turl = git@github.com:a/b.git
\tfetch = +refs/heads/*:refs/remotes/origin/*
[branch "feat/\\"x\\""]
\tremote = origin
\tmerge = refs/heads/main
[user]
\tname = Ada Løvelace
`

test('[SBX-233] the settings that git itself writes into a new repository run nothing', () =>
  expect(doubtfulLines(ordinary)).toEqual([]))

test.each([
  ['a monitor', '[core]\n\tfsmonitor = ./x'],
  ['hooks kept elsewhere', '[core]\nhooksPath=x'],
  ['whatever the case', '[CORE]\n\tFSMonitor = ./x'],
  ['behind its header', '[core] fsmonitor = ./x'],
  ['in an old-fashioned section', '[remote.origin]\n\tuploadpack = ./x'],
  ['an alias', '[alias]\n\tst = !./x'],
  ['a filter', '[filter "x"]\n\tclean = ./x'],
  ['another file', '[include]\n\tpath = ../x'],
  ['another working tree', '[core]\n\tworktree = /home'],
  ['a program as an address', '[remote "o"]\n\turl = ext::sh -c ./x'],
  ['however it is quoted', '[remote "o"]\n\turl = "e"xt"::sh -c ./x"'],
  ['an address that is an option', '[remote "o"]\n\turl = "-oProxyCommand=x"'],
  ['an address as the remote of a branch', '[branch "x"]\n\tremote = ext::sh'],
  ['a line that goes on', '[core]\n\tbare = false \\\n\tfsmonitor = ./x'],
  ['a carriage return', '[core]\r\n\tbare = false\r\tfsmonitor = x'],
  ['a section of nothing we know', '[new]\n\tx = y'],
  ['what is no setting at all', '\u0000'],
  ['a name of every object', '[constructor]\n\tname = x'],
])('[SBX-233] doubtful: %s', (_, config) => expect(doubtfulLines(config)).not.toEqual([]))

test('[SBX-233] doubtful lines are told with their section, so that what was there before is known again', () =>
  expect(doubtfulLines('[lfs "x"]\n\tlocksverify = true\n[core]\n\tbare = true')).toEqual([
    '[lfs "x"] \tlocksverify = true',
  ]))
