/**
 * What may import what, as one table. `oxlint.config.ts` turns it into lint rules and `layers.test.ts` breaks each of
 * them once. A folder that is not in the table fails that test, so a new room is placed on purpose.
 */

/** Packages of ours each package may import by name. `'all'` is for what drives the others from outside. */
export const packagesByPackage: Record<string, readonly string[] | 'all'> = {
  shared: [],
  server: ['shared'],
  daemon: ['shared'],
  client: ['shared'],
  cli: 'all',
  e2e: 'all',
  bench: 'all',
  scripts: 'all',
}

/** Inside a package: which sibling folders a folder may use. Files directly in `src/` (main, config, composition) know all. */
export const foldersByFolder: Record<string, Record<string, readonly string[]>> = {
  // base <- protocol <- docs <- testing; `merge` is pure text work that `docs` builds on.
  shared: {
    base: [],
    protocol: ['base'],
    merge: ['base'],
    docs: ['base', 'protocol', 'merge'],
    testing: ['base', 'protocol', 'merge', 'docs'],
  },
  // Stores and doors at the bottom, then what keeps documents, then what answers requests.
  server: {
    auth: [],
    store: [],
    notify: [],
    sync: ['auth', 'store'],
    referee: ['auth', 'store'],
    history: ['auth', 'store'],
    http: ['auth', 'store', 'notify', 'sync', 'referee', 'history'],
    services: ['auth', 'store', 'notify', 'sync', 'referee', 'history'],
    // No part of the product: it kills servers and looks at what is left.
    crash: ['auth', 'store'],
  },
  // Everything that runs code goes through `sandbox`; the mirror and the link know nothing of running. `disk` is the folder
  // as a file system, `watch` what of it is shared and may have changed, `mirror` what is done about it.
  daemon: {
    link: [],
    disk: [],
    watch: ['disk'],
    mirror: ['disk', 'watch'],
    // The one way out to the network; the sandbox's policy speaks of it.
    egress: [],
    sandbox: ['egress', 'disk'],
    git: ['sandbox'],
    // Behind a contract of the sandbox's: what runs commands in containers of Docker's or Podman's.
    containers: ['sandbox', 'disk'],
    // Code that is run in a process of its own, and what it may call.
    isolate: ['sandbox', 'egress', 'disk'],
    // The workspace's files as their documents say them, and a shell over them that runs nothing of the machine's.
    tree: ['disk'],
    bash: ['tree'],
    tasks: ['sandbox', 'egress', 'isolate', 'disk', 'containers', 'tree', 'bash'],
    agent: ['sandbox', 'egress', 'disk', 'tree', 'bash', 'tasks'],
    open: ['agent'],
  },
  // A feature uses `session` and `ui`, never another feature: `app.tsx` places them beside each other.
  client: {
    ui: [],
    session: [],
    chat: ['session', 'ui'],
    cockpit: ['session', 'ui'],
    editor: ['session', 'ui'],
    files: ['session', 'ui'],
    history: ['session', 'ui'],
    palette: ['session', 'ui'],
    people: ['session', 'ui'],
    search: ['session', 'ui'],
    settings: ['session', 'ui'],
    tasks: ['session', 'ui'],
  },
}

/** The only folders whose sources may import `yjs` itself; everyone else uses the typed documents. Tests may, anywhere. */
export const yjsFolders: readonly string[] = [
  'shared/docs',
  'shared/merge',
  'shared/testing',
  'server/sync',
  'server/store',
  'server/history',
  'daemon/link',
  'client/session',
  'client/editor',
  // Outside the product: they measure and drive raw documents.
  'server/crash',
  'bench',
  'e2e',
]
