# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The rules of build-aux/lint/run. look_NNN prints the files that rule NNN looks at,
# out of FILES; rule_NNN looks at LOOK and prints one line for each fault. A fault
# starts with "FILE:LINE: " or "FILE: ".

# number and reason; CONTRIBUTING.md has the same table for readers
rule_table() {
	cat <<-'END'
	PP-001 Code has an SPDX line in its first three lines: the licence travels with a copied file.
	PP-002 The first words after the SPDX line are a comment: a file says its one job before it does it.
	PP-003 An #include goes scenarios -> run -> sys -> core and never back: what judges must not depend on what executes.
	PP-004 src/core has no file, clock, thread, exit or environment: a verdict must come out the same on every machine.
	PP-005 A file has at most 600 lines: longer ones have more than one job.
	PP-006 No strcpy, strcat, sprintf, gets, alloca: each overflows without a word.
	PP-007 No notes of unfinished work: what is to be done stands in an issue, not in the code.
	PP-008 No path of a developer's machine: it works only there.
	PP-009 Shell never sleeps to wait for something; a polling loop says "# poll" on the line.
	PP-010 C never sleeps to wait for something; a polling loop says "/* poll" on the line.
	PP-011 Every source of src/ is in the local.mk of its directory: a forgotten file is not built, tested or shipped.
	PP-012 Every scenario is in PP_SCENARIOS, every report in PP_REPORTS: a forgotten one never runs.
	PP-013 Every test is in tests/local.mk: a forgotten one never fails.
	PP-014 Every document can be reached by links from README.md: what nobody finds is not documented.
	PP-015 Every link between files leads to a file.
	PP-016 A LIST below tests/golden names every file beside it, once, and no other: a forgotten one proves nothing.
	PP-017 shellcheck finds nothing in any shell file.
	PP-018 No trailing white space; no tab in Markdown: diffs show changes only.
	PP-019 A file with an interpreter line is executable, and no other is.
	PP-020 cppcheck finds nothing.
	PP-021 C is formatted as .clang-format says: no review is about white space.
	PP-022 A suppressed warning says why on the same line.
	PP-023 Every package that configure asks for is in build-aux/packages.debian: quickstart and CI install from there.
	PP-024 CONTRIBUTING.md names every rule of this table.
	PP-025 Scenarios and the library never print by themselves: results have one way out.
	PP-026 mandoc finds nothing in a manual page.
	END
}

# pick REGEX - those of FILES whose path matches
pick() {
	printf '%s\n' "${FILES[@]}" | grep -E -- "$1"
}

c_files() {
	pick '^(src|scenarios|tests|kernel)/.*\.[ch]$'
}

shell_files() {
	local file line
	for file in "${FILES[@]}"; do
		[[ $file != *.[ch1md] ]] || continue
		IFS= read -r line <"$file" || continue
		case $line in
		'#!'*/sh | '#!'*/sh\ * | '#!'*bash* | '# shellcheck shell='*) printf '%s\n' "$file" ;;
		esac
	done 2>/dev/null
}

code_files() {
	{
		c_files
		shell_files
		pick '(\.(mk|am|ac|m4|bats|py|in|table|cfg)|^\.editorconfig|\.debian|docs/.*\.[1-8])$'
	} | sort -u
}

# faults REGEX [GREP OPTION...] - the lines of LOOK that match, without those of comments in shell
faults() {
	grep -nHE "${@:2}" -- "$1" "${LOOK[@]}"
}

# in_list FILE - is it a word of its directory's local.mk ($1), given as path from the top
in_list() {
	grep -qE "(^|[[:space:]])$(printf %s "$2" | sed 's/[.+]/\\&/g')([[:space:]]|\$)" "$1" 2>/dev/null
}

look_001() { code_files; }
rule_001() {
	local file
	for file in "${LOOK[@]}"; do
		sed 3q "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' ||
			echo "$file:1: no line 'SPDX-License-Identifier: GPL-2.0-or-later'"
	done
}

