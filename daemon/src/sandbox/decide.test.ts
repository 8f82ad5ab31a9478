import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide, type Verdict } from './decide.ts'
import { modes } from './modes.ts'
import { defaultPolicy, Policy } from './policy.ts'

const narrow = Policy.parse({
  commands: {
    default: 'ask',
    allow: [
      'npm test',
      'npm run build',
      'git *',
      'ls *',
      'cat *',
      'echo *',
      'pwd',
      'wc *',
      'head *',
      'grep *',
      'tee *',
      'find *',
      'env *',
      'timeout *',
      'bash *',
    ],
    ask: [],
    deny: ['rm -rf / *', 'sudo *', 'git push --force *', 'shutdown *', 'mkfs *'],
  },
})
const decisionOn = (line: string) => decide(narrow, line).decision

describe('the founding list', () => {
  test.each([
    'ls',
    'pwd',
    'echo hi',
    'cat a',
    'grep x a',
    'find .',
    'git status',
    'npm test',
    'pnpm i',
    'yarn',
    'node a.js',
    'python a.py',
  ])('[S134] `%s` is allowed without asking', (line) => expect(decide(defaultPolicy, line).decision).toBe('allow'))
  test('[S134] a command of no rule is asked about', () => {
    expect(decide(defaultPolicy, 'frobnicate --all')).toMatchObject({ decision: 'ask', rule: 'default' })
  })
  test('[S135] a denied command is refused in the founding words', () => {
    expect(decide(defaultPolicy, 'sudo ls')).toMatchObject({
      decision: 'deny',
      rule: 'sudo *',
      reason: "command 'sudo' not allowed",
    })
    const strict = Policy.parse({ commands: { default: 'deny' } })
    expect(decide(strict, 'frobnicate').reason).toBe("command 'frobnicate' not allowed")
  })
  test('[S135] a program with arguments is judged as it stands, without a shell', () => {
    expect(decide(defaultPolicy, ['npm', 'test'])).toMatchObject({ decision: 'allow', commands: [['npm', 'test']] })
    expect(decide(defaultPolicy, ['echo', '; sudo ls']).decision).toBe('allow')
    expect(decide(defaultPolicy, ['sudo', 'ls']).decision).toBe('deny')
  })
})

describe('[S135] every command of a line is judged', () => {
  // oxfmt-ignore
  test.each([
    'npm test', 'git status --short', 'git add -A && git commit -m "x"', 'ls | grep foo | wc -l', 'ls > /dev/null', 'g\\it status',
    '"git" status', "cat <<'EOF'\n$(touch pwned)\nEOF", 'ls #; id', 'ls > out.txt', '/bin/ls -l', 'timeout 5 npm test', 'A=1 ls', 'ls *.ts',
    'find . -name x -exec cat {} +', "bash -c 'ls | wc -l'", 'cat < a.txt',
  ])('%j is allowed', (line) => expect(decisionOn(line)).toBe('allow'))

  // oxfmt-ignore
  test.each([
    'npm --version; touch pwned', 'ls && touch pwned', 'ls -l\ntouch pwned', 'echo $(touch pwned)', 'echo "a $(touch pwned) b"',
    'echo `touch pwned`', 'cat <(touch pwned)', 'git -c alias.x=!id x', 'git -c core.fsmonitor=id status', 'find . -exec touch x \\;',
    'ls > ../x', 'ls > /etc/x', 'echo x > $HOME/.bashrc', 'echo x > ~/.bashrc', '$CMD x', "$'\\x67it2' push", 'PATH=.:$PATH ls', 'LD_PRELOAD=./x.so ls',
    'ls() { id; }; ls', 'alias ls=id', 'echo ${x:-$(id)}', 'echo $((`id`))', 'cat <<EOF\n$(touch pwned)\nEOF', 'if ls; then id; fi',
    'for f in a; do id; done', 'ls & id', '! id', '(id)', '{ id; }', 'ls "', 'time id', 'coproc id', '[[ -n $(id) ]]', 'a[$(id)]=1',
    'echo ${a[$(id)]}', 'trap id EXIT', 'case $(id) in x) ls;; esac', 'select x in $(id); do ls; done', 'ls 2>&1 | touch ../../x',
    'exec 3<>/dev/tcp/1.2.3.4/80', 'cat < /dev/tcp/1.2.3.4/80', 'env A=1 id', 'timeout -k 1 5 id', 'env PATH=. ls', 'bash -c "$X"',
    "bash -c 'id'", 'ls | bash -c id', 'xargs id', 'echo hi; ./script.sh', 'eval id', '', 'npm run other', 'nohup nice -n 5 id',
  ])('%j is asked about', (line) => expect(decisionOn(line)).toBe('ask'))

  // oxfmt-ignore
  test.each([
    'sudo ls', 'echo hi; sudo ls', 'ls | sudo tee x', 'echo $(sudo ls)', "bash -c 'sudo ls'", '/usr/bin/sudo ls', 'env A=1 sudo ls', 'id; sudo ls',
    "bash -c 'bash -c \"sudo ls\"'", 'find . -exec sudo rm {} ;', 'find . -exec sudo rm {} \\;', 'git push --force origin', 'timeout 5 nice sudo ls',
  ])('%j is denied', (line) => expect(decisionOn(line)).toBe('deny'))
})

