#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# judge, history and collect on what they should never be given: one sentence that names the
# file and the case, exit 2, and nothing changed or written elsewhere.

# shellcheck disable=SC2154,SC2030,SC2031 # bats sets stderr, and runs each test in a shell of its own
load common

setup() {
	common_setup
	"$SELFTEST" --out run self/pass self/drop >ktap 2>/dev/null || [ $? -eq 1 ]
	CASE=run/cases/self.pass.vm-write
}

# judge_refuses WORDS - exit 2, one sentence with these words, all files as before
judge_refuses() {
	tree run >before
	run --separate-stderr "$SELFTEST" judge run
	echo "status $status: $output $stderr"
	[ "$status" -eq 2 ]
	one_line pinproof "$1"
	tree run | diff before -
}

history_refuses() {
	tree run >before
	said "$CASE: history.bin: $1" "$PINPROOF" history "$CASE"
	tree run | diff before -
}

@test "judge: the same again, by the command itself, too" {
	cp run/results.json before
	run --separate-stderr "$SELFTEST" judge run
	[ "$status" -eq 1 ]
	cmp before run/results.json
	diff ktap - <<<"$output"
	run --separate-stderr "$PINPROOF" judge run
	[ "$status" -eq 1 ]
	cmp before run/results.json
}

@test "judge: no directory, no run" {
	said "not the directory of one run: cannot read nothing/cases.list" "$PINPROOF" judge nothing
	said "tmp/cases.list" "$PINPROOF" judge tmp
	said "ktap/cases.list" "$PINPROOF" judge ktap
	[ -z "$(ls -A tmp)" ]
}

@test "judge: without facts.json, with a damaged one" {
	echo '{ "release"' >run/facts.json
	judge_refuses "facts.json: "
	rm run/facts.json
	judge_refuses "run/facts.json"
}

@test "judge: no case, none at all in the list" {
	: >run/cases.list
	judge_refuses "run plans no case"
}

@test "judge and history: a plan cut short, of another version, garbage, missing" {
	local size
	cp "$CASE/plan" plan
	size=$(stat -c %s plan)
	head -c $((size - 6)) plan >"$CASE/plan"
	judge_refuses "case self/pass/vm-write: "
	sed 's/^pinproof-plan 1/pinproof-plan 2/' plan >"$CASE/plan"
	judge_refuses "case self/pass/vm-write: plan: line 1 column 15: expected plan version 1, found '2'"
	said "$CASE: plan: line 1" "$PINPROOF" history "$CASE"
	head -c 500 /dev/urandom >"$CASE/plan"
	judge_refuses "case self/pass/vm-write: plan: line "
	: >"$CASE/plan"
	judge_refuses "case self/pass/vm-write: plan: "
	rm "$CASE/plan"
	judge_refuses "case self/pass/vm-write: cannot read $CASE/plan"
	said "$CASE/plan" "$PINPROOF" history "$CASE"
}

@test "judge and history: a history cut short anywhere" {
	local size n
	cp "$CASE/history.bin" whole
	size=$(stat -c %s whole)
	for n in 0 1 7 40 $((size / 2)) $((size - 1)); do
		head -c "$n" whole >"$CASE/history.bin"
		judge_refuses "case self/pass/vm-write: history.bin: "
		history_refuses ""
	done
}

@test "judge and history: a history of garbage, with a flipped bit, of another plan, missing" {
	cp "$CASE/history.bin" whole
	head -c 2000 /dev/urandom >"$CASE/history.bin"
	judge_refuses "case self/pass/vm-write: history.bin: "
	history_refuses ""
	# one bit in the middle
	{
		head -c 100 whole
		head -c 101 whole | tail -c 1 | tr '\000-\377' '\001-\377\000'
		tail -c +102 whole
	} >"$CASE/history.bin"
	[ "$(stat -c %s whole)" -eq "$(stat -c %s "$CASE/history.bin")" ]
	judge_refuses "case self/pass/vm-write: history.bin: "
	history_refuses ""
	cp run/cases/self.drop.vm-write/history.bin "$CASE/"
	judge_refuses "case self/pass/vm-write: history.bin: the history belongs to another plan"
	history_refuses "the history belongs to another plan"
	rm "$CASE/history.bin"
	judge_refuses "case self/pass/vm-write: cannot read $CASE/history.bin"
}

