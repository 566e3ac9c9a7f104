#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dracut module: everything of the guest but pinproof itself. dracut finds the
# libraries and the modules' dependencies. scripts/vm/image sets VM_DIR.
# shellcheck disable=SC2154 # dracut sets initdir and moddir

check() {
	# only when asked for by name
	return 255
}

depends() {
	return 0
}

installkernel() {
	local module
	while read -r module _; do
		# instmods takes a name that the kernel does not have as an error: ask first
		modprobe -C /dev/null -d "$VM_KERNEL" -S "$kernel" -n -q "$module" 2>/dev/null || continue
		hostonly='' instmods "$module"
	done < <(grep -v '^#' "$VM_DIR/drivers.table")
}

install() {
	local program need package file applet
	while read -r program need package; do
		inst "$program" && continue
		[[ $need = optional ]] || {
			derror "cannot install $program (package $package)"
			return 1
		}
	done < <(grep -v '^#' "$VM_DIR/tools.table")

	# ibverbs finds its providers by these files, ldd does not see them
	inst_simple /etc/libibverbs.d/rxe.driver
	for file in /usr/lib/*/libibverbs/librxe-*.so; do
		inst_library "$file"
	done
	# mke2fs without it makes a file system without journal; it must not be the host's own
	inst_simple "$moddir/mke2fs.conf" /etc/mke2fs.conf

	for applet in $(busybox --list); do
		[[ -e $initdir/bin/$applet || -e $initdir/sbin/$applet || -e $initdir/usr/sbin/$applet ]] ||
			ln -s busybox "$initdir/bin/$applet"
	done
	inst_simple "$moddir/guest-init" /init
	inst_simple "$moddir/passwd" /etc/passwd
	inst_simple "$moddir/group" /etc/group
	grep -v '^#' "$VM_DIR/drivers.table" >"$initdir/etc/drivers"
}