/** The study's own list, under its own rules: what each line came to there. */
describe('[S135] [SBX-269] the cases of the study', () => {
  const studied = Policy.parse({
    execExtensions: [],
    commands: {
      // oxfmt-ignore
      allow: [
        'npm test', 'npm run build', 'git status *', 'git diff *', 'git log *', 'ls *', 'cat *', 'echo *', 'git add *', 'git commit *', 'pwd', 'wc *',
        'head *', 'grep *',
      ],
      ask: [],
      deny: ['rm -rf / *', 'sudo *', 'git push --force *', 'shutdown *', 'mkfs *'],
    },
  })
  // oxfmt-ignore
  test.each([
    'npm test', 'git status --short', 'git add -A && git commit -m "x"', 'ls | grep foo | wc -l', 'ls > /dev/null', 'g\\it status', '"git" status',
    "cat <<'EOF'\n$(touch pwned)\nEOF", 'ls #; id', 'npm test && git status',
  ])('%j is allowed', (line) => expect(decide(studied, line).decision).toBe('allow'))
  // oxfmt-ignore
  test.each([
    'npm --version; touch pwned', 'ls && touch pwned', 'ls -l\ntouch pwned', 'echo $(touch pwned)', 'echo "a $(touch pwned) b"', 'echo `touch pwned`',
    'cat <(touch pwned)', 'git -c alias.x=!id x', 'node -e "1"', 'find . -exec touch x \\;', 'ls > ../x', 'echo x > $HOME/.bashrc', '$CMD x',
    "$'\\x67it' push", 'PATH=.:$PATH ls', 'LD_PRELOAD=./x.so ls', 'ls() { id; }; ls', 'alias ls=id', 'echo ${x:-$(id)}', 'echo $((`id`))',
    'cat <<EOF\n$(touch pwned)\nEOF', 'if ls; then id; fi', 'for f in a; do id; done', 'ls & id', '! id', '(id)', '{ id; }', 'ls "', 'time id', 'coproc id',
    '[[ -n $(id) ]]', 'a[$(id)]=1', 'echo ${a[$(id)]}', 'trap id EXIT', 'case $(id) in x) ls;; esac', 'select x in $(id); do ls; done',
    'ls 2>&1 | tee ../../x', 'exec 3<>/dev/tcp/1.2.3.4/80', 'cat < /dev/tcp/1.2.3.4/80',
  ])('%j is asked about', (line) => expect(decide(studied, line).decision).toBe('ask'))
  test.each(['sudo ls', 'echo hi; sudo ls', 'bash -c "sudo ls"'])('%j is denied', (line) =>
    expect(decide(studied, line).decision).toBe('deny'),
  )
  /** X, which no rule allows, behind a first word that is: each of them got past the list of first words. */
  // oxfmt-ignore
  test.each([
    'npm --version; X', 'ls && X', 'ls\nX', 'echo $(X)', 'git -c alias.x=!X x', 'git -c core.fsmonitor=X status', 'node -e X', 'find . -exec X {} +',
    'npm run edited', 'ls > ../f', 'cat <(X)', 'ls | bash -c X', 'npm exec -c X',
  ])('a first word that is allowed does not carry %j', (line) => expect(decide(studied, line).decision).toBe('ask'))
})

