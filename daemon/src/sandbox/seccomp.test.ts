import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { seccompArchitectures, seccompFilter, type SeccompArchitecture } from './seccomp.ts'

const audit = { x64: 0xc000003e, arm64: 0xc00000b7 }
const allow = 0x7fff0000
const eperm = 0x00050001
const enosys = 0x00050026

/** Interprets the program as the kernel does, for one call. */
function verdict(filter: Buffer, nr: number, args: number[] = [], arch: number = audit.x64): number {
  let accumulator = 0
  for (let i = 0; i < filter.length / 8; i++) {
    const code = filter.readUInt16LE(i * 8)
    const k = filter.readUInt32LE(i * 8 + 4)
    const jump = (yes: boolean) => (i += filter[i * 8 + (yes ? 2 : 3)]!)
    if (code === 0x20)
      accumulator = k === 0 ? nr : k === 4 ? arch : half(args[Math.floor((k - 16) / 8)] ?? 0, k % 8 === 4)
    else if (code === 0x15) jump(accumulator === k)
    else if (code === 0x35) jump(accumulator >= k)
    else if (code === 0x45) jump((accumulator & k) !== 0)
    else if (code === 0x06) return k
    else throw new Error(`unexpected instruction ${code}`)
  }
  throw new Error('ran off the end of the program')
}

const half = (value: number, high: boolean) => (high ? Math.floor(value / 2 ** 32) : value % 2 ** 32)

const calls = {
  x64: {
    read: 0,
    ptrace: 101,
    clone: 56,
    ioctl: 16,
    fchmod: 91,
    fchmodat: 268,
    openat: 257,
    mknodat: 259,
    socket: 41,
    socketpair: 53,
    shmget: 29,
  },
  arm64: {
    read: 63,
    ptrace: 117,
    clone: 220,
    ioctl: 29,
    fchmod: 52,
    fchmodat: 53,
    openat: 56,
    mknodat: 33,
    socket: 198,
    socketpair: 199,
    shmget: 194,
  },
} as const

describe.each(seccompArchitectures)('the system call filter on %s', (architecture: SeccompArchitecture) => {
  const filter = seccompFilter(architecture, 'both')
  const nr = calls[architecture]
  const answer = (call: number, ...args: number[]) => verdict(filter, call, args, audit[architecture])

  test('ordinary calls pass, another architecture dies', () => {
    expect(answer(nr.read)).toBe(allow)
    expect(verdict(filter, nr.read, [], 0x40000003)).toBe(0x80000000)
  })
  test('[SBX-54] ptrace is refused', () => expect(answer(nr.ptrace)).toBe(eperm))
  test('[SBX-32] the new mount calls are refused', () => {
    expect([428, 429, 430, 431, 432, 433, 442].map((call) => answer(call))).toEqual(Array(7).fill(eperm))
  })
  test('[SBX-31] clone with a new namespace is refused, without one it passes', () => {
    expect(answer(nr.clone, 0x10000000)).toBe(eperm)
    expect(answer(nr.clone, 0x01200011)).toBe(allow)
  })
  test('[SBX-60] TIOCSTI and TIOCLINUX are refused, other requests pass', () => {
    expect([0x5412, 0x541c, 0x5413].map((request) => answer(nr.ioctl, 0, request))).toEqual([eperm, eperm, allow])
  })
  test('[SBX-241] no socket but those that a network namespace confines: none to the machine this one is a guest of', () => {
    const unconfined = 0x00050061
    for (const call of [nr.socket, nr.socketpair]) {
      expect([1, 2, 10, 16].map((family) => answer(call, family))).toEqual([allow, allow, allow, allow])
      expect([0, 3, 17, 31, 38, 40, 44].map((family) => answer(call, family))).toEqual(Array(7).fill(unconfined))
    }
  })
  test('[SBX-242] no memory that no process has mapped: shared segments are small', () => {
    const invalid = 0x00050016
    expect([1, 65_536, 65_537, 2 ** 31, 2 ** 32, 2 ** 40].map((size) => answer(nr.shmget, 0, size))).toEqual([
      allow,
      allow,
      ...Array(4).fill(invalid),
    ])
  })
  test('calls whose arguments a filter cannot read answer ENOSYS', () => {
    expect([435, 437, 425, 426, 427].map((call) => answer(call))).toEqual([enosys, enosys, enosys, enosys, enosys])
  })
  test('[SBX-28] set-uid and set-gid modes are refused wherever a mode is given', () => {
    for (const mode of [0o4755, 0o2755, 0o6755]) {
      expect(answer(nr.fchmod, 3, mode)).toBe(eperm)
      expect(answer(nr.fchmodat, 3, 0, mode)).toBe(eperm)
      expect(answer(452, 3, 0, mode)).toBe(eperm)
      expect(answer(nr.mknodat, 3, 0, mode)).toBe(eperm)
      expect(answer(nr.openat, 3, 0, 0o101, mode)).toBe(eperm)
    }
    expect(answer(nr.fchmod, 3, 0o1755)).toBe(allow)
    expect(answer(nr.openat, 3, 0, 0o101, 0o644)).toBe(allow)
  })
  test('the mode of an open that creates nothing is not looked at', () => {
    expect(answer(nr.openat, 3, 0, 0, 0o4755)).toBe(allow)
    expect(answer(nr.openat, 3, 0, 0o20000000, 0o4755)).toBe(eperm)
  })
  test('an ordinary user may set the group bit of a directory', () => {
    const ordinary = seccompFilter(architecture, 'setuid')
    expect(verdict(ordinary, nr.fchmod, [3, 0o2775], audit[architecture])).toBe(allow)
    expect(verdict(ordinary, nr.fchmod, [3, 0o4775], audit[architecture])).toBe(eperm)
  })
})

