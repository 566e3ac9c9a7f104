# SPDX-License-Identifier: GPL-2.0-or-later
# Scripts for developers are in the archive only; scripts/vm is installed for `pinproof vm`.

EXTRA_DIST += scripts/check scripts/check.d scripts/quickstart scripts/new-scenario .ci/run \
	build-aux/packages.debian

# configure links scripts/vm into the build directory
distclean-local:
	-if test -L scripts/vm; then rm -f scripts/vm; fi
