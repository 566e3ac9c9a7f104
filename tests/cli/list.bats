#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which cases, in which order, under which names; plans and what doctor says.

# shellcheck disable=SC2154,SC2030,SC2031 # bats sets stderr, and runs each test in a shell of its own
load common

setup() {
	common_setup
}

@test "the names: unique, whole, the same each time and on any machine" {
	"$PINPROOF" list --names >one
	"$PINPROOF" list --names >two
	cmp one two
	[ -s one ]
	[ "$(sort -u one | wc -l)" -eq "$(wc -l <one)" ]
	run grep -v -E '^[a-z0-9.-]+(/[a-zA-Z0-9._-]+)+$' one
	[ "$status" -eq 1 ]
	[ -z "$(ls -A tmp)" ]
}

@test "each name selects exactly its case" {
	"$PINPROOF" list --tier soak --names >names
	"$PINPROOF" list --names --cases-from names >again
	cmp names again
	"$PINPROOF" list --names --cases-from - <names >again
	cmp names again
}

@test "leading parts and patterns; a case named twice comes once" {
	run -0 "$SELFTEST" --names self/pass
	[ "$output" = self/pass/vm-write ]
	run -0 "$SELFTEST" --names 'self/pass*'
	[ "${#lines[@]}" -eq 2 ]
	run -0 "$SELFTEST" --names self/pass self/pass/vm-write 'self/pass/*'
	[ "$output" = self/pass/vm-write ]
	run -0 "$SELFTEST" --names self
	[ "${#lines[@]}" -eq 17 ]
}

@test "tiers: each holds the smaller ones; a whole name needs none" {
	run -0 "$SELFTEST" --names --tier quick
	[ "${#lines[@]}" -eq 17 ]
	run -0 "$SELFTEST" --names --tier full
	[ "${#lines[@]}" -eq 24 ]
	run -0 "$SELFTEST" --names --tier soak
	[ "${#lines[@]}" -eq 25 ]
	run -0 "$SELFTEST" --names self/soak/vm-write
	[ "$output" = self/soak/vm-write ]
	said "'self/soak' names 1 cases, all in a larger tier: add --tier" "$SELFTEST" --names self/soak
	said "all in a larger tier" "$SELFTEST" --names --tier full 'self/so*'
}

@test "the same seed gives the same order, another seed another" {
	for n in 1 2; do
		"$PINPROOF" list --names --shuffle --repeat 2 --seed 1 >order.1.$n
	done
	"$PINPROOF" list --names --shuffle --repeat 2 --seed 2 >order.2
	cmp order.1.1 order.1.2
	run cmp order.1.1 order.2
	[ "$status" -eq 1 ]
	cmp <(sort order.1.1) <(sort order.2)
	"$PINPROOF" list --names --repeat 2 >plain
	run cmp order.1.1 plain
	[ "$status" -eq 1 ]
	cmp <(sort order.1.1) <(sort plain)
}

@test "repeats: the first has the plain name, the K-th ends with ~K, each once" {
	"$SELFTEST" --names --repeat 3 self/pass self/drop >names
	printf 'self/%s\n' pass/vm-write drop/vm-write pass/vm-write~2 drop/vm-write~2 \
		pass/vm-write~3 drop/vm-write~3 >wanted
	cmp names wanted
	run -0 "$SELFTEST" --names self/pass/vm-write~3
	[ "$output" = self/pass/vm-write~3 ]
	"$SELFTEST" --names --cases-from names >again
	cmp names again
}

@test "an order and its names come back from a run" {
	"$SELFTEST" --names --shuffle --repeat 2 --seed 5 self/pass self/pass-anon >names
	run -0 "$SELFTEST" --out o --shuffle --repeat 2 --seed 5 self/pass self/pass-anon
	cmp names o/cases.list
	grep -E '^(not )?ok ' <<<"$output" | awk '{ print $3 }' | cmp - names
}

# as_case PLAN - a case directory with nothing but this plan
as_case() {
	mkdir -p case
	cp "$1" case/plan
}

@test "plans are the same each time, and read back whole" {
	local case
	"$PINPROOF" list --tier soak --names >names
	while read -r case; do
		"$PINPROOF" plan "$case" >first
		[ "$(head -n 1 first)" = "pinproof-plan 1" ]
		grep -q -x "case $case" first
		"$PINPROOF" plan "$case" >again
		cmp first again
		# judge reads the plan before it looks for the rest
		as_case first
		said "cannot read case/history.bin" "$PINPROOF" history case
		sed 's/^op 1 /op x /' first >bad
		as_case bad
		said "case: plan: line " "$PINPROOF" history case
	done < <(awk 'NR % 7 == 1' names)
}

@test "plan: what is printed is what a run writes, and it depends on the seed" {
	local case=short-pin/memfd/vm-write
	"$PINPROOF" plan --seed 9 "$case" >plan.9
	"$PINPROOF" plan --seed 8 "$case" >plan.8
	run cmp plan.9 plan.8
	[ "$status" -eq 1 ]
	run "$PINPROOF" run --seed 9 --out o "$case"
	cmp plan.9 o/cases/short-pin.memfd.vm-write/plan
}

@test "list without --names: titles, tiers and the number of cases" {
	run -0 "$PINPROOF" list mr-fsync
	[[ ${lines[0]} == "mr-fsync: "* ]]
	[[ $output == *"mr-fsync/memfd/rxe-mr "*quick* ]]
	[[ ${lines[-1]} == *" cases" ]]
}

@test "doctor: exit 0, every fact with a sentence, what is missing by name" {
	run --separate-stderr -0 "$PINPROOF" doctor
	[[ ${lines[0]} == "kernel $(uname -r)" ]]
	grep -q -E '^(yes|no  ) +root +.+' <<<"$output"
	[ -z "$(grep -E '^(yes|no) ' <<<"$output" | awk 'NF < 3')" ]
	[ -z "$(ls -A tmp)" ]
	[[ -z $(ls -A /sys/class/infiniband 2>/dev/null) ]] || skip "this host has RDMA devices"
	if modinfo rdma_rxe >/dev/null 2>&1; then skip "this host has rdma_rxe"; fi
	if ((EUID)); then skip "without root it does not get as far"; fi
	grep -q -E '^no +rxe +.*rdma_rxe.*pinproof vm run' <<<"$output"
}

@test "the README counts the cases that there are" {
	local tier
	for tier in quick full soak; do
		"$PINPROOF" list --tier "$tier" --names | wc -l
	done | xargs >there
	sed -n 's/.*counts the \([0-9]*\) cases of the quick tier (.--tier full.: \([0-9]*\); .--tier soak.*: \([0-9]*\)):$/\1 \2 \3/p' \
		"$TOP/README.md" >told
	diff there told
	# a row for each scenario, with its cases of the quick tier
	"$PINPROOF" list --tier full --names | cut -d/ -f1 | sort -u >scenarios
	"$PINPROOF" list --names | cut -d/ -f1 >quick
	while read -r name; do
		echo "$name $(grep -c -x "$name" quick)"
	done <scenarios | sort >there
	sed -n 's/^| .\([a-z-]*\). | \([0-9]*\) | .*/\1 \2/p' "$TOP/README.md" | sort >told
	diff there told
}
