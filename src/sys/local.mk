# SPDX-License-Identifier: GPL-2.0-or-later
# Sources and installed headers of src/sys; what only the layer itself includes is a source.

libpinproof_a_SOURCES += \
	src/sys/blocks.c \
	src/sys/blocks_btrfs.c \
	src/sys/command.c \
	src/sys/device.c \
	src/sys/fabric.c \
	src/sys/fabric_cm.c \
	src/sys/fs.c \
	src/sys/gate.c \
	src/sys/gate_trace.c \
	src/sys/guard.c \
	src/sys/kmsg.c \
	src/sys/link.c \
	src/sys/link_netlink.c \
	src/sys/pages.c \
	src/sys/pinio.c \
	src/sys/pins.c \
	src/sys/probe.c \
	src/sys/probe_era.c \
	src/sys/region.c \
	src/sys/region_special.c \
	src/sys/slots.c

ppsysdir = $(includedir)/pinproof/sys
ppsys_HEADERS = \
	src/sys/blocks.h \
	src/sys/blocks_map.h \
	src/sys/clock.h \
	src/sys/command.h \
	src/sys/fabric.h \
	src/sys/fabric_cm.h \
	src/sys/fs.h \
	src/sys/gate.h \
	src/sys/gate_trace.h \
	src/sys/kmsg.h \
	src/sys/kmsg_record.h \
	src/sys/link.h \
	src/sys/link_netlink.h \
	src/sys/pages.h \
	src/sys/pinio.h \
	src/sys/pins.h \
	src/sys/pins_parse.h \
	src/sys/probe.h \
	src/sys/probe_era.h \
	src/sys/region.h \
	src/sys/region_special.h \
	src/sys/slots.h
