/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults in regions: every kind of backing made, mapped, moved, reopened and taken away. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/plan.h"
#include "drive.h"
#include "sys/region.h"
#include "world.h"

#define PAGE 4096u

/* A region, and where it lives. */
struct backing_case {
	struct pp_region_def def;
	const char *dev;
	bool in_dir;
	bool again; /* a second mapping of its file too */
};

static int use(struct pp_region *r, struct pp_err *err)
{
	int rc = pp_region_map(r, err);

	if (!rc && r->reserve)
		rc = pp_region_move(r, err);
	if (!rc)
		rc = pp_region_reopen(r, err);
	if (!rc) {
		pp_region_close_file(r);
		rc = pp_region_reopen(r, err);
	}
	return rc ? rc : pp_region_unmap(r, err);
}

static int use_again(const struct pp_region *first, struct pp_err *err)
{
	struct pp_region_def def = *first->def;
	struct pp_place place = { .of = first };
	struct pp_region r;
	int rc;

	def.of = 0;
	def.fd_readonly = true;
	def.prot = PP_PROT_R;
	rc = pp_region_create(&r, &def, &place, err);
	if (rc)
		return rc;
	rc = use(&r, err);
	pp_region_destroy(&r);
	return rc;
}

static int run_region(const struct driver *d, struct pp_err *err)
{
	const struct backing_case *c = d->arg;
	struct pp_place place = { .dir = c->in_dir ? world.dir : NULL, .dev = c->dev };
	struct pp_region r;
	int rc = pp_region_create(&r, &c->def, &place, err);

	if (rc)
		return rc;
	rc = use(&r, err);
	if (!rc && c->again)
		rc = use_again(&r, err);
	pp_region_destroy(&r);
	/* Where the unlink failed: the next one is to find no file. */
	if (c->in_dir) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", world.dir, c->def.name);
		(void)__real_unlink(path);
	}
	return rc;
}

static int run_supported(const struct driver *d, struct pp_err *err)
{
	return pp_region_supported(*(const enum pp_backing *)d->arg, err);
}

#define DEF(b, s, n)                                                                               \
	.name = "r", .backing = PP_BACKING_##b, .share = PP_##s, .prot = PP_PROT_R | PP_PROT_W,    \
	.size_bytes = (n), .fs = PP_NO_INDEX, .of = PP_NO_INDEX

static const struct backing_case
	anon = { .def = { DEF(ANON, PRIVATE, 4 * PAGE), .populate = true } },
	thp = { .def = { DEF(ANON_THP, PRIVATE, 4 * PAGE), .populate = true } },
	memfd = { .def = { DEF(MEMFD, SHARED, 4 * PAGE), .populate = true } },
	memfd_ro = { .def = { DEF(MEMFD, PRIVATE, 4 * PAGE), .fd_readonly = true } },
	pool = { .def = { DEF(HUGETLB, SHARED, 4 * PAGE) } },
	secret = { .def = { DEF(SECRETMEM, SHARED, PAGE), .populate = true } },
	file = { .def = { DEF(EXT4, SHARED, 4 * PAGE), .populate = true },
		 .in_dir = true,
		 .again = true },
	file_ro = { .def = { DEF(TMPFS, PRIVATE, 4 * PAGE), .fd_readonly = true }, .in_dir = true },
	none = { .def = { .name = "r",
			  .backing = PP_BACKING_XFS,
			  .share = PP_SHARED,
			  .size_bytes = 4 * PAGE,
			  .populate = true,
			  .eof = PP_EOF_STRADDLE,
			  .fs = PP_NO_INDEX,
			  .of = PP_NO_INDEX },
		 .in_dir = true },
	beyond = { .def = { DEF(BTRFS, SHARED, 4 * PAGE), .eof = PP_EOF_BEYOND }, .in_dir = true },
	dense = { .def = { DEF(VFAT, SHARED, 4 * PAGE) }, .in_dir = true },
	devdax = { .def = { DEF(DEVDAX, SHARED, 4 * PAGE) }, .dev = "/dev/dax0.0" },
	disk = { .def = { DEF(BLOCKDEV, SHARED, 4 * PAGE) }, .dev = "/dev/vda" },
	pfnmap = { .def = { DEF(PFNMAP, SHARED, PAGE) } },
	vdso = { .def = { DEF(VDSO, PRIVATE, PAGE) } },
	vvar = { .def = { DEF(VVAR, PRIVATE, PAGE) } },
	unmapped = { .def = { DEF(UNMAPPED, PRIVATE, PAGE) } };

