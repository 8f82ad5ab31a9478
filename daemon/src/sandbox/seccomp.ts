/** The processors we have a filter for. On others the sandbox is refused: a filter of wrong numbers is worse than none. */
export const seccompArchitectures = ['x64', 'arm64'] as const
export type SeccompArchitecture = (typeof seccompArchitectures)[number]

const eperm = 1
const einval = 22
const enosys = 38
const eacces = 13
const eopnotsupp = 95
const eafnosupport = 97
const enetunreach = 101

/**
 * System calls an ordinary command never needs. They answer EPERM; `clone3`, `openat2` and io_uring answer ENOSYS,
 * so that programs fall back to the older call, whose arguments a filter can read, and so does `memfd_create`: what is
 * written there and not mapped is memory of nobody's, where files in /dev/shm are counted.
 */
// oxfmt-ignore
const refused = [
  'ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd',
  'mount', 'umount2', 'pivot_root', 'chroot', 'unshare', 'setns', 'open_tree', 'open_tree_attr', 'move_mount', 'fsopen',
  'fsconfig', 'fsmount', 'fspick', 'mount_setattr', 'name_to_handle_at', 'open_by_handle_at',
  'keyctl', 'add_key', 'request_key', 'bpf', 'userfaultfd', 'perf_event_open',
  'init_module', 'finit_module', 'delete_module', 'kexec_load', 'kexec_file_load', 'reboot', 'swapon', 'swapoff',
  'quotactl', 'quotactl_fd', 'syslog', 'acct',
] as const
const unknown = ['clone3', 'openat2', 'io_uring_setup', 'io_uring_enter', 'io_uring_register', 'memfd_create'] as const

/**
 * AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK, which a network namespace confines. Others it does not: by AF_VSOCK a
 * command would speak with the machine that this one is a guest of.
 */
const socketFamilies = [1, 2, 10, 16]
/**
 * Where no namespace confines anything: what takes the number of another process and changes it, and what is shared by all
 * processes of a user or reaches files that no rule of paths looks at. They answer as if the system had them not.
 */
// oxfmt-ignore
const sharedWithAll = [
  'shmget', 'shmat', 'shmctl', 'semget', 'semop', 'semtimedop', 'semctl', 'msgget', 'msgsnd', 'msgrcv', 'msgctl', 'mq_open', 'mq_unlink',
] as const
// oxfmt-ignore
const attributes = [
  'setxattr', 'lsetxattr', 'fsetxattr', 'setxattrat', 'removexattr', 'lremovexattr', 'fremovexattr', 'removexattrat',
] as const
/** Whom they change, by argument, where it is the caller itself. */
const ofOthers = [
  { call: 'prlimit64', own: [0] },
  { call: 'sched_setaffinity', own: [0] },
  { call: 'sched_setscheduler', own: [0] },
  { call: 'sched_setparam', own: [0] },
  { call: 'sched_setattr', own: [0] },
  { call: 'setpriority', own: [0, 0] },
  { call: 'ioprio_set', own: [1, 0] },
] as const
/** A segment of shared memory lasts without anybody having it mapped, so that no watchdog sees it; 4,096 of these are no more than a file. */
const maxSharedBytes = 65_536

/** Where a call takes a file mode, and, where only creating uses it, its flags. A set-uid file made by root is root's. */
// oxfmt-ignore
const modeArguments = [
  { call: 'chmod', mode: 1 }, { call: 'fchmod', mode: 1 }, { call: 'fchmodat', mode: 2 }, { call: 'fchmodat2', mode: 2 },
  { call: 'creat', mode: 1 }, { call: 'mknod', mode: 1 }, { call: 'mknodat', mode: 2 },
  { call: 'open', mode: 2, flags: 1 }, { call: 'openat', mode: 3, flags: 2 },
] as const

