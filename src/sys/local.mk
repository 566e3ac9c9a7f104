# SPDX-License-Identifier: GPL-2.0-or-later
# Sources and installed headers of src/sys; what only the layer itself includes is a source.

libpinproof_a_SOURCES += \
	src/sys/accounts.c \
	src/sys/blocks.c \
	src/sys/blocks_btrfs.c \
	src/sys/child.c \
	src/sys/command.c \
	src/sys/cover.c \
	src/sys/crc_choose.c \
	src/sys/device.c \
	src/sys/fabric.c \
	src/sys/fabric_cm.c \
	src/sys/fabric_endpoint.c \
	src/sys/fs.c \
	src/sys/gate.c \
	src/sys/gate_trace.c \
	src/sys/guard.c \
	src/sys/hazard.c \
	src/sys/hazard_mm.c \
	src/sys/hazard_numa.c \
	src/sys/hazard_parts.c \
	src/sys/hazard_uffd.c \
	src/sys/hazard_memcg.c \
	src/sys/keeper.c \
	src/sys/kmsg.c \
	src/sys/link.c \
	src/sys/link_existing.c \
	src/sys/link_netlink.c \
	src/sys/message.c \
	src/sys/pages.c \
	src/sys/owner.c \
	src/sys/owner_life.c \
	src/sys/peer.c \
	src/sys/peer_link.c \
	src/sys/pinio.c \
	src/sys/pinio_ring.c \
	src/sys/pi_disk.c \
	src/sys/pins.c \
	src/sys/probe.c \
	src/sys/probe_era.c \
	src/sys/probe_hazard.c \
	src/sys/rdma_objects.c \
	src/sys/region.c \
	src/sys/region_special.c \
	src/sys/slots.c \
	src/sys/stacks.c \
	src/sys/tracer.c \
	src/sys/tracer_arm.c \
	src/sys/tracer_read.c \
	src/sys/tracer_ring.c

ppsysdir = $(includedir)/pinproof/sys
ppsys_HEADERS = \
	src/sys/accounts.h \
	src/sys/accounts_parse.h \
	src/sys/blocks.h \
	src/sys/blocks_map.h \
	src/sys/child.h \
	src/sys/clock.h \
	src/sys/command.h \
	src/sys/cover.h \
	src/sys/crc_choose.h \
	src/sys/fabric.h \
	src/sys/fabric_cm.h \
	src/sys/fs.h \
	src/sys/gate.h \
	src/sys/gate_trace.h \
	src/sys/hazard.h \
	src/sys/keeper.h \
	src/sys/kmsg.h \
	src/sys/kmsg_record.h \
	src/sys/link.h \
	src/sys/link_netlink.h \
	src/sys/message.h \
	src/sys/owner.h \
	src/sys/owner_private.h \
	src/sys/pages.h \
	src/sys/peer.h \
	src/sys/peer_private.h \
	src/sys/pinio.h \
	src/sys/pi_disk.h \
	src/sys/pins.h \
	src/sys/pins_parse.h \
	src/sys/probe.h \
	src/sys/probe_era.h \
	src/sys/probe_hazard.h \
	src/sys/rdma_objects.h \
	src/sys/region.h \
	src/sys/region_special.h \
	src/sys/slots.h \
	src/sys/stacks.h \
	src/sys/tracer.h \
	src/sys/tracer_private.h \
	src/sys/tracer_ring.h
