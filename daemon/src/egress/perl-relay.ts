/**
 * The relay of `relay.ts` once more, as Perl: it starts in a tenth of the time that Node takes, and most systems have it. It
 * asks for no module, of which each would cost as much again, so that what a header file names stands here as the number
 * that Linux has for it on both of our machines.
 */
export const perlRelay = String.raw`
my ($port, $folder, $ports) = @ARGV;
$SIG{$_} = 'IGNORE' for qw(TERM INT HUP PIPE);
my ($unix, $inet, $inet6, $stream) = (1, 2, 10, 2049); # a stream that never blocks
my ($tooManyFiles, $again, $underWay) = (24, 11, 115);
# What is carried at once, and so the most that is kept of it each way; how many connections there may be; how soon what
# could not be opened is tried again, in seconds.
my ($chunk, $most, $pause) = (65536, 1000, 0.05);
my (%ends, $later);
# So many offers of each port that a page's requests need not wait for one another.
my @owed = map { ($_) x 8 } split /,/, $ports // '';

socket(my $listener, $inet, $stream, 0) or exit 1;
setsockopt($listener, 1, 2, 1); # whoever had the port may only just have gone
setsockopt($listener, 6, 1, 1); # no delay; who is accepted inherits it
bind($listener, ipv4($port)) && listen($listener, 511) or exit 1;
# Whoever started this waits for the word, and for the end of what could be said.
open(my $ready, '>&=', 3) or exit 1;
syswrite $ready, 'ready';
close $ready;

for (;;) {
  shift @owed while @owed && offer($owed[0]);
  my ($read, $write) = ('', '');
  vec($read, fileno $listener, 1) = 1 if !$later && keys %ends < $most;
  for my $end (values %ends) {
    # Nothing more is read before what was read last is written: who is slow at one end slows the other.
    vec($read, $end->{fd}, 1) = 1 if $end->{hears} && !$end->{dials} && ($end->{peer} // $end)->{out} eq '';
    vec($write, $end->{fd}, 1) = 1 if $end->{dials} || $end->{out} ne '';
  }
  my $found = select($read, $write, undef, $later || @owed ? $pause : undef);
  $later = 0;
  next if $found <= 0;
  # Of these alone: what is opened meanwhile may come to have the number of one that was closed.
  my @now = values %ends;
  for my $end (@now) {
    next if $end->{gone};
    if (vec($write, $end->{fd}, 1)) { $end->{dials} ? dialled($end) : say_to($end) }
    elsif (vec($read, $end->{fd}, 1)) { hear($end) }
  }
  welcome() if vec($read, fileno $listener, 1);
}

sub ipv4 { pack('S n a4 x8', $inet, $_[0], "\x7f\0\0\1") }
sub ipv6 { pack('S n L x15 C L', $inet6, $_[0], 0, 1, 0) }
sub dial {
  my ($family, $address) = @_;
  socket(my $socket, $family, $stream, 0) or return;
  setsockopt($socket, 6, 1, 1) if $family != $unix;
  return connect($socket, $address) || $! == $underWay ? $socket : undef;
}
sub outside { dial($unix, pack('S Z108', $unix, "$folder/$_[0]")) }
# More wait for the proxy than may, or more is open than may be: both pass.
sub passes { $! == $again || $! == $tooManyFiles }

# One end of what is carried: what is to be written to it, and whether anything is still to be read from it.
sub add {
  my ($socket, %more) = @_;
  my $fd = fileno $socket;
  return $ends{$fd} = { socket => $socket, fd => $fd, out => '', hears => 1, %more };
}
sub couple { my ($one, $other) = @_; ($one->{peer}, $other->{peer}) = ($other, $one) }
sub drop {
  my ($end) = @_;
  delete $ends{$end->{fd}};
  delete $end->{peer};
  close $end->{socket};
  $end->{gone} = 1;
}
sub drop_both {
  my ($end) = @_;
  my $peer = $end->{peer};
  drop($end);
  drop($peer) if $peer;
}

# Who comes is kept waiting while the proxy is.
sub welcome {
  my $proxy = outside('out');
  if (!$proxy && passes()) { $later = 1; return }
  if (!accept(my $client, $listener)) { $later = passes() && $! != $again }
  elsif ($proxy) {
    fcntl($client, 4, 2050); # never blocks
    couple(add($client), add($proxy));
  }
}

# Returns false where it is to be tried again.
sub offer {
  my ($inner) = @_;
  my $outer = outside('in') or return !passes();
  syswrite $outer, "$inner\n";
  add($outer, inner => $inner);
  return 1;
}
# Its own server may listen at one address of localhost only.
sub visit {
  my ($outer, $bytes, @families) = @_;
  while (defined(my $family = shift @families)) {
    my $address = $family == $inet ? ipv4($outer->{inner}) : ipv6($outer->{inner});
    my $socket = dial($family, $address) or next;
    return couple($outer, add($socket, out => $bytes, dials => 1, rest => \@families));
  }
  drop($outer);
}
sub dialled {
  my ($own) = @_;
  my ($outer, $bytes, $rest) = @$own{qw(peer out rest)};
  if (unpack('i', getsockopt($own->{socket}, 1, 4)) == 0) { $own->{dials} = 0; say_to($own) }
  else { drop($own); visit($outer, $bytes, @$rest) }
}

sub hear {
  my ($end) = @_;
  my $got = sysread($end->{socket}, my $bytes, $chunk);
  return $! == $again || drop_both($end) if !defined $got;
  my $peer = $end->{peer};
  if (!$peer) {
    # Its first byte says that somebody has come; its end, that the proxy has ended, and then all of this does.
    return drop($end) if $got == 0;
    push @owed, $end->{inner};
    return visit($end, substr($bytes, 1), $inet, $inet6);
  }
  if ($got) { $peer->{out} = $bytes } else { $end->{hears} = 0 }
  say_to($peer);
}
# Whoever says no more may still listen.
sub say_to {
  my ($end) = @_;
  my $peer = $end->{peer};
  return if $end->{dials};
  if ($end->{out} ne '') {
    my $said = syswrite($end->{socket}, $end->{out});
    if (defined $said) { substr($end->{out}, 0, $said, '') }
    # It has stopped listening; what it said before that is still carried.
    elsif ($! != $again) { ($end->{out}, $peer->{hears}) = ('', 0) }
  }
  return if $end->{out} ne '' || $peer->{hears};
  return drop_both($end) if !$end->{hears} && $peer->{out} eq '';
  shutdown($end->{socket}, 1);
}
`
