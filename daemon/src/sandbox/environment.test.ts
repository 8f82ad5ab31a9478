import { expect, test } from 'vitest'
import { commandEnvironment, isAllowedName } from './environment.ts'

test('[S138] a command gets a clean environment with NODE_ENV=development', () => {
  const host = {
    LANG: 'C.UTF-8',
    OPENAI_API_KEY: 'x',
    NODE_OPTIONS: '--require evil',
    NODE_ENV: 'production',
    FOO: 'bar',
  }
  const env = commandEnvironment({ host, path: ['/usr/bin', '/bin'] })
  expect(env).toMatchObject({ LANG: 'C.UTF-8', NODE_ENV: 'development', PATH: '/usr/bin:/bin', HOME: '/home/task' })
  expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['OPENAI_API_KEY']))
  for (const name of ['OPENAI_API_KEY', 'NODE_OPTIONS', 'FOO']) expect(env).not.toHaveProperty(name)
})

test('a task may set ordinary variables and nothing that steers programs or names a secret', () => {
  const task = {
    DEBUG: '*',
    PATH: '/evil',
    LD_PRELOAD: 'x.so',
    GIT_DIR: '/x',
    NODE_OPTIONS: 'x',
    NPM_TOKEN: 'x',
    HOME: '/root',
  }
  const env = commandEnvironment({ host: {}, path: ['/usr/bin'], task })
  expect(env).toMatchObject({ DEBUG: '*', PATH: '/usr/bin', HOME: '/home/task' })
  for (const name of ['LD_PRELOAD', 'GIT_DIR', 'NODE_OPTIONS', 'NPM_TOKEN']) expect(env).not.toHaveProperty(name)
})

test('a name that is none, or carries a function, is refused', () => {
  expect(['A', '_b', 'NODE_ENV'].filter(isAllowedName)).toEqual(['A', '_b', 'NODE_ENV'])
  expect(['', '1A', 'A B', 'BASH_FUNC_ls%%', 'A=B', 'LD_LIBRARY_PATH', 'BASH_ENV'].filter(isAllowedName)).toEqual([])
})

test('[TSK-92] at a terminal a person is there, and what kind of terminal it is is not the daemon’s to say', () => {
  const host = { TERM: 'dumb', COLORTERM: '' }
  expect(commandEnvironment({ host, path: [] })).toMatchObject({ TERM: 'dumb', CI: '1' })
  const environment = commandEnvironment({ host, path: [], atTerminal: true })
  expect(environment).toMatchObject({ TERM: 'xterm-256color', COLORTERM: 'truecolor' })
  expect(environment).not.toHaveProperty('CI')
  expect(commandEnvironment({ host, path: [], atTerminal: true, task: { TERM: 'vt100' } })['TERM']).toBe('vt100')
})

test('[SBX-276] with a way out programs are told of it, and try again as they do elsewhere', () => {
  const without = commandEnvironment({ host: {}, path: [] })
  expect(without).toMatchObject({ npm_config_fetch_retries: '0' })
  expect(Object.keys(without).join()).not.toMatch(/proxy/i)
  const network = { HTTPS_PROXY: 'http://127.0.0.1:1' }
  const along = commandEnvironment({ host: { HTTPS_PROXY: 'http://mine' }, path: [], network })
  expect(along).toMatchObject({ HTTPS_PROXY: 'http://127.0.0.1:1', npm_config_update_notifier: 'false' })
  expect(along).not.toHaveProperty('npm_config_fetch_retries')
})
