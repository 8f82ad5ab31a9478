export type Source = { code: string; map?: string | undefined }
type Place = { module: string; line: number; column?: number }
/** An error in the source itself, with its place in it. */
type SourceError = { message: string; place: Place }

/** The module without its types. Where their syntax has a meaning (enums), it is rewritten, with a map of where things were. */
function withoutTypes(module: string, code: string): Source | SourceError {
  const { stripTypeScriptTypes } = process.getBuiltinModule('node:module')
  try {
    return { code: stripTypeScriptTypes(code, { mode: 'strip' }) }
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return sourceError(module, e)
  }
  try {
    const text = stripTypeScriptTypes(code, { mode: 'transform', sourceMap: true })
    const [, map = ''] = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(text) ?? []
    return { code: text, map: Buffer.from(map, 'base64').toString() }
  } catch (e) {
    return sourceError(module, e)
  }
}

/** Node tells the place by showing it: the number of the line, the line, and marks below it. */
function sourceError(module: string, e: unknown): SourceError {
  const { message = String(e), stack = '' } = e as Partial<Error>
  const [, line = '1', shown = '', marks = ''] = /^:(\d+)\n(?:.*\n)*?(.*)\n( *)\^/.exec(stack) ?? []
  const first = message.split('\n')[0] ?? ''
  const hint = /[=(:?>]\s*<[A-Za-z]|(?:return|default)\s+<[A-Za-z]/.test(shown) ? ': JSX has to be compiled first' : ''
  const problem = first.includes('out of bounds') ? 'it is nested too deeply, or too large' : first
  return { message: `${problem}${hint}`, place: { module, line: Number(line), column: marks.length + 1 } }
}

/** Where a place in the code that ran is in the source as it was given. */
function placeInSource({ module, line, column = 1 }: Place, map: string | undefined): Place {
  if (map === undefined) return { module, line, column }
  const { SourceMap } = process.getBuiltinModule('node:module')
  try {
    const entry = new SourceMap(JSON.parse(map)).findEntry(line - 1, column - 1)
    return 'originalLine' in entry
      ? { module, line: entry.originalLine + 1, column: entry.originalColumn + 1 }
      : { module, line }
  } catch {
    return { module, line } // The map is none: the line is at least near it.
  }
}

/** The first place of a stack that is in the code itself. */
function placeIn(stack: string, sources: ReadonlyMap<string, Source>): Place | undefined {
  for (const [, module = '', line, column] of stack.matchAll(/([^\s():]+):(\d+)(?::(\d+))?\)?$/gm)) {
    const source = sources.get(module)
    if (!source) continue
    const place = { module, line: Number(line), ...(column !== undefined && { column: Number(column) }) }
    return placeInSource(place, source.map)
  }
  return undefined
}

/** Only its own modules, by relative names; as in TypeScript, `./a.js` may mean `a.ts`. */
function resolveName(sources: ReadonlyMap<string, unknown>, base: string, asked: string): string | undefined {
  const name = new URL(asked, `x:/${base}`).pathname.slice(1)
  return [name, name.replace(/\.js$/, '.ts'), `${name}.ts`, `${name}.js`].find((each) => sources.has(each))
}

/** What of this a guest is built of: its functions refer to each other alone, and to what every Node has. */
export type Prepare = {
  withoutTypes: typeof withoutTypes
  placeIn: typeof placeIn
  resolveName: typeof resolveName
}
/** Their text: it is handed in to where there is nothing of ours to import. */
export const prepareText: string = [withoutTypes, sourceError, placeInSource, placeIn, resolveName]
  .map(String)
  .join('\n')
