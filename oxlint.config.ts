import { foldersByFolder, packagesByPackage, yjsFolders } from './scripts/src/layers.ts'

/** Files that are tests or serve only tests. */
const tests = ['**/*.test.{ts,tsx}', '**/*.suite.ts', '**/*.sim.ts', '**/*.long.ts', '**/test-*.ts', '**/testing/**']

const packages = Object.keys(packagesByPackage)

/** Imports that a folder (or, without one, a file directly in `src/`) of a package must not make. */
function forbiddenImports(name: string, folder?: string, isTest = false) {
  const mayUse = packagesByPackage[name] ?? []
  const others = mayUse === 'all' ? [] : packages.filter((each) => each !== name && !mayUse.includes(each))
  const folders = foldersByFolder[name] ?? {}
  const allowed = folder === undefined ? Object.keys(folders) : [folder, ...(folders[folder] ?? [])]
  const siblings = Object.keys(folders).filter((each) => !allowed.includes(each))
  const yjsIsFine = isTest || yjsFolders.includes(name) || yjsFolders.includes(`${name}/${folder}`)
  const patterns = [
    others.length > 0 && {
      regex: `^@tandem/(?:${others.join('|')})(?:/|$)`,
      message: `${name} may import of ours only: ${(mayUse as readonly string[]).join(', ') || 'nothing'} (scripts/src/layers.ts).`,
    },
    {
      // The type checker's project borders refuse this too; here it gets a readable reason.
      regex: `^(?:\\.{1,2}/)+(?:${packages.filter((each) => each !== name).join('|')})/src/`,
      message: 'Another package is imported by its name and its public doors, never by a path into it.',
    },
    // A test may build what it needs from anywhere in its package.
    !isTest &&
      siblings.length > 0 && {
        regex: `^(?:\\.{1,2}/)+(?:src/)?(?:${siblings.join('|')})/`,
        message: `${name}/${folder} may use only: ${allowed.slice(1).join(', ') || 'nothing beside it'} (scripts/src/layers.ts).`,
      },
    !yjsIsFine && {
      regex: '^yjs(?:/|$)',
      message:
        'Raw Yjs lives in few, named places (scripts/src/layers.ts); use the typed documents of @tandem/shared/docs.',
    },
  ]
  return ['error', { patterns: patterns.filter((each) => each !== false) }] as const
}

/** oxlint replaces a rule's options rather than adding to them, so each folder gets its complete list. */
const layerRules = packages.flatMap((name) => {
  const rulesFor = (files: string[], folder?: string) => [
    { files, rules: { 'no-restricted-imports': forbiddenImports(name, folder) } },
    {
      files: files.flatMap((glob) => [
        glob.replace('*.{ts,tsx}', '{*.{test,suite,sim,long}.{ts,tsx},test-*.ts,testing/*.ts}'),
      ]),
      rules: { 'no-restricted-imports': forbiddenImports(name, folder, true) },
    },
  ]
  return [
    ...rulesFor([`${name}/src/*.{ts,tsx}`]),
    ...Object.keys(foldersByFolder[name] ?? {}).flatMap((folder) =>
      rulesFor([`${name}/src/${folder}/**/*.{ts,tsx}`], folder),
    ),
  ]
})

export default {
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'node', 'promise', 'vitest', 'react', 'jsx-a11y'],
  ignorePatterns: ['**/node_modules', '**/dist', '.toolchain', 'playground', 'artifacts'],
  categories: { correctness: 'error' },
  options: { typeAware: true, reportUnusedDisableDirectives: 'error' },
  env: { node: true, browser: true },
  rules: {
    // A promise nobody waits for is an error nobody sees, or work still going on after "stopped".
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    // What is not known is `unknown` and gets parsed.
    'typescript/no-explicit-any': 'error',
    // Y.Text does have its own toString; its types do not say so.
    'typescript/no-base-to-string': [
      'error',
      { ignoredTypeNames: ['Error', 'RegExp', 'URL', 'URLSearchParams', 'Text', 'YText'] },
    ],
    // A new state must be thought of everywhere.
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/only-throw-error': 'error',
    // Logs are JSON lines with fields; a program's own output goes through its stdout.
    'no-console': 'error',
    // One spelling on file systems that mind case and those that do not.
    'unicorn/filename-case': ['error', { case: 'kebabCase' }],
    // Data flows one way; a cycle hides which.
    'import/no-cycle': 'error',
    // Settings are parsed once, in `main` or `config`, and handed down.
    'node/no-process-env': 'error',
    // Ask whether it is two ideas. Split by idea, never by count: hence a warning.
    'max-lines': ['warn', { max: 300, skipBlankLines: true, skipComments: true }],
    eqeqeq: ['error', 'smart'],
    'no-var': 'error',
    'prefer-const': 'error',
    // A focused test makes all the others silent.
    'vitest/no-focused-tests': 'error',
    'vitest/no-disabled-tests': 'error',
    // Shared behaviour is tested by functions that contain the expectations (contract suites, properties).
    'vitest/expect-expect': 'off',
    'vitest/no-conditional-expect': 'off',
    'vitest/valid-title': 'off',
    'vitest/valid-expect': ['error', { maxArgs: 2 }],
    'vitest/require-mock-type-parameters': 'off',
    'vitest/no-standalone-expect': 'off',
    'vitest/require-to-throw-message': 'off',
    // Spreading a text into its code points is what an editor's code means to do.
    'typescript/no-misused-spread': 'off',
    // A function called back in a promise chain is how a lock hands over.
    'promise/no-callback-in-promise': 'off',
    // Our handles are made of closures: their functions may be passed about.
    'typescript/unbound-method': 'off',
    // The type checker knows better (workers and styles by Vite's suffixes).
    'import/default': 'off',
    // Copying before walking is how a listener may leave while it is being told.
    'unicorn/no-useless-spread': 'off',
    // The new transform needs no React in scope.
    'react/react-in-jsx-scope': 'off',
    // An effect that looks at something outside React (time, storage) may note what it saw.
    'react/set-state-in-effect': 'off',
    // A tree, a tab list and an editor are built from roles on purpose; axe checks the result in the browser tests.
    'jsx-a11y/prefer-tag-over-role': 'off',
    'jsx-a11y/no-autofocus': 'off',
    // The keys of a tree, a log or a tab list are heard by its container, and focus roves.
    'jsx-a11y/click-events-have-key-events': 'off',
    'jsx-a11y/interactive-supports-focus': 'off',
    'jsx-a11y/no-noninteractive-element-interactions': 'off',
  },
  overrides: [
    ...layerRules,
    {
      // The places that may know of the environment: programs' entries and settings, tools, tests.
      files: ['**/{main,config}.ts', '**/*.config.ts', 'scripts/**', 'e2e/**', 'bench/**', ...tests],
      rules: { 'node/no-process-env': 'off' },
    },
    {
      // Browser code has no `process` at all; the type checker sees to it.
      files: ['client/src/**'],
      rules: { 'node/no-process-env': 'off', 'react/rules-of-hooks': 'error', 'react/exhaustive-deps': 'error' },
    },
    {
      files: tests,
      rules: { 'max-lines': ['warn', { max: 500, skipBlankLines: true, skipComments: true }] },
    },
  ],
}
