#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The table of planted faults: no scenario is forgotten, and no row speaks of what is not there.

setup() {
	top=${srcdir:-$BATS_TEST_DIRNAME/../..}
	table=$top/scripts/check.d/plants.table
	cd "$BATS_TEST_TMPDIR" || return 1
}

# forgotten TABLE <NAMES - scenario and fault for which there is neither a row nor an exemption
forgotten() {
	awk -v faults="drop shift tear delay repeat" '
		NR == FNR {
			if (/^#/ || !NF)
				next
			split($3, fault, ":")
			split($1 == "exempt" ? $2 : $6, case_, "/")
			done[case_[1], fault[1]] = 1
			next
		}
		{ split($1, case_, "/"); scenario[case_[1]] = 1 }
		END {
			n = split(faults, f, " ")
			for (s in scenario)
				for (i = 1; i <= n; i++)
					if (!((s, f[i]) in done))
						print s, f[i]
		}' "$1" - | sort
}

@test "plants: every scenario has a row for each fault, or a reason why not" {
	run forgotten "$table" < <("$PINPROOF" list --names --tier soak)
	[ "$status" -eq 0 ]
	echo "$output" # what is missing, if it fails
	[ "$output" = "" ]
}

@test "plants: a scenario that is forgotten is told" {
	cat >some <<-'END'
	# comment
	default  debian-6.12  drop    O1  stale  one/memfd/dio
	long     debian-6.12  shift:2 O4  torn   one/memfd/dio
	exempt   one  tear  nothing is torn here
	exempt   one  repeat  it writes once
	END
	run forgotten some < <(echo one/memfd/dio; echo two/ext4/dio)
	[ "$output" = "$(printf '%s\n' 'one delay' 'two delay' 'two drop' 'two repeat' 'two shift' 'two tear')" ]
}

@test "plants: each row has its words, and names a case that there is" {
	"$PINPROOF" list --names --tier soak >names
	run awk '
		NR == FNR { is[$1] = 1; split($1, part, "/"); scenario[part[1]] = 1; next }
		/^#/ || !NF { next }
		$1 == "exempt" {
			if (!($2 in scenario) || $3 !~ /^(drop|shift|tear|delay|repeat)$/ || NF < 6)
				print FNR ": " $0
			next
		}
		$1 !~ /^(default|long)$/ || $3 !~ /^(drop|shift|tear|delay|repeat)(:[0-9]+)?$/ || NF != 6 ||
		$4 !~ /^O[0-9]+$/ || !($6 in is) { print FNR ": " $0 }' names "$table"
	[ "$status" -eq 0 ]
	echo "$output" # what is missing, if it fails
	[ "$output" = "" ]
}
