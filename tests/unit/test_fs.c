/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filesystems: tmpfs anywhere, the others on the disks of the throw-away guest. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/slots.h"
#include "unit.h"

static struct pp_fs_def make_def(const char *type, const char *slot, const char *options)
{
	struct pp_fs_def def = { .name = "fs" };

	snprintf(def.type, sizeof(def.type), "%s", type);
	snprintf(def.slot, sizeof(def.slot), "%s", slot);
	snprintf(def.mount, sizeof(def.mount), "%s", options);
	return def;
}

static void test_refusals(void)
{
	struct pp_fs_def def = make_def("minix", "disk0", "");
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL(pp_fs_make(&def, "/dev/null", &err), -EINVAL);
	PP_ASSERT_STR(err.text,
		      "filesystem type 'minix' is not one that pinproof makes: Invalid argument");
	CU_ASSERT_EQUAL(pp_fs_mount(&def, "/dev/null", "/", &err), -EINVAL);
	CU_ASSERT_EQUAL(pp_fs_known("minix", &err), -EINVAL);
	def = make_def("btrfs", "pmem0", "");
	CU_ASSERT_EQUAL(pp_fs_make(&def, "/dev/null", &err), -EOPNOTSUPP);
	PP_ASSERT_STR(err.text, "btrfs has no DAX: Operation not supported");
	CU_ASSERT_EQUAL(pp_fs_mount(&def, "/dev/null", "/", &err), -EOPNOTSUPP);
	def = make_def("ext4", "disk0", "");
	for (size_t i = 0; i + 2 < sizeof(def.mkfs); i += 2)
		memcpy(def.mkfs + i, "- ", 3);
	CU_ASSERT_EQUAL(pp_fs_make(&def, "/dev/null", &err), -E2BIG);
	CU_ASSERT_EQUAL(pp_fs_umount("/nonexistent", 0, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot unmount /nonexistent"));
}

/* mkfs itself refuses: its first line is in the sentence. */
static void test_mkfs_fails(void)
{
	static const char *const types[] = { "ext4", "xfs", "btrfs", "vfat" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct pp_fs_def def = make_def(types[i], "disk0", "");
		struct pp_err err = { "" };
		int rc = pp_fs_make(&def, "/nonexistent/disk", &err);

		CU_ASSERT_TRUE(rc == -EIO || rc == -ENOENT);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "on /nonexistent/disk"));
		CU_ASSERT_PTR_NOT_NULL(
			strstr(err.text, rc == -EIO ? "ended with status" : "is not installed"));
	}
}

static void test_known(void)
{
	static const char *const types[] = { "ext4", "xfs", "btrfs", "vfat" };
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL(pp_fs_known("tmpfs", &err), 0);
	PP_ASSERT_STR(err.text, "");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		int rc = pp_fs_known(types[i], &err);

		CU_ASSERT_TRUE(rc == 0 || rc == -ENOENT || rc == -ENODEV);
		CU_ASSERT_TRUE(rc == 0 || strstr(err.text, types[i]));
		CU_ASSERT_TRUE(rc == 0 || !getenv("PINPROOF_TEST_GUEST"));
	}
}

static void check_busy(const char *dir)
{
	char path[64];
	struct pp_err err = { "" };
	uint64_t began = pp_now_ns();
	int fd;

	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(pp_fs_umount(dir, 100, &err), -EBUSY);
	CU_ASSERT_TRUE(pp_now_ns() - began >= 100000000u);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "within 100 ms"));
	close(fd);
}