look_002() { { c_files; shell_files; pick '\.(mk|am|m4|bats)$'; } | sort -u; }
rule_002() {
	awk '
		FNR == 1 { if (open) print name ":1: no comment that says what the file is for"; open = 1; name = FILENAME }
		!open { next }
		/SPDX-License-Identifier/ || /^#!/ || /^[[:space:]]*#?$/ || /^# shellcheck / { next }
		/^dnl / || /^\/\*/ || /^# / { open = 0; next }
		{ print FILENAME ":" FNR ": code before the comment that says what the file is for"; open = 0 }
		END { if (open) print name ":1: no comment that says what the file is for" }' "${LOOK[@]}"
}

look_003() { pick '^(src|scenarios)/.*\.[ch]$'; }
rule_003() {
	awk '
		BEGIN {
			may["core"] = " core "; may["sys"] = " core sys "; may["run"] = " core sys run "
			may["cli"] = " core sys run cli "; may["scenarios"] = " core sys run "
		}
		/^[[:space:]]*#[[:space:]]*include[[:space:]]*"/ {
			split(FILENAME, part, "/")
			layer = part[1] == "src" ? part[2] : part[1]
			split($0, quote, "\"")
			target = quote[2]
			if (target !~ /\//)
				print FILENAME ":" FNR ": \"" target "\" does not name its layer"
			else {
				sub(/\/.*/, "", target)
				if (!index(may[layer], " " target " "))
					print FILENAME ":" FNR ": " layer " must not include " quote[2]
			}
		}' "${LOOK[@]}"
}

look_004() { pick '^src/core/.*\.[ch]$'; }
rule_004() {
	faults '^[[:space:]]*#[[:space:]]*include[[:space:]]*<(unistd|time|pthread|fcntl|signal|poll|dlfcn|threads|setjmp|assert|spawn|net[a-z]*/|arpa/|linux/|infiniband/|rdma/|liburing|libnl|blkid|sys/(a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q|r|s|u|v|w|x|t[a-xz]))' |
		sed 's/$/  (not in core)/'
	faults '(^|[^[:alnum:]_>.])(exit|_exit|_Exit|abort|assert|getenv|secure_getenv|clock_gettime|clock|time|gettimeofday|nanosleep|usleep|sleep|f?open|freopen|remove|rename|system|popen|fork|signal|raise|rand|srand|random|printf|vprintf|puts|putchar|perror)\(' |
		sed -E '/:[0-9]+:[[:space:]]*(\/?\*|\/\/)/d; s/$/  (not in core)/'
}

look_005() { { c_files; shell_files; pick '\.(mk|am|ac|m4|bats|py)$'; } | sort -u; }
rule_005() {
	wc -l "${LOOK[@]}" | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }'
}

look_006() { c_files; }
rule_006() {
	faults '(^|[^[:alnum:]_])(strcpy|strcat|sprintf|vsprintf|gets|alloca|strcpya?|stpcpy)[[:space:]]*\('
}

# The words are split here, so that this file does not hold them.
look_007() { printf '%s\n' "${FILES[@]}" | grep -vE '^(COPYING|tests/console/)'; }
rule_007() {
	local words="(TO""DO|FIX""ME|X""XX|HA""CK)"
	# In code only in comments: a variable may have such a name.
	faults "(^|[^[:alnum:]_])$words([^[:alnum:]_]|\$)" -I |
		grep -E "^[^:]*\.md:|(^[^:]*:[0-9]+:|[[:space:]])(#|//|/?\*|dnl)[[:space:]].*$words"
}

look_008() { printf '%s\n' "${FILES[@]}"; }
rule_008() {
	faults '(/wo''rk/|/fa''rm/|(^|[^[:alnum:]])\.libr''ary([^[:alnum:]]|$)|/home/[a-z]+/|/Us''ers/)' -I
}

look_009() { { shell_files; pick '\.bats$'; } | sort -u; }
rule_009() {
	# Minutes are no wait but a command that is there to be killed.
	faults '(^|[;&|({`[:space:]])(u?sleep)[[:space:]]+[^[:space:]]' |
		grep -vE ':[0-9]+:[[:space:]]*#|# poll|sleep [0-9]{3,}'
}