static const enum pp_backing probe_memfd = PP_BACKING_MEMFD;

#define UNLINKED                                                                                   \
	{                                                                                          \
		CALL_unlink, NULL, GOES_ON, "the file goes with its filesystem"                    \
	}
#define TOUCHED                                                                                    \
	{                                                                                          \
		CALL_fstat, NULL, SAYS_SO,                                                         \
			"all is touched: what lies behind the end is an error, no SIGBUS"          \
	}
#define DEVICE_ALIGN                                                                               \
	{ CALL_fopen, "/align", GOES_ON, "2 MiB then, and the kernel refuses what is wrong" },     \
	{                                                                                          \
		CALL_fgets, "/align", GOES_ON, "2 MiB then, and the kernel refuses what is wrong"  \
	}
#define NO_BAR "only a trial tells: another BAR is tried, and there is none"

const struct driver drive_regions[] = {
	/* clang-format off */
	{ "region of anonymous memory", run_region, &anon, .mapped = {
		{ CALL_madvise, NULL, MAY_GO_ON, "a kernel without huge pages makes none" } } },
	{ "region of huge pages", run_region, &thp, .mapped = {
		{ CALL_fgets, NULL, GOES_ON, "madvise() has said that there are some" } } },
	{ "region of a memfd", run_region, &memfd, .mapped = { TOUCHED } },
	{ "region of a memfd, read-only", run_region, &memfd_ro, .mapped = { TOUCHED } },
	{ "region of the huge page pool", run_region, &pool, .mapped = {
		{ CALL_fstatfs, NULL, GOES_ON, "small pages then, which the kernel refuses" } } },
	{ "region of secret memory", run_region, &secret, .mapped = { TOUCHED } },
	{ "region of a file, mapped twice", run_region, &file, .mapped = { TOUCHED, UNLINKED } },
	{ "region of a file, read-only", run_region, &file_ro, .mapped = { UNLINKED } },
	{ "region without access", run_region, &none, .mapped = { TOUCHED, UNLINKED } },
	{ "region behind the end", run_region, &beyond, .mapped = { UNLINKED } },
	{ "region of a file without holes", run_region, &dense, .mapped = { UNLINKED } },
	{ "region of a devdax", run_region, &devdax, .mapped = { DEVICE_ALIGN } },
	{ "region of a disk", run_region, &disk, .mapped = {} },
	{ "region of a PCI resource", run_region, &pfnmap, .mapped = {
		{ CALL_readdir, NULL, SAYS_SO, NO_BAR }, { CALL_fopen, NULL, -ENODEV, NO_BAR },
		{ CALL___isoc99_fscanf, NULL, SAYS_SO, NO_BAR }, { CALL_fgets, NULL, -ENODEV, NO_BAR },
		{ CALL_open, "resource0", SAYS_SO, NO_BAR }, { CALL_mmap, "resource0", SAYS_SO, NO_BAR } } },
	{ "region of the vdso", run_region, &vdso, .mapped = {} },
	{ "region of the vvar", run_region, &vvar, .mapped = {} },
	{ "region of nothing", run_region, &unmapped, .mapped = {
		{ CALL_mmap, NULL, GOES_ON, "the next address is tried" } } },
	{ "pp_region_supported", run_supported, &probe_memfd, .mapped = { TOUCHED } },
	/* clang-format on */
};
const size_t n_drive_regions = sizeof(drive_regions) / sizeof(drive_regions[0]);
