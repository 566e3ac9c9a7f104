#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Plans that are executed again: from a file, from what a run has left. And plans as they are printed.

# shellcheck disable=SC2154,SC2030,SC2031 # bats sets stderr, and runs each test in a shell of its own
load common

setup() {
	common_setup
}

# a_plan [LINE...] - a plan that any machine can execute, with these lines at its end
a_plan() {
	cat <<-'EOF'
		pinproof-plan 1
		case replayed/anon/vm-write
		backing anon
		pinner vm-write
		seed 5
		rules O1 O4 O12
		bound 20s
		evidence device-writes-seen >= 1
		region data backing=anon size=4K
		actor main
		op 1 main map data
		op 2 main store data gen=1
		op 3 main vm-write data gen=2
		op 4 main load data
	EOF
	printf '%s\n' "$@"
}

# done_by ACTOR CASEDIR - its operations in order, with verb, object, range and generation; an observation
# is one line, however many pieces it saw
done_by() {
	"$PINPROOF" history "$2" | awk -v actor="$1" '
		/^@/ && $2 == actor {
			split($6, r, "+")
			gen = ""
			for (i = 6; i <= NF; i++)
				if ($i ~ /^gen=/)
					gen = $i
			if (!($3 in from))
				order[++n] = $3
			what[$3] = $4 " " $5 " " gen
			if (!($3 in from) || r[1] < from[$3])
				from[$3] = r[1]
			if (r[1] + r[2] > to[$3])
				to[$3] = r[1] + r[2]
		}
		END {
			for (i = 1; i <= n; i++)
				print order[i], what[order[i]], from[order[i]], to[order[i]]
		}'
}

@test "replay: a plan from a file is executed, judged and reported" {
	a_plan 'op 5 main unmap data' >file
	run --separate-stderr -0 "$PINPROOF" replay --out o --seed 99 file
	[[ $output == *"ok 1 replayed/anon/vm-write"* ]]
	[ "$(cat o/status)" = "done" ]
	[ "$(cat o/cases.list)" = replayed/anon/vm-write ]
	# its own seed, whatever --seed says
	grep -qx 'seed 0x5' o/cases/replayed.anon.vm-write/plan
	grep -q '"verdict": "PASS"' o/cases/replayed.anon.vm-write/result.json
	run --separate-stderr -0 "$PINPROOF" judge o
}

@test "replay: what a run has left, with the same plan, again and again" {
	"$SELFTEST" --out o self/pass 2>/dev/null
	run --separate-stderr -0 "$PINPROOF" replay --out p --repeat 2 o/cases/self.pass.vm-write
	[ "$(cat p/cases.list)" = $'self/pass/vm-write\nself/pass/vm-write~2' ]
	cmp o/cases/self.pass.vm-write/plan p/cases/self.pass.vm-write/plan
	cmp o/cases/self.pass.vm-write/plan p/cases/self.pass.vm-write~2/plan
	run --separate-stderr -0 "$PINPROOF" replay --out q p/cases/self.pass.vm-write~2/plan
}

@test "replay: a fault is found, and the command that repeats it is right" {
	a_plan >file
	run --separate-stderr -1 "$PINPROOF" replay --out o --plant drop file
	again=$(sed -n 's/^# repeat: pinproof //p' <<<"$output")
	[ "$again" = "replay o/cases/replayed.anon.vm-write" ]
	# shellcheck disable=SC2086 # words
	run --separate-stderr -0 "$PINPROOF" $again --out p
	cmp o/cases/replayed.anon.vm-write/plan p/cases/replayed.anon.vm-write/plan
	run --separate-stderr -1 "$PINPROOF" judge o
	[[ $output == *"# repeat: pinproof replay o/cases/replayed.anon.vm-write"* ]]
}

@test "replay: evidence is asked for" {
	a_plan >file
	run --separate-stderr -99 "$PINPROOF" replay --out o --drop-device-writes file
	[[ $output == *"device-writes-seen"* ]]
}

@test "replay: a fact that is missing makes a SKIP that names it" {
	a_plan 'need no-such-fact' >file
	run --separate-stderr -77 "$PINPROOF" replay --out o file
	[[ $output == *"# SKIP no-such-fact: "* ]]
}

