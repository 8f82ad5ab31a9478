import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createId } from '../base/ids.ts'
import { docName, parseDocName, requireDocName, type DocRef } from './doc-names.ts'

const id = fc.constantFrom(createId(), createId())
const attempt = fc.integer({ min: 1, max: 99_999 })
const ref: fc.Arbitrary<DocRef> = fc.oneof(
  fc.record({ kind: fc.constantFrom('files', 'ops', 'skills', 'presence') }),
  fc.record({ kind: fc.constantFrom('file', 'comments'), fileId: id }),
  fc.record({ kind: fc.constant('requests'), principal: id, session: id }),
  fc.record({ kind: fc.constant('tasks'), rotation: fc.nat(1000) }),
  fc.record({ kind: fc.constantFrom('log', 'tty'), taskId: id, attempt }),
  fc.record({ kind: fc.constant('chat'), conversationId: id }),
  fc.record({ kind: fc.constantFrom('run', 'review'), runId: id }),
  fc.record({ kind: fc.constant('daemon'), daemonId: id }),
  fc.record({ kind: fc.constant('user'), userId: id }),
) as fc.Arbitrary<DocRef>

test('[LOG-20] every document name reads back as what it names', () => {
  const place = { workspaceId: createId(), epoch: createId() }
  fc.assert(
    fc.property(ref, (doc) => {
      expect(parseDocName(docName(place, doc))).toEqual({ ...place, doc })
    }),
  )
})

test.each([
  '',
  'ws',
  'files',
  'ws/x/y/files',
  `ws/${createId()}/${createId()}/nothing`,
  `ws/${createId()}/${createId()}/file/../x`,
])('[S5] %j is no document', (name) => {
  expect(parseDocName(name)).toBeUndefined()
  expect(() => requireDocName(name)).toThrow('there is no such document')
})

test('[LOG-20] a name with something behind it is no document', () => {
  const name = docName({ workspaceId: createId(), epoch: createId() }, { kind: 'file', fileId: createId() })
  expect(parseDocName(`${name}/more`)).toBeUndefined()
  expect(parseDocName(`${name}\0`)).toBeUndefined()
})
