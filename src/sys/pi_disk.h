/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk with T10 protection information, made of memory by scsi_debug: slot pi0. */
#ifndef PP_SYS_PI_DISK_H
#define PP_SYS_PI_DISK_H

#include <stdbool.h>

#include "core/err.h"

/**
 * pp_pi_disk_make - load scsi_debug with one disk that checks guards; for throw-away guests only
 *
 * One command at a time is in the disk: what else is submitted waits with its guards computed. 0,
 * -EBUSY if scsi_debug is loaded already, -ENODEV without the module or a disk that came within ten
 * seconds; then nothing of it is left. Not thread-safe.
 */
int pp_pi_disk_make(struct pp_err *err);

/**
 * pp_pi_disk_blank - make the disk blank, for a mkfs
 *
 * All of it is discarded: zeros that no guard speaks against. What a case has left with a guard
 * that does not fit would fail the reads of another one. It takes large requests then: in small
 * ones mkfs.xfs zeroes its log for half a minute. 0 also for @dev that is no such disk, or NULL.
 * Source: drivers/scsi/scsi_debug.c, unmap_region().
 */
int pp_pi_disk_blank(const char *dev, struct pp_err *err);

/** pp_pi_disk_ready - from here on small requests, as at first: each waits for those before it with
 *  its guards computed, which is what a window needs. 0 also for @dev that is no such disk. */
int pp_pi_disk_ready(const char *dev, struct pp_err *err);

/** pp_pi_disk_remove - unload it, which takes the disk away; -EBUSY and a sentence if it is in use.
 */
int pp_pi_disk_remove(struct pp_err *err);

/** pp_pi_disk_is - is the block device @name ("sda") such a disk? Source: sysfs. */
bool pp_pi_disk_is(const char *name);

#endif
