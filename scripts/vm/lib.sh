# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the programs of scripts/vm share: messages, the cache and its locks.
# Sourced, never run.
#
# The cache is keyed by content and every entry appears by rename(2), so that
# readers never see half an entry and need no lock. Locks only keep two writers
# from doing the same work twice.

set -u -o pipefail

VM_NAME="pinproof vm ${0##*/}"
# shellcheck disable=SC2034 # used by the programs that source this
VM_DIR=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
VM_CACHE=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/pinproof
# Debian keeps mkfs, dmsetup and depmod where an ordinary user's PATH does not look.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
# Locales change the sort order, and with it the keys of the cache.
export LC_ALL=C

# One sentence with the way out, exit 2: the input or the machine is wrong, no verdict.
die() {
	printf '%s: %s\n' "$VM_NAME" "$*" >&2
	exit 2
}

note() {
	printf '%s: %s\n' "$VM_NAME" "$*" >&2
}

# need PROGRAM PACKAGE - the program, or the Debian package that holds it
need() {
	command -v "$1" >/dev/null || die "the program '$1' is missing; install the package '$2'"
}

# make_dir DIR WHAT - directory with a sentence on failure
make_dir() {
	local why
	why=$(mkdir -p -- "$1" 2>&1) ||
		die "cannot make the directory for $2: ${why#mkdir: }; set XDG_CACHE_HOME or --out to a place you can write"
	[[ -w $1 ]] || die "cannot write to '$1' ($2); set XDG_CACHE_HOME or --out to a place you can write"
}

# need_space DIR MIB WHAT
need_space() {
	local free
	free=$(df -Pm -- "$1" 2>/dev/null | awk 'NR == 2 { print $4 }')
	[[ -n $free ]] || return 0
	((free >= $2)) ||
		die "only $free MiB are free in '$1', $3 needs $2 MiB; free some, or point $4 to another place"
}

# lock NAME - held until this process ends; NAME may hold any characters
lock() {
	local fd
	make_dir "$VM_CACHE/locks" "the cache"
	exec {fd}>"$VM_CACHE/locks/${1//[^A-Za-z0-9._-]/_}" || die "cannot write to '$VM_CACHE/locks'"
	flock "$fd"
	VM_LOCK=$fd
}

unlock() {
	exec {VM_LOCK}>&-
}

# scratch - sets VM_SCRATCH to a directory in the cache that goes away with this process, so that
# what is finished can be renamed into place
scratch() {
	make_dir "$VM_CACHE/tmp" "the cache"
	VM_SCRATCH=$(mktemp -d -- "$VM_CACHE/tmp/XXXXXXXX") || die "cannot write to '$VM_CACHE/tmp'"
	# A run that was killed by SIGKILL leaves its scratch behind; a day is longer than any of them.
	find "$VM_CACHE/tmp" -mindepth 1 -maxdepth 1 -mmin +1440 -exec rm -rf -- {} + 2>/dev/null
	trap 'rm -rf -- "$VM_SCRATCH"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# publish DIR FINAL - the finished directory becomes FINAL, unless someone was quicker
publish() {
	if ! mv -T -- "$1" "$2" 2>/dev/null && [[ ! -e $2 ]]; then
		die "cannot rename '$1' to '$2'"
	fi
}

# quote WORD... - for a POSIX shell: in single quotes where it needs them
quote() {
	local word out=
	for word; do
		[[ $word =~ ^[A-Za-z0-9_./:,@%+=-]+$ ]] || word="'${word//\'/\'\\\'\'}'"
		out+=" $word"
	done
	printf '%s' "${out# }"
}
