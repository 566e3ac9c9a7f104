#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A run's files and streams, and what becomes of them when the disk is full.
# The verdicts themselves are the business of tests/selftest/run.

# shellcheck disable=SC2154,SC2030,SC2031 # bats sets stderr, and runs each test in a shell of its own
load common

setup() {
	common_setup
	mkdir small
}

teardown() {
	cd /
	umount "$BATS_TEST_TMPDIR/here/small" 2>/dev/null || true
}

# small_disk SIZE - a filesystem of this size on small/
small_disk() {
	((EUID == 0)) || skip "only root can mount a small filesystem"
	mount -t tmpfs -o "size=$1" none small 2>/dev/null || skip "this user cannot mount a tmpfs"
}

@test "run without --out: a directory of its own, and the last line of standard error" {
	run --separate-stderr -0 "$SELFTEST" self/pass
	[ "$(find . -path "./pinproof-run-*/results.json" | wc -l)" -eq 1 ]
	[ "${stderr_lines[-1]}" = "pinproof: 1 passed, 0 failed, 0 skipped" ]
	[ "${stderr_lines[-2]}" = "files: $(echo pinproof-run-*)" ]
	[ -z "$(ls -A tmp)" ]
}

@test "run: results.json, status, seed, command and the list of cases" {
	run --separate-stderr -1 "$SELFTEST" --out 'a dir' --seed 0x10 self/pass self/drop
	[ "$(cat 'a dir/status')" = "done" ]
	[ "$(cat 'a dir/seed')" = 0x10 ]
	[ "$(cat 'a dir/command')" = "$SELFTEST --out 'a dir' --seed 0x10 self/pass self/drop" ]
	[ "$(cat 'a dir/cases.list')" = $'self/pass/vm-write\nself/drop/vm-write' ]
	grep -q '"interrupted": false' 'a dir/results.json'
	grep -q '"planned": 2,' 'a dir/results.json'
	grep -q '"seed": "16"' 'a dir/results.json'
	[ "$(grep -c '^   "case": ' 'a dir/results.json')" -eq 2 ]
	[[ $output == *"# repeat: selftest --seed 0x10 self/drop/vm-write"* ]]
}

@test "run: the command that repeats a failed case fails the same way" {
	run --separate-stderr -1 "$SELFTEST" --out o --seed 77 --shuffle self/pass self/tear
	again=$(sed -n 's/^# repeat: selftest //p' <<<"$output")
	[ "$again" = "--seed 0x4d self/tear/vm-write" ]
	# shellcheck disable=SC2086 # words
	run --separate-stderr -1 "$SELFTEST" --out p $again
	cmp o/cases/self.tear.vm-write/plan p/cases/self.tear.vm-write/plan
	diff <(grep -E '"(verdict|reason|seed|rule|class)"' o/cases/self.tear.vm-write/result.json) \
		<(grep -E '"(verdict|reason|seed|rule|class)"' p/cases/self.tear.vm-write/result.json)
}

@test "--ktap: the lines go there, standard output stays empty" {
	run --separate-stderr -0 "$SELFTEST" --out o --ktap ktap self/pass
	[ -z "$output" ]
	[ "$(sed -n 3p ktap)" = "ok 1 self/pass/vm-write" ]
}

@test "--stream: a tar of the same files, whole at any time" {
	run --separate-stderr -1 "$SELFTEST" --out o --stream tar self/pass self/crash
	mkdir unpacked
	tar -C unpacked -xf tar
	[ "$(cat unpacked/done)" = "done" ]
	for file in facts.json results.json cases/self.{pass,crash}.vm-write/{plan,history.bin,kmsg.log,ending.json,result.json}; do
		cmp "o/$file" "unpacked/$file"
	done
	# what says that a case has ended comes behind all that it ended with
	[ "$(tar -tf tar | grep 'self.pass.*/\(ending\|history\)' | tail -n 1)" = cases/self.pass.vm-write/ending.json ]
}

@test "--timeout: instead of the plan's bound" {
	run --separate-stderr -1 "$SELFTEST" --out o --timeout 2 self/hang
	[[ $output == *"# TIMEOUT the deadline of 2000 ms passed in operation 3"* ]]
}

@test "a case that cannot run is a SKIP that names the fact; all skipped is 77" {
	[[ -z $(ls -A /sys/class/infiniband 2>/dev/null) ]] || skip "this host has RDMA devices"
	if ((EUID == 0)) && modinfo rdma_rxe >/dev/null 2>&1; then skip "this host has rdma_rxe"; fi
	run --separate-stderr "$PINPROOF" run --out o short-pin/memfd
	[ "$status" -eq 77 ]
	[ "$(grep -c -E '^ok [0-9]+ short-pin/memfd/[a-z-]+ # SKIP (root|rxe): ' <<<"$output")" -eq 3 ]
	[ "${stderr_lines[-1]}" = "pinproof: 0 passed, 0 failed, 3 skipped" ]
	run --separate-stderr "$PINPROOF" run --bisect --out p short-pin/memfd
	[ "$status" -eq 125 ]
}

@test "a full disk: one sentence, exit 99, what is there can be read" {
	small_disk 64k
	run --separate-stderr "$SELFTEST" --out small/o --repeat 20 self/pass
	echo "status $status: $stderr"
	[ "$status" -eq 99 ]
	grep -q '^pinproof: cannot write small/o/.*: No space left on device$' <<<"$stderr"
	[ "$(grep -c 'No space left' <<<"$stderr")" -le 2 ] # a case's file, and results.json
	[ -z "$(ls -A tmp)" ]
	[ -z "$(find small -name '*.new')" ]
	[ "$(cat small/o/status)" != "done" ] || [ -s small/o/results.json ]
}

@test "a disk without room for the first file" {
	small_disk 16k
	head -c 12K /dev/zero >small/filling
	run --separate-stderr "$SELFTEST" --out small/o self/pass
	echo "status $status: $stderr"
	[ "$status" -eq 99 ]
	one_line pinproof "No space left on device"
	[ -z "$output" ]
	[ -z "$(ls -A tmp)" ]
}

@test "standard output that is full is told, one that is closed is no file's" {
	into_full() { "$SELFTEST" --out o self/pass >/dev/full; }
	into_nothing() { "$SELFTEST" --out p self/pass >&-; }
	run --separate-stderr -99 into_full
	grep -q -x 'pinproof: cannot write all of the KTAP.' <<<"$stderr"
	grep -q '"verdict": "PASS"' o/results.json
	run --separate-stderr -0 into_nothing
	[ "$(cat p/status)" = "done" ]
	grep -q '"verdict": "PASS"' p/results.json
	run grep -r KTAP p
	[ "$status" -eq 1 ]
}