static void test_tmpfs(void)
{
	struct pp_fs_def def = make_def("tmpfs", "", "nosuid,size=1m,noatime,ro,rw,mode=0700");
	char dir[] = "/tmp/fs-test-XXXXXX";
	struct pp_err err = { "" };
	struct statvfs vfs;
	struct stat st;
	int rc;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	CU_ASSERT_EQUAL(pp_fs_make(&def, "", &err), 0);
	rc = pp_fs_mount(&def, NULL, dir, &err);
	if (rc) {
		CU_ASSERT_EQUAL(rc, -EPERM);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot mount no device (tmpfs)"));
		rmdir(dir);
		return;
	}
	CU_ASSERT_EQUAL(statvfs(dir, &vfs), 0);
	CU_ASSERT_EQUAL(vfs.f_blocks * vfs.f_frsize, 1u << 20);
	CU_ASSERT_EQUAL(vfs.f_flag & (ST_NOSUID | ST_NOATIME | ST_RDONLY | ST_NODEV),
			ST_NOSUID | ST_NOATIME);
	CU_ASSERT_TRUE(!stat(dir, &st) && (st.st_mode & 0777) == 0700);
	check_busy(dir);
	CU_ASSERT_EQUAL(pp_fs_umount(dir, 1000, &err), 0);
	def = make_def("tmpfs", "", "no-such-option=1");
	CU_ASSERT_EQUAL(pp_fs_mount(&def, NULL, dir, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no-such-option=1"));
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void check_on_slot(const struct pp_slots *slots, const char *type, const char *slot_name,
			  uint32_t block)
{
	struct pp_fs_def def = make_def(type, slot_name, "noatime");
	const struct pp_slot *slot = pp_slots_find(slots, slot_name);
	char dir[] = "/tmp/fs-test-XXXXXX";
	struct pp_err err = { "" };
	struct statvfs vfs;
	uint64_t began, made, mounted;

	CU_ASSERT_PTR_NOT_NULL_FATAL(slot);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	def.block_bytes = block;
	began = pp_now_ns();
	CU_ASSERT_EQUAL(pp_fs_make(&def, slot->dev, &err), 0);
	made = pp_now_ns();
	CU_ASSERT_EQUAL(pp_fs_mount(&def, slot->dev, dir, &err), 0);
	mounted = pp_now_ns();
	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_EQUAL(statvfs(dir, &vfs), 0);
	CU_ASSERT_TRUE(!block || vfs.f_bsize == block);
	CU_ASSERT_EQUAL(pp_device_usable(slot->dev, &err), -EBUSY);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, dir));
	check_busy(dir);
	CU_ASSERT_EQUAL(pp_device_wait_free(slot->dev, 50, NULL), -EBUSY);
	CU_ASSERT_EQUAL(pp_fs_umount(dir, 5000, &err), 0);
	CU_ASSERT_EQUAL(pp_device_wait_free(slot->dev, 5000, NULL), 0);
	CU_ASSERT_EQUAL(pp_device_usable(slot->dev, &err), 0);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
	printf("# %-5s on %s: mkfs %u ms, mount %u ms\n", type, slot_name,
	       (unsigned)((made - began) / 1000000), (unsigned)((mounted - made) / 1000000));
}

/* Twice round, so that each type finds the remains of every other. */
static void test_disks(void)
{
	static const struct {
		const char *type, *slot;
		uint32_t block;
	} rows[] = {
		{ "ext4", "disk0", 4096 }, { "vfat", "disk0", 4096 }, { "xfs", "disk0", 4096 },
		{ "btrfs", "disk0", 0 },   { "vfat", "disk0", 0 },    { "btrfs", "disk0", 4096 },
		{ "ext4", "disk0", 1024 }, { "xfs", "disk0", 0 },     { "ext4", "disk0", 0 },
		{ "ext4", "pmem0", 0 },    { "xfs", "pmem0", 0 },     { "ext4", "pmem0", 4096 },
	};
	const char *guest = getenv("PINPROOF_TEST_GUEST");
	struct pp_slots slots;

	CU_ASSERT_EQUAL(pp_slots_probe(&slots, NULL, 0, guest != NULL, NULL), 0);
	CU_ASSERT_EQUAL(slots.count != 0, guest != NULL);
	for (size_t i = 0; guest && i < sizeof(rows) / sizeof(rows[0]); i++)
		check_on_slot(&slots, rows[i].type, rows[i].slot, rows[i].block);
}

/* A pmem slot without DAX is an error, not a quiet fall-back: here an ordinary disk posing as one.
 */
static void test_no_dax(void)
{
	const char *guest = getenv("PINPROOF_TEST_GUEST");
	struct pp_fs_def def = make_def("ext4", "pmem0", "");
	char dir[] = "/tmp/fs-test-XXXXXX";
	struct pp_err err = { "" };
	struct pp_slots slots;
	const struct pp_slot *disk;
	int rc;

	CU_ASSERT_EQUAL(pp_slots_probe(&slots, NULL, 0, guest != NULL, NULL), 0);
	disk = pp_slots_find(&slots, "disk0");
	CU_ASSERT_EQUAL(disk != NULL, guest != NULL);
	if (!disk)
		return;
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	CU_ASSERT_EQUAL(pp_fs_make(&def, disk->dev, &err), 0);
	rc = pp_fs_mount(&def, disk->dev, dir, &err);
	CU_ASSERT_TRUE(rc == -EINVAL || rc == -EOPNOTSUPP);
	CU_ASSERT_EQUAL(pp_device_usable(disk->dev, &err), 0); /* nothing is left mounted */
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

/* A file takes the place of the disk: the tools do not mind. */
static void check_damage(const char *type, off_t size, off_t at)
{
	struct pp_fs_def def = make_def(type, "disk0", "");
	char path[] = "/tmp/fs-test-XXXXXX", junk[1024];
	struct pp_err err = { "" };
	int fd = mkstemp(path), rc;

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(ftruncate(fd, size), 0);
	memset(junk, 0x5a, sizeof(junk));
	rc = pp_fs_make(&def, path, &err);
	if (!rc)
		rc = pp_fs_check(&def, path, 60000, &err);
	CU_ASSERT_TRUE(rc == 0 || (rc == -ENOENT && !getenv("PINPROOF_TEST_GUEST")));
	if (!rc) {
		PP_ASSERT_STR(err.text, "");
		CU_ASSERT_EQUAL(pwrite(fd, junk, sizeof(junk), at), (ssize_t)sizeof(junk));
		CU_ASSERT_EQUAL(pp_fs_check(&def, path, 60000, &err), -EUCLEAN);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, " found damage on /tmp/fs-test-"));
		CU_ASSERT_PTR_NULL(strchr(err.text, '\n'));
	}
	close(fd);
	unlink(path);
	CU_ASSERT_EQUAL(pp_fs_check(&def, path, 60000, &err), -ENOENT);
}

static void test_check(void)
{
	struct pp_fs_def def = make_def("tmpfs", "", "");
	struct pp_err err = { "" };

	check_damage("ext4", 64 << 20, 41 * 4096); /* inode table */
	check_damage("xfs", 320 << 20, 4096);      /* header of a free space tree */
	check_damage("btrfs", 128 << 20, 65536);   /* superblock */
	check_damage("vfat", 64 << 20, 512 * 5);   /* first table */
	CU_ASSERT_EQUAL(pp_fs_check(&def, "", 1000, &err), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(pp_fs_check_known("tmpfs", &err), -EINVAL);
	def = make_def("minix", "disk0", "");
	CU_ASSERT_EQUAL(pp_fs_check(&def, "/dev/null", 1000, &err), -EINVAL);
}

static const struct pp_unit_case cases[] = {
	{ "refusals", test_refusals },
	{ "mkfs fails", test_mkfs_fails },
	{ "known types", test_known },
	{ "tmpfs", test_tmpfs },
	{ "disks of the guest", test_disks },
	{ "no DAX", test_no_dax },
	{ "check", test_check },
};

PP_UNIT_MAIN("fs", cases)
