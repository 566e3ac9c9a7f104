# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The stages of scripts/check that need no virtual machine. They run in subshells of check,
# with the top of the sources as their directory; "dir" and "jobs" are check's.
# shellcheck disable=SC2154 # dir, jobs, top are set by scripts/check

# build NAME CONFIGURE-ARGUMENT... - a build directory of its own
build() {
	local name=$1
	shift
	# a stage may be asked for by itself, in a fresh clone
	[[ -x $top/configure ]] || (cd "$top" && ./autogen.sh) || return 1
	mkdir -p "$dir/$name" && cd "$dir/$name" || return 1
	[[ -e config.status ]] || "$top/configure" --quiet --enable-werror "$@" || return 1
	make -j "$jobs" all
}

# run_tests NAME - make check there without lint, which is a stage of its own; one closing line
# for each test program
run_tests() {
	local status
	cd "$dir/$1" || return 1
	make -j "$jobs" check PP_LINT_TESTS= || status=1
	"$top/build-aux/test-counts" . || status=1
	return ${status-0}
}

stage_bootstrap() {
	./autogen.sh
}

stage_gcc() {
	build gcc CC=gcc
}

stage_tests() {
	(build gcc CC=gcc) && run_tests gcc
}

stage_lint() {
	local status=0
	build-aux/lint/selftest || status=1
	build-aux/lint/run || status=1
	return $status
}

stage_flips() {
	scripts/flips --jobs "$jobs"
}

stage_source_mutants() {
	scripts/source-mutants --jobs "$jobs"
}

stage_clang() {
	(build clang CC=clang) && run_tests clang
}

stage_asan() {
	export UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_stack_use_after_return=1
	(build asan --enable-asan --enable-ubsan CFLAGS='-O1 -g') && run_tests asan
}

stage_tsan() {
	local -a runner=(env)
	export TSAN_OPTIONS=halt_on_error=1
	# The thread sanitizer's map of memory does not bear much address randomisation; a container
	# may forbid to switch it off, and then it must do as it is.
	! setarch -R true 2>/dev/null || runner=(setarch -R)
	export -f run_tests
	export dir jobs top
	(build tsan --enable-tsan CFLAGS='-O1 -g') && "${runner[@]}" bash -c 'run_tests tsan'
}

# Without clang's fuzzer scripts/fuzz says so and which package has it. What it finds is kept.
stage_fuzz() {
	local seconds=120
	# shellcheck disable=SC2154 # level is set by scripts/check
	[[ $level != long ]] || seconds=1800
	scripts/fuzz --seconds "$seconds" --dir "$dir/fuzz"
	case $? in
	0) rm -rf -- "$dir/fuzz" ;;
	77) ;;
	*) return 1 ;;
	esac
}

stage_distcheck() {
	build gcc CC=gcc && make -j "$jobs" distcheck || return 1
	echo "distcheck: 1 passed, 0 failed"
	expect "the archive has every file of the repository" archive_complete
}

archive_complete() {
	local archive
	archive=$(ls pinproof-*.tar.xz) || return 1
	! comm -23 <(git -C "$top" ls-files | sort) <(tar -tJf "$archive" | sed 's|^[^/]*/||' | sort) | grep .
}

# expect_file FILE - count it as a test
expect_file() {
	if [[ -e $1 ]]; then
		echo "installed ${1#"$root"}: 1 passed, 0 failed"
	else
		echo "not installed ${1#"$root"}: 0 passed, 1 failed"
	fi
}

# expect WORDS COMMAND... - count it as a test
expect() {
	local words=$1
	shift
	if "$@"; then
		echo "$words: 1 passed, 0 failed"
	else
		echo "$words: 0 passed, 1 failed"
	fi
}

stage_install() {
	local root=$dir/root prefix=/opt/pinproof name
	build install CC=gcc --prefix=$prefix && make install DESTDIR="$root" || return 1
	expect_file "$root$prefix/bin/pinproof"
	expect_file "$root$prefix/lib/libpinproof.a"
	expect_file "$root$prefix/share/man/man1/pinproof.1"
	expect_file "$root$prefix/share/bash-completion/completions/pinproof"
	for name in "$top"/scripts/vm/*; do
		expect_file "$root$prefix/libexec/pinproof/vm/${name##*/}"
	done
	expect "the command says its version" "$root$prefix/bin/pinproof" --version
	expect "the command has help" "$root$prefix/bin/pinproof" --help
	for name in "$top"/scenarios/*.c; do
		name=${name##*/}
		expect "the program ${name%.c} has help" "$root$prefix/libexec/pinproof/${name%.c}" --help
	done
	expect "nothing is installed elsewhere" test "$(ls "$root")" = "${prefix:1:3}"
	expect "a scenario builds outside of the tree" outside "$root$prefix"
	expect "uninstall removes what install made" uninstalled "$root"
}

# outside PREFIX - a scenario of the tree, built with nothing but what is installed
outside() {
	local flags
	mkdir -p "$dir/outside" && cd "$dir/outside" || return 1
	cp "$top/scenarios/short-pin.c" . && "$top/build-aux/scenario-table" short-pin >table.c || return 1
	flags=$(PKG_CONFIG_PATH=$1/lib/pkgconfig pkg-config --define-variable=prefix="$1" --cflags --libs pinproof) || return 1
	# shellcheck disable=SC2086 # a list of flags
	gcc -std=gnu11 -Wall -Werror -o short-pin short-pin.c table.c $flags && ./short-pin --help
}

uninstalled() {
	make -C "$dir/install" uninstall DESTDIR="$1" && [[ -z $(find "$1" ! -type d) ]]
}
