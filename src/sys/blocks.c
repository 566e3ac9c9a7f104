/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read a file's blocks from the device, past the page cache; see blocks.h. */
#include "sys/blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/blocks_map.h"

#define EXTENTS_AT_ONCE 64
#define BOUNCE_BYTES    (256u << 10) /* of one device read, a multiple of any sector size */
#define BOUNCE_ALIGN    4096

/* Bytes elsewhere than in plain blocks of their own. */
#define FIEMAP_ELSEWHERE                                                                           \
	(FIEMAP_EXTENT_ENCODED | FIEMAP_EXTENT_DATA_ENCRYPTED | FIEMAP_EXTENT_DATA_INLINE |        \
	 FIEMAP_EXTENT_DATA_TAIL | FIEMAP_EXTENT_NOT_ALIGNED | FIEMAP_EXTENT_UNKNOWN)
/* Nothing written to blocks yet. */
#define FIEMAP_ZEROS (FIEMAP_EXTENT_UNWRITTEN | FIEMAP_EXTENT_DELALLOC)

/* One call of pp_blocks_read(). */
struct reader {
	int dev_fd;
	uint64_t sector_bytes;
	char *bounce;
	struct pp_chunks chunks;
	bool btrfs;
	uint64_t offset, length; /* wanted range of the file */
	char *buf;
};

int pp_blocks_from_fiemap(const struct fiemap_extent *fe, struct pp_extent *out, struct pp_err *err)
{
	/* First, as a delayed extent is also of unknown place. */
	if (fe->fe_flags & FIEMAP_ZEROS)
		return 0;
	if (fe->fe_flags & FIEMAP_ELSEWHERE)
		return pp_err_set(err, -EOPNOTSUPP,
				  "the extent at %llu is inline, encoded or unknown (flags %#x)",
				  (unsigned long long)fe->fe_logical, fe->fe_flags);
	out->file_bytes = fe->fe_logical;
	out->device_bytes = fe->fe_physical;
	out->length_bytes = fe->fe_length;
	return 1;
}

int pp_blocks_clip(const struct pp_extent *extent, uint64_t offset_bytes, uint64_t length_bytes,
		   struct pp_extent *out)
{
	uint64_t start = extent->file_bytes, end = start + extent->length_bytes;
	uint64_t stop = offset_bytes + length_bytes;

	if (start < offset_bytes)
		start = offset_bytes;
	if (end > stop)
		end = stop;
	if (start >= end)
		return 0;
	out->file_bytes = start;
	out->device_bytes = extent->device_bytes + (start - extent->file_bytes);
	out->length_bytes = end - start;
	return 1;
}

uint64_t pp_blocks_align(uint64_t *start, uint64_t length_bytes, uint64_t sector_bytes,
			 uint64_t *lead)
{
	uint64_t end = *start + length_bytes;

	*lead = *start % sector_bytes;
	*start -= *lead;
	if (end % sector_bytes)
		end += sector_bytes - end % sector_bytes;
	return end - *start;
}

