#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pinproof reports, repro and bisect without a guest: stand-ins are the stages "run" and "kernel",
# which leave what a guest would. tests/unit/test_bug* has the grammar and the verdicts.

# shellcheck disable=SC2154,SC2016 # bats sets stderr; much here is for another shell, or Markdown
load common

setup() {
	common_setup
	export HOME=$PWD XDG_CACHE_HOME=$PWD/cache PINPROOF_VM_DIR=$PWD/vm STATES=$PWD/states CALLS=$PWD/calls
	mkdir vm
	cp "$TOP/scripts/vm/repro" "$TOP/scripts/vm/bisect" "$TOP/scripts/vm/lib.sh" vm/
	cat >vm/kernel <<-'END'
		#!/bin/sh
		[ "$1" != unknown ] || { echo "pinproof vm kernel: unknown kernel 'unknown'" >&2; exit 2; }
		echo "$1"
	END
	stand_in_run
	chmod +x vm/kernel vm/run
	report mine 6.1..6.2 >mine.report
	: >calls
}

# report NAME RANGE - the text of one
report() {
	cat <<-END
	pinproof-report 1
	report $1 "data is lost"
	about "a"
	why "w"
	does "d"
	limits "l"
	reference "r"
	fixed "never"
	affects $2
	symptom O1 stale step="there" log="lost it"
	pinproof-plan 1
	case report/$1/dio
	backing $1
	pinner dio
	rules O1 O2
	bound 5s
	evidence cells-checked >= 1
	region data backing=anon size=4K share=private
	actor main
	op 1 main map data
	step "there"
	op 2 main load data
	END
}

