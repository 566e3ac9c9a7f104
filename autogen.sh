#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes ./configure from configure.ac. Needed once after a clone; make repeats it when needed.
set -eu
cd "$(dirname "$0")"
missing=
command -v autoreconf >/dev/null 2>&1 || missing="$missing autoconf"
command -v automake >/dev/null 2>&1 || missing="$missing automake"
# Without pkg.m4 autoconf would stop with a riddle about an undefined macro.
command -v pkg-config >/dev/null 2>&1 || missing="$missing pkg-config"
if [ -n "$missing" ]; then
	echo "autogen.sh: needed and not found, by their Debian names:$missing" >&2
	exit 2
fi
exec autoreconf --install --warnings=all
