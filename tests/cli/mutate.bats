#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pinproof mutate without a guest and without a compiler: bad input, the list, what is not
# applicable, and pinproof kills on what a run left. tests/unit/test_mutant has the verdicts.

# shellcheck disable=SC2154 # bats sets stderr
load common

setup() {
	common_setup
	export HOME=$PWD XDG_CACHE_HOME=$PWD/cache PINPROOF_VM_DIR=$TOP/scripts/vm PATH=$PWD/bin:$PATH
	mkdir bin
}

# kernel_dir - the directory of a kernel of no package, which kernel passes through
kernel_dir() {
	mkdir kernel
	touch kernel/vmlinuz
	echo 6.99.0-test >kernel/release
	echo /somewhere/bzImage >kernel/origin
	echo key >kernel/key
	echo "$PWD/kernel"
}

@test "mutate: unknown options, missing and wrong values" {
	run --separate-stderr -2 "$PINPROOF" mutate --nonsense
	one_line "pinproof mutate" "unknown option or operand '--nonsense'"
	run --separate-stderr -2 "$PINPROOF" mutate pin-leak
	one_line "pinproof mutate" "'pin-leak'"
	run --separate-stderr -2 "$PINPROOF" mutate --jobs
	one_line "pinproof mutate" "--jobs needs a value"
	run --separate-stderr -2 "$PINPROOF" mutate --jobs many
	one_line "pinproof mutate" "--jobs is a number"
	run --separate-stderr -2 "$PINPROOF" mutate --tier all
	one_line "pinproof mutate" "unknown tier 'all'"
	run --separate-stderr -2 "$PINPROOF" mutate --kernel debian-0.1
	one_line "pinproof vm kernel" "unknown kernel"
}

@test "mutate --help names every option" {
	run -0 "$PINPROOF" mutate --help
	for option in kernel headers mutant quick known all tier jobs cpus out learn list; do
		[[ $output == *"  --$option "* ]]
	done
}

@test "mutate --list: without headers each mutant is not applicable, and says why" {
	kernel=$(kernel_dir)
	run --separate-stderr -0 "$PINPROOF" mutate --kernel "$kernel" --list
	[ "${#lines[@]}" -eq $((1 + $(find "$TOP/tests/mutants" -name '*.c' | wc -l))) ]
	[[ $output == *"pin-leak "*"not applicable: no headers: no headers are known of '/somewhere/bzImage'; give --headers DIR"* ]]
	run --separate-stderr -2 "$PINPROOF" mutate --kernel "$kernel" --list --headers nowhere
	one_line "pinproof vm mutants" "'nowhere' is no build directory"
}

@test "mutate --list: what does not compile is not applicable, and says why" {
	kernel=$(kernel_dir)
	mkdir headers
	# shellcheck disable=SC2016 # for make
	printf 'modules:\n\t@echo "$(M)/pin-leak.c:3:9: error: no such thing" >&2; exit 1\n' >headers/Makefile
	run --separate-stderr -0 "$PINPROOF" mutate --kernel "$kernel" --list --headers headers
	[[ $output == *"pin-leak "*"not applicable: it does not compile: no such thing"* ]]
}

@test "mutate: an unknown mutant" {
	run --separate-stderr -2 "$PINPROOF" mutate --kernel "$(kernel_dir)" --mutant nobody --list
	[[ $stderr == *"there is no mutant 'nobody'"* ]]
}

@test "kills: usage, no such directory, and all that is not applicable" {
	run --separate-stderr -2 "$PINPROOF" kills
	[[ $stderr == "usage: pinproof kills "* ]]
	run --separate-stderr -2 "$PINPROOF" kills nowhere
	one_line pinproof nowhere
	mkdir -p m/mutants/one m/baseline
	echo debian-6.1 >m/kernel
	echo one >m/list
	printf '%s\n' name=one description=d mutant_family=f mutant_reference=r mutant_function=g mutant_rules=O7 \
		'absent=nothing there' >m/mutants/one/declaration
	run --separate-stderr -99 "$PINPROOF" kills m
	[ "${lines[-1]}" = "mutants: 0 killed, 1 not applicable, 0 survived; median time to kill 0.0 s" ]
	grep -q '"outcome": "not applicable"' m/mutants.json
	run -0 "$PINPROOF" kills m one
	[ "$output" = $'not applicable\t\tnone' ] || [[ $output == "not applicable"* ]]
	run -0 "$PINPROOF" kills --markdown m
	# shellcheck disable=SC2016 # Markdown
	[[ $output == *'| `one` | f | d (`g`) | r | not applicable: nothing there |'* ]]
}

@test "every mutant is installed: local.mk names each, and no other" {
	cd "$TOP/tests/mutants"
	diff <(printf '%s\n' *.[ch] killers.table | sort) <(grep -o 'tests/mutants/[^ ]*' local.mk | sed 's#.*/##' | sort)
}
