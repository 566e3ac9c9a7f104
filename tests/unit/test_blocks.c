/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a file's bytes are on the disk: the arithmetic anywhere, the disks in the throw-away guest.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/blocks.h"
#include "sys/blocks_map.h"
#include "sys/fs.h"
#include "sys/pinio.h"
#include "sys/region.h"
#include "sys/slots.h"
#include "unit.h"

#define PAGE 4096u

static void test_fiemap(void)
{
	static const struct {
		uint32_t flags;
		int rc;
	} rows[] = {
		{ 0, 1 },
		{ FIEMAP_EXTENT_LAST | FIEMAP_EXTENT_MERGED | FIEMAP_EXTENT_SHARED, 1 },
		{ FIEMAP_EXTENT_UNWRITTEN, 0 },
		{ FIEMAP_EXTENT_UNWRITTEN | FIEMAP_EXTENT_LAST, 0 },
		{ FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_UNKNOWN, 0 },
		{ FIEMAP_EXTENT_UNKNOWN, -EOPNOTSUPP },
		{ FIEMAP_EXTENT_ENCODED, -EOPNOTSUPP },
		{ FIEMAP_EXTENT_DATA_ENCRYPTED | FIEMAP_EXTENT_ENCODED, -EOPNOTSUPP },
		{ FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_NOT_ALIGNED, -EOPNOTSUPP },
		{ FIEMAP_EXTENT_DATA_TAIL, -EOPNOTSUPP },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fiemap_extent fe = { .fe_logical = 8192,
					    .fe_physical = 1 << 20,
					    .fe_length = 4096,
					    .fe_flags = rows[i].flags };
		struct pp_extent extent = { 0, 0, 0 };
		struct pp_err err = { "" };

		CU_ASSERT_EQUAL(pp_blocks_from_fiemap(&fe, &extent, &err), rows[i].rc);
		CU_ASSERT_EQUAL(err.text[0] != '\0', rows[i].rc < 0);
		CU_ASSERT_EQUAL(extent.file_bytes, rows[i].rc > 0 ? 8192 : 0);
		CU_ASSERT_EQUAL(extent.device_bytes, rows[i].rc > 0 ? 1 << 20 : 0);
		CU_ASSERT_EQUAL(extent.length_bytes, rows[i].rc > 0 ? 4096 : 0);
	}
}

static void test_clip(void)
{
	static const struct {
		uint64_t offset, length;
		int rc;
		struct pp_extent part;
	} rows[] = {
		/* of the extent [1000, 1500) at device 90000 */
		{ 0, 1000, 0, { 0, 0, 0 } },
		{ 1500, 10, 0, { 0, 0, 0 } },
		{ 1200, 0, 0, { 0, 0, 0 } },
		{ 0, 5000, 1, { 1000, 90000, 500 } },
		{ 1000, 500, 1, { 1000, 90000, 500 } },
		{ 0, 1001, 1, { 1000, 90000, 1 } },
		{ 1499, 100, 1, { 1499, 90499, 1 } },
		{ 1100, 50, 1, { 1100, 90100, 50 } },
	};
	const struct pp_extent whole = { 1000, 90000, 500 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pp_extent part = { 0, 0, 0 };

		CU_ASSERT_EQUAL(pp_blocks_clip(&whole, rows[i].offset, rows[i].length, &part),
				rows[i].rc);
		CU_ASSERT_EQUAL(memcmp(&part, &rows[i].part, sizeof(part)), 0);
	}
}

