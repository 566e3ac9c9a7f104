/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regions of every backing that needs neither a disk nor a special filesystem. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/pinio.h"
#include "sys/region.h"
#include "sys/slots.h"
#include "unit.h"

#define PAGE UINT64_C(4096)
#define HUGE (UINT64_C(2) << 20)

static struct pp_region_def make_def(enum pp_backing backing, uint64_t size)
{
	return (struct pp_region_def){ .name = "r",
				       .backing = backing,
				       .share = PP_SHARED,
				       .prot = PP_PROT_R | PP_PROT_W,
				       .size_bytes = size,
				       .fs = PP_NO_INDEX,
				       .of = PP_NO_INDEX };
}

static void make(struct pp_region *r, const struct pp_region_def *def, const struct pp_place *place)
{
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL(pp_region_create(r, def, place, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_region_map(r, &err), 0);
	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_EQUAL(r->length, def->size_bytes);
}

static int touch(void *p)
{
	char byte = 1;

	return pp_guarded_copy(p, &byte, 1);
}

static int look(const void *p)
{
	char byte;

	return pp_guarded_copy(&byte, p, 1);
}

/* Memory that works: stores arrive, its neighbours fault, a second mapping is fresh address space.
 */
static void check_memory(enum pp_backing backing, enum pp_share share, uint64_t size,
			 uint64_t align)
{
	struct pp_region_def def = make_def(backing, size);
	struct pp_region r;
	struct pp_err err = { "" };

	def.share = share;
	make(&r, &def, NULL);
	CU_ASSERT_EQUAL((uintptr_t)r.addr % align, 0);
	CU_ASSERT_TRUE((char *)r.addr - (char *)r.reserve >= (ptrdiff_t)PAGE);
	CU_ASSERT_EQUAL(touch(r.addr), 0);
	CU_ASSERT_EQUAL(touch((char *)r.addr + size - 1), 0);
	CU_ASSERT_EQUAL(look((char *)r.addr - 1), -EFAULT);
	CU_ASSERT_EQUAL(look((char *)r.addr + size), -EFAULT);
	CU_ASSERT_EQUAL(pp_region_map(&r, &err), -EEXIST);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "region r is mapped already"));
	CU_ASSERT_EQUAL(pp_region_unmap(&r, NULL), 0);
	CU_ASSERT_PTR_NULL(r.addr);
	CU_ASSERT_EQUAL(pp_region_unmap(&r, NULL), 0);
	CU_ASSERT_EQUAL(pp_region_map(&r, NULL), 0);
	CU_ASSERT_EQUAL(*(char *)r.addr, share == PP_SHARED && r.fd >= 0);
	pp_region_destroy(&r);
	pp_region_destroy(&r);
	CU_ASSERT_EQUAL(r.fd, -1);
}

static void test_memory(void)
{
	struct pp_err err = { "" };
	int rc;

	CU_ASSERT_EQUAL_FATAL(pp_guard_install(NULL), 0);
	for (int share = PP_SHARED; share <= PP_PRIVATE; share++) {
		check_memory(PP_BACKING_ANON, share, 16 * PAGE, PAGE);
		check_memory(PP_BACKING_MEMFD, share, 3 * PAGE, PAGE);
	}
	CU_ASSERT_EQUAL(pp_region_supported(PP_BACKING_ANON, &err), 0);
	CU_ASSERT_EQUAL(pp_region_supported(PP_BACKING_MEMFD, &err), 0);
	PP_ASSERT_STR(err.text, "");
	rc = pp_region_supported(PP_BACKING_ANON_THP, &err);
	if (!rc) {
		check_memory(PP_BACKING_ANON_THP, PP_PRIVATE, 2 * HUGE, HUGE);
	} else {
		CU_ASSERT_TRUE(rc == -EOPNOTSUPP || rc == -EINVAL || rc == -ENOENT);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "transparent_hugepage")
					       ? strstr(err.text, "transparent_hugepage")
					       : strstr(err.text, "transparent huge"));
	}
	rc = pp_region_supported(PP_BACKING_SECRETMEM, &err);
	if (!rc) {
		check_memory(PP_BACKING_SECRETMEM, PP_SHARED, 2 * PAGE, PAGE);
	} else {
		CU_ASSERT_EQUAL(rc, -ENOSYS);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "memfd_secret"));
	}
}

/* Without pages in the pool the refusal comes from mmap (shared) or the first touch, never as a
 * signal. */
static void test_hugetlb(void)
{
	struct pp_err err = { "" };
	int rc = pp_region_supported(PP_BACKING_HUGETLB, &err);

	if (!rc) {
		check_memory(PP_BACKING_HUGETLB, PP_SHARED, HUGE, HUGE);
		check_memory(PP_BACKING_HUGETLB, PP_PRIVATE, HUGE, HUGE);
	} else {
		CU_ASSERT_TRUE(rc == -ENOMEM || rc == -ENOSYS || rc == -EINVAL || rc == -ENOENT ||
			       rc == -ENODEV);
		CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
	}
}

