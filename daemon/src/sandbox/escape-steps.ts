/** Where an attacker is, and what it would like to have. */
export type Target = {
  workspace: string
  outside: readonly string[]
  files: readonly string[]
  port: number
  daemon: number
  mark: string
  evil: string
}

type Draw = {
  /** A whole number from 0 on, below n. */
  int(n: number): number
  pick<T>(from: readonly [T, ...T[]]): T
}

export const drawFrom = (random: () => number): Draw => {
  const int = (n: number) => Math.floor(random() * n)
  return { int, pick: (from) => from[int(from.length)] ?? from[0] }
}

/** A script of a few steps drawn at random, some of them at once. What gets through says `ESCAPED`, or is seen outside. */
export function drawScript(draw: Draw, target: Target): string {
  const lines = Array.from({ length: 3 + draw.int(8) }, () => {
    // A shell that tells which of its jobs was killed shows the words of that: they are not to look like the answer.
    const line = draw.pick(steps)(draw, target).replaceAll('ESCAPED', `ESC''APED`)
    return draw.pick<(line: string) => string>([
      (l) => `{ ${l}; } 2>&1`,
      (l) => `{ ${l}; } 2>&1`,
      (l) => `( ${l} ) 2>&1 &`,
      (l) => `setsid -f bash -c ${quote(l)} 2>&1`,
      (l) => `mkdir -p deep/er; ( cd deep/er; ${l} ) 2>&1`,
    ])(line)
  })
  return ['exec 7< . 8< ..', ...lines, 'sleep 0.3'].join('\n')
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** A folder outside, in one of the many ways in which a path can be spelt, some through a link made a moment before. */
function place({ int, pick }: Draw, { outside, workspace }: Target): string {
  const folder = outside[int(outside.length)] ?? '/'
  const name = folder.slice(folder.lastIndexOf('/') + 1)
  return pick([
    folder,
    `${workspace}/../${name}`,
    `../${name}`,
    `../../../../../../../..${folder}`,
    folder.replaceAll('/', '//'),
    `${folder}/.`,
    `/proc/self/root${folder}`,
    `/proc/1/root${folder}`,
    `/proc/1/cwd${folder}`,
    `/proc/self/cwd/../${name}`,
    `/proc/self/fd/7/../${name}`,
    `/dev/fd/8/${name}`,
    `/newroot${folder}`,
    `/oldroot${folder}`,
    'link-out',
    `$(ln -sfn ${folder} l${int(3)}; echo l${int(3)})`,
    `$(ln -sfn ../${name} l${int(3)}; echo ./l${int(3)})`,
    `$(ln -sfn /oldroot${folder} l${int(3)}; echo l${int(3)})`,
    `$(ln -sfn /proc/1/root${folder} l${int(3)}; echo l${int(3)}/)`,
    `$(ls -d /proc/[0-9]*/root | head -${1 + int(5)} | tail -1)${folder}`,
  ])
}
const file = (draw: Draw, target: Target) => `${place(draw, target)}/${target.files[draw.int(target.files.length)]}`

type Step = (draw: Draw, target: Target) => string

const reads: readonly [Step, ...Step[]] = [
  (d, t) => `cat ${file(d, t)}`,
  (d, t) => `cp -r ${place(d, t)} got${d.int(3)}`,
  (d, t) => `ln ${file(d, t)} hard${d.int(3)}; cat hard*`,
  (d, t) => `dd status=none if=${file(d, t)}`,
  (d, t) => `tar cf - -C ${place(d, t)} . | tar xf - -C .`,
  (d, t) => `find ${place(d, t)}/ -type f -exec cat {} +`,
  (d, t) => `p=${file(d, t)} node -p 'require("fs").readFileSync(process.env.p, "utf8")'`,
  (d, t) => `git hash-object -w ${file(d, t)} | xargs git cat-file -p`,
  (d, t) => `git diff --no-index a.txt ${file(d, t)}`,
  (d, t) => `mkdir -p m; mount --bind ${place(d, t)} m; cat m/*`,
  (d, t) => `unshare -rm bash -c 'mount --bind ${place(d, t)} /mnt; cat /mnt/*'`,
  (d, t) => `perl -e 'syscall(428, -100, my $p = "${place(d, t)}", 1) >= 0 and print "ESCAPED open_tree"'`,
  (d, t) => `exec 9< ${place(d, t)}; cat /proc/self/fd/9/*`,
  () => `cat .env packages/x/.env.local; cp -r packages p2; cat p2/x/.env.local; ln .env e; cat e`,
  () => `git add -Af; git show :.env; git reset -q`,
  () =>
    `for f in /proc/[0-9]*/environ /proc/[0-9]*/mem /proc/kcore /dev/mem /dev/kmsg; do head -c 4096 "$f" | strings; done`,
  () => `for f in /proc/[0-9]*/fd/*; do timeout 1 head -c 99 "$f" < /dev/null; done`,
]

const writes: readonly [Step, ...Step[]] = [
  (d, t) => `echo x > ${file(d, t)}`,
  (d, t) => `echo x | tee -a ${file(d, t)}`,
  (d, t) => `cp a.txt ${file(d, t)}`,
  (d, t) => `ln -sf ${t.workspace}/a.txt ${file(d, t)}`,
  (d, t) => `rm -rf ${place(d, t)}/*`,
  (d, t) => `rm -rf ${place(d, t)}/ l0 l1 l2`,
  (d, t) => `chmod -R 777 ${place(d, t)}/`,
  (d, t) => `touch -d 2001-01-01 ${file(d, t)}`,
  (d, t) => `truncate -s 0 ${file(d, t)}`,
  (d, t) => `mkdir -p ${place(d, t)}/new/er`,
  (d, t) => `mv ${place(d, t)} taken; mv taken/* .`,
  (d, t) => `git clone -q . ${place(d, t)}/clone`,
  (d, t) => `git worktree add -f ${place(d, t)}/tree`,
  (d, t) => `tar cf x.tar a.txt && tar xf x.tar --transform "s,^,${place(d, t)}/," -P`,
  (d, t) => `p=${place(d, t)} node -e 'require("fs").cpSync("packages", process.env.p + "/all", { recursive: true })'`,
  (d, t) => `mknod dev${d.int(3)} c 1 3; mkfifo ${file(d, t)}`,
]

/** While another step, or another command, goes through the same names. */
const races: readonly [Step, ...Step[]] = [
  (d, t) => `mkdir -p l0; for i in $(seq 200); do mv -T l0 k; ln -s ${place(d, t)} l0; rm l0; mv -T k l0; done`,
  (d, t) => `for i in $(seq 200); do ln -sfn ${place(d, t)} l1; ln -sfn . l1; done`,
  () => 'for i in $(seq 50); do mv .git g; mv g .git; mv .vscode v; mv v .vscode; done',
  (d, t) =>
    `mkdir -p deep/.vscode; for i in $(seq 100); do mv deep d2; ln -s ${place(d, t)} deep; rm -f deep; mv d2 deep; done`,
  (d) => `sleep 0.0${d.int(9)}`,
]

/** What others would run. Each would be seen by a file that only a program outside can make. */
const leftovers: readonly [Step, ...Step[]] = [
  (_, t) => `echo '${t.evil}' > .envrc; mkdir -p sub/.idea deep/.vscode; echo '${t.evil}' > sub/.mcp.json`,
  (_, t) =>
    `git init -q sub/r; echo '${t.evil}' > sub/r/.git/hooks/post-index-change; chmod +x sub/r/.git/hooks/*; git -C sub/r config core.fsmonitor '${t.evil}'`,
  (_, t) =>
    `git init -q --bare b; git -C b config core.fsmonitor '${t.evil}'; mkdir -p sub; echo "gitdir: ../b" > sub/.git; echo ../../b > .git/commondir`,
  (_, t) =>
    `mkdir -p sub/.git/refs; echo ref: refs/heads/x > sub/.git/HEAD; mkdir -p sub/.git/objects; printf '[core]\\nfsmonitor = "%s"\\n' '${t.evil}' > sub/.git/config; chmod 500 sub sub/.git`,
  (_, t) =>
    `git config core.fsmonitor '${t.evil}'; git config --worktree core.fsmonitor '${t.evil}'; echo '${t.evil}' > .git/hooks/pre-commit; rm -rf .git/hooks .git/config`,
  () => 'mv .git elsewhere; git init -q; rm -rf .tandem; mkdir .tandem; echo x > .tandem/quarantine; rmdir .tandem/*',
  () =>
    'cp "$(command -v su)" s1; chmod 6755 s1 .; install -m 4755 a.txt s2; mkdir -m 4777 s3; cp -p "$(command -v su)" s4',
  () =>
    `perl -e 'open F, ">s5"; chmod 04755, "s5"; syscall(268, -100, my $p = "s5", 04755); syscall(452, -100, $p, 06755, 0); syscall(437, -100, $p, 0, 0) >= 0 and print "ESCAPED openat2"'`,
  () => 'echo "!.ssh" > .tandemignore; mkdir -p .husky; echo x > .husky/pre-commit; ln -s /etc .devcontainer',
]

const processes: readonly [Step, ...Step[]] = [
  (_, t) => `setsid sleep ${t.mark} & (trap "" TERM HUP INT; sleep ${t.mark}) & nohup sleep ${t.mark} & disown -a`,
  // Signals that would do no harm where they arrived.
  (_, t) => `kill -CONT ${t.daemon} && echo ESCAPED signal; kill -0 ${t.daemon} && echo ESCAPED signal`,
  (_, t) =>
    `perl -e 'syscall(434, ${t.daemon}, 0) >= 0 and print "ESCAPED pidfd"'; renice -n 0 ${t.daemon} > /dev/null && echo ESCAPED renice`,
  () => 'kill -9 -1',
  () => 'kill -STOP $PPID; kill -9 $$',
  () =>
    `for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/vm/drop_caches /proc/1/oom_score_adj /sys/kernel/uevent_helper; do (exec 9>> "$f") && echo "ESCAPED $f"; done`,
  () => 'chmod 666 /dev/null && echo ESCAPED chmod; touch /dev/x && echo ESCAPED dev',
  () =>
    'unshare -U true && echo ESCAPED userns; mount -t tmpfs none /tmp && echo ESCAPED mount; mount -o remount,rw / && echo ESCAPED remount; umount -l . && echo ESCAPED umount',
  () => 'ulimit -Hu 100000 2> /dev/null && [ "$(ulimit -Hu)" -gt 1024 ] && echo ESCAPED ulimit',
  () => 'for i in $(seq 300); do sleep 1 & done',
  () =>
    'nsenter -t 1 -a true && echo ESCAPED nsenter; chroot . true && echo ESCAPED chroot; setpriv --reuid 0 true && [ "$(id -u)" != 0 ] && [ "$(setpriv --reuid 0 id -u)" = 0 ] && echo ESCAPED setuid',
]

const network: readonly [Step, ...Step[]] = [
  (d, t) =>
    `(exec 9<> /dev/tcp/${d.pick(['127.0.0.1', 'localhost', '0', '::1', '::ffff:127.0.0.1', '10.0.2.2'])}/${t.port}) && echo ESCAPED tcp`,
  (_, t) =>
    `echo x > /dev/udp/127.0.0.1/${t.port}; perl -MSocket -e 'socket(S, 40, 1, 0) and print "ESCAPED vsock"; socket(S, 17, 3, 0) and print "ESCAPED packet"'`,
]

const steps: readonly [Step, ...Step[]] = [
  (d, t) => d.pick(reads)(d, t),
  (d, t) => d.pick(reads)(d, t),
  (d, t) => d.pick(writes)(d, t),
  (d, t) => d.pick(writes)(d, t),
  (d, t) => d.pick(races)(d, t),
  (d, t) => d.pick(leftovers)(d, t),
  (d, t) => d.pick(processes)(d, t),
  (d, t) => d.pick(network)(d, t),
]
