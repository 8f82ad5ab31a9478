import { expect, test } from 'vitest'
import { readSettings } from './settings.ts'

test('[OPS-1] a flag beats the environment, which beats the file, which beats the default', () => {
  const file = { port: 1, host: '::1', slots: 5 }
  const settings = readSettings({
    file,
    env: { TANDEM_PORT: '2', TANDEM_SLOTS: '6', HOME: '/x' },
    flags: { port: '3', data: undefined },
  })
  expect(settings).toMatchObject({ port: 3, slots: 6, host: '::1', leaseMs: 30_000 })
})

test('[S296] the founding name of the port is honoured', () => {
  expect(readSettings({ env: { WEBSOCKET_PORT: '3001' } }).port).toBe(3001)
  expect(readSettings({ env: { TANDEM_PORT: '1', WEBSOCKET_PORT: '3001' } }).port).toBe(1)
})

test('[S297] the founding path of sockets is one more, and no other setting', () => {
  expect(readSettings({ env: { WEBSOCKET_PATH: '/ws' } }).websocketPath).toBe('/ws')
  expect(readSettings({}).websocketPath).toBeUndefined()
})

test('[OPS-1] a variable of ours that names no setting is nobody’s business', () => {
  expect(() => readSettings({ env: { TANDEM_CONSTRUCTOR: 'x', TANDEM_TO_STRING: 'x' } })).not.toThrow()
})

test('[OPS-1] a switch in the environment is read as a word', () => {
  expect(readSettings({ env: { TANDEM_OPEN: 'false' } }).open).toBe(false)
  expect(readSettings({ env: { TANDEM_UNSAFE_NO_SANDBOX: 'true' } }).unsafeNoSandbox).toBe(true)
})

test.each([
  [{ flags: { port: 'eighty' } }, 'port', '--port'],
  [{ env: { TANDEM_LEASE_MS: '-1' } }, 'leaseMs', 'TANDEM_LEASE_MS'],
  [{ env: { WEBSOCKET_PATH: 'no path' } }, 'websocketPath', 'WEBSOCKET_PATH'],
  [{ env: { TANDEM_PING_MS: '6000' } }, 'pingMs', 'TANDEM_PING_MS'],
  [{ flags: { deadMs: 1_000 }, env: { TANDEM_SLOTS: '1' } }, 'pingMs', '--dead-ms'],
  [{ file: { unseenMs: 5_000 } }, 'helloMs', 'the configuration file'],
  [{ flags: { leaseMs: 15_000 } }, 'unseenMs', '--lease-ms'],
  [{ file: { host: 7 } }, 'host', 'the configuration file'],
  [{ file: { prot: 4310 } }, 'prot', 'the configuration file'],
])('[OPS-1] a wrong setting is named with where it came from: %j', (sources, key, source) => {
  expect(() => readSettings(sources)).toThrow(`the setting ${key} is not valid`)
  expect(() => readSettings(sources)).toThrow(source)
})

test('[OPS-1] settings are frozen', () => {
  expect(Object.isFrozen(readSettings({}))).toBe(true)
})
