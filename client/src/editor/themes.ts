import type { Monaco } from './monaco.ts'

type Palette = Record<
  | 'ink'
  | 'muted'
  | 'keyword'
  | 'string'
  | 'number'
  | 'type'
  | 'surface'
  | 'raised'
  | 'line'
  | 'strong'
  | 'number2'
  | 'select'
  | 'caret'
  | 'focus'
  | 'added'
  | 'removed',
  string
>

// Four quiet hues, none of them an authorship hue: in this editor, colour that shouts is a person or an agent.
const dark: Palette = {
  ink: 'DDE3E4',
  muted: '838F90',
  keyword: 'C3A6E8',
  string: 'A8C98A',
  number: 'D8B98A',
  type: '8FC7C2',
  surface: '111718',
  raised: '181F21',
  line: '252D2F',
  strong: '444F53',
  number2: '657174',
  select: '34424A',
  caret: 'E2E7E8',
  focus: '8DC1FF',
  added: '76CF8A',
  removed: 'F47B74',
}
const light: Palette = {
  ink: '192123',
  muted: '606B6F',
  keyword: '6A3FA0',
  string: '3F6B1D',
  number: '855206',
  type: '0B6B66',
  surface: 'FAFCFD',
  raised: 'F1F4F5',
  line: 'D4DADC',
  strong: 'AAB3B5',
  number2: '7E888B',
  select: 'CBD8DF',
  caret: '192123',
  focus: '1F5DC2',
  added: '1D7339',
  removed: 'B6322D',
}

/** Registers the two themes of ours under the names `themeName` gives. */
export function defineThemes({ editor }: Monaco): void {
  editor.defineTheme('tandem-dark', theme('vs-dark', dark))
  editor.defineTheme('tandem-light', theme('vs', light))
}

export const themeName = (theme: 'dark' | 'light') => `tandem-${theme}`

const theme = (base: 'vs' | 'vs-dark', p: Palette) => ({
  base,
  // The base themes bring hues of their own.
  inherit: false,
  rules: [
    { token: '', foreground: p.ink },
    { token: 'comment', foreground: p.muted, fontStyle: 'italic' },
    { token: 'keyword', foreground: p.keyword },
    { token: 'tag', foreground: p.keyword },
    { token: 'string', foreground: p.string },
    { token: 'attribute.value', foreground: p.string },
    { token: 'attribute.name', foreground: p.number },
    { token: 'number', foreground: p.number },
    { token: 'type', foreground: p.type },
    { token: 'string.key.json', foreground: p.type },
    { token: 'string.value.json', foreground: p.string },
    { token: 'variable.md', foreground: p.type },
    { token: 'string.escape', foreground: p.number },
    { token: 'regexp', foreground: p.string },
    { token: 'constant', foreground: p.number },
    { token: 'key', foreground: p.type },
    { token: 'annotation', foreground: p.type },
    { token: 'metatag', foreground: p.muted },
    { token: 'emphasis', fontStyle: 'italic' },
    { token: 'strong', fontStyle: 'bold' },
    { token: 'delimiter', foreground: p.muted },
  ],
  colors: {
    'editor.background': `#${p.surface}`,
    'editor.foreground': `#${p.ink}`,
    'editorGutter.background': `#${p.surface}`,
    'editorLineNumber.foreground': `#${p.number2}`,
    'editorLineNumber.activeForeground': `#${p.ink}`,
    'editor.lineHighlightBackground': `#${p.raised}`,
    'editor.lineHighlightBorder': '#00000000',
    'editor.selectionBackground': `#${p.select}`,
    'editor.inactiveSelectionBackground': `#${p.select}80`,
    'editorCursor.foreground': `#${p.caret}`,
    'editorIndentGuide.background1': `#${p.line}`,
    'editorIndentGuide.activeBackground1': `#${p.strong}`,
    'editorWidget.background': `#${p.raised}`,
    'editorWidget.border': `#${p.strong}`,
    'editorSuggestWidget.selectedBackground': `#${p.select}`,
    'editorHoverWidget.background': `#${p.raised}`,
    'editorStickyScroll.background': `#${p.surface}`,
    'editorStickyScrollHover.background': `#${p.raised}`,
    'editorOverviewRuler.border': '#00000000',
    'scrollbar.shadow': '#00000000',
    'scrollbarSlider.background': `#${p.strong}66`,
    'scrollbarSlider.hoverBackground': `#${p.strong}99`,
    'scrollbarSlider.activeBackground': `#${p.strong}cc`,
    // A whole line lightly, the characters in it that differ more so: text on both keeps its contrast.
    'diffEditor.insertedLineBackground': `#${p.added}1a`,
    'diffEditor.insertedTextBackground': `#${p.added}33`,
    'diffEditor.removedLineBackground': `#${p.removed}1a`,
    'diffEditor.removedTextBackground': `#${p.removed}33`,
    'diffEditor.diagonalFill': `#${p.strong}66`,
    'diffEditor.unchangedRegionBackground': `#${p.raised}`,
    'diffEditor.unchangedRegionForeground': `#${p.muted}`,
    'diffEditor.unchangedRegionShadow': '#00000000',
    focusBorder: `#${p.focus}`,
    ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`editorBracketHighlight.foreground${n}`, `#${p.muted}`])),
  },
})