describe('[SBX-270] whatever surrounds a command, it is judged as strictly as alone', () => {
  const rank: Record<Verdict, number> = { allow: 0, ask: 1, deny: 2 }
  const quoted = (line: string) => `'${line.replaceAll("'", `'\\''`)}'`
  /** Around one command. */
  // oxfmt-ignore
  const wrappers = [
    (c: string) => `timeout 5 ${c}`, (c: string) => `timeout -k 1 --signal=KILL 5 ${c}`, (c: string) => `nice -n 5 ${c}`, (c: string) => `nohup ${c}`,
    (c: string) => `env A=1 ${c}`, (c: string) => `env -u HOME ${c}`, (c: string) => `env -S ${quoted(c)}`, (c: string) => `setsid ${c}`, (c: string) => `exec ${c}`,
    (c: string) => `command ${c}`, (c: string) => `xargs -n 1 --max-procs 2 ${c}`, (c: string) => `find . -exec ${c} {} +`, (c: string) => `stdbuf -o L ${c}`,
  ]
  /** Of the shell itself, before a command; nothing else may stand before them. */
  const prefixes = ['', 'time ', 'A=1 ', '! ', 'coproc ']
  /** Around any line. */
  // oxfmt-ignore
  const places = [
    (l: string) => `bash -c ${quoted(l)}`, (l: string) => `sh -e -c -x ${quoted(l)}`, (l: string) => `eval ${quoted(l)}`, (l: string) => `( ${l})`,
    (l: string) => `{ ${l}; }`, (l: string) => `echo $( ${l})`, (l: string) => (/[`\\]/.test(l) ? `echo "$( ${l})"` : `echo \`${l}\``), (l: string) => `cat <( ${l})`, (l: string) => `ls | ${l}`,
    (l: string) => `${l} | cat`, (l: string) => `ls && ${l}`, (l: string) => `${l} || ls`, (l: string) => `ls; ${l}`, (l: string) => `${l} & ls`,
    (l: string) => `if ls; then ${l}; fi`, (l: string) => `for f in a b; do ${l}; done`, (l: string) => `while ${l}; do ls; done`,
    (l: string) => `case x in x) ${l};; esac`, (l: string) => `f() { ${l}; }; ls`, (l: string) => `cat <<EOF\n$( ${l})\nEOF`, (l: string) => `x=$( ${l})`,
    (l: string) => `echo \${x:-$( ${l})}`, (l: string) => `ls\n${l}`, (l: string) => `[[ -n $( ${l}) ]]`,
  ]
  const commands = [
    'ls -l',
    'npm test',
    'git push',
    'frobnicate --all',
    'rm x',
    'sudo ls',
    'su root',
    '/usr/bin/sudo id',
    "mkfs 'a b'",
    '$X',
    './x.sh',
  ]
  const line = fc
    .record({
      command: fc.constantFrom(...commands),
      prefix: fc.constantFrom(...prefixes),
      wrapped: fc.array(fc.constantFrom(...wrappers), { maxLength: 2 }),
      placed: fc.array(fc.constantFrom(...places), { maxLength: 3 }),
    })
    .map(({ command, prefix, wrapped, placed }) => {
      const inner = wrapped.reduce((c, wrap) => wrap(c), command)
      return { command, inner, prefixed: prefix + inner, whole: placed.reduce((l, place) => place(l), inner) }
    })
  test.each([...modes])('in the mode %s', (mode) => {
    const policy = Policy.parse({ commands: { mode } })
    const judged = (text: string) => decide(policy, text).decision
    fc.assert(
      fc.property(line, ({ command, inner, prefixed, whole }) => {
        expect(rank[judged(inner)], inner).toBeGreaterThanOrEqual(rank[judged(command)])
        expect(rank[judged(prefixed)], prefixed).toBeGreaterThanOrEqual(rank[judged(inner)])
        expect(rank[judged(whole)], whole).toBeGreaterThanOrEqual(rank[judged(inner)])
      }),
      { numRuns: 60 },
    )
  })
})

