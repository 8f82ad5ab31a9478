/** How text looks in every editor of ours. */
export const editorLook = {
  fontFamily: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSize: 13,
  lineHeight: 20,
  fontLigatures: false,
  minimap: { enabled: false },
  scrollBeyondLastLine: false,
  unusualLineTerminators: 'off',
  fixedOverflowWidgets: true,
  largeFileOptimizations: true,
  bracketPairColorization: { enabled: false },
  automaticLayout: true,
  overviewRulerBorder: false,
} as const
