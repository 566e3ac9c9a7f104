# SPDX-License-Identifier: GPL-2.0-or-later
# Scripts for developers are in the archive only; scripts/vm is installed for `pinproof vm`.

EXTRA_DIST += scripts/check scripts/check.d scripts/quickstart scripts/new-scenario scripts/scenario.c.in .ci/run \
	build-aux/packages.debian