@test "judge: an ending of garbage, of another version, with a missing or unknown word" {
	cp "$CASE/ending.json" ending
	echo garbage >"$CASE/ending.json"
	judge_refuses "case self/pass/vm-write: ending.json: "
	: >"$CASE/ending.json"
	judge_refuses "case self/pass/vm-write: ending.json: "
	sed 's/"version": 1/"version": 2/' ending >"$CASE/ending.json"
	judge_refuses "case self/pass/vm-write: ending.json is of version 2, not 1"
	sed '/"reason"/d' ending >"$CASE/ending.json"
	judge_refuses "case self/pass/vm-write: ending.json lacks a field"
	sed 's/"ending": "done"/"ending": "well"/' ending >"$CASE/ending.json"
	judge_refuses "case self/pass/vm-write: ending.json has an unknown ending 'well'"
}

@test "judge: a case that was never begun is no answer, and counted" {
	rm -r "$CASE"
	run --separate-stderr "$SELFTEST" judge run
	[ "$status" -eq 1 ]
	[[ ${lines[2]} == "not ok 1 self/pass/vm-write # ERROR never begun"* ]]
	[ ! -e "$CASE" ]
	[ "$(grep -c '^   "case": ' run/results.json)" -eq 2 ]
}

@test "history: no directory, a run instead of a case; a whole one is printed" {
	said "nothing/plan" "$PINPROOF" history nothing
	said "run/plan" "$PINPROOF" history run
	run -0 "$PINPROOF" history "$CASE"
	[[ $output == *vm-write* ]]
}

# guest FILE... - a VM's run directory whose first guest left these files as its stream
guest() {
	mkdir -p vm/guest-1
	printf 'self/pass/vm-write\nself/drop/vm-write\n' >vm/cases
	tar -C run -cf vm/guest-1/results.tar "$@"
}

# collected REMAINING - collect is content, prints these labels and wrote only below vm/out
collected() {
	find . ! -path './vm/out*' | sort >../before
	run --separate-stderr "$PINPROOF" collect vm guest-1
	echo "status $status: $output $stderr"
	[ "$status" -eq 0 ]
	[ "$output" = "$1" ]
	find . ! -path './vm/out*' | sort | diff ../before -
	[ -z "$(find vm/out -type l)" ]
}

@test "collect: a whole stream, and its judgement" {
	guest facts.json cases
	collected ""
	run --separate-stderr "$SELFTEST" judge vm
	[ "$status" -eq 1 ]
	[[ ${lines[2]} == "ok 1 self/pass/vm-write" ]]
}

@test "collect: nothing came, not even a stream" {
	guest facts.json
	rm vm/guest-1/results.tar
	collected $'self/pass/vm-write\nself/drop/vm-write'
	: >vm/guest-1/results.tar
	collected $'self/pass/vm-write\nself/drop/vm-write'
	head -c 3000 /dev/urandom >vm/guest-1/results.tar
	collected $'self/pass/vm-write\nself/drop/vm-write'
}

# late ENDED LINE - the guest ended so, and LINE is on its console after its last case
late() {
	guest facts.json cases
	printf '%s\n' "$1" >vm/guest-1/ended
	printf '[    1.0] pinproof: %s self/drop/vm-write\r\n' begin end >vm/guest-1/console.log
	printf '\0%s\r\n' "$2" '[    3.0] reboot: Power down' >>vm/guest-1/console.log
	collected ""
	run --separate-stderr "$SELFTEST" judge vm
	cat vm/out/cases/self.drop.vm-write/result.json
	[[ ${lines[2]} == "ok 1 self/pass/vm-write" ]]
}

@test "collect: a guest that dies or warns after its last case has not passed" {
	late "panic: Kernel panic - not syncing: late" '[    2.0] Kernel panic - not syncing: late'
	grep '"reason": .*the guest died after this case had ended: Kernel panic' vm/out/cases/self.drop.vm-write/result.json
	late "silence: the guest gave no output for 9 s" ''
	grep '"reason": .*the guest died after this case had ended' vm/out/cases/self.drop.vm-write/result.json
	late "poweroff: by itself" '[    2.0] WARNING: CPU: 0 PID: 9 at mm/gup.c:7 put'
	grep 'WARNING: CPU: N PID: N at mm/gup.c:N put' vm/out/cases/self.drop.vm-write/result.json
	late "poweroff: by itself" '[    2.0] all is well'
	run ! grep -E 'the guest died|WARNING' vm/out/cases/self.drop.vm-write/result.json
	late "interrupted: by a signal" '[    2.0] WARNING: CPU: 0 PID: 9 at mm/gup.c:7 put'
	run ! grep -E 'the guest died|WARNING' vm/out/cases/self.drop.vm-write/result.json
	# a mark of nobody's case
	guest facts.json cases
	printf 'panic: late\n' >vm/guest-1/ended
	printf '[    1.0] pinproof: end no/such\n[    2.0] Kernel panic - not syncing: late\n' >vm/guest-1/console.log
	collected ""
	[ ! -e vm/out/cases/no.such ]
}

