/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic between a file's bytes and a device's: extents, pieces, btrfs
 * chunks. Pure functions on tables, so that they can be tested without a disk.
 */
#ifndef PP_SYS_BLOCKS_MAP_H
#define PP_SYS_BLOCKS_MAP_H

#include <linux/fiemap.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Where a range of a file lives. On btrfs first in the logical space of its chunks. */
struct pp_extent {
	uint64_t file_bytes, device_bytes, length_bytes;
};

/* A btrfs chunk: logical range to the device offset of its first stripe. */
struct pp_chunk {
	uint64_t logical_bytes, length_bytes, device_bytes;
	uint64_t type; /* BTRFS_BLOCK_GROUP_* */
	uint16_t stripes;
};

struct pp_chunks {
	struct pp_chunk *items;
	size_t count;
};

/**
 * pp_blocks_from_fiemap - take one FIEMAP extent into @out
 *
 * Returns 1 if its bytes are on the device, 0 if they read as zeros (unwritten, delayed),
 * -EOPNOTSUPP for data that is not there as plain blocks (inline, compressed, encrypted, packed
 * tails), with the reason in @err.
 */
int pp_blocks_from_fiemap(const struct fiemap_extent *fe, struct pp_extent *out,
			  struct pp_err *err);

/**
 * pp_blocks_clip - the part of @extent within file range [offset, offset+length)
 *
 * Returns 1 with the part in @out, 0 if they do not meet.
 */
int pp_blocks_clip(const struct pp_extent *extent, uint64_t offset_bytes, uint64_t length_bytes,
		   struct pp_extent *out);

/**
 * pp_blocks_align - widen a device range to multiples of @sector_bytes
 * @lead: bytes in front of the wanted ones, after widening
 *
 * Returns the widened length; @start becomes the widened start.
 */
uint64_t pp_blocks_align(uint64_t *start, uint64_t length_bytes, uint64_t sector_bytes,
			 uint64_t *lead);

/**
 * pp_chunks_parse - chunk items from a BTRFS_IOC_TREE_SEARCH_V2 buffer into the table @chunks
 * @items: how many the kernel says are in @buf
 * @capacity: rows that chunks->items has room for
 *
 * Other items are passed over. Returns 0, -EUCLEAN if the buffer ends inside an item, -E2BIG.
 */
int pp_chunks_parse(const void *buf, size_t size, uint32_t items, struct pp_chunks *chunks,
		    size_t capacity, struct pp_err *err);

/**
 * pp_chunks_map - where logical [logical, +length) begins on the only device, and how far one chunk
 * takes it
 *
 * Single and DUP profiles: the first stripe. Others -EOPNOTSUPP; -ENXIO without a chunk.
 */
int pp_chunks_map(const struct pp_chunks *chunks, uint64_t logical_bytes, uint64_t length_bytes,
		  uint64_t *device_bytes, uint64_t *run_bytes, struct pp_err *err);

/**
 * pp_btrfs_chunks - read the chunk table of the btrfs that holds @fd (blocks_btrfs.c; root only)
 *
 * @chunks->items is malloc'ed: the caller frees it. Returns 0 or -errno.
 */
int pp_btrfs_chunks(int fd, struct pp_chunks *chunks, struct pp_err *err);

/**
 * pp_btrfs_settle - commit the running transaction, so that FIEMAP shows what finished writebacks
 * wrote
 *
 * Writes no dirty file page. Returns 0 or -errno. Source: fs/btrfs/file.c (btrfs_sync_file),
 * fs/btrfs/transaction.c.
 */
int pp_btrfs_settle(int fd, struct pp_err *err);

#endif
