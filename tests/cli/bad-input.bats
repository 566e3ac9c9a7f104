#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Mistakes on the command line: one sentence, exit 2, and nothing is done.

# shellcheck disable=SC2154,SC2030,SC2031 # bats sets stderr, and runs each test in a shell of its own
load common

setup() {
	common_setup
}

# refused WORDS ARG... - as said(), and no file was made
refused() {
	said "$@"
	[ "$(ls -A)" = tmp ]
	[ -z "$(ls -A tmp)" ]
}

@test "an unknown command, and none" {
	refused "no command 'nonsense'" "$PINPROOF" nonsense
	refused "no command '--tier'" "$PINPROOF" --tier
	run --separate-stderr "$PINPROOF"
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[[ $stderr == "usage: pinproof COMMAND"* ]]
}

@test "help and version go to standard output, exit 0" {
	for arguments in --help -h help --version "run --help" "judge --help" "list -h"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$PINPROOF" $arguments
		[ "$status" -eq 0 ]
		[ -n "$output" ]
		[ -z "$stderr" ]
	done
}

@test "an unknown option, an option of another command, options without sense" {
	refused "unknown option '--nonsense'" "$PINPROOF" run --nonsense
	refused "unknown option '--nonsense'" "$PINPROOF" run --nonsense=1
	refused "unknown option '-x'" "$PINPROOF" run -x
	refused "unknown option '--names'" "$PINPROOF" run --names
	refused "unknown option '--out'" "$PINPROOF" list --out x
	refused "unknown option '--ti'" "$PINPROOF" list --ti full
	refused "--strict takes no value" "$PINPROOF" run --strict=yes
}

@test "values: missing, no number, out of range, unknown tier" {
	refused "--tier needs a value" "$PINPROOF" run --tier
	refused "--out needs a value" "$PINPROOF" run --out=
	refused "unknown tier 'huge'" "$PINPROOF" run --tier huge
	refused "--seed takes a number, not '1x'" "$PINPROOF" run --seed 1x
	refused "--seed takes a number, not '-1'" "$PINPROOF" run --seed=-1
	refused "--seed takes a number" "$PINPROOF" run --seed 18446744073709551616
	refused "--repeat takes a number from 1" "$PINPROOF" run --repeat 0
	refused "--repeat takes a number from 1 to 1000000" "$PINPROOF" run --repeat 1000001
	refused "--timeout takes a number from 1" "$PINPROOF" run --timeout 1.5
}

@test "too few and too many operands" {
	for command in plan judge history; do
		refused "usage: pinproof $command" "$PINPROOF" "$command"
		refused "usage: pinproof $command" "$PINPROOF" "$command" a b
	done
	refused "usage: pinproof collect" "$PINPROOF" collect a
	refused "usage: pinproof doctor" "$PINPROOF" doctor a
}

@test "names that no case and no scenario has" {
	refused "no case is called 'nothing'" "$PINPROOF" run nothing
	refused "no case is called 'mr-fsync/nothing'" "$PINPROOF" run mr-fsync/nothing
	refused "no case is called 'mr-fsyn'" "$PINPROOF" run mr-fsyn
	refused "no case is called 'x*'" "$PINPROOF" run 'x*'
	refused "no case is called ''" "$PINPROOF" run ''
	refused "no case is called 'nothing'" "$PINPROOF" run mr-fsync nothing
	refused "no case is called 'mr-fsync/none/x'" "$PINPROOF" plan mr-fsync/none/x
	refused "longer than any case name" "$PINPROOF" run "$(printf 'a%.0s' {1..300})"
}

@test "repeats that are no count" {
	for k in 0 x 2x -1 +1 '' 99999999999; do
		refused "no case is called 'mr-fsync/memfd/rxe-mr~$k'" "$PINPROOF" run "mr-fsync/memfd/rxe-mr~$k"
	done
	refused "no case is called 'mr-fsync~2'" "$PINPROOF" run mr-fsync~2
}