@test "replay: what disturbs the machine is left out unless that is allowed" {
	a_plan 'op 9 main drop-caches' >file
	run --separate-stderr -77 "$PINPROOF" replay --out o file
	[[ $output == *"# SKIP it disturbs the whole machine"* ]]
}

@test "replay: of a case that this machine cannot execute, up to a SKIP" {
	"$PINPROOF" plan mr-fsync/ext4/rxe-mr >file
	sed -i 's/^need .*/&\nneed no-such-fact/' file
	run --separate-stderr -77 "$PINPROOF" replay --out o file
	[[ $output == *"ok 1 mr-fsync/ext4/rxe-mr # SKIP "* ]]
}

@test "replay: damaged plans, one of another version, none: file, line and column" {
	a_plan 'op 9 main lode data' >file
	said "file: line 15 column 11: expected a verb" "$PINPROOF" replay --out o file
	sed 's/^pinproof-plan 1/pinproof-plan 2/' file >later
	said "later: line 1 column 15: expected plan version 1, found '2'" "$PINPROOF" replay --out o later
	head -c 100 file >short
	said "short: line " "$PINPROOF" replay --out o short
	: >empty
	said "empty: line 1 column 1: expected a line 'pinproof-plan" "$PINPROOF" replay --out o empty
	head -c 5000 /dev/urandom >noise
	said "noise: line " "$PINPROOF" replay --out o noise
	said "cannot read missing" "$PINPROOF" replay --out o missing
	mkdir empty-dir
	said "cannot read empty-dir/plan" "$PINPROOF" replay --out o empty-dir
	mkdir dir
	cp later dir/plan
	said "dir: plan: line 1 column 15: expected plan version 1" "$PINPROOF" replay --out o dir
	[ ! -e o ]
}

@test "replay: one plan, and no options that choose cases" {
	said "usage: pinproof replay" "$PINPROOF" replay
	said "cannot read a" "$PINPROOF" replay a b
	said "unknown option '--tier'" "$PINPROOF" replay --tier full a
}

@test "replay: the names of its cases, and some of them" {
	a_plan >file
	run --separate-stderr -0 "$PINPROOF" replay --names --repeat 3 file
	[ "$output" = $'replayed/anon/vm-write\nreplayed/anon/vm-write~2\nreplayed/anon/vm-write~3' ]
	run --separate-stderr -0 "$PINPROOF" replay --out o --repeat 3 file replayed/anon/vm-write~3 replayed/anon/vm-write
	[ "$(cat o/cases.list)" = $'replayed/anon/vm-write\nreplayed/anon/vm-write~3' ]
	said "'replayed/anon/vm-write~4' is no case of this plan" "$PINPROOF" replay --names --repeat 3 file replayed/anon/vm-write~4
	said "'replayed' is no case of this plan" "$PINPROOF" replay --out p file replayed
	[ ! -e p ]
	echo >>file 'op 9 main lode data'
	said "file: line 16 column 11" "$PINPROOF" replay --names file
}

@test "replay: elsewhere, the command that repeats it is the one that says where" {
	a_plan >file
	run --separate-stderr -1 "$PINPROOF" replay --out o --plant drop --repeat-with 'there --plan /else/out' file
	[[ $output == *"# repeat: there --plan /else/out/cases/replayed.anon.vm-write"* ]]
	# what a guest has left is judged as it would be repeated
	mkdir r
	cp -r o r/out
	cp file r/plan
	cp o/cases.list r/cases
	run --separate-stderr -1 "$PINPROOF" judge --repeat-with 'pinproof vm run --kernel k --plan r/out' r
	[[ $output == *"# repeat: pinproof vm run --kernel k --plan r/out/cases/replayed.anon.vm-write"* ]]
	run --separate-stderr -1 "$PINPROOF" judge r
	again=$(sed -n 's/^# repeat: pinproof //p' <<<"$output")
	[ "$again" = "replay r/out/cases/replayed.anon.vm-write" ]
	# shellcheck disable=SC2086 # words
	run --separate-stderr -0 "$PINPROOF" $again --out q
}

