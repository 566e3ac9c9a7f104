# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The stages of scripts/check that boot virtual machines, with the command that stage gcc built.
# shellcheck disable=SC2154 # dir, top, jobs are set by scripts/check

check_kernels=(debian-6.1 debian-6.12)

# vm NAME ARGUMENT... - one run into the directory vm-NAME; its status is the verdict. What it
# prints ends with "pinproof: N passed, N failed, N skipped", which check sums up.
vm() {
	local name=$1
	shift
	(build gcc CC=gcc >/dev/null) || return 1
	"$dir/gcc/pinproof" vm run --out "$dir/vm-$name" "$@"
}

# verdicts RUN - "CASE VERDICT" for each result, sorted
verdicts() {
	python3 -c '
import json, sys
for result in json.load(open(sys.argv[1] + "/results.json"))["results"]:
    print(result["case"], result["verdict"])' "$1" | sort
}

# same_verdicts RUN RUN - the same cases with the same verdicts, and not none at all
same_verdicts() {
	local one other
	one=$(verdicts "$1")
	other=$(verdicts "$2")
	[[ -n $one ]] && diff <(echo "$one") <(echo "$other")
}

# only RUN WORDS VERDICT... - every result of RUN is one of these; one test
only() {
	local run=$1 words=$2 found bad
	shift 2
	found=$(verdicts "$run")
	bad=$(awk -v good=" $* " '!index(good, " " $2 " ")' <<<"$found")
	if [[ -n $found && -z $bad ]]; then
		echo "$words: 1 passed, 0 failed"
	else
		echo "${bad:-no results in $run}"
		echo "$words: 0 passed, 1 failed"
		return 1
	fi
}

# without_counts COMMAND... - its closing lines do not count here, as its verdicts are no failures
without_counts() {
	"$@" 2>&1 | sed -E 's/^([a-z]+: [0-9]+ passed), ([0-9]+ failed)/\1 and \2/'
}

stage_console() {
	tests/console/canaries
}

stage_frozen() {
	(build gcc CC=gcc >/dev/null) || return 1
	PINPROOF=$dir/gcc/pinproof tests/console/frozen --kernel debian-6.1
}

stage_blind() {
	(build gcc CC=gcc >/dev/null) || return 1
	PINPROOF=$dir/gcc/pinproof tests/console/blind
}

