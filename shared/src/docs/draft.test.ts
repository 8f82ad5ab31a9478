import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { draftDoc } from './draft.ts'

test('[MIR-69] two drafts write under client ids of their own: what both insert is there from both', () => {
  const [a, b] = [draftDoc(), draftDoc()]
  expect(a.clientID).not.toBe(b.clientID)
  a.getText('content').insert(0, 'one')
  b.getText('content').insert(0, 'two')
  Y.applyUpdate(a, Y.encodeStateAsUpdate(b))
  Y.applyUpdate(b, Y.encodeStateAsUpdate(a))
  expect(a.getText('content').toString()).toBe(b.getText('content').toString())
  expect(a.getText('content').toString()).toHaveLength(6)
})
