import { describe, expect, test } from 'vitest'
import { decide } from './decide.ts'
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
