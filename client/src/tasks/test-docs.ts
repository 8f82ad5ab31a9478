import * as Y from 'yjs'

/** A document that nobody else has, for tests that write what the server or a daemon would. */
export const emptyDoc = (): Y.Doc => new Y.Doc()
