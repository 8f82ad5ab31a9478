import type { IFunctionIdentifier, Terminal } from '@xterm/xterm'

/** No screen has as many lines or columns. */
const most = 1_000

/** What is done as often as the program says: scroll, insert, delete, tabs, and the last character once more. */
const repeating: readonly IFunctionIdentifier[] = [
  ...[...'STLMIZ@Pb'].map((final) => ({ final })),
  { intermediates: ' ', final: '@' },
  { intermediates: ' ', final: 'A' },
  { intermediates: "'", final: '}' },
  { intermediates: "'", final: '~' },
]

/** Leaves out what would be done so often that the page stood still: the terminal does each as often as it is told. */
export function boundRepeats({ parser }: Pick<Terminal, 'parser'>): void {
  for (const id of repeating) parser.registerCsiHandler(id, ([times]) => typeof times === 'number' && times > most)
}