describe('modes', () => {
  const inMode = (mode: (typeof modes)[number], line: string, more: object = {}) => {
    const { decision, writable } = decide(Policy.parse({ commands: { mode, ...more } }), line)
    return `${decision}${writable ? '' : ', looks only'}`
  }
  test('[SBX-271] a plan changes nothing: whatever runs can only look', () => {
    expect(inMode('plan', 'npm test')).toBe('allow, looks only')
    expect(inMode('plan', 'ls > x')).toBe('allow, looks only')
    expect(inMode('plan', 'frobnicate')).toBe('ask, looks only')
    expect(inMode('plan', 'sudo ls')).toBe('deny, looks only')
  })
  test('[SBX-271] where all is asked about, what only looks runs, and can do no more', () => {
    for (const line of ['ls -l', 'cat a | wc -l', 'git status', 'ls 2>&1 > /dev/null', 'git log --oneline | head'])
      expect(inMode('ask', line), line).toBe('allow, looks only')
    for (const line of [
      'npm test',
      'ls > x',
      'git commit -m x',
      'ls && touch x',
      'cat <(echo x > y)',
      'bash -c "ls > x"',
      'frobnicate',
    ])
      expect(inMode('ask', line), line).toBe('ask')
    expect(inMode('ask', 'frobnicate', { default: 'allow' })).toBe('ask')
    expect(inMode('ask', 'sudo ls')).toBe('deny')
    expect(decide(Policy.parse({ commands: { mode: 'ask' } }), 'npm test').reason).toBe(
      'in the mode `ask` a person allows whatever does more than look',
    )
  })
  test('[SBX-271] where little is asked about, the rules that ask and deny hold, and so do doubts', () => {
    expect(inMode('auto-edit', 'frobnicate')).toBe('ask')
    expect(inMode('auto', 'frobnicate')).toBe('allow')
    expect(inMode('auto', 'frobnicate', { default: 'deny' })).toBe('deny')
    for (const line of ['git push', '$X', 'PATH=. ls']) expect(inMode('auto', line), line).toBe('ask')
    expect(inMode('auto', 'sudo ls')).toBe('deny')
  })
})

test('[S175] a file is executed by its path only where a rule says so, and it is of a kind that may be', () => {
  const policy = Policy.parse({ commands: { allow: ['./scripts/* *', './bin/tool'] } })
  const decided = (line: string) => decide(policy, line).decision
  for (const line of ['./scripts/x.sh', './scripts/a/b.py -v', './scripts/x.js', './scripts/x.ts'])
    expect(decided(line), line).toBe('allow')
  for (const line of [
    './other/x.sh',
    './scripts/x',
    './scripts/x.rb',
    './bin/tool',
    './scripts/../x.sh',
    '/scripts/x.sh',
  ])
    expect(decided(line), line).toBe('ask')
  expect(decide(Policy.parse({ execExtensions: ['.rb'], commands: policy.commands }), './scripts/x.rb').decision).toBe(
    'allow',
  )
})