@test "--out: what is there stays there" {
	mkdir full
	echo mine >full/x
	said "full is not empty" "$PINPROOF" run --out full mr-fsync
	said "full/x" "$PINPROOF" run --out full/x mr-fsync
	said "none/x" "$PINPROOF" run --out none/x mr-fsync
	[ "$(ls -A)" = $'full\ntmp' ]
	[ "$(ls -A full)" = x ]
	[ "$(cat full/x)" = mine ]
}

@test "--cases-from: missing, empty, a directory, a bad name" {
	said "nofile" "$PINPROOF" run --cases-from nofile
	said "no case is selected" "$PINPROOF" run --cases-from /dev/null
	said "tmp" "$PINPROOF" run --cases-from tmp
	printf '# only a comment\n\n  \n' >comments
	said "no case is selected" "$PINPROOF" run --cases-from comments
	printf 'mr-fsync/memfd/rxe-mr\nnothing/at-all\n' >bad
	said "no case is called 'nothing/at-all'" "$PINPROOF" run --cases-from bad
	head -c 4096 /dev/urandom | tr -d '\n\0' >garbage
	run --separate-stderr "$PINPROOF" run --cases-from garbage
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "--ktap and --stream that cannot be opened, a TMPDIR that is not there" {
	said "none/ktap" "$PINPROOF" run --ktap none/ktap --out o1 mr-fsync
	said "none/stream" "$PINPROOF" run --stream none/stream --out o2 mr-fsync
	TMPDIR=none said "none/pinproof" "$PINPROOF" run --out o3 mr-fsync
	# ... and the mistake mended, the same directory does
	run --separate-stderr "$PINPROOF" run --out o3 mr-fsync/memfd
	[ "$status" -ne 2 ]
}

@test "--disk: no block device, no such file, the root device" {
	local root_device
	head -c 1M /dev/zero >file
	said "file is no block device" "$PINPROOF" run --disk file --out o mr-fsync
	said "/dev/null is no block device" "$PINPROOF" run --disk /dev/null --out o mr-fsync
	said "tmp is no block device" "$PINPROOF" run --disk tmp --out o mr-fsync
	said "/dev/nonexistent" "$PINPROOF" run --disk /dev/nonexistent --out o mr-fsync
	said "file is no block device" "$PINPROOF" doctor --disk file
	cmp -n 1048576 file /dev/zero
	root_device=$(awk '$5 == "/" { for (i = 6; i <= NF; i++) if ($i == "-") print $(i + 2) }' \
		/proc/self/mountinfo)
	[[ -b $root_device ]] || skip "the root filesystem is on no block device"
	said "$root_device is mounted on /" "$PINPROOF" run --disk "$root_device" --out o mr-fsync
	said "$root_device is mounted on /" "$PINPROOF" run --guest --disk "$root_device" --out o mr-fsync
}

@test "--disk: nine times" {
	refused "8 times at most" "$PINPROOF" run --disk{,,,,,,,,}=/dev/null mr-fsync
}

# Each witness is told once, whatever the cases that need it say.
@test "without root: every witness says once that it is blind, and nothing passes" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to give it away"
	# neither the directory of this test nor that of the build need be open to everybody
	local open
	open=$(mktemp -d /tmp/pinproof-nobody-XXXXXX)
	chmod 777 "$open" && cp -- "$PINPROOF" "$open/pinproof"
	cd "$open"
	run --separate-stderr setpriv --reuid 65534 --clear-groups env TMPDIR="$open" \
		./pinproof run --out r fork-cow short-pin/anon
	cd / && rm -rf -- "$open"
	[ "$status" -eq 77 ]
	[ "$(grep -c '^ok .* # SKIP root: ' <<<"$output")" -eq "$(grep -c '^ok \|^not ok ' <<<"$output")" ]
	for witness in pins "kernel log" pages gates; do
		[ "$(grep -c "^blind   $witness: ." <<<"$stderr")" -eq 1 ]
	done
}