/* O_DIRECT pread of whole sectors into the bounce buffer. */
static int read_sectors(struct reader *rd, uint64_t start, uint64_t length, struct pp_err *err)
{
	uint64_t done = 0;

	while (done < length) {
		ssize_t n =
			pread(rd->dev_fd, rd->bounce + done, length - done, (off_t)(start + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return pp_err_set(err, n ? -errno : -ENXIO,
					  "cannot read the block device at %llu",
					  (unsigned long long)(start + done));
		done += (uint64_t)n;
	}
	return 0;
}

static int read_device(struct reader *rd, uint64_t at, uint64_t length, char *to,
		       struct pp_err *err)
{
	while (length) {
		uint64_t part = length, start = at, lead, whole;
		int rc;

		if (part > BOUNCE_BYTES - 2 * rd->sector_bytes)
			part = BOUNCE_BYTES - 2 * rd->sector_bytes;
		whole = pp_blocks_align(&start, part, rd->sector_bytes, &lead);
		rc = read_sectors(rd, start, whole, err);
		if (rc)
			return rc;
		memcpy(to, rd->bounce + lead, part);
		at += part;
		to += part;
		length -= part;
	}
	return 0;
}

static int read_extent(struct reader *rd, const struct pp_extent *extent, struct pp_err *err)
{
	struct pp_extent part;
	int rc = 0;

	if (!pp_blocks_clip(extent, rd->offset, rd->length, &part))
		return 0;
	while (part.length_bytes && !rc) {
		uint64_t at = part.device_bytes, run = part.length_bytes;

		if (rd->btrfs)
			rc = pp_chunks_map(&rd->chunks, part.device_bytes, part.length_bytes, &at,
					   &run, err);
		if (!rc)
			rc = read_device(rd, at, run, rd->buf + (part.file_bytes - rd->offset),
					 err);
		part.file_bytes += run;
		part.device_bytes += run;
		part.length_bytes -= run;
	}
	return rc;
}

/* All extents of the range, a few at a time. Returns 1 if the filesystem has no FIEMAP. */
static int read_by_fiemap(struct reader *rd, int fd, struct pp_err *err)
{
	struct fiemap *map =
		calloc(1, sizeof(*map) + EXTENTS_AT_ONCE * sizeof(struct fiemap_extent));
	uint64_t at = rd->offset, end = rd->offset + rd->length;
	struct pp_extent extent;
	bool last = false;
	int rc = 0;

	if (!map)
		return pp_err_set(err, -ENOMEM, "no memory for the extent map");
	while (!rc && !last && at < end) {
		map->fm_start = at;
		map->fm_length = end - at;
		map->fm_flags = 0;
		map->fm_extent_count = EXTENTS_AT_ONCE;
		if (ioctl(fd, FS_IOC_FIEMAP, map)) {
			rc = errno == EOPNOTSUPP ? 1 : pp_err_set(err, -errno, "FIEMAP");
			break;
		}
		last = !map->fm_mapped_extents;
		for (uint32_t i = 0; i < map->fm_mapped_extents && !rc; i++) {
			const struct fiemap_extent *fe = &map->fm_extents[i];

			rc = pp_blocks_from_fiemap(fe, &extent, err);
			if (rc > 0)
				rc = read_extent(rd, &extent, err);
			at = fe->fe_logical + fe->fe_length;
			last = last || fe->fe_flags & FIEMAP_EXTENT_LAST;
		}
	}
	free(map);
	return rc;
}

/* vfat knows no FIEMAP but tells one block at a time; block 0 means a hole, as it holds the boot
 * sector. */
static int read_by_fibmap(struct reader *rd, int fd, struct pp_err *err)
{
	int block_bytes = 0;
	int rc = 0;

	if (ioctl(fd, FIGETBSZ, &block_bytes))
		return pp_err_set(err, -errno, "cannot ask for the block size");
	if (block_bytes <= 0)
		return pp_err_set(err, -EIO, "the filesystem says that its blocks have no size.");
	for (uint64_t n = rd->offset / (uint64_t)block_bytes;
	     !rc && n * (uint64_t)block_bytes < rd->offset + rd->length; n++) {
		struct pp_extent extent = { .file_bytes = n * (uint64_t)block_bytes,
					    .length_bytes = (uint64_t)block_bytes };
		int block = (int)n;

		if (ioctl(fd, FIBMAP, &block))
			return pp_err_set(err, -errno, "neither FIEMAP nor FIBMAP");
		extent.device_bytes = (uint64_t)(unsigned)block * (uint64_t)block_bytes;
		if (block)
			rc = read_extent(rd, &extent, err);
	}
	return rc;
}

static int open_reader(struct reader *rd, int fd, const char *dev, struct pp_err *err)
{
	struct statfs sfs;
	int sector = 0, rc;

	rd->dev_fd = open(dev, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (rd->dev_fd < 0)
		return pp_err_set(err, -errno, "cannot open %s", dev);
	if (ioctl(rd->dev_fd, BLKSSZGET, &sector))
		return pp_err_set(err, -errno, "%s is no block device", dev);
	rd->sector_bytes = (uint64_t)sector;
	if (posix_memalign((void **)&rd->bounce, BOUNCE_ALIGN, BOUNCE_BYTES))
		return pp_err_set(err, -ENOMEM, "no memory to read %s", dev);
	if (fstatfs(fd, &sfs))
		return pp_err_set(err, -errno, "cannot ask for the file's filesystem");
	rd->btrfs = sfs.f_type == BTRFS_SUPER_MAGIC;
	if (!rd->btrfs)
		return 0;
	rc = pp_btrfs_settle(fd, err);
	return rc ? rc : pp_btrfs_chunks(fd, &rd->chunks, err);
}

int pp_blocks_read(int fd, const char *dev, uint64_t offset_bytes, size_t length_bytes, void *buf,
		   struct pp_err *err)
{
	struct reader rd = { .dev_fd = -1, .offset = offset_bytes, .buf = buf };
	struct stat st;
	int rc;

	memset(buf, 0, length_bytes);
	if (fstat(fd, &st))
		return pp_err_set(err, -errno, "cannot ask for the file's size");
	/* Blocks reach beyond the end of file, and what they hold there is no part of the file. */
	rd.length = offset_bytes < (uint64_t)st.st_size ? (uint64_t)st.st_size - offset_bytes : 0;
	if (rd.length > length_bytes)
		rd.length = length_bytes;
	rc = open_reader(&rd, fd, dev, err);
	if (!rc && rd.length) {
		rc = read_by_fiemap(&rd, fd, err);
		if (rc > 0)
			rc = read_by_fibmap(&rd, fd, err);
	}
	if (rc)
		pp_err_prefix(err, "durable image on %s", dev);
	free(rd.chunks.items);
	free(rd.bounce);
	if (rd.dev_fd >= 0)
		close(rd.dev_fd);
	return rc;
}
