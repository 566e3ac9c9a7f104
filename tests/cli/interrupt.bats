#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A run that is stopped: by Ctrl-C, by TERM, by the death of its supervisor. In no case may
# anything stay behind: no child, no guardian, no work directory.

# shellcheck disable=SC2154,SC2030,SC2031 # bats sets stderr, and runs each test in a shell of its own
load common

setup() {
	common_setup
}

# begin ARG... - a run that hangs in its second case; sets SUPERVISOR and OTHERS (child, guardian)
begin() {
	# A shell starts what it sends into the background with SIGINT ignored.
	env --default-signal=INT,TERM "$SELFTEST" --out run --timeout 100 "$@" \
		self/pass self/hang self/drop >ktap 2>errors 3>&- &
	SUPERVISOR=$!
	wait_for 100 in_second_case
	OTHERS=$(pgrep -P $SUPERVISOR)
	[ "$(wc -w <<<"$OTHERS")" -eq 2 ]
	[ "$(find tmp -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ]
}

in_second_case() {
	# the hang is recorded before it begins, but the file says only that the case did
	[[ -e run/cases/self.hang.vm-write/ending.json ]] &&
		pgrep -P "$SUPERVISOR" -x selftest >/dev/null
}

# wait_for TENTHS COMMAND... - until it succeeds; fails when the time is over
wait_for() {
	local left=$1
	until "${@:2}"; do
		((left-- > 0)) || { echo "gave up waiting for: ${*:2}"; return 1; }
		sleep 0.1 # poll
	done
}

supervisor_gone() { ! kill -0 "$SUPERVISOR" 2>/dev/null; }

all_gone() {
	local pid
	for pid in $OTHERS; do
		! kill -0 "$pid" 2>/dev/null || return 1
	done
	[ -z "$(ls -A tmp)" ]
}

# ended_by SIGNAL CODE - sends it; the run ends with this code and leaves nothing
ended_by() {
	local status=0
	kill -s "$1" $SUPERVISOR
	wait_for 50 supervisor_gone
	wait $SUPERVISOR || status=$?
	echo "status $status"
	cat ktap errors
	[ "$status" -eq "$2" ]
	wait_for 50 all_gone
}

says_interrupted() {
	[ "$(cat run/status)" = interrupted ]
	grep -q '"interrupted": true' run/results.json
	grep -q '"planned": 3,' run/results.json
	[ "$(grep -c '^   "case": ' run/results.json)" -eq 1 ]
	grep -q -x 'ok 1 self/pass/vm-write' ktap
	[ "$(grep -c -E '^(not )?ok ' ktap)" -eq 1 ]
	grep -q 'only 1 of 3 planned cases have a result' errors
}

@test "SIGINT: exit 130, results so far, nothing left" {
	begin
	ended_by INT 130
	says_interrupted
}

@test "SIGTERM: exit 143, results so far, nothing left" {
	begin
	ended_by TERM 143
	says_interrupted
}

@test "a signal in a run with --stream: what was done is in it, 'done' is not" {
	begin --stream tar
	ended_by TERM 143
	tar -tf tar >names
	grep -q -x results.json names
	grep -q -x cases/self.pass.vm-write/result.json names
	run grep -x "done" names
	[ "$status" -eq 1 ]
}

@test "an interrupted run judged again: the same results, and never exit 0" {
	begin
	ended_by INT 130
	cp run/results.json before
	run --separate-stderr "$SELFTEST" judge run
	echo "status $status: $output $stderr"
	[ "$status" -eq 99 ]
	cmp before run/results.json
	[ "$(cat run/status)" = interrupted ]
}

@test "the supervisor is killed: child, guardian and work directory go, the files tell" {
	begin
	kill -s KILL $SUPERVISOR
	wait $SUPERVISOR || true
	wait_for 50 all_gone
	[ "$(cat run/status)" = running ]
	run --separate-stderr "$SELFTEST" judge run
	[ "$status" -eq 1 ]
	[ "${lines[2]}" = "ok 1 self/pass/vm-write" ]
	[[ ${lines[3]} == "not ok 2 self/hang/vm-write # CRASH nothing was heard after the start" ]]
	grep -q '^not ok 3 self/drop/vm-write # ERROR never begun' <<<"$output"
	[ "$(grep -c '^   "case": ' run/results.json)" -eq 3 ]
}

@test "the child is killed from outside: CRASH, and the run goes on" {
	begin
	kill -s KILL "$(pgrep -P $SUPERVISOR -x selftest)"
	local status=0
	wait $SUPERVISOR || status=$?
	[ "$status" -eq 1 ]
	grep -q '^not ok 2 self/hang/vm-write # CRASH the child died of signal 9' ktap
	grep -q '^not ok 3 self/drop/vm-write$' ktap
	wait_for 50 all_gone
	[ "$(cat run/status)" = "done" ]
}
