/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which block or DAX device fills a slot of the plan ("disk0", "pmem0",
 * "devdax0"), and the refusal to touch any device that is not ours or holds data.
 */
#ifndef PP_SYS_SLOTS_H
#define PP_SYS_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct pp_slot {
	char name[16]; /* "disk0", "disk1", ..., "pmem0", "pmem1", "devdax0", "pi0" */
	char dev[64];  /* "/dev/vdb" */
	uint64_t size_bytes;
	uint64_t align_bytes; /* devdax: mapping alignment; else logical sector size */
};

struct pp_slots {
	struct pp_slot items[16];
	size_t count;
};

#define PP_OWN_LABEL "pinproof" /* label of every filesystem that the harness makes */

/**
 * pp_slots_probe - fill the slots
 * @disks, @n_disks: devices that the user named with --disk; each must pass pp_device_usable()
 * @guest: throw-away guest: also take virtio disks whose serial starts with "pinproof" (in order of
 *the serial), all pmem block devices that support DAX, devdax devices, and the disk of pi_disk.h
 *
 * In a guest a device that fails pp_device_usable() is left out silently (the fact says why); a
 *device named by the user that fails is an error (-EBUSY, -EINVAL, ...) with the way out in @err.
 */
int pp_slots_probe(struct pp_slots *out, const char *const *disks, size_t n_disks, bool guest,
		   struct pp_err *err);

const struct pp_slot *pp_slots_find(const struct pp_slots *slots, const char *name);

/**
 * pp_device_usable - 0 if @dev is a whole, unmounted, unclaimed block device that holds nothing, or
 * a filesystem with our own label; else -EBUSY/-EEXIST/... and a sentence that names what it holds
 *
 * Opens O_EXCL, looks with libblkid for filesystems, partition tables, RAID, LVM and swap
 * signatures.
 */
int pp_device_usable(const char *dev, struct pp_err *err);

/** pp_device_wait_free - wait until an O_EXCL open works (an unmount by a dying process is late).
 */
int pp_device_wait_free(const char *dev, uint32_t bound_ms, struct pp_err *err);

#endif