static void test_align(void)
{
	static const struct {
		uint64_t start, length, sector, new_start, whole, lead;
	} rows[] = {
		{ 0, 512, 512, 0, 512, 0 },           { 1, 1, 512, 0, 512, 1 },
		{ 511, 2, 512, 0, 1024, 511 },        { 512, 1, 512, 512, 512, 0 },
		{ 4095, 4098, 4096, 0, 12288, 4095 }, { 8192, 4096, 4096, 8192, 4096, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t start = rows[i].start, lead = 77;

		CU_ASSERT_EQUAL(pp_blocks_align(&start, rows[i].length, rows[i].sector, &lead),
				rows[i].whole);
		CU_ASSERT_EQUAL(start, rows[i].new_start);
		CU_ASSERT_EQUAL(lead, rows[i].lead);
	}
}

static struct pp_chunk chunk_rows[] = {
	{ 1 << 20, 4 << 20, 5 << 20, BTRFS_BLOCK_GROUP_DATA, 1 },
	{ 5 << 20, 8 << 20, 16 << 20, BTRFS_BLOCK_GROUP_METADATA | BTRFS_BLOCK_GROUP_DUP, 2 },
	{ 16 << 20, 8 << 20, 32 << 20, BTRFS_BLOCK_GROUP_DATA | BTRFS_BLOCK_GROUP_RAID1, 2 },
	{ 32 << 20, 8 << 20, 48 << 20, BTRFS_BLOCK_GROUP_DATA | BTRFS_BLOCK_GROUP_RAID0, 2 },
};

static void test_chunk_map(void)
{
	static const struct {
		uint64_t logical, length;
		int rc;
		uint64_t device, run;
	} rows[] = {
		{ 1 << 20, 4096, 0, 5 << 20, 4096 },
		{ (1 << 20) + 100, 50, 0, (5 << 20) + 100, 50 },
		{ (5 << 20) - 10, 100, 0, (9 << 20) - 10, 10 }, /* the rest is in the next chunk */
		{ 5 << 20, 90, 0, 16 << 20, 90 },
		{ (1 << 20) - 1, 1, -ENXIO, 0, 0 },
		{ 13 << 20, 1, -ENXIO, 0, 0 },
		{ 17 << 20, 1, -EOPNOTSUPP, 0, 0 },
		{ 33 << 20, 1, -EOPNOTSUPP, 0, 0 },
	};
	const struct pp_chunks chunks = { chunk_rows, 4 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t device = 0, run = 0;

		CU_ASSERT_EQUAL(pp_chunks_map(&chunks, rows[i].logical, rows[i].length, &device,
					      &run, NULL),
				rows[i].rc);
		CU_ASSERT_EQUAL(device, rows[i].device);
		CU_ASSERT_EQUAL(run, rows[i].run);
	}
}

/* One item of a search answer: header and body, one behind the other, unaligned. */
static size_t put_item(char *at, uint32_t type, uint64_t logical, uint32_t length)
{
	struct btrfs_ioctl_search_header h = { .type = type, .offset = logical, .len = length };
	struct btrfs_chunk chunk = { .length = htole64(123456),
				     .type = htole64(BTRFS_BLOCK_GROUP_DATA),
				     .num_stripes = htole16(1),
				     .stripe.offset = htole64(logical * 2) };

	memcpy(at, &h, sizeof(h));
	memset(at + sizeof(h), 0, length);
	memcpy(at + sizeof(h), &chunk, length < sizeof(chunk) ? length : sizeof(chunk));
	return sizeof(h) + length;
}

static void test_chunk_parse(void)
{
	struct pp_chunk table[4];
	struct pp_chunks chunks = { table, 0 };
	char buf[1024];
	size_t used = put_item(buf, BTRFS_CHUNK_ITEM_KEY, 1000, sizeof(struct btrfs_chunk));

	used += put_item(buf + used, BTRFS_DEV_ITEM_KEY, 0, 3);
	used += put_item(buf + used, BTRFS_CHUNK_ITEM_KEY, 5000, sizeof(struct btrfs_chunk) + 32);
	CU_ASSERT_EQUAL(pp_chunks_parse(buf, used, 3, &chunks, 4, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(chunks.count, 2);
	CU_ASSERT_TRUE(table[0].logical_bytes == 1000 && table[0].device_bytes == 2000);
	CU_ASSERT_TRUE(table[1].logical_bytes == 5000 && table[1].device_bytes == 10000);
	CU_ASSERT_TRUE(table[1].length_bytes == 123456 && table[1].stripes == 1);
	CU_ASSERT_EQUAL(table[1].type, BTRFS_BLOCK_GROUP_DATA);
	/* Any cut, in a header or in a body, is noticed. */
	for (size_t cut = 0; cut < used; cut++) {
		chunks.count = 0;
		CU_ASSERT_EQUAL(pp_chunks_parse(buf, cut, 3, &chunks, 4, NULL), -EUCLEAN);
	}
	chunks.count = 0;
	CU_ASSERT_EQUAL(pp_chunks_parse(buf, used, 3, &chunks, 1, NULL), -E2BIG);
	chunks.count = 0;
	put_item(buf, BTRFS_CHUNK_ITEM_KEY, 1000, sizeof(struct btrfs_chunk) - 1);
	CU_ASSERT_EQUAL(pp_chunks_parse(buf, used, 1, &chunks, 4, NULL), -EUCLEAN);
}

static void test_no_device(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	struct pp_err err = { "" };
	char buf[8];

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(pp_blocks_read(fd, "/dev/pinproof-no-such-disk", 0, 8, buf, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "durable image on /dev/pinproof-no-such-disk"));
	CU_ASSERT_EQUAL(pp_blocks_read(-1, "/dev/null", 0, 8, buf, &err), -EBADF);
	CU_ASSERT_TRUE(pp_blocks_read(fd, "/dev/null", 0, 8, buf, &err) < 0);
	close(fd);
}

/* ---- the guest ---- */

#define LENGTH (40 * PAGE)

struct bench {
	struct pp_fs_def fs;
	struct pp_region_def def;
	const struct pp_slot *slot, *raw;
	struct pp_place place;
	char dir[32];
	struct pp_region r;
	char *image, *want;
	bool dax;
};

static void fill(char *p, size_t length, unsigned seed)
{
	for (size_t i = 0; i < length; i++)
		p[i] = (char)(1 + (seed + i + i / PAGE) % 251);
}

/* What the disk holds over a range with odd ends; the bytes around the answer stay as they are. */
static int same(struct bench *b, uint64_t offset, size_t length, const char *want)
{
	struct pp_err err = { "" };
	int rc;

	memset(b->image, 0x7e, LENGTH + 2 * PAGE);
	rc = pp_blocks_read(b->r.fd, b->slot->dev, offset, length, b->image + 7, &err);
	if (rc)
		printf("# %s: %s\n", b->fs.type, err.text);
	return !rc && b->image[6] == 0x7e && b->image[7 + length] == 0x7e &&
	       !memcmp(b->image + 7, want, length);
}

/* A write is on the disk after the fsync, all of it, and (page cache) not before. */
static void check_writes(struct bench *b)
{
	static const char zeros[LENGTH];
	char *old = b->want + LENGTH;

	CU_ASSERT_TRUE(same(b, 0, LENGTH, zeros));
	fill(b->want, LENGTH, 1);
	CU_ASSERT_EQUAL(pwrite(b->r.fd, b->want, LENGTH, 0), LENGTH);
	CU_ASSERT_EQUAL(fsync(b->r.fd), 0);
	CU_ASSERT_TRUE(same(b, 0, LENGTH, b->want));
	CU_ASSERT_TRUE(same(b, 0, 1, b->want));
	CU_ASSERT_TRUE(same(b, 4095, 2, b->want + 4095));
	CU_ASSERT_TRUE(same(b, 12345, 100000, b->want + 12345));
	memcpy(old, b->want, LENGTH);
	fill(b->want + PAGE, PAGE, 99);
	memcpy((char *)b->r.addr + PAGE, b->want + PAGE, PAGE);
	CU_ASSERT_TRUE(same(b, 0, LENGTH, b->dax ? b->want : old));
	CU_ASSERT_EQUAL(fsync(b->r.fd), 0);
	CU_ASSERT_TRUE(same(b, 0, LENGTH, b->want));
}

/* Behind the end there is no file, whatever its last block holds; holes are zeros. */
static void check_ends(struct bench *b)
{
	char *expect = b->want + LENGTH;
	uint64_t cut = 20 * PAGE + 100;

	memset(expect, 0, LENGTH);
	memcpy(expect, b->want, cut);
	CU_ASSERT_EQUAL(ftruncate(b->r.fd, (off_t)cut), 0);
	CU_ASSERT_TRUE(same(b, 0, LENGTH, expect));
	CU_ASSERT_TRUE(same(b, cut, 5000, expect + cut));
	CU_ASSERT_EQUAL(ftruncate(b->r.fd, LENGTH), 0);
	CU_ASSERT_EQUAL(pwrite(b->r.fd, b->want + 30 * PAGE, PAGE, 30 * PAGE), PAGE);
	memcpy(expect + 30 * PAGE, b->want + 30 * PAGE, PAGE);
	CU_ASSERT_EQUAL(fsync(b->r.fd), 0);
	CU_ASSERT_TRUE(same(b, 0, LENGTH, expect));
	memcpy(b->want, expect, LENGTH);
}

/* Unmount and mount: the file has what the disk had. */
static void check_remount(struct bench *b)
{
	CU_ASSERT_EQUAL(pp_region_unmap(&b->r, NULL), 0);
	pp_region_close_file(&b->r);
	CU_ASSERT_EQUAL(pp_fs_umount(b->dir, 5000, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(pp_fs_mount(&b->fs, b->slot->dev, b->dir, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(pp_region_reopen(&b->r, NULL), 0);
	CU_ASSERT_EQUAL(pread(b->r.fd, b->image, LENGTH, 0), LENGTH);
	CU_ASSERT_EQUAL(memcmp(b->image, b->want, LENGTH), 0);
	CU_ASSERT_TRUE(same(b, 0, LENGTH, b->want));
	CU_ASSERT_EQUAL_FATAL(pp_region_map(&b->r, NULL), 0);
}

/* Short pins of the mapping, with the second disk as the device. */
static void check_pinners(struct bench *b)
{
	int fd = open(b->raw->dev, O_RDWR | O_DIRECT | O_CLOEXEC);
	struct pp_pinio *p = NULL;
	char *addr = b->r.addr;
	struct pp_io io = { .fd = fd, .mem = addr, .length_bytes = LENGTH, .bound_ms = 20000 };
	struct pp_err err = { "" };

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(pp_pinio_open(&p, &err), 0);
	fill(b->want, LENGTH, 5);
	CU_ASSERT_EQUAL(pp_pinio_vm_write(addr, b->want, LENGTH, &err), LENGTH);
	CU_ASSERT_EQUAL(memcmp(addr, b->want, LENGTH), 0);
	CU_ASSERT_EQUAL(pp_pinio_vmsplice(addr, b->image, LENGTH, &err), LENGTH);
	CU_ASSERT_EQUAL(memcmp(b->image, b->want, LENGTH), 0);
	io.write = true;
	CU_ASSERT_EQUAL(pp_pinio_run(p, &io, &err), LENGTH);
	memset(addr, 0, LENGTH);
	io.write = false;
	CU_ASSERT_EQUAL(pp_pinio_run(p, &io, &err), LENGTH);
	CU_ASSERT_EQUAL(memcmp(addr, b->want, LENGTH), 0);
	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_EQUAL(fsync(b->r.fd), 0);
	CU_ASSERT_TRUE(same(b, 0, LENGTH, b->want));
	pp_pinio_close(p);
	close(fd);
}

static void check_filesystem(const struct pp_slots *slots, const char *type, const char *slot_name,
			     enum pp_backing backing, const char *options)
{
	struct bench b = { .fs = { .name = "fs" }, .dir = "/tmp/blocks-XXXXXX" };
	struct pp_err err = { "" };

	snprintf(b.fs.type, sizeof(b.fs.type), "%s", type);
	snprintf(b.fs.slot, sizeof(b.fs.slot), "%s", slot_name);
	snprintf(b.fs.mount, sizeof(b.fs.mount), "%s", options);
	/* With one copy, the first data chunk has the same logical and device address, and the
	 * chunk tree would not matter. */
	if (backing == PP_BACKING_BTRFS)
		snprintf(b.fs.mkfs, sizeof(b.fs.mkfs), "-d dup");
	b.dax = pp_backings[backing].dax;
	b.def = (struct pp_region_def){ .name = "r",
					.backing = backing,
					.share = PP_SHARED,
					.prot = PP_PROT_R | PP_PROT_W,
					.size_bytes = LENGTH,
					.of = PP_NO_INDEX };
	b.slot = pp_slots_find(slots, slot_name);
	b.raw = pp_slots_find(slots, "disk1");
	CU_ASSERT_TRUE_FATAL(b.slot && b.raw);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(b.dir));
	b.place.dir = b.dir;
	b.place.dev = b.slot->dev;
	b.image = malloc(LENGTH + 2 * PAGE);
	b.want = malloc(2 * LENGTH);
	CU_ASSERT_EQUAL_FATAL(pp_fs_make(&b.fs, b.slot->dev, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_fs_mount(&b.fs, b.slot->dev, b.dir, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_region_create(&b.r, &b.def, &b.place, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_region_map(&b.r, &err), 0);
	check_writes(&b);
	check_ends(&b);
	check_remount(&b);
	check_pinners(&b);
	pp_region_destroy(&b.r);
	CU_ASSERT_EQUAL(pp_fs_umount(b.dir, 5000, &err), 0);
	CU_ASSERT_EQUAL(rmdir(b.dir), 0);
	free(b.image);
	free(b.want);
	printf("# %s on %s done\n", type, slot_name);
}

static void test_filesystems(void)
{
	static const struct {
		const char *type, *slot;
		enum pp_backing backing;
		const char *options;
	} rows[] = {
		{ "ext4", "disk0", PP_BACKING_EXT4, "noatime" },
		{ "xfs", "disk0", PP_BACKING_XFS, "noatime" },
		{ "btrfs", "disk0", PP_BACKING_BTRFS, "noatime" },
		{ "vfat", "disk0", PP_BACKING_VFAT, "" },
		{ "ext4", "pmem0", PP_BACKING_FSDAX_EXT4, "noatime" },
		{ "xfs", "pmem0", PP_BACKING_FSDAX_XFS, "" },
	};
	const char *guest = getenv("PINPROOF_TEST_GUEST");
	struct pp_slots slots;

	CU_ASSERT_EQUAL(pp_slots_probe(&slots, NULL, 0, guest != NULL, NULL), 0);
	CU_ASSERT_EQUAL(slots.count != 0, guest != NULL);
	for (size_t i = 0; guest && i < sizeof(rows) / sizeof(rows[0]); i++)
		check_filesystem(&slots, rows[i].type, rows[i].slot, rows[i].backing,
				 rows[i].options);
}

static const struct pp_unit_case cases[] = {
	{ "FIEMAP flags", test_fiemap },
	{ "clipping", test_clip },
	{ "alignment", test_align },
	{ "btrfs chunk lookup", test_chunk_map },
	{ "btrfs chunk items", test_chunk_parse },
	{ "no device", test_no_device },
	{ "filesystems of the guest", test_filesystems },
};

PP_UNIT_MAIN("blocks", cases)
