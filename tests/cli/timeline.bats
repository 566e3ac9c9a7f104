#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The timeline and the coverage of a run, from its files: what is there is shown, what is not there is
# said, what is damaged is refused.

# shellcheck disable=SC2154,SC2030,SC2031 # bats sets stderr, and runs each test in a shell of its own
bats_require_minimum_version 1.5.0
load common

CASE=run/cases/self.pass.vm-write

setup() {
	common_setup
	"$SELFTEST" --out run self/pass >/dev/null 2>&1
	[ -d $CASE ]
}

# trace LINE... - a trace of the case, of these lines behind its head
trace() {
	printf '%s\n' 'pinproof-trace 1' 'start 1' 'lost 3' 'foreign 0' 'absent x:y: why' \
		'kind 1 return:pin_user_pages_fast pinned:d' 'thread 7 case main' "$@" >$CASE/trace
}

# json EXPRESSION - what Python makes of the events E and the rest O of t.json
json() {
	python3 -c "
import json
T = json.load(open('t.json')); E = T['traceEvents']; O = T['otherData']
print($1)"
}

@test "timeline of a case without a trace: it is drawn, and what is missing is said" {
	run --separate-stderr "$PINPROOF" timeline $CASE
	[ "$status" -eq 0 ]
	[[ $stderr = *"there is no trace of the kernel"* ]]
	printf '%s\n' "$output" >t.json
	[ "$(json 'O["trace"], O["verdict"]')" = 'not recorded PASS' ]
	[ "$(json 'sum(e["ph"] == "X" for e in E) > 3')" = True ]
}

@test "timeline: the directory of a run with one case is enough" {
	"$PINPROOF" timeline run >one.json 2>/dev/null
	"$PINPROOF" timeline $CASE >two.json 2>/dev/null
	cmp one.json two.json
}

@test "timeline: lost events, pins that stay and absent kinds are said" {
	trace '@5 0 7 1 16'
	run --separate-stderr "$PINPROOF" timeline $CASE
	[ "$status" -eq 0 ]
	[[ $stderr = *"3 events of the kernel were lost"* ]]
	[[ $stderr = *"16 pages were pinned and not unpinned"* ]]
	printf '%s\n' "$output" >t.json
	[ "$(json 'O["lost"], O["pages_pinned_at_the_end"], O["absent"]')" = '3 16 x:y: why' ]
}

@test "timeline: a damaged trace is refused with its line, a missing plan with its name" {
	trace '@5 0 7 2 16'
	run --separate-stderr "$PINPROOF" timeline $CASE
	[ "$status" -eq 2 ]
	[[ $stderr = *"trace: line 8"* ]]
	rm $CASE/plan
	run --separate-stderr "$PINPROOF" timeline $CASE
	[ "$status" -eq 2 ]
	run --separate-stderr "$PINPROOF" timeline nowhere
	[ "$status" -eq 2 ]
	[[ $stderr = *"nowhere is no directory of a case or of a run"* ]]
}

@test "coverage: a run that has none says how to get it" {
	run --separate-stderr "$PINPROOF" coverage run
	[ "$status" -eq 2 ]
	[[ $stderr = *"run it with --coverage"* ]]
}

@test "coverage: functions by scenario, gaps, what failed; the difference of two runs" {
	printf '%s\n' 'pinproof-coverage 1' 'kernel k' 'armed pin_user_pages' 'armed pin_user_pages_fast' \
		'failed unpin_user_page busy' >run/coverage
	cp -r run less
	printf '%s\n' 'pinproof-coverage-case 1' 'missed 0' 'pin_user_pages 3' >$CASE/coverage
	run "$PINPROOF" coverage run
	[ "$status" -eq 0 ]
	[[ $output = *"pin_user_pages "*" a "*"3"* ]]
	[[ $output = *"never entered:"*"pin_user_pages_fast"* ]]
	[[ $output = *"no probe could be armed: unpin_user_page: busy"* ]]
	run "$PINPROOF" coverage run less
	[ "$status" -eq 0 ]
	[[ $output = *"entered only in the first run:"*"pin_user_pages "*"self"* ]]
	printf 'pin_user_pages x\n' >>$CASE/coverage
	run --separate-stderr "$PINPROOF" coverage run
	[ "$status" -eq 2 ]
	[[ $stderr = *"self.pass.vm-write/coverage: line 4"* ]]
}

@test "run: coverage that was asked for and cannot be had is an error, a trace is not" {
	[ ! -w /sys/kernel/tracing/instances ] || skip "tracefs can be used here"
	run --separate-stderr "$SELFTEST" --out a --coverage self/pass
	[ "$status" -ne 0 ]
	[[ $stderr = *"--coverage: "*"trace"* ]]
	run --separate-stderr "$SELFTEST" --out b --trace self/pass
	[ "$status" -eq 0 ]
	[[ $stderr = *"trace   none: "* ]]
	[ ! -e b/cases/self.pass.vm-write/trace ]
}
