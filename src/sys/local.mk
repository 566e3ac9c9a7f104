# SPDX-License-Identifier: GPL-2.0-or-later
# Sources and installed headers of src/sys.

libpinproof_a_SOURCES +=

ppsysdir = $(includedir)/pinproof/sys
ppsys_HEADERS = \
	src/sys/blocks.h \
	src/sys/clock.h \
	src/sys/command.h \
	src/sys/fabric.h \
	src/sys/fs.h \
	src/sys/kmsg.h \
	src/sys/link.h \
	src/sys/pinio.h \
	src/sys/pins.h \
	src/sys/probe.h \
	src/sys/region.h \
	src/sys/slots.h