@test "plan: the same seed prints the same, another seed another" {
	"$PINPROOF" plan --seed 7 mr-fsync/ext4/rxe-mr >one
	"$PINPROOF" plan --seed 7 mr-fsync/ext4/rxe-mr >two
	"$PINPROOF" plan --seed 8 mr-fsync/ext4/rxe-mr >three
	cmp one two
	run ! cmp -s one three
	# a plan without a storm has nothing to write out
	"$PINPROOF" plan --seed 7 --expand 5 mr-fsync/ext4/rxe-mr >four
	cmp one four
}

@test "replay: a storm leaves the plan of what it did, which is replayed without one" {
	a_plan 'actor w1' 'storm ops=40' 'mix main load data weight=1' \
		'mix w1 vm-write data weight=5' 'mix w1 load data weight=5' 'mix w1 fork weight=1' \
		'op 1000000000 main unmap data' >file
	run --separate-stderr -0 "$PINPROOF" replay --out o file
	case=o/cases/replayed.anon.vm-write
	grep -qx 'storm ops=40' "$case/plan.storm"
	run ! grep -q '^storm\|^mix' "$case/plan"
	# 40 of each of two actors; what ended a child has a number of its own
	draws=$(grep -c '^op 1[0-9]\{6\} ' "$case/plan")
	((draws == 80))
	run --separate-stderr -0 "$PINPROOF" replay --out p "$case"
	cmp "$case/plan" p/cases/replayed.anon.vm-write/plan
	[ ! -e p/cases/replayed.anon.vm-write/plan.storm ]
	# and what was done is the same, too, in the same order of each actor
	for actor in main w1; do
		done_by "$actor" "$case" >"first-$actor"
		done_by "$actor" p/cases/replayed.anon.vm-write >"second-$actor"
		(($(wc -l <"first-$actor") >= 40))
		diff "first-$actor" "second-$actor"
	done
}

@test "replay: a seed gives the same storm each time, however long it lasts" {
	a_plan 'actor w1' 'storm ops=40' 'mix main load data weight=1' 'mix main msync data weight=1' \
		'mix w1 vm-write data weight=5' 'mix w1 load data weight=5' 'mix w1 fork weight=1' >file
	sed 's/ops=40/for=1s/' file >timed
	sed 's/^seed 5$/seed 6/' file >other
	for run in file timed other; do
		run --separate-stderr -0 "$PINPROOF" replay --out "$run.out" "$run"
	done
	run --separate-stderr -0 "$PINPROOF" replay --out again file
	plan=cases/replayed.anon.vm-write/plan
	cmp "file.out/$plan" "again/$plan"
	run ! cmp -s <(grep '^op' "file.out/$plan") <(grep '^op' "other.out/$plan")
	# the longer storm goes on where the shorter one ended
	for actor in main w1; do
		grep "^op 1[0-9]\{6\} $actor " "file.out/$plan" >short
		grep "^op 1[0-9]\{6\} $actor " "timed.out/$plan" >long
		(($(wc -l <short) == 40 && $(wc -l <long) > 40))
		diff short <(head -40 long)
	done
}

@test "replay: what a storm drew moves no mapping under others, as in the storm" {
	a_plan 'actor w1' 'actor w2' 'storm ops=1500' 'mix main load data weight=1 length=64..64' \
		'mix main mremap data weight=2 hazard' 'mix w1 vm-write data weight=5' \
		'mix w1 load data weight=5' 'mix w2 vm-read data weight=1' |
		sed 's/size=4K/size=256K/' >file
	run --separate-stderr -0 "$PINPROOF" replay --out o file
	run --separate-stderr -0 "$PINPROOF" replay --repeat 8 --out p o/cases/replayed.anon.vm-write
}

@test "plan --expand: a storm written out, the same each time, and a plan" {
	"$PINPROOF" plan --expand 20 --seed 3 storm/anon/vm-write >one
	"$PINPROOF" plan --expand 20 --seed 3 storm/anon/vm-write >two
	"$PINPROOF" plan --expand 20 --seed 4 storm/anon/vm-write >three
	cmp one two
	run ! cmp -s one three
	run ! grep -q '^storm\|^mix' one
	# it is taken, up to a fact that no machine has
	sed -i '0,/^need /s//need no-such-fact\nneed /' one
	run --separate-stderr -77 "$PINPROOF" replay --out o one
	said "--expand" "$PINPROOF" plan --expand 0 storm/anon/vm-write
}