look_010() { pick '^(src|scenarios|tests)/.*\.[ch]$'; }
rule_010() {
	faults '(^|[^[:alnum:]_])(u?sleep|nanosleep|clock_nanosleep)[[:space:]]*\(' |
		grep -vE ':[0-9]+:[[:space:]]*/?\*|/\* poll'
}

look_011() { pick '^src/[^/]+/.*\.[ch]$'; }
rule_011() {
	local file mk
	for file in "${LOOK[@]}"; do
		mk=${file#src/}
		mk=src/${mk%%/*}/local.mk
		in_list "$mk" "$file" || echo "$file: not in $mk"
	done
	for mk in src/*/local.mk; do
		[[ -f $mk ]] || continue
		grep -oE '\bsrc/[[:alnum:]_/-]+\.[ch]\b' "$mk" | while read -r file; do
			[[ -f $file ]] || echo "$mk: $file is listed and does not exist"
		done
	done
}

look_012() { pick '^scenarios/.*\.(c|report)$'; }
rule_012() {
	local file
	for file in "${LOOK[@]}"; do
		if [[ $file = *.report ]]; then
			in_list scenarios/bugs/local.mk "$file" || echo "$file: not in PP_REPORTS of scenarios/bugs/local.mk"
			continue
		fi
		in_list scenarios/local.mk "${file%.c}" || echo "$file: not in PP_SCENARIOS of scenarios/local.mk"
	done
}

look_013() { pick '^tests/(unit/test_[^/]*\.c|cli/[^/]*\.bats|selftest/[^/]*\.(c|bats))$'; }
rule_013() {
	local file
	for file in "${LOOK[@]}"; do
		in_list tests/local.mk "${file%.c}" || in_list tests/local.mk "$file" ||
			echo "$file: not in tests/local.mk"
	done
}

# links FILE - the files that its Markdown links name, as paths from the top
links() {
	local target
	grep -oE '\]\([^)#[:space:]]+' "$1" 2>/dev/null | sed 's/^](//' | while read -r target; do
		[[ $target =~ ^[a-z]+: ]] || realpath -sm --relative-to=. -- "$(dirname -- "$1")/$target"
	done
}

look_014() { pick '^docs/.*\.(md|[1-8])$'; }
rule_014() {
	local file target seen=" README.md " queue=(README.md)
	while ((${#queue[@]})); do
		file=${queue[0]}
		queue=("${queue[@]:1}")
		while read -r target; do
			[[ $seen != *" $target "* ]] || continue
			seen+="$target "
			[[ $target != *.md ]] || queue+=("$target")
		done < <(links "$file")
	done
	for file in "${LOOK[@]}"; do
		[[ $seen == *" $file "* ]] || echo "$file: no link leads here from README.md"
	done
}

look_015() { pick '\.md$'; }
rule_015() {
	local file target
	for file in "${LOOK[@]}"; do
		links "$file" | while read -r target; do
			[[ -e $target ]] || echo "$file: the link to '$target' leads nowhere"
		done
	done
}

look_016() { pick '^tests/golden/.*/LIST$'; }
rule_016() {
	local list dir
	for list in "${LOOK[@]}"; do
		dir=${list%/LIST}
		diff <(awk '!/^#/ && NF { print $1 }' "$list" | sort) \
			<(pick "^${dir}/" | sed "s|^${dir}/||" | grep -vx 'LIST\|README\.md' | sort) |
			sed -nE "s|^< (.*)|$list: '\\1' is listed twice or does not exist|p; s|^> (.*)|$dir/\\1: not in $list|p"
	done
}

# A fragment that a program names in a line "shellcheck source=" is checked with that program.
look_017() { { shell_files; pick '\.bats$'; } | sort -u; }
rule_017() {
	local file
	local -a programs=()
	for file in "${LOOK[@]}"; do
		if [[ $(head -c 2 "$file") == '#!' ]]; then
			programs+=("$file")
		else
			grep -qE "source=([^[:space:]]*/)?${file##*/}\$" "${LOOK[@]}" || programs+=("$file")
		fi
	done
	((!${#programs[@]})) || shellcheck --check-sourced --external-sources --format=gcc -- "${programs[@]}" | sort -u
}

look_018() { printf '%s\n' "${FILES[@]}" | grep -vE '^(COPYING$|tests/(console|golden)/)'; }
rule_018() {
	local md
	faults '[[:space:]]+$' -I | sed -E 's/^([^:]*:[0-9]+:).*/\1 trailing white space/'
	md=$(pick '\.md$') || return 0
	# shellcheck disable=SC2086 # a list of paths without blanks
	grep -nHP '\t' $md | sed -E 's/^([^:]*:[0-9]+:).*/\1 tab/'
}

look_019() { printf '%s\n' "${FILES[@]}"; }
rule_019() {
	local file start
	for file in "${LOOK[@]}"; do
		IFS= read -r -n 3 start <"$file" 2>/dev/null
		if [[ $start == '#!/' ]]; then
			[[ -x $file || $file == *.bats ]] || echo "$file: has an interpreter line and is not executable"
		elif [[ -x $file ]]; then
			echo "$file: is executable and has no interpreter line"
		fi
	done
}

look_020() { pick '^(src|scenarios|tests/unit)/.*\.c$'; }
rule_020() {
	command -v cppcheck >/dev/null || echo "-: cppcheck is not installed"
	# missingInclude is about the system's headers, which cppcheck is not given.
	cppcheck --quiet --std=c11 --inline-suppr --enable=warning,performance,portability \
		--suppress=missingIncludeSystem --error-exitcode=1 -D_GNU_SOURCE -Isrc -Itests/unit \
		-j 2 --template='{file}:{line}: {id}: {message}' "${LOOK[@]}"
}

look_021() { c_files; }
rule_021() {
	# one line for each file: clang-format -i mends them all
	clang-format --style=file --dry-run -Werror "${LOOK[@]}" 2>&1 |
		awk -F: '/^[^ ]+:[0-9]+:/ && !seen[$1]++ { print $1 ":" $2 ": not formatted; clang-format -i mends it" }
			/command not found/'
}

look_022() { { c_files; shell_files; pick '\.bats$'; } | sort -u; }
rule_022() {
	faults 'shellcheck disable=[A-Z0-9,]+[[:space:]]*$'
	faults 'cppcheck-suppress[[:space:]]+[[:alnum:]]+[[:space:]]*(\*/)?[[:space:]]*$'
}

look_023() { pick '^configure\.ac$'; }
rule_023() {
	local package
	sed -nE 's/^PP_REQUIRE_PKG\(.*, \[([^]]*)\]\)$/\1/p; s/.*\(Debian: ([a-z0-9-]+)\).*/\1/p' configure.ac |
		while read -r package; do
			grep -qE "^${package}[[:space:]]" build-aux/packages.debian 2>/dev/null ||
				echo "configure.ac: $package is not in build-aux/packages.debian"
		done
}

look_024() { pick '^CONTRIBUTING\.md$'; }
rule_024() {
	local rule
	for rule in $(rule_table | cut -d' ' -f1); do
		grep -qE "^\\| $rule " CONTRIBUTING.md || echo "CONTRIBUTING.md: does not tell of $rule"
	done
}

look_025() { pick '^(src/(core|sys)|scenarios)/.*\.c$'; }
rule_025() {
	faults '(^|[^[:alnum:]_])((v?printf|puts|putchar|perror)[[:space:]]*\(|(fprintf|fputs|fputc|vfprintf|fwrite)[[:space:]]*\(.*std(out|err))' |
		sed -E '/:[0-9]+:[[:space:]]*(\/?\*|\/\/)/d'
}

look_026() { pick '^docs/.*\.[1-8]$'; }
rule_026() {
	mandoc -T lint -W warning "${LOOK[@]}" | sed -E 's/^mandoc: //'
	command -v mandoc >/dev/null || echo "-: mandoc is not installed"
}
