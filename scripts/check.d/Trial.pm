# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tries changes of src/core: one file is changed and compiled, the rest of it was compiled once, and
# a unit test has to turn red. For scripts/flips and scripts/source-mutants. Works on copies in a
# temporary directory, from the top of the sources.

package Trial;
use strict;
use warnings;
use Exporter qw(import);
use File::Basename qw(basename);
use File::Temp qw(tempdir);

our @EXPORT = qw(text_of trial_main);

my $cc = $ENV{CC} || 'gcc';
my $compile = "$cc -std=gnu11 -D_GNU_SOURCE -Isrc -Itests/unit -w";
my $bound_s = 300;                                              # of one test
# Of what a test is made beside itself.
my %parts = (property => [ 'tests/unit/machine', 'tests/unit/machine_change' ],
	stamp => [ 'src/sys/crc_choose' ]);
my ($dir, $name);

sub text_of {
	my ($path) = @_;
	open my $f, '<', $path or die "$path: $!\n";
	local $/;
	return <$f>;
}

# Run the closures, so many at a time; each has its own process. Their exit codes, in order.
sub run_all {
	my ($jobs, @work) = @_;
	my (%running, @codes);
	my $next = 0;

	while ($next < @work || %running) {
		if ($next < @work && keys %running < $jobs) {
			my $pid = fork // die "fork: $!\n";

			exit $work[$next]->() unless $pid;
			$running{$pid} = $next++;
			next;
		}
		my $pid = waitpid -1, 0;
		$codes[ delete $running{$pid} ] = $? & 127 ? 99 : $? >> 8 if exists $running{$pid};
	}
	return @codes;
}

# The unchanged tree: it is what runs, so it is worth optimizing.
sub prepare {
	my ($jobs, @tests) = @_;
	my @sources = ((glob 'src/core/*.c'), 'tests/unit/unit.c',
		map { "$_.c" } map { ("tests/unit/test_$_", @{ $parts{$_} || [] }) } @tests);
	my @codes = run_all($jobs, map {
		my $source = $_;
		sub { system("$compile -O1 -c -o $dir/" . basename($source, '.c') . ".o $source") ? 1 : 0 }
	} @sources);

	die "$name: the tree does not compile\n" if grep { $_ } @codes;
	my $objects = join ' ', map { "$dir/" . basename($_, '.c') . '.o' } glob 'src/core/*.c';
	system("ar crs $dir/core.a $objects") and die "$name: no archive\n";
}

sub link_and_run {
	my ($test, $object, $program) = @_;
	my $own = join ' ', map { "$dir/" . basename($_) . '.o' } "test_$test", @{ $parts{$test} || [] };

	system("$cc -o $program $own $dir/unit.o $object $dir/core.a -lcunit -ljansson " .
	       ">$program.log 2>&1") and return 'link';
	my $status = system("srcdir=. timeout $bound_s $program >$program.log 2>&1");
	return $status == 0 ? 'green' : 'red';
}

# 0: some test turned red; 1: none did; 2: the change does not compile
sub try_one {
	my ($trial, $number) = @_;
	my $base = "$dir/trial-$number";

	open my $f, '>', "$base.c" or return 2;
	print $f $trial->{text};
	close $f;
	system("$compile -O0 -Isrc/core -c -o $base.o $base.c >$base.log 2>&1") and return 2;
	for my $test (@{ $trial->{tests} }) {
		my $program = "$base-$test";
		my $color = link_and_run($test, "$base.o", $program);

		return 2 if $color eq 'link';
		next if $color eq 'green';
		my $seen = !$trial->{words} || index(text_of("$program.log"), $trial->{words}) >= 0;
		unlink $program;
		return 0 if $seen;
	}
	return 1;
}

# Try them all and say what came of it; the exit code. A trial: name, source (basename in src/core),
# text, tests in the order in which they are worth running, and, where only one case of a test is
# meant, words that its complaint must have.
sub trial_main {
	($name, my $jobs, my @trials) = @_;
	my %tests = map { $_ => 1 } map { @{ $_->{tests} } } @trials;
	my $failed = 0;

	$dir = tempdir("pinproof-$name-XXXXXX", TMPDIR => 1, CLEANUP => 1);
	prepare($jobs, sort keys %tests);
	my @plain = sort keys %tests;
	my @green = run_all($jobs, map {
		my $test = $_;
		sub { link_and_run($test, '', "$dir/plain-$test") eq 'green' ? 0 : 1 }
	} @plain);
	for my $n (grep { $green[$_] } 0 .. $#plain) {
		die "$name: test_$plain[$n] is not green to begin with:\n" . text_of("$dir/plain-$plain[$n].log");
	}
	my @codes = run_all($jobs, map { my $n = $_; sub { try_one($trials[$n], $n) } } 0 .. $#trials);
	for my $n (grep { $codes[$_] } 0 .. $#trials) {
		$failed++;
		print $codes[$n] == 1 ? "survived: " : "could not be tried: ", $trials[$n]{name}, "\n";
	}
	printf "$name: %d passed, %d failed\n", @trials - $failed, $failed;
	return $failed ? 1 : 0;
}

1;