@test "collect: a case in which the guest died answers for its own part of the console only" {
	local case=cases/self.drop.vm-write
	mkdir -p stage/$case vm/guest-1
	cp run/facts.json stage/
	cp run/$case/plan stage/$case/
	sed 's/"ending": "[a-z]*"/"ending": "started"/' run/$case/ending.json >stage/$case/ending.json
	echo self/drop/vm-write >vm/cases
	tar -C stage -cf vm/guest-1/results.tar facts.json cases
	echo "panic: Kernel panic" >vm/guest-1/ended
	printf '%s\r\n' '[    1.0] pinproof: begin self/pass/vm-write' \
		'[    2.0] WARNING: CPU: 0 PID: 9 at mm/gup.c:7 early' >vm/guest-1/console.log
	printf '\0%s\r\n' '[    3.0] pinproof: begin self/drop/vm-write' \
		'[    4.0] Kernel panic - not syncing: mine' >>vm/guest-1/console.log
	collected ""
	run --separate-stderr "$SELFTEST" judge vm
	[ "$status" -eq 1 ]
	cat vm/out/$case/result.json
	grep '"reason": .*Kernel panic - not syncing: mine' vm/out/$case/result.json
	run ! grep early vm/out/$case/result.json
}

@test "judge: a guest that could not be made ready is no answer, for bisection too, and says why" {
	guest facts.json
	rm vm/guest-1/results.tar
	collected $'self/pass/vm-write\nself/drop/vm-write'
	printf 'setup: there is no \377 disk\n' >vm/guest-1/ended
	run --separate-stderr "$SELFTEST" judge vm
	[ "$status" -eq 99 ]
	[[ ${lines[2]} == "not ok 1 self/pass/vm-write # ERROR never begun: guest 1: setup: there is no ? disk" ]]
	run --separate-stderr "$SELFTEST" judge --bisect vm
	[ "$status" -eq 125 ]
}

@test "collect: a stream that ends anywhere leaves whole files only" {
	local size n file
	guest facts.json cases
	cp vm/guest-1/results.tar whole
	size=$(stat -c %s whole)
	for n in 100 512 700 2048 5000 $((size / 2)) $((size - 1024 * 9)); do
		rm -rf vm/out
		head -c "$n" whole >vm/guest-1/results.tar
		run --separate-stderr "$PINPROOF" collect vm guest-1
		[ "$status" -eq 0 ]
		while read -r file; do
			cmp "vm/out/$file" "run/$file"
		done < <(cd vm/out && find . -type f)
	done
}

@test "collect: names that lead outside, links and devices are left out" {
	guest facts.json cases
	echo evil >evil
	tar -C run -P -rf vm/guest-1/results.tar --transform 's,^.*evil$,../../evil-dots,' ../evil
	tar -C run -P -rf vm/guest-1/results.tar --transform 's,^.*evil$,cases/../../../evil-inner,' ../evil
	tar -P -rf vm/guest-1/results.tar --transform "s,^evil\$,$PWD/evil-absolute," evil
	ln -s "$PWD/tmp" run/link
	ln run/facts.json run/hard
	mkfifo run/fifo
	tar -C run -rf vm/guest-1/results.tar link fifo facts.json hard
	echo through >run/target
	tar -C run -rf vm/guest-1/results.tar --transform 's,^target$,link/target,' target
	# they are in the stream
	[ "$(tar -P -tf vm/guest-1/results.tar | grep -c -E 'evil-|link|fifo|hard')" -eq 7 ]
	collected ""
	[ -z "$(ls -A tmp)" ]
	[ ! -e vm/out/fifo ]
	[ ! -L vm/out/link ]
}

@test "collect: no run directory, no list of cases" {
	said "nothing/cases" "$PINPROOF" collect nothing guest-1
	mkdir vm
	said "vm/cases" "$PINPROOF" collect vm guest-1
}
