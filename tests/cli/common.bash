# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # status, lines and stderr_lines are what bats sets
# What the tests of the command share: where it is, and what a good complaint looks like.

common_setup() {
	bats_require_minimum_version 1.5.0
	TOP=$(readlink -f "${srcdir:-$BATS_TEST_DIRNAME/../..}")
	PINPROOF=$(readlink -f "${PINPROOF:-${builddir:-$TOP}/pinproof}")
	SELFTEST=$(dirname "$PINPROOF")/tests/selftest/selftest
	# shellcheck disable=SC2034 # for the tests
	readonly TOP PINPROOF SELFTEST
	# not the directory itself: bats keeps files of its own there
	mkdir "$BATS_TEST_TMPDIR/here" && cd "$BATS_TEST_TMPDIR/here" || return 1
	mkdir tmp
	export TMPDIR=$PWD/tmp
	ulimit -c 0
	unset SELFTEST_RELEASE
}

# said WORDS ARG... - the command must refuse: status 2, nothing on standard output, one line on
# standard error that begins with the command's name, ends as a sentence and has these words in it
said() {
	local words=$1
	shift
	run --separate-stderr "$@"
	echo "status $status: $output $stderr" # shown if the test fails
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	one_line pinproof "$words"
}

# one_line NAME WORDS - what stands on standard error
one_line() {
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ ${stderr_lines[0]} == "$1: "* ]]
	[[ ${stderr_lines[0]} == *"$2"* ]]
}

# tree DIR - names and contents below it
tree() {
	(cd "$1" && find . -type d -print -o -type f -exec sha256sum {} + | sort)
}
