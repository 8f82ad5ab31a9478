/**
 * The editor engine, loaded with `import()` when the first file opens: Monaco with the features and grammars we use,
 * bundled, with its workers; never from a CDN. Order matters: language services register before the first model of
 * their language exists, or they never wake.
 */
import * as monaco from 'monaco-editor/editor'
import './monaco-features.ts'
import './monaco-languages.ts'
import { loader } from '@monaco-editor/react'
import EditorWorker from 'monaco-editor/editor/editor.worker?worker'
import { javascriptDefaults, typescriptDefaults } from 'monaco-editor/languages/features/typescript/register'
import { defineThemes } from './themes.ts'

export type Monaco = typeof monaco

self.MonacoEnvironment = {
  // Without this the production build's base worker fails; the others are fetched when a file first needs them.
  async getWorker(_id, label) {
    switch (label) {
      case 'typescript':
      case 'javascript':
        return new (await import('monaco-editor/languages/features/typescript/ts.worker?worker')).default()
      case 'json':
        return new (await import('monaco-editor/languages/features/json/json.worker?worker')).default()
      case 'css':
      case 'scss':
      case 'less':
        return new (await import('monaco-editor/languages/features/css/css.worker?worker')).default()
      case 'html':
        return new (await import('monaco-editor/languages/features/html/html.worker?worker')).default()
      default:
        return new EditorWorker()
    }
  },
}

// Only open files are known here, so "Cannot find module" and its like would be false alarms: syntax errors only.
for (const defaults of [typescriptDefaults, javascriptDefaults]) {
  defaults.setCompilerOptions({ target: 99, module: 99, moduleResolution: 2, jsx: 4, allowJs: true, strict: true })
  defaults.setDiagnosticsOptions({
    noSemanticValidation: true,
    noSyntaxValidation: false,
    noSuggestionDiagnostics: true,
  })
}

defineThemes(monaco)
// The React wrapper would otherwise fetch Monaco from a CDN.
loader.config({ monaco: monaco as never })

export { monaco }
