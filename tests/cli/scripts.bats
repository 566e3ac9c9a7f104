#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scripts for developers: bad input is told in one sentence, good input does its job.

setup() {
	top=${srcdir:-$BATS_TEST_DIRNAME/../..}
	cd "$BATS_TEST_TMPDIR" || return 1
}

# one_sentence NAME - status 2, and one line that begins with the script's name
one_sentence() {
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ ${lines[0]} == "$1: "*. ]]
}

# A tree with nothing but the list of scenarios.
small_tree() {
	mkdir scenarios
	cp "$top/scenarios/local.mk" scenarios/
	chmod u+w scenarios/local.mk
	export NEW_SCENARIO_TOP=$PWD
}

@test "quickstart: an unknown option, a missing value, an unknown tier" {
	run "$top/scripts/quickstart" --nonsense
	one_sentence quickstart
	run "$top/scripts/quickstart" --kernel
	one_sentence quickstart
	run "$top/scripts/quickstart" --kernel --tier quick
	one_sentence quickstart
	run "$top/scripts/quickstart" --tier slow
	one_sentence quickstart
	run "$top/scripts/quickstart" mr-fsync
	one_sentence quickstart
	[[ $output == *"behind '--'"* ]]
}

@test "quickstart: --no-install names what is missing and changes nothing" {
	mkdir bin
	# a dpkg that knows every package but two
	cat >bin/dpkg-query <<-'END'
	#!/bin/sh
	for name; do
		case $name in
		-* | qemu-system-x86 | libarchive-dev | installed*) ;;
		*) echo "installed $name" ;;
		esac
	done
	END
	printf '#!/bin/sh\necho "apt-get was called" >&2\nexit 1\n' >bin/apt-get
	chmod +x bin/*
	PATH=$PWD/bin:$PATH run "$top/scripts/quickstart" --no-install --build "$PWD/build"
	one_sentence quickstart
	[[ ${lines[0]} == *"not installed: libarchive-dev qemu-system-x86 (apt-get install"* ]]
	[ ! -e build/config.status ]
}

@test "quickstart: while another builds this clone it waits" {
	run flock "$top" timeout 3 "$top/scripts/quickstart" --no-install --build "$PWD/build" --kernel nonsense
	[ "$status" -ne 2 ] || skip "packages are missing"
	[ "$status" -eq 124 ]
	[ ! -e build/config.status ]
}

@test "quickstart: help names every option" {
	run "$top/scripts/quickstart" --help
	[ "$status" -eq 0 ]
	for option in --kernel --tier --out --build --no-install --help; do
		[[ $output == *"$option"* ]]
	done
}

@test "check: an unknown option, an unknown stage, a directory that is not its own" {
	run "$top/scripts/check" --nonsense
	one_sentence check
	run "$top/scripts/check" nonsense
	one_sentence check
	run "$top/scripts/check" --jobs many
	one_sentence check
	mkdir precious
	run "$top/scripts/check" --dir "$PWD/precious" bootstrap
	one_sentence check
	[ -d precious ]
}

@test "check: every stage of the table has its function" {
	for stage in $("$top/scripts/check" --help | awk '/ (quick|default|long)  +/ && !/--/ { print $1 }'); do
		grep -qE "^stage_${stage//[-.]/_}\(\)" "$top"/scripts/check.d/*.sh
	done
}

@test "fuzz and bench: unknown options, values that are none, help" {
	run "$top/scripts/fuzz" --nonsense
	one_sentence fuzz
	run "$top/scripts/fuzz" --seconds 0
	one_sentence fuzz
	run "$top/scripts/fuzz" nothing
	one_sentence fuzz
	run "$top/scripts/bench" --nonsense
	one_sentence bench
	run "$top/scripts/bench" --rounds
	one_sentence bench
	run "$top/scripts/bench" --rounds x
	one_sentence bench
	for script in fuzz bench; do
		run "$top/scripts/$script" --help
		[ "$status" -eq 0 ]
		[[ $output == "Usage: scripts/$script "* ]]
	done
}

@test "fuzz: without clang, or without its fuzzer, a SKIP names the package" {
	mkdir bin
	for program in bash readlink dirname mktemp rm mkdir awk; do
		ln -s "$(command -v "$program")" bin/
	done
	PATH=$PWD/bin run "$top/scripts/fuzz"
	[ "$status" -eq 77 ]
	[[ ${lines[0]} == "fuzz: SKIP: clang is not installed (package clang)" ]]
	printf '#!/bin/sh\necho "cannot find the fuzzer" >&2\nexit 1\n' >bin/clang
	chmod +x bin/clang
	PATH=$PWD/bin run "$top/scripts/fuzz" plan
	[ "$status" -eq 77 ]
	[[ ${lines[0]} == "fuzz: SKIP: "*"(package libclang-rt-dev)" ]]
	[[ ${lines[1]} == "fuzz: 0 passed, 0 failed, 1 skipped" ]]
}

@test "packages: alternatives count, unknown groups are told" {
	mkdir bin
	printf '#!/bin/sh\necho "installed pkgconf"\n' >bin/dpkg-query
	chmod +x bin/dpkg-query
	PATH=$PWD/bin:$PATH run "$top/build-aux/packages" build
	[ "$status" -eq 0 ]
	[[ $output == *libibverbs-dev* ]]
	[[ $output != *pkg-config* ]]
	[[ $output != *qemu* ]]
	run "$top/build-aux/packages" nonsense
	one_sentence packages
}

@test "new-scenario: the example compiles and is listed once" {
	small_tree
	run "$top/scripts/new-scenario" pin-demo
	[ "$status" -eq 0 ]
	run "$top/scripts/new-scenario" pin-other
	[ "$status" -eq 0 ]
	[ "$(grep -c 'scenarios/pin-demo\b' scenarios/local.mk)" -eq 1 ]
	[ "$(grep -c 'scenarios/pin-other$' scenarios/local.mk)" -eq 1 ]
	gcc -std=gnu11 -D_GNU_SOURCE -I"$top/src" -Wall -Wextra -Werror -fsyntax-only scenarios/pin-demo.c
	clang-format --style=file:"$top/.clang-format" --dry-run -Werror scenarios/pin-demo.c
}

@test "new-scenario: bad names, names that are taken" {
	small_tree
	for name in Pin pin_demo -x pin- '' list 1pin "$(printf 'a%.0s' {1..40})"; do
		run "$top/scripts/new-scenario" "$name"
		one_sentence new-scenario
	done
	"$top/scripts/new-scenario" pin-demo
	run "$top/scripts/new-scenario" pin-demo
	one_sentence new-scenario
	[ "$(ls scenarios)" = "$(printf 'local.mk\npin-demo.c')" ]
}

@test "scenario-table: names become symbols, folders do not" {
	run "$top/build-aux/scenario-table" scenarios/mr-fsync scenarios/bugs/old-one
	[ "$status" -eq 0 ]
	[[ $output == *"&pp_scenario_mr_fsync,"*"&pp_scenario_old_one,"*"NULL,"* ]]
}

@test "test-counts: a program that counts, TAP, and one that dies after counting" {
	mkdir tests
	printf ':test-result: PASS\n:global-test-result: PASS\n' >tests/counts.trs
	printf 'counts: 7 passed, 0 failed\n' >tests/counts.log
	printf ':test-result: PASS one\n:test-result: FAIL two\n:test-result: SKIP three\n:global-test-result: FAIL\n' >tests/tap.trs
	printf 'ok 1 one\nnot ok 2 two\n' >tests/tap.log
	printf ':test-result: FAIL\n:global-test-result: FAIL\n' >tests/dies.trs
	printf 'dies: 3 passed, 0 failed\nkilled\n' >tests/dies.log
	run "$top/build-aux/test-counts" .
	[ "$output" = "tests/counts: 7 passed, 0 failed
tests/dies: 3 passed, 1 failed
tests/tap: 1 passed, 1 failed
tests/tap: 1 skipped" ]
}

@test "check: closing lines are summed up, other words are not, a bad status fails" {
	mkdir -p tree/scripts/check.d tree/build-aux
	cp "$top/scripts/check" tree/scripts/
	printf '#!/bin/sh\n' >tree/build-aux/packages
	chmod +x tree/build-aux/packages
	cat >tree/scripts/check.d/build.sh <<-'END'
	stage_gcc() { echo "a: 3 passed, 1 failed"; echo "b: 2 passed, 0 failed, 4 skipped"; }
	stage_bootstrap() { echo "codes: 0 passed, 1 failed, 2 usage"; }
	stage_tests() { echo "c: 5 passed, 0 failed"; false; }
	END
	: >tree/scripts/check.d/vm.sh
	run tree/scripts/check bootstrap gcc tests
	[ "$status" -eq 1 ]
	[[ ${lines[0]} == "bootstrap: 1 passed, 0 failed "* ]]
	[[ $output == *"gcc: 5 passed, 1 failed "* ]]
	[[ $output == *"tests: 5 passed, 1 failed "* ]]
	[[ ${lines[-1]} == "check: 11 passed, 2 failed" ]]
	run tree/scripts/check bootstrap
	[ "$status" -eq 0 ]
}

# mutants_stage OUTCOME:FILE... - the stage "mutants" of check, with a stand-in for pinproof that leaves
# these outcomes in these files
mutants_stage() {
	rm -rf tree
	mkdir -p tree/scripts/check.d tree/build-aux
	cp "$top/scripts/check" tree/scripts/
	cp "$top/scripts/check.d/vm.sh" tree/scripts/check.d/
	printf '#!/bin/sh\n' >tree/build-aux/packages
	chmod +x tree/build-aux/packages
	cat >tree/scripts/check.d/build.sh <<-'END'
	build() { :; }
	stage_gcc() { mkdir "$dir/gcc" && cp stand-in "$dir/gcc/pinproof"; }
	END
	cat >tree/stand-in <<-'END'
	#!/bin/bash
	while (($#)); do
		[[ $1 != --out ]] || out=$2
		shift
	done
	worst=0
	for word in $OUTCOMES; do
		mkdir -p "$out/$(dirname "${word#*:}")"
		printf '   "outcome": "%s",\n' "${word%%:*}" >>"$out/${word#*:}"
		[[ $word == killed:* ]] || worst=1
	done
	exit $worst
	END
	chmod +x tree/stand-in
	OUTCOMES=$* run tree/scripts/check gcc mutants
}

@test "check: the stage of the mutants counts one kernel, several, a survivor, and nothing at all" {
	mutants_stage killed:mutants.json killed:mutants.json
	[ "$status" -eq 0 ]
	[[ $output == *"mutants: 2 passed, 0 failed "* ]]
	mutants_stage killed:one/mutants.json killed:two/mutants.json killed:two/mutants.json
	[ "$status" -eq 0 ]
	[[ $output == *"mutants: 3 passed, 0 failed "* ]]
	mutants_stage killed:mutants.json survived:mutants.json
	[ "$status" -eq 1 ]
	[[ $output == *"mutants: 1 passed, 1 failed "* ]]
	mutants_stage
	[ "$status" -eq 1 ]
	[[ $output == *"mutants: 0 passed, 1 failed "* ]]
}