type Call =
  | (typeof sharedWithAll)[number]
  | (typeof attributes)[number]
  | (typeof ofOthers)[number]['call']
  | (typeof refused)[number]
  | (typeof unknown)[number]
  | (typeof modeArguments)[number]['call']
  | 'clone'
  | 'ioctl'
  | 'socket'
  | 'socketpair'

/** [x64, arm64]; -1 where the architecture has no such call. Numbers from 424 on are the same everywhere. */
// oxfmt-ignore
const numbers: Record<Call, readonly [number, number]> = {
  ptrace: [101, 117], process_vm_readv: [310, 270], process_vm_writev: [311, 271], pidfd_getfd: [438, 438],
  mount: [165, 40], umount2: [166, 39], pivot_root: [155, 41], chroot: [161, 51], unshare: [272, 97], setns: [308, 268],
  open_tree: [428, 428], open_tree_attr: [467, 467], move_mount: [429, 429], fsopen: [430, 430], fsconfig: [431, 431],
  fsmount: [432, 432], fspick: [433, 433], mount_setattr: [442, 442],
  name_to_handle_at: [303, 264], open_by_handle_at: [304, 265],
  keyctl: [250, 219], add_key: [248, 217], request_key: [249, 218], bpf: [321, 280], userfaultfd: [323, 282],
  perf_event_open: [298, 241], init_module: [175, 105], finit_module: [313, 273], delete_module: [176, 106],
  kexec_load: [246, 104], kexec_file_load: [320, 294], reboot: [169, 142], swapon: [167, 224], swapoff: [168, 225],
  quotactl: [179, 60], quotactl_fd: [443, 443], syslog: [103, 116], acct: [163, 89],
  clone3: [435, 435], openat2: [437, 437], io_uring_setup: [425, 425], io_uring_enter: [426, 426],
  io_uring_register: [427, 427], memfd_create: [319, 279], clone: [56, 220], ioctl: [16, 29], socket: [41, 198], socketpair: [53, 199],
  shmget: [29, 194],
  chmod: [90, -1], fchmod: [91, 52], fchmodat: [268, 53], fchmodat2: [452, 452], creat: [85, -1], mknod: [133, -1],
  mknodat: [259, 33], open: [2, -1], openat: [257, 56],
  shmat: [30, 196], shmctl: [31, 195], semget: [64, 190], semop: [65, 193], semtimedop: [220, 192], semctl: [66, 191],
  msgget: [68, 186], msgsnd: [69, 189], msgrcv: [70, 188], msgctl: [71, 187], mq_open: [240, 180], mq_unlink: [241, 181],
  setxattr: [188, 5], lsetxattr: [189, 6], fsetxattr: [190, 7], setxattrat: [463, 463],
  removexattr: [197, 14], lremovexattr: [198, 15], fremovexattr: [199, 16], removexattrat: [466, 466],
  prlimit64: [302, 261], sched_setaffinity: [203, 122], sched_setscheduler: [144, 119], sched_setparam: [142, 118],
  sched_setattr: [314, 274], setpriority: [141, 140], ioprio_set: [251, 30],
}

const auditArchitecture = { x64: 0xc000003e, arm64: 0xc00000b7 }
const newNamespace = 0x7e020000 // CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
const creates = 0o100 | 0o20000000 // O_CREAT | __O_TMPFILE
const setIds = { setuid: 0o4000, both: 0o6000 }

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, k: number]
const load = (offset: number): Instruction => [0x20, 0, 0, offset]
const equal = (k: number, t: number, f: number): Instruction => [0x15, t, f, k]
const atLeast = (k: number, t: number, f: number): Instruction => [0x35, t, f, k]
const anyBit = (k: number, t: number, f: number): Instruction => [0x45, t, f, k]
const answer = (k: number): Instruction => [0x06, 0, 0, k]
const allow = answer(0x7fff0000)
const kill = answer(0x80000000)
const fail = (errno: number): Instruction => answer(0x00050000 | errno)
const callNumber = load(0)
/** The low half of an argument: every mode, flag and ioctl request fits in it, and the kernel reads no more. */
const argument = (index: number): Instruction => load(16 + index * 8)
const highHalf = (index: number): Instruction => load(20 + index * 8)

