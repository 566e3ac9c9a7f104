/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices are refused, and why: on loop devices where the machine has them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys/command.h"
#include "sys/slots.h"
#include "unit.h"

#define DISK_BYTES (64u << 20)

static void test_no_device(void)
{
	static const struct {
		const char *dev;
		int rc;
	} rows[] = {
		{ "/dev/pinproof-no-such-disk", -ENOENT },
		{ "/dev/null", -ENOTBLK },
		{ "/proc/self/exe", -ENOTBLK },
		{ "/tmp", -ENOTBLK },
	};
	struct pp_slots slots;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pp_err err = { "" };

		CU_ASSERT_EQUAL(pp_device_usable(rows[i].dev, &err), rows[i].rc);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].dev));
		err.text[0] = '\0';
		CU_ASSERT_EQUAL(pp_slots_probe(&slots, &rows[i].dev, 1, false, &err), rows[i].rc);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].dev));
	}
	CU_ASSERT_EQUAL(pp_slots_probe(&slots, NULL, 0, false, NULL), 0);
	CU_ASSERT_EQUAL(slots.count, 0);
	CU_ASSERT_PTR_NULL(pp_slots_find(&slots, "disk0"));
	CU_ASSERT_EQUAL(pp_device_wait_free("/dev/pinproof-no-such-disk", 1000, NULL), -ENOENT);
}

/* The disk below the root directory, where that is a disk with a node. */
static void test_mounted(void)
{
	char path[64], link[512], dev[600];
	struct pp_err err = { "" };
	struct stat st;
	ssize_t n;

	CU_ASSERT_EQUAL_FATAL(stat("/", &st), 0);
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0) {
		CU_ASSERT_EQUAL(errno, ENOENT); /* initramfs, overlay, btrfs */
		return;
	}
	link[n] = '\0';
	snprintf(dev, sizeof(dev), "/dev/%s", strrchr(link, '/') + 1);
	if (access(dev, F_OK)) {
		CU_ASSERT_EQUAL(pp_device_usable(dev, &err), -ENOENT);
		return;
	}
	n = pp_device_usable(dev, &err);
	CU_ASSERT_TRUE(n == -EBUSY || n == -EINVAL);
	CU_ASSERT_TRUE(strstr(err.text, "is mounted on") || strstr(err.text, "is a partition"));
}

/* A loop device over a new file of @readonly; its name in @dev. Returns its descriptor or -errno.
 */
static int make_loop(char *dev, size_t size, int file, int readonly)
{
	struct loop_config config = { .fd = (unsigned)file,
				      .info.lo_flags = LO_FLAGS_AUTOCLEAR |
						       (readonly ? LO_FLAGS_READ_ONLY : 0) };
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), number, fd;

	if (control < 0)
		return -errno;
	number = ioctl(control, LOOP_CTL_GET_FREE);
	close(control);
	if (number < 0)
		return -errno;
	snprintf(dev, size, "/dev/loop%d", number);
	fd = open(dev, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, LOOP_CONFIGURE, &config)) {
		number = -errno;
		close(fd);
		return number;
	}
	return fd;
}

/* clang-format off */
static const struct content {
	const char *what;
	struct {
		off_t at;
		const char *bytes;
		size_t length;
	} parts[3];
	const char *mkfs[8]; /* the file's name is added */
	int rc;
	const char *sentence; /* part of it */
} contents[] = {
	{ .what = "nothing" },
	{ .what = "partition table",
	  .parts = { { 446, "\x80\0\1\0\x83\0\1\0\0\x08\0\0\0\x10\0\0", 16 }, { 510, "\x55\xaa", 2 } },
	  .rc = -EEXIST, .sentence = "partition table (dos)" },
	{ .what = "GPT signature",
	  .parts = { { 512, "EFI PART", 8 } }, .rc = 0 }, /* no checksum: nothing that anybody uses */
	{ .what = "swap",
	  .parts = { { 1024, "\1\0\0\0\xff\x3f\0\0", 8 }, { 4086, "SWAPSPACE2", 10 } },
	  .rc = -EEXIST, .sentence = "swap" },
	{ .what = "LUKS", .parts = { { 0, "LUKS\xba\xbe\0\1", 8 } },
	  .rc = -EEXIST, .sentence = "crypto_LUKS" },
	{ .what = "MD member",
	  .parts = { { 4096, "\xfc\x4e\x2b\xa9\1\0\0\0", 8 }, { 4096 + 144, "\x08", 1 } },
	  .rc = -EEXIST, .sentence = "linux_raid_member" },
	{ .what = "somebody's ext4", .mkfs = { "mkfs.ext4", "-F", "-q", "-L", "holiday" },
	  .rc = -EEXIST, .sentence = "holds ext4 labelled 'holiday'" },
	{ .what = "ext4 without label", .mkfs = { "mkfs.ext4", "-F", "-q" },
	  .rc = -EEXIST, .sentence = "holds ext4; wipefs -a" },
	{ .what = "our ext4", .mkfs = { "mkfs.ext4", "-F", "-q", "-L", PP_OWN_LABEL } },
	{ .what = "our vfat", .mkfs = { "mkfs.vfat", "--mbr=n", "-n", "PINPROOF" } },
	{ .what = "swap with our label",
	  .parts = { { 1024, "\1\0\0\0\xff\x3f\0\0", 8 }, { 1024 + 28, PP_OWN_LABEL, 8 },
		     { 4086, "SWAPSPACE2", 10 } },
	  .rc = -EEXIST, .sentence = "holds swap labelled 'pinproof'" },
	{ .what = "our ext4 and a partition table",
	  .parts = { { 446, "\x80\0\1\0\x83\0\1\0\0\x08\0\0\0\x10\0\0", 16 }, { 510, "\x55\xaa", 2 } },
	  .mkfs = { "mkfs.ext4", "-F", "-q", "-L", PP_OWN_LABEL },
	  .rc = -EEXIST, .sentence = "partition table (dos)" },
	{ .what = "our ext4 and somebody's LUKS",
	  .parts = { { 0, "LUKS\xba\xbe\0\1", 8 } },
	  .mkfs = { "mkfs.ext4", "-F", "-q", "-L", PP_OWN_LABEL },
	  .rc = -EEXIST, .sentence = "crypto_LUKS" },
};

