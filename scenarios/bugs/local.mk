# SPDX-License-Identifier: GPL-2.0-or-later
# The catalogue of reports, which is built into the library: one file for each.

PP_REPORTS = \
	scenarios/bugs/bounced-read-unpins-twice.report \
	scenarios/bugs/btrfs-checksum-under-mr.report \
	scenarios/bugs/btrfs-clone-breaks.report \
	scenarios/bugs/btrfs-direct-write-checksum.report \
	scenarios/bugs/btrfs-drops-gup-dirty.report \
	scenarios/bugs/btrfs-fixup-defers.report \
	scenarios/bugs/clear-refs-parts-pin.report \
	scenarios/bugs/dax-blocks-overwritten.report \
	scenarios/bugs/dax-blocks-reused.report \
	scenarios/bugs/dax-pipe-shows-other-file.report \
	scenarios/bugs/dax-readonly-buffer.report \
	scenarios/bugs/dax-truncate-does-not-wait.report \
	scenarios/bugs/dax-write-hidden-by-fault.report \
	scenarios/bugs/devdax-unbind-dereg.report \
	scenarios/bugs/ext4-bug-on-vm-write.report \
	scenarios/bugs/ext4-no-buffers.report \
	scenarios/bugs/fixed-read-lost.report \
	scenarios/bugs/fork-steals-pinned-page.report \
	scenarios/bugs/fsdax-longterm-pin.report \
	scenarios/bugs/fsdax-truncate-hangs.report \
	scenarios/bugs/fsync-loses-mr-write.report \
	scenarios/bugs/huge-mapping-store-lost.report \
	scenarios/bugs/journalled-pinned-page.report \
	scenarios/bugs/memlock-limit.report \
	scenarios/bugs/movable-pin-fails.report \
	scenarios/bugs/mr-file-accepted.report \
	scenarios/bugs/mr-page-loses-buffers.report \
	scenarios/bugs/mr-parted-by-direct-write.report \
	scenarios/bugs/mr-parted-by-truncate.report \
	scenarios/bugs/o-direct-fork.report \
	scenarios/bugs/pinned-page-swapped.report \
	scenarios/bugs/private-huge-pin-loops.report \
	scenarios/bugs/readonly-mr-refused.report \
	scenarios/bugs/readonly-pin-is-stale.report \
	scenarios/bugs/secretmem-pinned.report \
	scenarios/bugs/t10-guard-under-direct-write.report \
	scenarios/bugs/t10-guard-under-mr.report \
	scenarios/bugs/t10-guard-under-o-direct.report \
	scenarios/bugs/torn-page-on-disk.report \
	scenarios/bugs/uring-huge-buffer-unpin.report \
	scenarios/bugs/vfat-pins-counted-off.report \
	scenarios/bugs/xfs-clone-changes-mr.report \
	scenarios/bugs/xfs-clone-changes.report \
	scenarios/bugs/xfs-hole-takes-beside.report \
	scenarios/bugs/xfs-hole-zeroes-beside.report

nodist_libpinproof_a_SOURCES += bugs_text.c
bugs_text.c: Makefile $(PP_REPORTS) build-aux/report-table
	$(AM_V_GEN)$(SHELL) $(srcdir)/build-aux/report-table $(PP_REPORTS:%=$(srcdir)/%) >$@.new && mv $@.new $@
CLEANFILES += bugs_text.c
EXTRA_DIST += $(PP_REPORTS) build-aux/report-table
