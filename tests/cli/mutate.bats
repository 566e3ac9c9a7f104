#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pinproof mutate without a guest and without a compiler: bad input, the list, what is not
# applicable, and pinproof kills on what a run left. tests/unit/test_mutant has the verdicts.

# shellcheck disable=SC2154,SC2030,SC2031 # bats sets stderr, status, output
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

# bench - the stages of a machine without guests: "run" answers from the table "answers" (mutant, case, verdict,
# rule or "-", class, times fired or "-" for a guest that died), the rest says what it must
bench() {
	mkdir -p vm/mutants.src modules image
	cp "$TOP"/scripts/vm/{mutate,lib.sh} vm/
	kernel_dir >/dev/null
	printf '#!/bin/sh\necho "%s"\n' "$PWD/kernel" | tee vm/kernel >/dev/null
	printf '#!/bin/sh\necho "%s"\n' "$PWD/modules" | tee vm/mutants >/dev/null
	printf '#!/bin/sh\necho "%s"\n' "$PWD/image" | tee vm/image >/dev/null
	cat >vm/run <<-'END'
	#!/usr/bin/env python3
	import json, os, sys

	# every option has a value
	words, given, cases = sys.argv[1:], {}, []
	while words:
	    if words[0].startswith("--"):
	        given[words[0]] = words[1]
	        del words[:2]
	    else:
	        cases.append(words.pop(0))
	out = given["--out"]
	mutant = os.path.basename(given.get("--insmod", "none")).removesuffix(".ko")
	os.makedirs(out + "/guest-1")
	print(mutant, *cases, file=open(os.environ["RUNS"], "a"))
	if mutant == "stays-out":
	    print("setup: cannot load the kernel module: No such file; pinproof-mutant stays_out: cannot hook gone: error -2",
	          file=open(out + "/guest-1/ended", "w"))
	    sys.exit(99)
	answers = [line.split() for line in open(os.environ["ANSWERS"])]

	def result(name):
	    verdict, rule, cls, fired = next((a[2:] for a in answers if a[:2] == [mutant, name]), ("PASS", "-", "-", "0"))
	    r = {"version": 1, "case": name, "verdict": verdict, "reason": "because", "reference": "", "seed": "1",
	         "duration_ms": 1, "attempts": 1, "ending": "crash" if verdict == "CRASH" else "done",
	         "refused": False, "evidence": {}, "findings": [], "findings_dropped": 0}
	    if fired != "-":
	        r["counted"] = int(fired)
	    else:
	        log = out + "/out/cases/" + name.replace("/", ".")
	        os.makedirs(log)
	        print("<6>pinproof-mutant x: fired 1", file=open(log + "/kmsg.log", "w"))
	    if rule != "-":
	        r["findings"] = [{"rule": rule, "class": cls, "step": "s", "op": 1, "region": 0, "offset_bytes": 0,
	                          "length_bytes": 0, "expected": None, "found": None, "ops": [], "story": [],
	                          "defect": None, "text": "that is so"}]
	    return r

	results = [result(name) for name in cases]
	json.dump({"format": "pinproof-results", "version": 1, "kernel": "k", "command": "c", "seed": "1",
	           "planned": len(results), "strict": False, "interrupted": False, "duration_ms": 1, "counts": {},
	           "results": results}, open(out + "/results.json", "w"))
	END
	chmod +x vm/*
	export PINPROOF_VM_DIR=$PWD/vm ANSWERS=$PWD/answers RUNS=$PWD/runs
	: >answers
	: >vm/mutants.src/killers.table
}

# mutant NAME [LINE]... - its declaration, and that two cases noticed it before
mutant() {
	local name=$1
	shift
	printf '%s\n' "name=$name" description=d mutant_family=f mutant_reference=r mutant_function=g mutant_rules=O7 "$@" \
		>"modules/$name.declaration"
	touch "modules/$name.ko"
	printf '6.99 %s %s\n' "$name" mr-fsync/anon/rxe-mr "$name" mr-fsync/memfd/rxe-mr >>vm/mutants.src/killers.table
}

# became NAME CODE OUTCOME - alone it ends with this exit code and outcome
became() {
	run --separate-stderr "$PINPROOF" mutate --known --mutant "$1" --out "out-$1"
	echo "$output$stderr" # shown if the test fails
	[ "$status" -eq "$2" ]
	[[ ${lines[2]} =~ ^"$1 "\ *f\ .*"  $3 " ]]
	grep -q "\"outcome\": \"$3\"" "out-$1/mutants.json"
}

@test "mutate: each outcome, and its exit code" {
	bench
	cat >answers <<-END
	none       mr-fsync/memfd/rxe-mr FAIL  O7  leak  0
	right      mr-fsync/anon/rxe-mr  FAIL  O7  leak  3
	elsewhere  mr-fsync/anon/rxe-mr  FAIL  O7  leak  0
	elsewhere  mr-fsync/memfd/rxe-mr PASS  -   -     2
	same       mr-fsync/memfd/rxe-mr FAIL  O7  leak  2
	quiet      mr-fsync/anon/rxe-mr  FAIL  O7  leak  0
	unsure     mr-fsync/anon/rxe-mr  INCONCLUSIVE - - 4
	survivor   mr-fsync/anon/rxe-mr  PASS  -   -     5
	wrong      mr-fsync/anon/rxe-mr  FAIL  O10 splat 1
	deadly     mr-fsync/anon/rxe-mr  CRASH -   -     -
	may-die    mr-fsync/anon/rxe-mr  CRASH -   -     -
	END
	for name in right elsewhere same quiet unsure survivor wrong deadly stays-out; do
		mutant "$name"
	done
	mutant may-die mutant_may_die=1 mutant_rules=O10
	mutant inlined "absent=the compiler has inlined it"
	mutant unseen "mutant_equivalent=nobody asks"
	became right 0 killed
	became may-die 0 killed
	[[ $output == *"(the guest died)"* ]]
	became elsewhere 1 survived # it fired in a case, and another case failed
	became same 1 survived      # the case fails like that without it
	became unsure 1 survived    # no rule was broken
	became survivor 1 survived
	became quiet 99 "did not fire"
	became wrong 1 "killed by another rule"
	became deadly 1 "guest died"
	became stays-out 99 "not applicable"
	[[ $output == *"the module does not load: No such file; pinproof-mutant stays_out: cannot hook gone: error -2"* ]]
	became inlined 99 "not applicable"
	[[ $output == *"the compiler has inlined it"* ]]
	became unseen 99 equivalent
	[[ $output == *"nobody asks"* ]]
	# what does not apply is not booted for
	run -1 grep -E "^(inlined|unseen)" "$RUNS"
}

@test "mutate: all together: the worst counts, and each case is run without a mutant once" {
	bench
	echo "right mr-fsync/anon/rxe-mr FAIL O7 leak 3" >answers
	mutant right
	mutant inlined "absent=the compiler has inlined it"
	run --separate-stderr -0 "$PINPROOF" mutate --known --out a
	[[ ${lines[-1]} == "mutants: 1 killed, 1 not applicable, 0 survived; median time to kill "* ]]
	[ "$(grep -c '^none ' "$RUNS")" -eq 1 ]
	echo "quiet mr-fsync/anon/rxe-mr PASS - - 0" >>answers
	mutant quiet
	run --separate-stderr -99 "$PINPROOF" mutate --known --out b
	# the baseline is in the cache
	[ "$(grep -c '^none ' "$RUNS")" -eq 1 ]
	echo "survivor mr-fsync/anon/rxe-mr PASS - - 1" >>answers
	mutant survivor
	run --separate-stderr -1 "$PINPROOF" mutate --known --jobs 4 --out c
	[[ ${lines[-1]} == "mutants: 1 killed, 1 not applicable, 1 did not fire, 1 survived; "* ]]
	run --separate-stderr -2 "$PINPROOF" mutate --known --out c
	one_line "pinproof mutate" "a directory of results is never overwritten"
}

@test "mutate: a mutant that nobody knows meets each scenario first, and not all cases before a look" {
	bench
	mutant fresh
	: >vm/mutants.src/killers.table
	echo "fresh mr-fsync/memfd/rxe-mr FAIL O7 leak 3" >answers
	run --separate-stderr -0 "$PINPROOF" mutate --out a
	[[ ${lines[-1]} == "mutants: 1 killed, 0 survived; "* ]]
	"$PINPROOF" list --names --tier full >all
	run -0 grep '^fresh' "$RUNS"
	tr ' ' '\n' <<<"${lines[0]}" | sed 1d | cut -d/ -f1 | sort -u >met
	cut -d/ -f1 all | sort -u | diff - met
	for line in "${lines[@]}"; do
		(($(wc -w <<<"$line") < $(wc -l <all) / 2))
	done
	# who survives meets all, each once
	mutant survivor
	: >vm/mutants.src/killers.table
	echo "survivor mr-fsync/memfd/rxe-mr PASS - - 3" >answers
	run --separate-stderr -1 "$PINPROOF" mutate --mutant survivor --out b
	grep '^survivor' "$RUNS" | tr ' ' '\n' | grep / | sort | diff <(sort all) -
}

@test "mutate: several kernels, one directory for each; what --learn remembers" {
	bench
	echo "right mr-fsync/anon/rxe-mr FAIL O7 leak 3" >answers
	mutant right
	run --separate-stderr -0 "$PINPROOF" mutate --known --learn --kernel one --kernel two --out a
	[ -e a/one/mutants.json ] && [ -e a/two/mutants.json ]
	run -0 cat vm/mutants.src/killers.table
	[ "$output" = "6.99 right mr-fsync/anon/rxe-mr" ]
	run -0 "$PINPROOF" kills --markdown a/one a/two
	[[ ${lines[0]} == *"| one | two |" ]]
	# shellcheck disable=SC2016 # Markdown
	[ "$(grep -c '^| `right`' <<<"$output")" -eq 1 ]
}
