import { parentPort, workerData } from 'node:worker_threads'
import { createIgnore } from './ignore.ts'
import { emptyScan, walkFolder } from './scan.ts'
import { takeOut, toPiece, type Piece } from './scan-pieces.ts'

// The thread that scans: where there are very many files, nobody who types waits for it.

export type FromScanner = { piece: Piece } | { done: { error?: unknown } }

const piece = 1_000
const { root } = workerData as { root: string }
const port = parentPort
if (!port) throw new Error('to be started as a thread')
const ignore = createIgnore(root)

port.on('message', () => {
  const scan = emptyScan()
  let rules: Piece['rules'] = []
  const send = () => {
    const next = toPiece(takeOut(scan), rules)
    rules = []
    port.postMessage({ piece: next } satisfies FromScanner, [next.numbers.buffer])
  }
  let error: unknown
  try {
    const onRules = (dir: string, names: string[]) => void rules.push([dir, names])
    for (const _ of walkFolder({ root, ignore, from: '', scan, onRules })) if (scan.files.size >= piece) send()
    send()
  } catch (e) {
    error = e
  }
  port.postMessage({ done: { error } } satisfies FromScanner)
})
