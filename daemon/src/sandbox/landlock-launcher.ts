/**
 * Puts up the walls of Landlock around a command. It is Perl, which calls the kernel by itself and is on nearly every
 * system that has no compiler and no package of ours. Its arguments: the machine (`x64`, `arm64`), the control group to join
 * or nothing, `root` or nothing, `terminal` or nothing, the folder to begin in, how many rules follow, the rules (a number
 * of rights, a colon, a path), the command. It gets its report at descriptor 3 and the system call filter at 4.
 *
 * There is no namespace of processes, so two of ours stay outside, each of which inherits whatever a command leaves behind:
 * the outer ends all of it when the inner is killed, the inner when the outer is, or whoever started it.
 */
export const launcher = String.raw`
my ($arch, $group, $root, $terminal, $cwd, $rules, @rest) = @ARGV;
my @rules = splice @rest, 0, $rules;
my ($prctl, $setsid, $capset) = $arch eq 'x64' ? (157, 112, 126) : (167, 157, 91);
my ($subreaper, $deathSignal, $noNewPrivileges, $seccomp, $dropBound) = (36, 1, 38, 22, 24);
sub control { syscall($prctl, $_[0], $_[1], $_[2] // 0, 0, 0) }

sub below {
  my (@all, @next) = ();
  @next = @_;
  while (defined(my $pid = shift @next)) {
    opendir(my $threads, "/proc/$pid/task") or next;
    for my $thread (grep { /^\d+$/ } readdir $threads) {
      open(my $file, '<', "/proc/$pid/task/$thread/children") or next;
      my @children = split ' ', (<$file> // '');
      push @all, @children;
      push @next, @children;
    }
  }
  return @all;
}
# What is stopped starts nothing more; then all of it is ended, however much it was.
sub end {
  for (;;) {
    my $gone;
    1 while ($gone = waitpid(-1, 1)) > 0;
    return if $gone < 0;
    my (%seen, $more);
    do { $more = 0; for (below($$)) { next if $seen{$_}++; kill 'STOP', $_; $more = 1 } } while $more;
    kill 'KILL', keys %seen;
    select(undef, undef, undef, 0.002);
  }
}
# Hears by SIGTERM that its parent has ended, which may be so already.
sub watch {
  my ($parent) = @_;
  control($subreaper, 1);
  control($deathSignal, 15);
  exit 143 if getppid() != $parent;
}
sub status { my $code = shift; return $code & 127 ? 128 + ($code & 127) : $code >> 8 }
my $failing;
sub fail { print STDERR "the walls could not be put up: $_[0]: $!\n"; print $failing '!' if $failing; exit 125 }

$SIG{PIPE} = 'IGNORE';
# One of the two alone ends all of it as long as both are there: the outer may be killed while it does.
my $inner;
$SIG{TERM} = sub { $inner ? kill 'TERM', $inner : exit 143 };
watch(getppid());
if ($group ne '') { open(my $file, '>', $group) or fail('control group'); print $file $$; close $file or fail('control group') }
my $outer = $$;
$inner = fork() // fail('fork');
if ($inner == 0) {
  $SIG{TERM} = sub { end(); exit 143 };
  watch($outer);
  setpgrp(0, 0);
  open(my $report, '>&=', 3) or fail('report');
  select((select($report), $| = 1)[0]);
  print $report "{\"child-pid\":$$}\n" or exit 125;
  # Closed by what the command becomes, so that it says something only where there are no walls.
  pipe(my $failed, my $fails) or fail('pipe');
  my $command = fork() // fail('fork');
  if ($command == 0) { $failing = $fails; wall(); exec { $rest[0] } @rest; fail($rest[0]) }
  close $fails;
  close STDOUT;
  my $pid;
  1 while ($pid = waitpid(-1, 0)) > 0 && $pid != $command;
  my $code = status($?);
  end();
  print $report "{\"exit-code\":$code}\n" unless defined(readline $failed);
  exit $code;
}
1 until waitpid($inner, 0) == $inner;
my $code = status($?);
end();
exit $code;

sub wall {
  $SIG{$_} = 'DEFAULT' for qw(TERM PIPE);
  control($deathSignal, 9);
  syscall($setsid) if $terminal eq '';
  chdir $cwd or fail($cwd);
  # All kinds of access that a rule can give, binding and connecting, and what reaches other processes.
  my $handled = pack('QQQ', 65535, 3, 3);
  my $set = syscall(444, $handled, 24, 0);
  fail('Landlock') if $set < 0;
  for my $rule (@rules) {
    my ($rights, $path) = split /:/, $rule, 2;
    my $flags = 0x280000; # O_PATH | O_CLOEXEC
    sysopen(my $place, $path, $flags) or next;
    # A file has no rights of folders.
    $rights &= 49159 if !-d $place;
    my $beneath = pack('Ql', $rights, fileno $place);
    syscall(445, $set, 1, $beneath, 0) == 0 or fail($path);
  }
  control($noNewPrivileges, 1) == 0 or fail('no new privileges');
  if ($root ne '') {
    for my $capability (0 .. 63) { control($dropBound, $capability) == 0 or last }
    my ($header, $none) = (pack('LL', 0x20080522, 0), "\0" x 24);
    syscall($capset, $header, $none) == 0 or fail('capabilities');
  }
  syscall(446, $set, 0) == 0 or fail('Landlock');
  open(my $file, '<&=', 4) or fail('filter');
  binmode $file;
  my $filter = do { local $/; <$file> };
  my $program = pack('S x6 P', length($filter) / 8, $filter);
  control($seccomp, 2, $program) == 0 or fail('filter');
  syscall($arch eq 'x64' ? 3 : 57, $_) for 3, 4, $set;
}
`