# The stage "run": what the file $STATES says of the kernel's name, which is "NAME" or "DIR/NAME":
# shown, other (another finding), quiet, little (no evidence), skipped, dead (no boot), bad (exit 2)
stand_in_run() {
	cat >vm/run <<-'END'
		#!/bin/bash
		cases=()
		while (($#)); do
			case $1 in
			--kernel) kernel=${2##*/}; [[ ! -f $2 ]] || kernel=$(cat "$2"); shift 2 ;;
			--out) out=$2; shift 2 ;;
			--repeat) repeat=$2; shift 2 ;;
			--reports) reports=$2; shift 2 ;;
			--no-trace) shift ;;
			--*) shift 2 ;;
			*) cases+=("$1"); shift ;;
			esac
		done
		echo "$kernel ${cases[*]}" >>"$CALLS"
		state=$(awk -v k="$kernel" '$1 == k { print $2 }' "$STATES")
		version=$(awk -v k="$kernel" '$1 == k { print $3 }' "$STATES")
		[[ $state != bad ]] || { echo "pinproof vm image: no room for the image" >&2; exit 2; }
		mkdir -p "$out/out/cases" "$out/guest-1"
		echo "panic: Kernel panic - not syncing: no root" >"$out/guest-1/ended"
		[[ $state != dead ]] || exit 99
		printf '{"release": "r", "uname_version": "v", "flavour": "stable", "version": [%s], "era": "unknown", "era_probed": "unknown", "facts": []}' \
			"${version//./, }" >"$out/out/facts.json"
		evidence=1 verdict=PASS ending=done rule=
		case $state in
		shown) verdict=FAIL rule=O1 step=there ;;
		other) verdict=FAIL rule=O2 step=there ;;
		little) evidence=0 verdict=INCONCLUSIVE ;;
		skipped) verdict=SKIP ending=skip ;;
		esac
		n=0
		for ((k = 1; k <= repeat; k++)); do
			for case in "${cases[@]}"; do
				label=$case
				((k == 1)) || label+="~$k"
				dir=$out/out/cases/${label//\//.}
				mkdir "$dir"
				awk -v c="$case" '/^pinproof-(plan|report)/ { keep = 0; held = "" } /^pinproof-plan/ { plan = 1 } /^pinproof-report/ { plan = 0 }
					plan && $0 == "case " c { keep = 1; printf "%s", held }
					plan { if (keep) print; else held = held $0 "\n" }' "$reports" >"$dir/plan"
				echo "4,1,2,-;fs: lost it" >"$dir/kmsg.log"
				finding=
				[[ -z $rule ]] || finding='{"rule": "'$rule'", "class": "stale", "step": "'$step'", "op": 2, "region": null, "offset_bytes": 0, "length_bytes": 0, "expected": null, "found": null, "ops": [2], "story": [], "defect": null, "text": "op 2 shows op 1"}'
				echo '{"version": 1, "case": "'$label'", "verdict": "'$verdict'", "reason": "no fact: disk0", "reference": "", "seed": "1", "duration_ms": 1, "attempts": 1, "ending": "'$ending'", "refused": false, "evidence": {"cells-checked": '$evidence'}, "findings": ['$finding'], "findings_dropped": 0}'
				n=$((n + 1))
			done
		done | paste -sd, >"$out/list"
		echo '{"format": "pinproof-results", "version": 1, "kernel": "k", "command": "c", "seed": "1", "planned": '$((repeat * ${#cases[@]}))', "strict": false, "interrupted": false, "duration_ms": 1, "counts": {}, "results": ['"$(cat "$out/list")"'], "worst": "PASS", "facts": null}' >"$out/results.json"
		echo "pinproof vm run: guest 1: ${#cases[@]} cases on $kernel (tcg)" >&2
	END
}

@test "reports: usage, the catalogue, one of it, its text, its cases" {
	run --separate-stderr -2 "$PINPROOF" reports --nonsense
	[[ $stderr == "usage: pinproof reports"* ]]
	run -0 "$PINPROOF" reports
	[ "${#lines[@]}" -ge 20 ]
	[[ $output == *"fsync-loses-mr-write "* ]]
	run -0 "$PINPROOF" reports fsync-loses-mr-write
	[[ $output == *"affects    5.6 to 6.5"* ]]
	run -0 "$PINPROOF" reports --text ./mine.report
	[ "$output" = "$(cat mine.report)" ]
	run -0 "$PINPROOF" reports --cases fsync-loses-mr-write ./mine.report
	[ "$output" = $'report/fsync-loses-mr-write/rxe-mr\nreport/mine/dio' ]
}

@test "reports: every case that the catalogue names is one, and ten plans are its own" {
	"$PINPROOF" reports --cases >cases
	"$PINPROOF" list --names --tier soak >names
	run grep -vxFf names cases
	[ "$status" -eq 1 ]
	[ "$(grep -l '^pinproof-plan' "$TOP"/scenarios/bugs/*.report | wc -l)" -ge 10 ]
}

@test "reports: docs/bugs.md has the text of each, and a row for each" {
	"$PINPROOF" reports --markdown >text
	tail -n "$(wc -l <text)" "$TOP/docs/bugs.md" | diff - text
	while read -r name _; do
		grep -q '^| \[`'"$name"'`\]' "$TOP/docs/bugs.md"
	done < <("$PINPROOF" reports)
}

@test "reports: docs/bugs.md says of each known finding which reports show it, or why none does" {
	sed -n '/^## Known findings/,/^## Each report/s/^| \(.*\) |$/\1/p' "$TOP/docs/bugs.md" | tail -n +3 >findings
	[ "$(wc -l <findings)" -ge 30 ]
	sed 's/.* | //' findings | grep -v '^none: [a-z]' >named
	run grep -vxE '`[a-z0-9-]+`( `[a-z0-9-]+`)*' named
	[ "$status" -eq 1 ]
	tr -d '`' <named | tr ' ' '\n' | sort >names
	"$PINPROOF" reports | cut -d' ' -f1 | sort | diff names -
}

@test "a bad report: one sentence with file, line and column, and nothing is booted or left" {
	sed 's/op 2 main load/op 2 main lod/' mine.report >bad.report
	for command in reports repro bisect; do
		run --separate-stderr "$PINPROOF" "$command" ./bad.report one two
		# where a verdict was expected there is none
		[ "$status" -eq "$([ $command = repro ] && echo 125 || echo 2)" ]
		[[ ${stderr_lines[0]} == "pinproof: ./bad.report: line 22 column 11: expected a verb"*"found 'lod'." ]]
	done
	run --separate-stderr -125 "$PINPROOF" repro nobody
	one_line pinproof "no report is called 'nobody'"
	printf 'pinproof-report 1\nreport x "y"\nabout "a"\nwhy "w"\ndoes "d"\nlimits "l"\nreference "r"\nfixed "f"\naffects 5.6..\nsymptom O1 stale\nrun no/such/case\n' >x.report
	run --separate-stderr -125 "$PINPROOF" repro ./x.report
	one_line pinproof "report x: no case is called 'no/such/case'"
	head -c 300 /dev/urandom >garbage.report
	run --separate-stderr -125 "$PINPROOF" repro ./garbage.report
	[[ ${stderr_lines[0]} == "pinproof: ./garbage.report: line "*" column "* ]]
	[ ! -s calls ]
	[ ! -e pinproof-runs ]
}

@test "repro: options" {
	run --separate-stderr -2 "$PINPROOF" repro
	one_line "pinproof repro" "which report?"
	run --separate-stderr -2 "$PINPROOF" repro --nonsense
	one_line "pinproof repro" "unknown option '--nonsense'"
	run --separate-stderr -2 "$PINPROOF" repro --runs 0 ./mine.report
	one_line "pinproof repro" "--runs is a number"
	run --separate-stderr -2 "$PINPROOF" repro --kernel
	one_line "pinproof repro" "--kernel needs a value"
	run --separate-stderr -125 "$PINPROOF" repro --kernel unknown ./mine.report
	one_line "pinproof vm kernel" "unknown kernel"
	mkdir there
	run --separate-stderr -2 "$PINPROOF" repro --out there ./mine.report
	one_line "pinproof repro" "'there' exists"
	run -0 "$PINPROOF" repro --list
	[[ $output == *"fsync-loses-mr-write"* ]]
	for command in repro bisect; do
		run -0 "$PINPROOF" "$command" --help
		[[ $output == *"Usage: pinproof $command"* ]]
	done
	[ ! -e pinproof-runs ]
	[ ! -s calls ]
}

# repro_one STATE - of one kernel of 6.1
repro_one() {
	echo "k $1 6.1.5" >states
	rm -rf out
	run --separate-stderr "$PINPROOF" repro --kernel k --out out ./mine.report
}

@test "repro: 1 reproduced, 0 not, 125 cannot tell" {
	repro_one shown
	[ "$status" -eq 1 ]
	[[ $output == *"mine "*" reproduced 1/1"* ]]
	[[ $output == *"mine on k (6.1.5): reproduced"*"report/mine/dio: op 2 shows op 1"*"log: fs: lost it"* ]]
	grep -q '"outcome": "reproduced"' out/repro.json
	repro_one quiet
	[ "$status" -eq 0 ]
	[[ $output == *"not reproduced 1/1"* ]]
	repro_one skipped
	[ "$status" -eq 125 ]
	[[ $output == *"cannot tell 1/1"*"no fact: disk0"* ]]
	repro_one little
	[ "$status" -eq 125 ]
}

@test "repro: another failure is not the report's" {
	repro_one other
	[ "$status" -eq 0 ]
	[[ $output == *"not reproduced 1/1"*"another finding: O2 stale: op 2 shows op 1"* ]]
}

@test "repro: the finding without the line of the log is not the report's" {
	sed -i 's/lost it" >"\$dir/fine" >"$dir/' vm/run
	repro_one shown
	[ "$status" -eq 0 ]
}

@test "repro: a kernel that does not boot is 125, with the guest's last word; so is one that cannot be tried" {
	repro_one dead
	[ "$status" -eq 125 ]
	[[ $output == *"cannot tell 0/0"*"the guest: panic: Kernel panic - not syncing: no root"* ]]
	repro_one bad
	[ "$status" -eq 125 ]
	[[ $stderr == *"k: no room for the image"* ]]
}

@test "repro: several kernels, each once, with all reports and runs; the table again from the files" {
	printf '%s\n' 'one shown 6.1.5' 'two quiet 6.12.1' >states
	report other 6.12.. | sed 's/symptom O1/symptom O1/' >other.report
	run --separate-stderr -1 "$PINPROOF" repro --kernel one --kernel two --runs 3 --out out ./mine.report ./other.report
	[ "$(cat calls)" = $'one report/mine/dio report/other/dio\ntwo report/mine/dio report/other/dio' ]
	[[ ${lines[1]} == "mine "*" reproduced 3/3 "*" not reproduced 3/3"* ]]
	before=$output
	run -1 "$PINPROOF" reports --judge out
	[ "$output" = "$before" ]
	rm out/one/results.json
	run -125 "$PINPROOF" reports --judge out
	run -0 "$PINPROOF" reports --markdown out
	[[ $output == *'| [`mine`](#mine) | 6.1 to 6.2 | cannot tell 0/0 | not reproduced 3/3 |'* ]]
}

@test "repro --all: against what the reports say" {
	printf '%s\n' 'one shown 6.1.5' 'two quiet 6.12.1' 'three quiet 6.1.9' >states
	run -0 "$PINPROOF" repro --all --kernel one --kernel two --out a ./mine.report
	[[ $output == *"0 differ from what the report says"* ]]
	run -1 "$PINPROOF" repro --all --kernel one --kernel three --out b ./mine.report
	[[ $output == *"not reproduced 1/1 DIFFERS"*"but the report says: present"* ]]
	sed -i 's/two quiet/two dead/' states
	run -125 "$PINPROOF" repro --all --kernel one --kernel two --out c ./mine.report
}

# kernels STATE... - k1, k2, ... are so
kernels() {
	local n=0 state
	: >states
	for state; do
		n=$((n + 1))
		echo "k$n $state 6.1.$n" >>states
	done
}

@test "bisect: options" {
	run --separate-stderr -2 "$PINPROOF" bisect
	one_line "pinproof bisect" "which report?"
	run --separate-stderr -2 "$PINPROOF" bisect ./mine.report one
	one_line "pinproof bisect" "at least two kernels"
	run --separate-stderr -2 "$PINPROOF" bisect ./mine.report --tree .
	one_line "pinproof bisect" "--tree goes with --from, --to and --build"
	run --separate-stderr -2 "$PINPROOF" bisect ./mine.report --packages 'x*' one
	one_line "pinproof bisect" "either kernels or --packages"
	[ ! -s calls ]
}

@test "bisect: what came is found in the fewest steps" {
	kernels quiet quiet quiet quiet quiet shown shown shown
	run --separate-stderr -0 "$PINPROOF" bisect ./mine.report k1 k2 k3 k4 k5 k6 k7 k8
	[ "$output" = $'./mine.report: came between these two:\n  k5: not reproduced\n  k6: reproduced' ] ||
		[[ $output == *"mine.report: came between these two:"*"k5: not reproduced"*"k6: reproduced" ]]
	[ "$(wc -l <calls)" -eq 5 ]
}

@test "bisect: what went is found as well, and a kernel of which nobody can tell is passed over" {
	kernels shown shown dead quiet quiet
	run --separate-stderr -0 "$PINPROOF" bisect ./mine.report k1 k2 k3 k4 k5
	[[ $output == *"went between these two:"*"k2: reproduced"*"k3: cannot tell"*"k4: not reproduced" ]]
	kernels dead shown quiet bad
	run --separate-stderr -0 "$PINPROOF" bisect ./mine.report --out second k1 k2 k3 k4
	[[ $output == *"went between these two:"*"k2: reproduced"*"k3: not reproduced" ]]
}

@test "bisect: ends that are alike, and nobody to tell" {
	kernels shown shown
	run --separate-stderr -1 "$PINPROOF" bisect ./mine.report --out a k1 k2
	[[ $output == *"reproduced on k1 and on k2: nothing to find"* ]]
	kernels dead dead
	run --separate-stderr -125 "$PINPROOF" bisect ./mine.report --out b k1 k2
	[[ $stderr == *"nobody can tell"* ]]
}

@test "bisect --packages: those that apt knows, by version" {
	mkdir bin
	printf '#!/bin/sh\nprintf "%%s\\n" linux-image-6.1.10-amd64 linux-image-6.1.9-amd64 linux-image-6.1.9-amd64-dbg linux-image-6.1.9-rt-amd64 linux-image-6.1.8-amd64 linux-image-5.9-amd64\n' >bin/apt-cache
	chmod +x bin/apt-cache
	printf '%s\n' 'linux-image-6.1.8-amd64 shown 6.1.8' 'linux-image-6.1.9-amd64 shown 6.1.9' 'linux-image-6.1.10-amd64 quiet 6.1.10' >states
	PATH=$PWD/bin:$PATH run --separate-stderr -0 "$PINPROOF" bisect ./mine.report --packages 'linux-image-6.1.*-amd64'
	[[ $output == *"went between these two:"*"linux-image-6.1.9-amd64: reproduced"*"linux-image-6.1.10-amd64: not reproduced" ]]
	[ "$(cut -d' ' -f1 calls | sort -V)" = $'linux-image-6.1.8-amd64\nlinux-image-6.1.9-amd64\nlinux-image-6.1.10-amd64' ]
}

@test "bisect --tree: by git, with a build at each step; what does not build is passed over" {
	git init -q tree
	git -C tree config user.email me@here
	git -C tree config user.name me
	for n in 1 2 3 4 5 6 7; do
		echo "$n" >tree/version
		git -C tree add version
		git -C tree commit -q -m "version $n"
	done
	was=$(git -C tree symbolic-ref HEAD)
	kernels shown shown shown shown quiet quiet quiet
	# the build makes the image that the stand-in knows by its content; the third does not build
	build='v=$(cat version); [ $v != 3 ] && mkdir -p arch && echo k$v >arch/image'
	run --separate-stderr -0 "$PINPROOF" bisect ./mine.report --tree tree --from HEAD~6 --to HEAD --build "$build" --image arch/image --out out
	[[ $output == *"mine.report: went with"*"version 5" ]]
	[ "$(git -C tree log -1 --format=%s)" = "version 5" ]
	# where nothing is found the tree is where it was: on its branch
	kernels shown shown shown shown shown shown shown
	git -C tree checkout -q "${was#refs/heads/}"
	run --separate-stderr -1 "$PINPROOF" bisect ./mine.report --tree tree --from HEAD~2 --to HEAD~1 --build "$build" --image arch/image --out same
	[[ $output == *"reproduced on both ends"* ]]
	[ "$(git -C tree symbolic-ref HEAD)" = "$was" ]
	run --separate-stderr -125 "$PINPROOF" bisect ./mine.report --tree tree --from HEAD~4 --to HEAD --build "$build" --image arch/image --out end
	[[ $stderr == *"nobody can tell of the older end"* ]]
	[ "$(git -C tree symbolic-ref HEAD)" = "$was" ]
	# somebody's own bisection is not ended
	git -C tree bisect start
	run --separate-stderr -2 "$PINPROOF" bisect ./mine.report --tree tree --from HEAD~2 --to HEAD --build "$build" --out other
	[[ $stderr == *"a bisection of "*" is under way"* ]]
	[ -e tree/.git/BISECT_LOG ]
	git -C tree bisect reset
	run --separate-stderr -2 "$PINPROOF" bisect ./mine.report --tree tree --from nothing --to HEAD --build "$build" --out none
	[[ $stderr == *"'nothing' is no commit"* ]]
}

@test "git bisect run with repro itself" {
	git init -q tree
	git -C tree config user.email me@here
	git -C tree config user.name me
	for n in 1 2 3 4 5; do
		echo "k$n" >tree/image
		git -C tree add image
		git -C tree commit -q -m "version $n"
	done
	kernels quiet dead quiet shown shown
	cd tree
	git bisect start HEAD HEAD~4
	run -0 git bisect run "$PINPROOF" repro --kernel image ../mine.report
	[[ $output == *"is the first bad commit"* ]]
	[ "$(git log -1 --format=%s refs/bisect/bad)" = "version 4" ]
}