/* clang-format on */

/* A file of the content, unlinked; -ENOENT where its mkfs is missing. */
static int make_content(const struct content *c)
{
	char name[] = "/tmp/slots-test-XXXXXX";
	const char *argv[10] = { NULL };
	int fd = mkstemp(name), n = 0, rc = 0;

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(ftruncate(fd, DISK_BYTES), 0);
	while (c->mkfs[n]) {
		argv[n] = c->mkfs[n];
		n++;
	}
	argv[n] = name;
	if (n)
		rc = pp_command(argv, 60000, NULL, 0, NULL);
	for (size_t i = 0; i < 3 && c->parts[i].bytes; i++)
		CU_ASSERT_EQUAL(pwrite(fd, c->parts[i].bytes, c->parts[i].length, c->parts[i].at),
				(ssize_t)c->parts[i].length);
	unlink(name);
	CU_ASSERT_TRUE(rc == 0 || rc == -ENOENT);
	if (rc)
		close(fd);
	return rc ? rc : fd;
}

static void check_content(const struct content *c, int file)
{
	char dev[64];
	const char *named = dev;
	struct pp_slots slots;
	struct pp_err err = { "" };
	int loop = make_loop(dev, sizeof(dev), file, 0), rc;

	if (loop < 0) {
		CU_ASSERT_TRUE(loop == -EPERM || loop == -EACCES || loop == -ENOENT ||
			       loop == -ENODEV || loop == -ENXIO);
		return;
	}
	rc = pp_device_usable(dev, &err);
	if (rc != c->rc)
		printf("# %s: %d, %s\n", c->what, rc, err.text);
	CU_ASSERT_EQUAL(rc, c->rc);
	CU_ASSERT_TRUE(rc == 0 || (c->sentence && strstr(err.text, c->sentence)));
	rc = pp_slots_probe(&slots, &named, 1, false, &err);
	CU_ASSERT_EQUAL(rc, c->rc);
	CU_ASSERT_TRUE(rc || (slots.count == 1 && !strcmp(slots.items[0].name, "disk0") &&
			      slots.items[0].size_bytes == DISK_BYTES &&
			      slots.items[0].align_bytes == 512 &&
			      pp_slots_find(&slots, "disk0") == &slots.items[0]));
	close(loop);
}

static void test_contents(void)
{
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		int file = make_content(&contents[i]);

		if (file < 0)
			continue;
		check_content(&contents[i], file);
		close(file);
	}
}

static void test_claimed(void)
{
	char dev[64];
	const char *twice[] = { dev, dev };
	struct pp_slots slots;
	struct pp_err err = { "" };
	int file = make_content(&contents[0]), loop, holder;

	CU_ASSERT_TRUE_FATAL(file >= 0);
	loop = make_loop(dev, sizeof(dev), file, 0);
	if (loop >= 0) {
		CU_ASSERT_EQUAL(pp_slots_probe(&slots, twice, 2, false, &err), -EEXIST);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "named twice"));
		holder = open(dev, O_RDONLY | O_EXCL);
		CU_ASSERT_TRUE(holder >= 0);
		CU_ASSERT_EQUAL(pp_device_usable(dev, &err), -EBUSY);
		CU_ASSERT_EQUAL(pp_device_wait_free(dev, 60, &err), -EBUSY);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "after 60 ms"));
		close(holder);
		CU_ASSERT_EQUAL(pp_device_wait_free(dev, 1000, NULL), 0);
		CU_ASSERT_EQUAL(pp_device_usable(dev, NULL), 0);
		close(loop);
	}
	close(file);
	file = make_content(&contents[0]);
	loop = make_loop(dev, sizeof(dev), file, 1);
	if (loop >= 0) {
		CU_ASSERT_EQUAL(pp_device_usable(dev, &err), -EROFS);
		close(loop);
	}
	close(file);
}

static void test_guest(void)
{
	static const char *const names[] = { "disk0", "disk1", "pmem0", "pmem1", "devdax0" };
	const char *guest = getenv("PINPROOF_TEST_GUEST");
	struct pp_slots slots;
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL(pp_slots_probe(&slots, NULL, 0, guest != NULL, &err), 0);
	CU_ASSERT_EQUAL(slots.count, guest ? 5 : 0);
	for (size_t i = 0; i < 5; i++) {
		const struct pp_slot *slot = pp_slots_find(&slots, names[i]);

		CU_ASSERT_EQUAL(slot != NULL, guest != NULL);
		if (!slot)
			continue;
		printf("# %s is %s, %llu bytes, align %llu\n", slot->name, slot->dev,
		       (unsigned long long)slot->size_bytes, (unsigned long long)slot->align_bytes);
		CU_ASSERT_TRUE(slot->size_bytes >= 128u << 20);
		CU_ASSERT_EQUAL(slot->align_bytes >= 2u << 20, !strncmp(names[i], "devdax", 6));
	}
}

static const struct pp_unit_case cases[] = {
	{ "what is no disk", test_no_device },  { "a mounted disk", test_mounted },
	{ "what a disk holds", test_contents }, { "claimed disks", test_claimed },
	{ "slots of the guest", test_guest },
};

PP_UNIT_MAIN("slots", cases)
