#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Plans that get smaller: what is left, exit codes, interruption, bad input.

# shellcheck disable=SC2154,SC2030,SC2031 # bats sets stderr, and runs each test in a shell of its own
load common

setup() {
	common_setup
}

# many - a plan of 60 operations in which every device write is wasted effort but one
many() {
	cat <<-'EOF'
		pinproof-plan 1
		case many/anon/vm-write
		backing anon
		pinner vm-write
		seed 5
		rules O1 O4 O12
		bound 20s
		evidence device-writes-seen >= 1
		region data backing=anon size=64K
		region other backing=anon size=64K
		actor main
		actor eye
		op 1 main map data
		op 2 main map other
		op 3 main store data gen=1
	EOF
	local i
	for ((i = 0; i < 28; i++)); do
		echo "op $((10 + 2 * i)) main store other $((4096 * (i % 16)))+4096 gen=$((2 + i))"
		echo "op $((11 + 2 * i)) eye load other $((4096 * (i % 16)))+4096 after=2"
	done
	cat <<-'EOF'
		op 90 main vm-write data 8K+4K gen=50
		op 91 main load data 4K+16K
	EOF
}

@test "shrink: what is left is the failure, and nothing else" {
	many >file
	run --separate-stderr -0 "$PINPROOF" shrink --plant drop --out o file
	[[ $output == *"# shrink: "*" of 61 operations after "* ]]
	[[ $output == *"not ok 1 many/anon/vm-write"* ]]
	run -0 grep -c '^op ' o/cases/many.anon.vm-write/plan
	[ "$output" -eq 3 ]
	run -0 grep -E '^(region|actor|evidence|step)' o/cases/many.anon.vm-write/plan
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == "region data backing=anon size=4096 "* ]]
	[ "$(cat o/status)" = "done" ]
	# it is a run like any other, with its bundle, from which it can be shrunk again
	run --separate-stderr -1 "$PINPROOF" judge o
	run --separate-stderr -0 "$PINPROOF" shrink --plant drop --out again o/bundles/*.pinproof.tar.gz
	run -0 cmp again/cases/many.anon.vm-write/plan o/cases/many.anon.vm-write/plan
}

@test "shrink: what does not fail is not shrunk" {
	many >file
	run --separate-stderr -99 "$PINPROOF" shrink --out o file
	[[ $output == *"broken in 0 of 3 runs: nothing to shrink"* ]]
	[[ $output == *"not ok 1 many/anon/vm-write # ERROR"* ]]
	run --separate-stderr -99 "$PINPROOF" shrink --plant drop --rule O9 --runs 2 --out p file
	[[ $output == *"O9 was broken in 0 of 2 runs"* ]]
}

@test "shrink: the time is over, and there is what there is" {
	many >file
	run --separate-stderr -0 "$PINPROOF" shrink --plant drop --budget 1s --runs 1 --out o file
	run --separate-stderr -1 "$PINPROOF" judge o
}

@test "shrink: interrupted, the smallest so far is there" {
	many >file
	"$PINPROOF" shrink --plant drop --need 200 --runs 200 --out o file >log 2>&1 3>&- &
	pid=$!
	for ((i = 0; i < 400; i++)); do
		grep -q '^# shrink' log && break
		sleep 0.1 # poll
	done
	grep -q '^# shrink' log
	kill -TERM "$pid"
	code=0
	wait "$pid" || code=$?
	[ "$code" -eq 143 ]
	[ "$(cat o/status)" = interrupted ]
	run --separate-stderr -1 "$PINPROOF" judge o
	[[ $output == *"not ok 1 many/anon/vm-write"* ]]
}

@test "shrink: bad input" {
	many >file
	said "takes a rule such as O2, not 'O99'" "$PINPROOF" shrink --rule O99 file
	said "takes a rule such as O2, not 'none'" "$PINPROOF" shrink --rule none file
	said "--need 4 of --runs 3 can never be" "$PINPROOF" shrink --need 4 file
	said "--runs takes a number" "$PINPROOF" shrink --runs 0 file
	said "usage: pinproof shrink" "$PINPROOF" shrink
	said "usage: pinproof shrink" "$PINPROOF" shrink file file
	said "names no kernel" "$PINPROOF" shrink --kernel same --rule O1 "$(bundle_here)"
	echo "no plan" >bad
	said "bad: line 1" "$PINPROOF" shrink bad
	run --separate-stderr -2 "$PINPROOF" vm run --plan file --runs 3
	one_line "pinproof vm run" "go with --shrink"
	run --separate-stderr -2 "$PINPROOF" vm run --shrink
	one_line "pinproof vm run" "wants a plan"
}

# bundle_here - of a run outside a guest
bundle_here() {
	"$PINPROOF" replay --plant drop --out b file >/dev/null 2>&1
	echo b/bundles/*.pinproof.tar.gz
}
