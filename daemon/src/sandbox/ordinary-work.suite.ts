import { chownSync, cpSync, lstatSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBed, type Bed } from './fixture.ts'

/** `alone`: a reduced sandbox cannot do it, since there nothing is the command's alone. */
type Job = { name: string; files?: Record<string, string>; line: string; says: string; alone?: true }

/** What people really do all day, behind the walls. `says`: the end of what it writes. */
// oxfmt-ignore
const jobs: ReadonlyArray<Job> = [
  {
    name: 'npm install and npm test, with a program that a package brings and a script that runs as it is installed',
    files: {
      'dep/package.json': '{"name":"dep","version":"1.0.0","type":"module","bin":{"dep":"bin.js"},"main":"bin.js","scripts":{"postinstall":"node -e \\"require(\'fs\').writeFileSync(\'built\',\'\')\\""}}',
      'dep/bin.js': '#!/usr/bin/env node\nexport const four = 4\nconsole.log("dep runs")\n',
      'app/package.json': '{"name":"app","private":true,"type":"module","scripts":{"test":"dep && node --test"},"dependencies":{"dep":"file:../dep.tgz"}}',
      'app/app.test.js': 'import { test } from "node:test"\nimport assert from "node:assert"\nimport { four } from "dep"\ntest("adds", () => assert.equal(2 + 2, four))\n',
    },
    line: 'tar czf dep.tgz --transform "s,^dep,package," dep && cd app && npm install --no-audit --no-fund && npm test 2>&1 | grep -E "^(dep runs|. pass)" && ls node_modules/dep/built',
    says: 'pass 1\nnode_modules/dep/built\n',
  },
  {
    name: 'git: branch, merge, rebase, stash, tag, bisect',
    line: 'set -e; git init -q -b main r; cd r; for i in 1 2 3; do echo $i > f; git add f; git commit -qm $i; done; git switch -qc b HEAD~1; echo b > g; git add g; git commit -qm b; ' +
      'git switch -q main; git merge -q -m m b; git switch -q b; echo c > h; git add h; git stash -q; git rebase -q main; git stash pop -q; git commit -qam c; git tag v1; git gc -q; git fsck --strict 2>&1; git log --oneline | wc -l',
    says: '6\n',
  },
  {
    name: 'the TypeScript compiler',
    files: { 'ts/a.ts': 'const x: number = 40 + 2\nconsole.log(x)\n', 'ts/tsconfig.json': '{"compilerOptions":{"strict":true,"types":[]},"files":["a.ts"]}' },
    line: 'cd ts && node ../node_modules/typescript/lib/tsc.js -p . && node a.js',
    says: '42\n',
  },
  {
    name: 'make and a compiler, where the machine has them',
    files: { 'c/Makefile': 'all: a\n\t./a\na: a.c\n\tcc -o a a.c\n', 'c/a.c': '#include <stdio.h>\nint main(void) { puts("built"); }\n' },
    line: 'command -v make cc > /dev/null || { echo built; exit; }; cd c && make -s -j2',
    says: 'built\n',
  },
  {
    name: 'python with processes that share memory, where the machine has it',
    alone: true,
    files: { 'py/a.py': 'from multiprocessing import Pool, Value\nv = Value("i", 2)\ndef f(x): return x * v.value\nif __name__ == "__main__":\n  with Pool(2) as p: print(sum(p.map(f, [1, 20])))\n' },
    line: 'command -v python3 > /dev/null || { echo 42; exit; }; python3 py/a.py',
    says: '42\n',
  },
  {
    name: 'threads, and memory shared between them',
    line: `node -e 'const { Worker } = require("worker_threads"); const s = new SharedArrayBuffer(4); new Worker("new Int32Array(require(\\"worker_threads\\").workerData)[0] = 42", { eval: true, workerData: s }).on("exit", () => console.log(new Int32Array(s)[0]))'`,
    says: '42\n',
  },
  {
    name: 'a server and its client, on the loopback inside and on a socket in a folder',
    alone: true,
    line: `node -e 'const http = require("http"); const go = (at, then) => { const s = http.createServer((q, r) => r.end("hello")).listen(at, () => http.get(at === 0 ? { port: s.address().port, host: "127.0.0.1" } : { socketPath: at }, (r) => r.on("data", (d) => { console.log(String(d)); s.close(then) }))) }; go(0, () => go("/tmp/s", () => {}))'`,
    says: 'hello\nhello\n',
  },
  {
    name: 'archives, links, modes and a watcher of files',
    files: { 'ar/x': 'x' },
    line: `cd ar; chmod 755 x; ln -s x l; ln x h; tar czf ../a.tgz . && rm * && tar xzf ../a.tgz && stat -c %a x && readlink l && node -e 'const fs = require("fs"); fs.watch(".", () => { console.log("seen"); process.exit() }); setTimeout(() => fs.writeFileSync("new", ""), 50)'`,
    says: '755\nx\nseen\n',
  },
]

/** Liveness: broken ordinary work is as bad as an escape. */
export function describeOrdinaryWork(
  who: string,
  { owner, reduced = false }: { owner?: number; reduced?: boolean } = {},
): void {
  describe(`ordinary work, ${who}`, { timeout: 60_000 }, () => {
    let bed: Bed
    beforeAll(async () => {
      bed = await createBed({ owner, reduced })
      const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
      const into = join(bed.workspace, 'node_modules')
      // Its compiler is a package of its own beside it.
      const parts = join(realpathSync(typescript), '../@typescript')
      const packages = [typescript, ...readdirSync(parts).map((name) => join(parts, name))]
      for (const each of packages)
        cpSync(realpathSync(each), join(into, each.includes('@typescript/') ? '@typescript' : '', basename(each)), {
          recursive: true,
        })
      for (const { files = {} } of jobs)
        for (const [path, text] of Object.entries(files)) {
          mkdirSync(dirname(join(bed.workspace, path)), { recursive: true })
          writeFileSync(join(bed.workspace, path), text)
        }
      if (owner !== undefined) giveTo(bed.workspace, owner)
    })
    afterAll(() => bed?.remove())

    test.each(jobs.filter(({ alone }) => !(alone && reduced)))('[SBX-245] $name', async ({ line, says }) => {
      const ran = await bed.run(line, { limits: { wallMs: 50_000 } })
      expect({
        code: ran.exitCode,
        says: ran.stdout.slice(-says.length),
        aside: ran.quarantined,
        ...(ran.exitCode && { ran }),
      }).toEqual({
        code: 0,
        says,
        aside: undefined,
      })
    })
  })
}

function giveTo(path: string, uid: number): void {
  if (lstatSync(path).isSymbolicLink()) return
  chownSync(path, uid, uid)
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) giveTo(join(path, name), uid)
}
