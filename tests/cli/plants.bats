#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The table of planted faults: no scenario is forgotten, and no row speaks of what is not there.

setup() {
	top=${srcdir:-$BATS_TEST_DIRNAME/../..}
	table=$top/scripts/check.d/plants.table
	cd "$BATS_TEST_TMPDIR" || return 1
}

# with_rule RULE <NAMES - a case of each scenario of which the first case names the rule
with_rule() {
	awk -F/ '!($1 in seen) { seen[$1] = 1; print }' | while read -r case; do
		! "$PINPROOF" plan "$case" | grep -q "^rules .*\\b$1\\b" || echo "$case"
	done
}

# forgotten TABLE [FAULTS] <NAMES - scenario and fault for which there is neither a row nor an exemption
forgotten() {
	awk -v faults="${2:-drop shift tear delay repeat}" '
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

@test "plants: who names O13 has a row for a page that moves, and who names O14 for one that is clean" {
	"$PINPROOF" list --names --tier soak >names
	run forgotten "$table" move < <(with_rule O13 <names)
	echo "$output" # what is missing, if it fails
	[ "$output" = "" ]
	run forgotten "$table" clean < <(with_rule O14 <names)
	echo "$output"
	[ "$output" = "" ]
	[ "$(with_rule O13 <names | wc -l)" -ge 12 ]
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
			if (!($2 in scenario) || $3 !~ /^(drop|shift|tear|delay|repeat|move|clean)$/ || NF < 6)
				print FNR ": " $0
			next
		}
		$1 !~ /^(default|long)$/ || $3 !~ /^(drop|shift|tear|delay|repeat|move|clean)(:[0-9]+)?$/ || NF != 6 ||
		$4 !~ /^O[0-9]+$/ || !($6 in is) { print FNR ": " $0 }' names "$table"
	[ "$status" -eq 0 ]
	echo "$output" # what is missing, if it fails
	[ "$output" = "" ]
}