describe('the network', () => {
  const policy = Policy.parse({
    network: {
      deny: ['evil.example', '*.bad.example'],
      commands: {
        allow: ['ok.example', '*.fine.example', 'db.example:5432'],
        standing: { 'npm ci *': ['@npm'], 'npm install *': ['@npm', 'extra.example'] },
      },
    },
  })
  const asking = (...network: string[]) => decide(policy, 'npm test', { network })
  test('[SBX-272] a host that a task asks for is denied, given or asked about, each by itself', () => {
    expect(asking('ok.example')).toMatchObject({ decision: 'allow', network: ['ok.example'] })
    for (const host of ['a.fine.example', '*.a.fine.example', 'db.example:5432', 'ok.example:443'])
      expect(asking(host).decision, host).toBe('allow')
    for (const host of ['other.example', '*.ok.example', 'fine.example', 'db.example', 'ok.example:8080', '@npm'])
      expect(asking(host).decision, host).toBe('ask')
    for (const host of ['evil.example', 'evil.example:8443', 'a.bad.example', 'http://ok.example/x'])
      expect(asking(host).decision, host).toBe('deny')
    expect(asking('ok.example', 'other.example')).toMatchObject({
      decision: 'ask',
      reason: 'it wants to reach `other.example`',
    })
    expect(asking('other.example', 'evil.example')).toMatchObject({
      decision: 'deny',
      reason: "the host 'evil.example' is not allowed",
    })
    expect(decide(policy, 'sudo ls', { network: ['ok.example'] }).reason).toBe("command 'sudo' not allowed")
    expect(decide(policy, 'npm test').network).toEqual([])
  })
  test('[SBX-273] what commands are given without asking is theirs alone', () => {
    const given = (line: string) => decide(policy, line).network
    expect(given('npm ci')).toEqual(['@npm'])
    expect(given('cd x && npm install left-pad')).toEqual(['@npm', 'extra.example'])
    for (const line of [
      'npm test',
      'npm ci && node x.js',
      'npm ci; curl x',
      'npm ci $(node x.js)',
      'FOO=1 npm_config_registry=x npm ci',
      'ls',
    ])
      expect(given(line), line).toEqual([])
    expect(decide(defaultPolicy, 'npm ci').network).toEqual([])
  })
  test('[SBX-283] a port at which a command wants to be reached is denied, given or asked about', () => {
    const serving = (policy: object, mode = 'auto-edit') =>
      decide(Policy.parse({ network: { serve: policy }, commands: { mode } }), 'npm test', { ports: [3_000] })
    expect(serving({})).toMatchObject({ decision: 'ask', reason: 'it wants to be reached at the port `3000`' })
    expect(serving({ allow: [3_000] }).decision).toBe('allow')
    expect(serving({ default: 'deny' })).toMatchObject({ decision: 'deny', reason: 'the port 3000 is not allowed' })
    expect(serving({ allow: [3_000] }, 'ask').decision).toBe('ask')
    expect(serving({ allow: [3_000] }, 'plan').decision).toBe('deny')
  })
  test('[SBX-271] [SBX-272] a plan reaches nothing, and where all is asked about so is each host', () => {
    const inMode = (mode: string) =>
      decide(Policy.parse({ ...policy, commands: { mode } }), 'ls', { network: ['ok.example'] }).decision
    expect(['plan', 'ask', 'auto-edit', 'auto'].map(inMode)).toEqual(['deny', 'ask', 'allow', 'allow'])
    expect(decide(Policy.parse({ ...policy, commands: { mode: 'ask' } }), 'npm ci').network).toEqual([])
  })
})

test('the card shows every command, and a mark where only running would tell', () => {
  const decision = decide(narrow, 'ls $X | wc -l')
  expect(decision.commands).toEqual([
    ['ls', '…'],
    ['wc', '-l'],
  ])
})

test('a policy with an unknown key is rejected', () => {
  expect(Policy.safeParse({ comands: {} }).success).toBe(false)
  expect(Policy.safeParse({ sandbox: { hidden: [] } }).success).toBe(false)
  expect(Policy.safeParse({ limits: { wallMs: -1 } }).success).toBe(false)
  expect(Policy.parse({ limits: { wallMs: 5 } }).limits).toMatchObject({ wallMs: 5, graceMs: 10_000 })
})
