/** Lines that say what a file offers or needs, in most languages that people write. */
const marks: readonly (readonly [string, RegExp])[] = [
  ['imports', /^\s*(?:import\b.*?from\s+|import\s+|from\s+|#include\s+|use\s+|require\s*\(\s*)["'<]?([\w@./:*-]+)/],
  ['functions', /^\s*(?:export\s+)?(?:default\s+)?(?:pub\s+)?(?:async\s+)?(?:function\*?|def|fn|func)\s+([\w$]+)/],
  [
    'classes and types',
    /^\s*(?:export\s+)?(?:abstract\s+)?(?:pub\s+)?(?:class|interface|type|struct|enum|trait)\s+([\w$]+)/,
  ],
  ['constants', /^(?:export\s+)?(?:const|let|var)\s+([\w$]+)/],
  ['headings', /^#{1,3}\s+(.{1,80})$/],
]
const most = 12

/** What can be said of a text by looking at its lines: how long it is and what it defines. Not what it means. */
export function explain(path: string, text: string): string {
  const lines = text.split('\n')
  const count = lines.at(-1) === '' ? lines.length - 1 : lines.length
  const isProse = /\.(?:md|markdown|txt)$/i.test(path)
  const found = marks.flatMap(([what, pattern]) => {
    if ((what === 'headings') !== isProse) return []
    const names = [...new Set(lines.flatMap((line) => pattern.exec(line)?.[1] ?? []))]
    if (names.length === 0) return []
    const rest = names.length > most ? ` and ${names.length - most} more` : ''
    return [
      `- ${what}: ${names
        .slice(0, most)
        .map((name) => `\`${name}\``)
        .join(', ')}${rest}`,
    ]
  })
  const todos = lines.filter((line) => /\b(?:TODO|FIXME)\b/.test(line)).length
  const left = todos > 0 ? [`- marked as left to do: ${todos}`] : []
  return [`\`${path}\` has ${count} ${count === 1 ? 'line' : 'lines'}.`, ...found, ...left].join('\n')
}