test('the old x64 calls are covered, and the x32 numbers unknown', () => {
  const filter = seccompFilter('x64', 'both')
  expect(verdict(filter, 90, [0, 0o4755])).toBe(eperm)
  expect(verdict(filter, 85, [0, 0o4755])).toBe(eperm)
  expect(verdict(filter, 133, [0, 0o4755])).toBe(eperm)
  expect(verdict(filter, 2, [0, 0o101, 0o4755])).toBe(eperm)
  expect(verdict(filter, 2, [0, 0, 0o4755])).toBe(allow)
  expect(verdict(filter, 0x40000000)).toBe(enosys)
})

/** The kernel's own tables, where its headers are installed; arm64 has the generic one. */
const headers = { x64: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h', arm64: '/usr/include/asm-generic/unistd.h' }
// oxfmt-ignore
const never = [
  'ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd', 'mount', 'umount2', 'pivot_root', 'chroot', 'unshare', 'setns', 'open_tree',
  'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr', 'name_to_handle_at', 'open_by_handle_at', 'keyctl', 'add_key',
  'request_key', 'bpf', 'userfaultfd', 'perf_event_open', 'init_module', 'finit_module', 'delete_module', 'kexec_load', 'kexec_file_load', 'reboot',
  'swapon', 'swapoff', 'quotactl', 'quotactl_fd', 'syslog', 'acct',
]
const fallBack = ['clone3', 'openat2', 'io_uring_setup', 'io_uring_enter', 'io_uring_register', 'memfd_create']

describe.each(seccompArchitectures)('the numbers for %s, by the kernel’s table', (architecture) => {
  const table = existsSync(headers[architecture]) ? readFileSync(headers[architecture], 'utf8') : undefined
  const numberOf = (call: string) =>
    Number(new RegExp(`^#define __NR_${call}\\s+(\\d+)$`, 'm').exec(table ?? '')?.[1] ?? NaN)
  test.runIf(table !== undefined)('[SBX-243] what is refused are those calls, and no others', () => {
    const filter = seccompFilter(architecture, 'both')
    const answer = (call: number) => verdict(filter, call, [], audit[architecture])
    const all = Array.from({ length: 500 }, (_, call) => call)
    // Numbers from 424 on are the same everywhere; this one is newer than most headers.
    const newer = [467]
    expect(all.filter((call) => answer(call) === eperm)).toEqual(
      [...never.map(numberOf), ...newer].toSorted((a, b) => a - b),
    )
    expect(all.filter((call) => answer(call) === enosys)).toEqual(fallBack.map(numberOf).toSorted((a, b) => a - b))
    const { read: _, ...named } = calls[architecture]
    expect(named).toEqual(Object.fromEntries(Object.keys(named).map((call) => [call, numberOf(call)])))
  })
})

const shared = [
  ...['shmget', 'shmat', 'shmctl', 'semget', 'semop', 'semtimedop', 'semctl', 'msgget', 'msgsnd', 'msgrcv', 'msgctl'],
  ...['mq_open', 'mq_unlink'],
]
const attributes = ['setxattr', 'lsetxattr', 'fsetxattr', 'removexattr', 'lremovexattr', 'fremovexattr']
const ofOthers = {
  prlimit64: [0],
  sched_setaffinity: [0],
  sched_setscheduler: [0],
  sched_setparam: [0],
  sched_setattr: [0],
  setpriority: [0, 0],
  ioprio_set: [1, 0],
}

describe.each(seccompArchitectures)('the filter for %s where it stands alone', (architecture) => {
  const filter = seccompFilter(architecture, 'setuid', { alone: true })
  const answer = (call: number, ...args: number[]) => verdict(filter, call, args, audit[architecture])
  const nr = calls[architecture]
  const [eacces, enetunreach, eopnotsupp] = [0x0005000d, 0x00050065, 0x0005005f]

  test('[SBX-364] no socket of any family, and of pairs those that name no third', () => {
    expect([2, 10].map((family) => answer(nr.socket, family, 1))).toEqual([enetunreach, enetunreach])
    expect([0, 1, 16, 17, 38, 40].map((family) => answer(nr.socket, family, 1))).toEqual(Array(6).fill(eacces))
    const flags = 0x80800 // SOCK_CLOEXEC | SOCK_NONBLOCK
    expect([1, 5, 1 | flags].map((kind) => answer(nr.socketpair, 1, kind))).toEqual([allow, allow, allow])
    expect([2, 3, 2 | flags].map((kind) => answer(nr.socketpair, 1, kind))).toEqual([eacces, eacces, eacces])
    expect([2, 10, 16].map((family) => answer(nr.socketpair, family, 1))).toEqual([eacces, eacces, eacces])
  })

  const header = headers[architecture]
  const table = existsSync(header) ? readFileSync(header, 'utf8') : undefined
  const numberOf = (call: string) =>
    Number(new RegExp(`^#define __NR(?:3264)?_${call}\\s+(\\d+)$`, 'm').exec(table ?? '')?.[1] ?? NaN)
  test.runIf(table !== undefined)(
    '[SBX-364] [SBX-243] what all processes of a user share, and others, by the kernel’s table',
    () => {
      const all = Array.from({ length: 500 }, (_, call) => call)
      const byAnswer = (wanted: number) => all.filter((call) => answer(call) === wanted)
      const sorted = (names: readonly string[]) => names.map(numberOf).toSorted((a, b) => a - b)
      expect(byAnswer(enosys)).toEqual(sorted([...fallBack, ...shared]))
      // Two are newer than most headers.
      expect(byAnswer(eopnotsupp)).toEqual([...sorted(attributes), 463, 466])
      for (const [call, own] of Object.entries(ofOthers)) {
        expect([call, answer(numberOf(call), ...own)]).toEqual([call, allow])
        for (const [i] of own.entries()) {
          const other = own.map((value, j) => (i === j ? 4_321 : value))
          expect([call, answer(numberOf(call), ...other)]).toEqual([call, eperm])
        }
      }
    },
  )
})