static void test_special(void)
{
	static const enum pp_backing found[] = { PP_BACKING_VVAR, PP_BACKING_VDSO,
						 PP_BACKING_UNMAPPED, PP_BACKING_KERNEL };
	struct pp_err err = { "" };
	struct pp_region r;
	int rc;

	CU_ASSERT_EQUAL_FATAL(pp_guard_install(NULL), 0);
	for (size_t i = 0; i < 4; i++) {
		struct pp_region_def def = make_def(found[i], PAGE);

		make(&r, &def, NULL);
		CU_ASSERT_PTR_NULL(r.reserve);
		CU_ASSERT_EQUAL(look(r.addr), found[i] == PP_BACKING_VDSO   ? 0
					      : found[i] == PP_BACKING_VVAR ? look(r.addr)
									    : -EFAULT);
		/* No mapping at all, not even an inaccessible one. */
		CU_ASSERT_EQUAL(msync(r.addr, PAGE, MS_ASYNC) == 0,
				found[i] == PP_BACKING_VDSO || found[i] == PP_BACKING_VVAR);
		CU_ASSERT_EQUAL(pp_region_unmap(&r, NULL), 0);
		CU_ASSERT_PTR_NULL(r.addr);
		pp_region_destroy(&r);
	}
	/* The vdso begins with an ELF header: it is the vdso, and it is still there. */
	struct pp_region_def vdso = make_def(PP_BACKING_VDSO, PAGE);

	make(&r, &vdso, NULL);
	CU_ASSERT_EQUAL(memcmp(r.addr, "\177ELF", 4), 0);
	pp_region_destroy(&r);
	rc = pp_region_supported(PP_BACKING_PFNMAP, &err);
	if (rc) {
		CU_ASSERT_EQUAL(rc, -ENODEV);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "PCI"));
	}
}

