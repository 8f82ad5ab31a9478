import { expect, onTestFinished, test } from 'vitest'
import { createRig } from './testing/rig.ts'

test('[SBX-142] files called like what every object has are files like any other', async () => {
  const rig = createRig()
  onTestFinished(rig.close)
  const names = ['__proto__', 'constructor', 'd/__proto__/x', 'toString']
  for (const name of names) rig.write(name, `${name}\n`)
  await rig.start()
  expect([...rig.server.files.snapshot().byPath.keys()].toSorted()).toEqual([
    '__proto__',
    'constructor',
    'd/__proto__/x',
    'toString',
  ])
  rig.write('__proto__', 'changed\n')
  await rig.until(() => rig.server.at('__proto__') === 'changed\n')
  for (const name of names.slice(1)) expect(rig.server.at(name)).toBe(`${name}\n`)
  // A start that finds them as they were changes nothing.
  await rig.stop()
  await rig.start()
  expect(rig.read('d/__proto__/x')).toBe('d/__proto__/x\n')
  expect(rig.server.at('__proto__')).toBe('changed\n')
  expect(Object.keys(Object.prototype)).toEqual([])
})