# rows_due RUN VERSION - known-defect rows that must show in the run: in range, no matter of chance, and
# with a case of their scenario, backing and pinner among its results (tests/golden/defects.list is the table)
rows_due() {
	awk -v version="$2" -v cases="$(sed -n 's/.*"case": "\([^"]*\)".*/\1/p' "$1/results.json" | tr '\n' ' ')" '
		function number(v, part) { split(v, part, "."); return part[1] * 1000000 + part[2] * 1000 + part[3] }
		BEGIN { n = split(cases, run, " ") }
		{
			split($0, field, ", ")
			split(field[1], head, ": ")
			split(field[6], range, " to ")
			if (/, chance(,|$)/ || number(version) < number(range[1]) || number(version) >= number(range[2]))
				next
			nb = split(field[3], backing, " ")
			np = split(field[4], pinner, " ")
			for (i = 1; i <= n; i++)
				for (b = 1; b <= nb; b++)
					for (p = 1; p <= np; p++)
						if (run[i] == head[2] "/" backing[b] "/" pinner[p]) {
							print head[1]
							next
						}
		}' tests/golden/defects.list
}

# rows_used RUN VERSION - each of them explained a finding of the run; one test for each
rows_used() {
	local row status=0 due
	due=$(rows_due "$1" "$2")
	[[ -n $due ]] || { echo "known defects due: 0 passed, 1 failed" && return 1; }
	while read -r row; do
		if grep -q "\"defect\": \"$row\"" "$1/results.json"; then
			echo "known defect $row was seen: 1 passed, 0 failed"
		else
			echo "known defect $row was not seen: 0 passed, 1 failed"
			status=1
		fi
	done <<<"$due"
	return $status
}

stage_vm_6_1() {
	local status=0
	vm 6.1 --kernel debian-6.1 --tier quick --strict || status=1
	rows_used "$dir/vm-6.1" 6.1.192 || status=1
	return $status
}

stage_vm_6_12() {
	vm 6.12 --kernel debian-6.12 --tier quick --strict
}

stage_full() {
	local kernel status=0
	for kernel in "${check_kernels[@]}"; do
		vm "full-$kernel" --kernel "$kernel" --tier full --strict || status=1
	done
	return $status
}

# long_storms KERNEL TIME BACKING - from a seed that is another each time: more is seen than by the same again, and
# whatever is found names its seed
long_storms() {
	local -a cases
	(build gcc CC=gcc >/dev/null) || return 1
	mapfile -t cases < <("$dir/gcc/pinproof" list --tier soak --names | grep -E "^storm/($3)-long/")
	((${#cases[@]} > 0)) || { echo "storms of $2 over $3: 0 passed, 1 failed" && return 1; }
	vm "storms-$1-$2" --kernel "$1" --storm-time "$2" --timeout 0 --seed "$(date +%s)" "${cases[@]}"
}

stage_storms() {
	local kernel status=0
	for kernel in "${check_kernels[@]}"; do
		long_storms "$kernel" 1m '.*' || status=1
		long_storms "$kernel" 10m 'ext4|btrfs|fsdax-xfs' || status=1
	done
	return $status
}

# Each report says on which kernels it shows: as documented, three times of three.
stage_reports() {
	local kernel kernels=()
	(build gcc CC=gcc >/dev/null) || return 1
	for kernel in "${check_kernels[@]}"; do
		kernels+=(--kernel "$kernel")
	done
	"$dir/gcc/pinproof" repro --all --runs 3 --out "$dir/vm-reports" "${kernels[@]}"
}

stage_boots() {
	local kernel n status=0
	for kernel in "${check_kernels[@]}"; do
		for n in 1 2 3 4 5; do
			without_counts vm "boot-$kernel-$n" --kernel "$kernel" --tier quick --strict || status=1
			if same_verdicts "$dir/vm-boot-$kernel-1" "$dir/vm-boot-$kernel-$n"; then
				echo "boot $n of $kernel has the verdicts of the first: 1 passed, 0 failed"
			else
				echo "boot $n of $kernel has the verdicts of the first: 0 passed, 1 failed"
				status=1
			fi
		done
	done
	return $status
}

stage_repeat() {
	local kernel status=0
	for kernel in "${check_kernels[@]}"; do
		vm "repeat-$kernel" --kernel "$kernel" --tier quick --strict --repeat 20 --shuffle --seed 1 || status=1
	done
	return $status
}

# A run that leaves the hazards out has shown nothing, so it must not claim a pass, nor find a
# fault where nobody looked for one.
stage_drop_hazard() {
	local kernel status=0
	for kernel in "${check_kernels[@]}"; do
		without_counts vm "drop-hazard-$kernel" --kernel "$kernel" --tier quick --drop-hazard
		only "$dir/vm-drop-hazard-$kernel" "without hazards on $kernel" INCONCLUSIVE SKIP || status=1
	done
	return $status
}

stage_drop_writes() {
	local kernel status=0
	for kernel in "${check_kernels[@]}"; do
		without_counts vm "drop-writes-$kernel" --kernel "$kernel" --tier quick --drop-device-writes
		only "$dir/vm-drop-writes-$kernel" "without device writes on $kernel" \
			INCONCLUSIVE SKIP FAIL XFAIL BROKEN || status=1
	done
	return $status
}

# planted RUN RULE CLASS CASE - the case found the fault that was planted in it, and says that it
# was; one test
planted() {
	python3 -c '
import json, sys
run, rule, cls, case = sys.argv[1:]
for result in json.load(open(run + "/results.json"))["results"]:
    if result["case"] != case:
        continue
    found = {(f["rule"], f["class"]) for f in result["findings"]}
    good = (result["verdict"] == "FAIL" and (rule, cls) in found
            and result["reason"].startswith("planted ("))
    if not good:
        print(case, result["verdict"], result["reason"])
    sys.exit(not good)
print(case, "has no result")
sys.exit(1)' "$@"
}

# plants LEVEL... - the rows of these levels: one guest for each kernel and fault
plants() {
	local rows kernel fault rule class case run
	rows=$(awk -v levels=" $* " '!/^#/ && NF && index(levels, " " $1 " ") { print $2, $3, $4, $5, $6 }' \
		scripts/check.d/plants.table)
	while read -r kernel fault; do
		run=plant-$kernel-${fault/:/-}
		# shellcheck disable=SC2046 # names without blanks
		without_counts vm "$run" --kernel "$kernel" --plant "$fault" --storm-time 4s \
			$(awk -v of="$kernel $fault" '$1 " " $2 == of { print $5 }' <<<"$rows")
		while read -r rule class case; do
			expect "a planted $fault in $case is $rule $class" \
				planted "$dir/vm-$run" "$rule" "$class" "$case"
		done < <(awk -v of="$kernel $fault" '$1 " " $2 == of { print $3, $4, $5 }' <<<"$rows")
	done < <(cut -d' ' -f1,2 <<<"$rows" | sort -u)
}

# mutants OUT OPTION... - each mutant that applies is one test
mutants() {
	local out=$1 status files
	shift
	(build gcc CC=gcc >/dev/null) || return 1
	"$dir/gcc/pinproof" mutate --out "$out" --jobs "$jobs" "$@"
	status=$?
	# of one kernel in the directory itself, of several in one for each
	mapfile -t files < <(find "$out" -maxdepth 2 -name mutants.json)
	sed -n 's/^   "outcome": "\(.*\)",*$/\1/p' -- "${files[@]:-/dev/null}" | awk '
		$0 == "killed" { passed++; next }
		$0 != "equivalent" && $0 != "not applicable" { failed++ }
		END { printf "mutants: %d passed, %d failed\n", passed, failed; exit failed > 0 || !passed }' || status=1
	return $status
}

stage_mutants() {
	mutants "$dir/vm-mutants" --kernel debian-6.1 --quick --known
}

stage_mutants_all() {
	mutants "$dir/vm-mutants-all" --kernel debian-6.1 --kernel debian-6.12
}

stage_plants() {
	plants default
}

stage_plants_all() {
	plants default long
}

# Every kernel for ordinary machines but the newest of its series, which the other stages boot.
other_kernels() {
	apt-cache pkgnames linux-image- |
		sed -nE 's/^(linux-image-([0-9]+\.[0-9]+)\.[0-9].*-amd64)$/\2 \1/p' |
		grep -vE -- '-(dbg|rt|cloud)-' | sort -k1,1V -k2,2V |
		awk '$1 == series { print before } { series = $1; before = $2 }'
}

stage_kernels() {
	local kernel status=0
	for kernel in $(other_kernels); do
		vm "kernel-$kernel" --kernel "$kernel" --tier quick || status=1
	done
	[[ -n ${kernel-} ]] || echo "apt offers no kernel of another series"
	return $status
}

# Numbers of a busy machine are not judged; that there are some, is.
stage_bench() {
	(build gcc CC=gcc >/dev/null) || return 1
	scripts/bench --smoke --build "$dir/gcc" --out "$dir/bench"
}
