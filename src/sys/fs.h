/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Make, mount and unmount the filesystems of a plan, on devices that the harness owns. */
#ifndef PP_SYS_FS_H
#define PP_SYS_FS_H

#include "core/err.h"
#include "core/plan.h"

/** pp_fs_make - mkfs as @def says (type, block size, options, label PP_OWN_LABEL) on @dev. No
 * prompt, no discard. fsdax slots (pmem*) get what DAX needs (4 KiB blocks, xfs -m reflink=0).
 * tmpfs: nothing. */
int pp_fs_make(const struct pp_fs_def *def, const char *dev, struct pp_err *err);

/** pp_fs_mount - mount on the existing directory @dir (mount(2); options as in fstab; pmem slots
 * add dax=always and check that DAX is really on, else -EOPNOTSUPP). */
int pp_fs_mount(const struct pp_fs_def *def, const char *dev, const char *dir, struct pp_err *err);

/** pp_fs_umount - unmount @dir (no lazy detach; EBUSY is retried until @bound_ms). */
int pp_fs_umount(const char *dir, uint32_t bound_ms, struct pp_err *err);

/**
 * pp_fs_check - look for damage in the unmounted filesystem on @dev, repairing nothing
 *
 * e2fsck -fn, xfs_repair -n, btrfs check --readonly, fsck.vfat -n. Returns 0 if it is sound,
 * -EUCLEAN if not (@err: the tool's last lines), -EIO if the tool could not say, -EOPNOTSUPP for a
 * type without blocks, -ENOENT if the tool is not installed, -ETIMEDOUT.
 */
int pp_fs_check(const struct pp_fs_def *def, const char *dev, uint32_t bound_ms,
		struct pp_err *err);
/** pp_fs_check_known - is the tool that checks @type installed? 0 or -ENOENT with why. */
int pp_fs_check_known(const char *type, struct pp_err *err);

/** pp_fs_known - can this kernel mount @type (tries modprobe) and is its mkfs installed? 0 or
 * -errno with why. */
int pp_fs_known(const char *type, struct pp_err *err);

#endif
