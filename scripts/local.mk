# SPDX-License-Identifier: GPL-2.0-or-later
# Scripts for developers are in the archive only; scripts/vm is installed for `pinproof vm`.

EXTRA_DIST += scripts/check scripts/check.d scripts/bench scripts/flips scripts/fuzz scripts/source-mutants scripts/quickstart scripts/new-scenario scripts/scenario.c.in .ci/run \
	build-aux/packages.debian

# Programs, what they source and read, and the dracut module, as they lie in the tree: each
# finds the others beside itself.
ppvmdir = $(pkglibexecdir)/vm
dist_ppvm_SCRIPTS = \
	scripts/vm/accel \
	scripts/vm/again \
	scripts/vm/bisect \
	scripts/vm/image \
	scripts/vm/kernel \
	scripts/vm/mutants \
	scripts/vm/mutate \
	scripts/vm/repro \
	scripts/vm/run \
	scripts/vm/shell
dist_ppvm_DATA = \
	scripts/vm/drivers.table \
	scripts/vm/guest.sh \
	scripts/vm/kernels.table \
	scripts/vm/lib.sh \
	scripts/vm/options.table \
	scripts/vm/profiles.table \
	scripts/vm/tools.table

ppdracutdir = $(ppvmdir)/dracut/99pinproof
dist_ppdracut_SCRIPTS = \
	scripts/vm/dracut/99pinproof/guest-init \
	scripts/vm/dracut/99pinproof/module-setup.sh
dist_ppdracut_DATA = \
	scripts/vm/dracut/99pinproof/group \
	scripts/vm/dracut/99pinproof/mke2fs.conf \
	scripts/vm/dracut/99pinproof/passwd

# The link that configure makes in a build tree outside the sources.
distclean-local:
	@if test -L scripts/vm; then rm -f scripts/vm && rmdir scripts 2>/dev/null || :; fi
