/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The durable image of a file: its blocks read from the block device at the
 * FIEMAP offset, past the page cache. Never O_DIRECT of the file itself, which
 * writes dirty pages back first and hides an fsync that skipped them.
 */
#ifndef PP_SYS_BLOCKS_H
#define PP_SYS_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/**
 * pp_blocks_read - read [offset, offset+length) of the open file @fd from block device @dev
 * @buf: any alignment; holes, unwritten and delayed extents, and bytes behind the end of the file,
 * read as zeros
 *
 * FIEMAP without FIEMAP_FLAG_SYNC (FIBMAP where there is no FIEMAP: vfat). On btrfs the logical
 * address is mapped through the chunk tree (BTRFS_IOC_TREE_SEARCH, root only). The device is opened
 * O_DIRECT for each call: nothing cached is seen. Inline or encoded (compressed) extents:
 * -EOPNOTSUPP. Range ends need no alignment. Returns 0 or -errno. Source:
 * Documentation/filesystems/fiemap.rst.
 */
int pp_blocks_read(int fd, const char *dev, uint64_t offset_bytes, size_t length_bytes, void *buf,
		   struct pp_err *err);

#endif
