# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The stages of scripts/check that boot virtual machines, with the command that stage gcc built.
# shellcheck disable=SC2154 # dir, top are set by scripts/check

check_kernels=(debian-6.1 debian-6.12)

# vm NAME ARGUMENT... - one run with the directory NAME; its status is the verdict
vm() {
	local name=$1
	shift
	(build gcc CC=gcc >/dev/null) || return 1
	"$dir/gcc/pinproof" vm run --out "$dir/vm-$name" "$@"
}

