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
 * pp_pi_disk_requests - let the disk take small requests, as at first, or large ones
 *
 * Small, each of them waits for those before it with its guards computed, which is what a window
 * needs; mkfs.xfs then zeroes its log for half a minute. 0 also for @dev that is no such disk, or
 * NULL.
 */
int pp_pi_disk_requests(const char *dev, bool small, struct pp_err *err);

/** pp_pi_disk_remove - unload it, which takes the disk away; -EBUSY and a sentence if it is in use.
 */
int pp_pi_disk_remove(struct pp_err *err);

/** pp_pi_disk_is - is the block device @name ("sda") such a disk? Source: sysfs. */
bool pp_pi_disk_is(const char *name);

#endif