static void test_protection(void)
{
	static const struct {
		unsigned prot;
		bool populate;
		int load, store;
	} rows[] = {
		{ PP_PROT_R | PP_PROT_W, false, 0, 0 }, { PP_PROT_R | PP_PROT_W, true, 0, 0 },
		{ PP_PROT_R, false, 0, -EFAULT },       { PP_PROT_R, true, 0, -EFAULT },
		{ 0, false, -EFAULT, -EFAULT },         { 0, true, -EFAULT, -EFAULT },
	};
	static const enum pp_backing backings[] = { PP_BACKING_ANON, PP_BACKING_MEMFD };

	CU_ASSERT_EQUAL_FATAL(pp_guard_install(NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int b = 0; b < 4; b++) {
			struct pp_region_def def = make_def(backings[b / 2], 4 * PAGE);
			struct pp_region r;

			def.share = b % 2 ? PP_PRIVATE : PP_SHARED;
			def.prot = rows[i].prot;
			def.populate = rows[i].populate;
			make(&r, &def, NULL);
			CU_ASSERT_EQUAL(look(r.addr), rows[i].load);
			CU_ASSERT_EQUAL(touch(r.addr), rows[i].store);
			pp_region_destroy(&r);
		}
}

/* touch=yes: the pages are there before anybody looks; touch=no: they are not. */
static void test_populate(void)
{
	for (int populate = 0; populate < 2; populate++) {
		struct pp_region_def def = make_def(PP_BACKING_ANON, 4 * PAGE);
		unsigned char present[4] = { 9, 9, 9, 9 };
		struct pp_region r;

		def.share = PP_PRIVATE;
		def.populate = populate;
		make(&r, &def, NULL);
		CU_ASSERT_EQUAL(mincore(r.addr, 4 * PAGE, present), 0);
		for (int i = 0; i < 4; i++)
			CU_ASSERT_EQUAL(present[i] & 1, populate);
		pp_region_destroy(&r);
	}
}

static void test_end_of_file(void)
{
	struct pp_err err = { "" };
	struct pp_region_def def = make_def(PP_BACKING_MEMFD, 8 * PAGE);
	struct pp_region r;
	struct stat st;

	CU_ASSERT_EQUAL_FATAL(pp_guard_install(NULL), 0);
	for (int populate = 0; populate < 2; populate++) {
		def.populate = populate;
		def.eof = PP_EOF_STRADDLE;
		make(&r, &def, NULL);
		CU_ASSERT_TRUE(!fstat(r.fd, &st) && st.st_size == 4 * (off_t)PAGE);
		CU_ASSERT_EQUAL(touch((char *)r.addr + 4 * PAGE - 1), 0);
		CU_ASSERT_EQUAL(touch((char *)r.addr + 4 * PAGE), -EFAULT);
		pp_region_destroy(&r);
		def.eof = PP_EOF_BEYOND;
		make(&r, &def, NULL);
		CU_ASSERT_TRUE(!fstat(r.fd, &st) && st.st_size == (off_t)PAGE);
		CU_ASSERT_EQUAL(touch(r.addr), -EFAULT);
		pp_region_destroy(&r);
	}
	def = make_def(PP_BACKING_ANON, PAGE);
	def.eof = PP_EOF_STRADDLE;
	CU_ASSERT_EQUAL(pp_region_create(&r, &def, NULL, &err), -EINVAL);
	PP_ASSERT_STR(err.text, "region r: backing anon has no end of file: Invalid argument");
}

/* of=: the same file seen twice, through /proc for a memfd and by path for a file. */
static void check_second(const struct pp_region_def *def, const struct pp_place *place)
{
	struct pp_region_def second = *def;
	struct pp_place where = *place;
	struct pp_region a, b;

	second.of = 0;
	make(&a, def, place);
	where.of = &a;
	memcpy(a.addr, "from a", sizeof("from a"));
	make(&b, &second, &where);
	CU_ASSERT_NOT_EQUAL(a.fd, b.fd);
	PP_ASSERT_STR((char *)b.addr, "from a");
	memcpy(b.addr, "from b", sizeof("from b"));
	PP_ASSERT_STR((char *)a.addr, "from b");
	pp_region_destroy(&b);
	second.share = PP_PRIVATE;
	second.fd_readonly = true;
	CU_ASSERT_EQUAL(pp_region_create(&b, &second, &where, NULL), 0);
	/* Device memory cannot be copied on write, says drivers/dax/device.c. */
	CU_ASSERT_EQUAL(pp_region_map(&b, NULL), def->backing == PP_BACKING_DEVDAX ? -EINVAL : 0);
	if (b.addr)
		memcpy(b.addr, "private", sizeof("private"));
	PP_ASSERT_STR((char *)a.addr, "from b");
	pp_region_destroy(&b);
	second.share = PP_SHARED;
	CU_ASSERT_EQUAL(pp_region_create(&b, &second, &where, NULL), 0);
	CU_ASSERT_EQUAL(pp_region_map(&b, NULL), -EACCES);
	CU_ASSERT_PTR_NULL(b.reserve);
	pp_region_destroy(&b);
	/* Its file has survived all of that. */
	CU_ASSERT_EQUAL(pp_region_unmap(&a, NULL), 0);
	pp_region_close_file(&a);
	CU_ASSERT_EQUAL(a.fd < 0, pp_backings[def->backing].needs_fs);
	CU_ASSERT_EQUAL_FATAL(pp_region_reopen(&a, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(pp_region_map(&a, NULL), 0);
	PP_ASSERT_STR((char *)a.addr, "from b");
	pp_region_destroy(&a);
}

static void test_second_mapping(void)
{
	struct pp_region_def def = make_def(PP_BACKING_MEMFD, 2 * PAGE);
	struct pp_region_def anon = make_def(PP_BACKING_ANON, PAGE);
	struct pp_place place = { NULL, NULL, NULL };
	struct pp_err err = { "" };
	struct pp_region a, b;

	check_second(&def, &place);
	make(&a, &anon, NULL);
	place.of = &a;
	CU_ASSERT_EQUAL(pp_region_create(&b, &def, &place, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "has no file to share"));
	pp_region_destroy(&a);
}

/* Any directory will do for what a file does outside of its filesystem's peculiarities. */
static void test_file(void)
{
	struct pp_region_def def = make_def(PP_BACKING_EXT4, 5 * PAGE);
	char dir[] = "./region-test-XXXXXX", path[64];
	struct pp_place place = { .dir = dir };
	struct pp_err err = { "" };
	struct pp_region r, twin;
	struct stat st;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/r", dir);
	check_second(&def, &place);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	make(&r, &def, &place);
	PP_ASSERT_STR(r.path, path);
	CU_ASSERT_TRUE(!stat(path, &st) && st.st_size == 5 * (off_t)PAGE && st.st_blocks == 0);
	/* A file that is there already belongs to somebody: refused, and not unlinked. */
	CU_ASSERT_EQUAL(pp_region_create(&twin, &def, &place, &err), -EEXIST);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, path));
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	memcpy(r.addr, "kept", sizeof("kept"));
	CU_ASSERT_EQUAL(pp_region_unmap(&r, NULL), 0);
	pp_region_close_file(&r);
	CU_ASSERT_EQUAL(r.fd, -1);
	CU_ASSERT_EQUAL(pp_region_map(&r, &err), -EBADF);
	CU_ASSERT_EQUAL(pp_region_reopen(&r, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(pp_region_map(&r, NULL), 0);
	PP_ASSERT_STR((char *)r.addr, "kept");
	pp_region_destroy(&r);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
	CU_ASSERT_EQUAL(pp_region_create(&r, &def, NULL, &err), -EINVAL);
	PP_ASSERT_STR(err.text, "region r: backing ext4 needs a filesystem: Invalid argument");
	def.backing = PP_BACKING_DEVDAX;
	CU_ASSERT_EQUAL(pp_region_create(&r, &def, NULL, &err), -EINVAL);
	CU_ASSERT_EQUAL(pp_region_supported(PP_BACKING_DEVDAX, &err), -EINVAL);
	CU_ASSERT_EQUAL(pp_region_supported(PP_BACKING_XFS, &err), -EINVAL);
}

/* How often a file is mapped into this process. */
static int mappings_of(const char *path)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	int n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, path) != NULL;
	fclose(f);
	return n;
}

/* Mapped several times: each by itself, all of the same bytes, and all gone with the region. */
static void test_times(void)
{
	struct pp_region_def def = make_def(PP_BACKING_XFS, 2 * PAGE);
	char dir[] = "./times-test-XXXXXX";
	struct pp_place place = { .dir = dir };
	struct pp_err err = { "" };
	struct pp_region r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	def.times = 1;
	make(&r, &def, &place);
	CU_ASSERT_PTR_NULL(r.copies);
	CU_ASSERT_EQUAL(mappings_of(r.path + 2), 1);
	pp_region_destroy(&r);
	def.times = 5;
	make(&r, &def, &place);
	CU_ASSERT_EQUAL(mappings_of(r.path + 2), 5);
	memcpy((char *)r.addr + PAGE, "same", sizeof("same"));
	for (size_t i = 0; i < 4; i++)
		PP_ASSERT_STR((char *)r.copies + (2 * i + 1) * PAGE, "same");
	CU_ASSERT_EQUAL(pp_region_move(&r, &err), 0);
	CU_ASSERT_EQUAL(mappings_of(r.path + 2), 5);
	CU_ASSERT_EQUAL(pp_region_unmap(&r, NULL), 0);
	CU_ASSERT_EQUAL(mappings_of(r.path + 2), 0);
	CU_ASSERT_EQUAL_FATAL(pp_region_map(&r, NULL), 0);
	CU_ASSERT_EQUAL(mappings_of(r.path + 2), 5);
	pp_region_destroy(&r);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

/* In the throw-away guest: memory that is a device. */
static void test_devices(void)
{
	static const struct {
		const char *slot;
		enum pp_backing backing;
		uint64_t align;
	} rows[] = { { "disk1", PP_BACKING_BLOCKDEV, PAGE },
		     { "devdax0", PP_BACKING_DEVDAX, HUGE } };
	const char *guest = getenv("PINPROOF_TEST_GUEST");
	struct pp_slots slots;

	CU_ASSERT_EQUAL(pp_slots_probe(&slots, NULL, 0, guest != NULL, NULL), 0);
	CU_ASSERT_EQUAL(slots.count != 0, guest != NULL);
	for (size_t i = 0; guest && i < 2; i++) {
		const struct pp_slot *slot = pp_slots_find(&slots, rows[i].slot);
		struct pp_region_def def = make_def(rows[i].backing, 16 * PAGE);
		struct pp_place place = { NULL, slot ? slot->dev : NULL, NULL };
		struct pp_err err = { "" };
		struct pp_region r;

		CU_ASSERT_PTR_NOT_NULL_FATAL(slot);
		check_second(&def, &place);
		make(&r, &def, &place);
		CU_ASSERT_EQUAL((uintptr_t)r.addr % rows[i].align, 0);
		pp_region_destroy(&r);
		CU_ASSERT_EQUAL(access(slot->dev, F_OK), 0);
		def.size_bytes = slot->size_bytes + PAGE;
		CU_ASSERT_EQUAL(pp_region_create(&r, &def, &place, &err), -ENOSPC);
	}
	CU_ASSERT_TRUE(!guest || pp_region_supported(PP_BACKING_HUGETLB, NULL) == 0);
	CU_ASSERT_TRUE(!guest || pp_region_supported(PP_BACKING_PFNMAP, NULL) == 0);
}

static const struct pp_unit_case cases[] = {
	{ "memory", test_memory },
	{ "hugetlb", test_hugetlb },
	{ "addresses that are found", test_special },
	{ "protection", test_protection },
	{ "touch", test_populate },
	{ "end of file", test_end_of_file },
	{ "second mapping of a memfd", test_second_mapping },
	{ "files", test_file },
	{ "a file that is mapped several times", test_times },
	{ "devices of the guest", test_devices },
};

PP_UNIT_MAIN("region", cases)