/**
 * A classic BPF program for `bwrap --seccomp`. `setIds: 'both'` also refuses the set-group-id bit, as it must be when
 * files belong to root; other users need it for shared directories (`git init --shared`, `tar -x`).
 * `alone`: there are no namespaces, so that no socket may be had at all (a pair of connected ones excepted, that can name
 * no third), nor anything else that others share.
 */
export function seccompFilter(
  architecture: SeccompArchitecture,
  bits: 'setuid' | 'both',
  { alone = false }: { alone?: boolean } = {},
): Buffer {
  const nr = (call: Call) => numbers[call][architecture === 'x64' ? 0 : 1]
  /** Runs `body` for that call alone, then has the call's number loaded again. */
  const when = (call: Call, body: readonly Instruction[]): Instruction[] =>
    nr(call) < 0 ? [] : [equal(nr(call), 0, body.length + 1), ...body, callNumber]
  // oxfmt-ignore
  const program = [
    load(4), equal(auditArchitecture[architecture], 1, 0), kill,
    callNumber,
    ...(architecture === 'x64' ? [atLeast(0x40000000, 0, 1), fail(enosys)] : []), // the x32 numbers
    ...refused.flatMap((call) => when(call, [fail(eperm)])),
    ...unknown.flatMap((call) => when(call, [fail(enosys)])),
    ...when('clone', [argument(0), anyBit(newNamespace, 0, 1), fail(eperm)]),
    ...when('ioctl', [argument(1), equal(0x5412, 1, 0), equal(0x541c, 0, 1), fail(eperm)]), // TIOCSTI, TIOCLINUX
    ...(alone ? confinedAlone(when) : confinedByNamespaces(when)),
    ...modeArguments.flatMap((rule) => {
      const checkMode = [argument(rule.mode), anyBit(setIds[bits], 0, 1), fail(eperm)]
      return when(rule.call, 'flags' in rule ? [argument(rule.flags), anyBit(creates, 0, 3), ...checkMode] : checkMode)
    }),
    allow,
  ]
  return encode(program)
}

type When = (call: Call, body: readonly Instruction[]) => Instruction[]

const confinedByNamespaces = (when: When): Instruction[] => [
  ...(['socket', 'socketpair'] as const).flatMap((call) =>
    when(call, [
      argument(0),
      ...socketFamilies.map((family, i) => equal(family, socketFamilies.length - i, 0)),
      fail(eafnosupport),
    ]),
  ),
  ...when('shmget', [highHalf(1), equal(0, 0, 2), argument(1), atLeast(maxSharedBytes + 1, 0, 1), fail(einval)]),
]

const confinedAlone = (when: When): Instruction[] => [
  ...when('socket', [argument(0), equal(2, 2, 0), equal(10, 1, 0), fail(eacces), fail(enetunreach)]),
  // Of AF_UNIX, and not for datagrams (SOCK_DGRAM, SOCK_RAW), which are sent to any address also by one that is connected.
  ...when('socketpair', [argument(0), equal(1, 0, 2), argument(1), anyBit(2, 0, 1), fail(eacces)]),
  ...sharedWithAll.flatMap((call) => when(call, [fail(enosys)])),
  ...attributes.flatMap((call) => when(call, [fail(eopnotsupp)])),
  ...ofOthers.flatMap(({ call, own }) =>
    when(
      call,
      own.flatMap((value, i) => [argument(i), equal(value, 1, 0), fail(eperm)]),
    ),
  ),
]

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8)
  program.forEach(([code, jumpTrue, jumpFalse, k], i) => {
    bytes.writeUInt16LE(code, i * 8)
    bytes[i * 8 + 2] = jumpTrue
    bytes[i * 8 + 3] = jumpFalse
    bytes.writeUInt32LE(k >>> 0, i * 8 + 4)
  })
  return bytes
}
