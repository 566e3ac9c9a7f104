/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regions: the table of backings, and what all of them share; see region.h. */
#include "sys/region.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/pinio.h"
#include "sys/region_special.h"

#define HUGE_BYTES  (UINT64_C(2) << 20)
#define DEV_DAX     "/sys/bus/dax/devices"
#define THP_ENABLED "/sys/kernel/mm/transparent_hugepage/enabled"

#define BACKING_SIZED  1u   /* what is behind it has a size of its own: eof= makes sense */
#define BACKING_IN_FS  2u   /* a file in the mounted filesystem: ours to unlink */
#define BACKING_DEVICE 4u   /* the device of the slot */
#define BACKING_NOFILE 8u   /* mapped anonymously */
#define BACKING_FIXED  16u  /* found, not mapped */
#define BACKING_HUGE   32u  /* 2 MiB aligned, so that large mappings can form */
#define BACKING_DENSE  128u /* a file without holes: its blocks hold what they held before */
#define BACKING_POOL   64u  /* hugetlb: granule of its filesystem */

struct backing {
	int (*create)(struct pp_region *r, const struct pp_place *place, struct pp_err *err);
	int (*map)(struct pp_region *r, struct pp_err *err);
	unsigned flags;
	int advice; /* of madvise(), 0 for none */
};

static int create_nothing(struct pp_region *, const struct pp_place *, struct pp_err *);
static int create_memfd(struct pp_region *, const struct pp_place *, struct pp_err *);
static int create_secret(struct pp_region *, const struct pp_place *, struct pp_err *);
static int create_file(struct pp_region *, const struct pp_place *, struct pp_err *);
static int create_device(struct pp_region *, const struct pp_place *, struct pp_err *);
static int map_region(struct pp_region *, struct pp_err *);

#define FS_FILE (BACKING_SIZED | BACKING_IN_FS)

/* clang-format off */
static const struct backing backings[PP_BACKING_COUNT] = {
	/* Never huge pages where the plan did not ask for them, whatever the machine's default. */
	[PP_BACKING_ANON]       = { create_nothing, map_region, BACKING_NOFILE, MADV_NOHUGEPAGE },
	[PP_BACKING_ANON_THP]   = { create_nothing, map_region, BACKING_NOFILE | BACKING_HUGE,
				    MADV_HUGEPAGE },
	[PP_BACKING_HUGETLB]    = { create_memfd, map_region, BACKING_POOL, 0 },
	[PP_BACKING_MEMFD]      = { create_memfd, map_region, BACKING_SIZED, 0 },
	[PP_BACKING_TMPFS]      = { create_file, map_region, FS_FILE, 0 },
	[PP_BACKING_EXT4]       = { create_file, map_region, FS_FILE, 0 },
	[PP_BACKING_XFS]        = { create_file, map_region, FS_FILE, 0 },
	[PP_BACKING_BTRFS]      = { create_file, map_region, FS_FILE, 0 },
	[PP_BACKING_VFAT]       = { create_file, map_region, FS_FILE | BACKING_DENSE, 0 },
	[PP_BACKING_FSDAX_EXT4] = { create_file, map_region, FS_FILE | BACKING_HUGE, 0 },
	[PP_BACKING_FSDAX_XFS]  = { create_file, map_region, FS_FILE | BACKING_HUGE, 0 },
	[PP_BACKING_DEVDAX]     = { create_device, map_region, BACKING_DEVICE | BACKING_HUGE, 0 },
	[PP_BACKING_BLOCKDEV]   = { create_device, map_region, BACKING_DEVICE, 0 },
	[PP_BACKING_SECRETMEM]  = { create_secret, map_region, BACKING_SIZED, 0 },
	[PP_BACKING_PFNMAP]     = { pp_special_pfnmap, map_region, 0, 0 },
	[PP_BACKING_VVAR]       = { create_nothing, pp_special_vvar, BACKING_FIXED, 0 },
	[PP_BACKING_VDSO]       = { create_nothing, pp_special_vdso, BACKING_FIXED, 0 },
	[PP_BACKING_UNMAPPED]   = { create_nothing, pp_special_unmapped, BACKING_FIXED, 0 },
	[PP_BACKING_KERNEL]     = { create_nothing, pp_special_kernel, BACKING_FIXED, 0 },
};
/* clang-format on */

static const struct backing *row(const struct pp_region *r)
{
	return &backings[r->def->backing];
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

static uint64_t page_bytes(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* A number of a devdax device in sysfs; 0 and errno if it cannot be read. */
static uint64_t dax_number(const char *dev, const char *attr)
{
	const char *name = strrchr(dev, '/');
	char path[512], text[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), DEV_DAX "/%.200s/%s", name ? name + 1 : dev, attr);
	f = fopen(path, "re");
	if (!f)
		return 0;
	errno = EIO;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return strtoull(text, NULL, 0);
}

/* What the mapping's start and length must be multiples of. */
static uint64_t granule(const struct pp_region *r)
{
	uint64_t align = 0;
	struct statfs sfs;

	if (row(r)->flags & BACKING_POOL && !fstatfs(r->fd, &sfs))
		align = (uint64_t)sfs.f_bsize;
	if (r->def->backing == PP_BACKING_DEVDAX)
		align = dax_number(r->path, "align");
	if (align)
		return align;
	/* A file of whole huge pages may be mapped by them, if its folios are so large. */
	if (row(r)->flags & BACKING_SIZED && r->def->size_bytes % HUGE_BYTES == 0)
		return HUGE_BYTES;
	return row(r)->flags & BACKING_HUGE ? HUGE_BYTES : page_bytes();
}

static uint64_t file_bytes(const struct pp_region_def *def)
{
	switch (def->eof) {
	case PP_EOF_STRADDLE:
		return def->size_bytes / 2;
	case PP_EOF_BEYOND:
		return page_bytes();
	case PP_EOF_INSIDE:
		break;
	}
	return def->size_bytes;
}

static int open_mode(const struct pp_region *r)
{
	return (r->def->fd_readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC;
}

static int create_nothing(struct pp_region *r, const struct pp_place *place, struct pp_err *err)
{
	(void)r;
	(void)place;
	(void)err;
	return 0;
}

/* Open r->path as the plan says, and only then let go of the file open so far. */
static int open_path(struct pp_region *r, struct pp_err *err)
{
	int fd = open(r->path, open_mode(r));

	if (fd < 0)
		return pp_err_set(err, -errno, "cannot open %s", r->path);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = fd;
	/* A memfd's name is its number, which has just changed. */
	if (!strncmp(r->path, "/proc/", 6))
		snprintf(r->path, sizeof(r->path), "/proc/self/fd/%d", fd);
	return 0;
}

static int create_memfd(struct pp_region *r, const struct pp_place *place, struct pp_err *err)
{
	bool pool = row(r)->flags & BACKING_POOL;

	(void)place;
	r->fd = memfd_create(r->def->name,
			     MFD_CLOEXEC | MFD_ALLOW_SEALING | (pool ? MFD_HUGETLB : 0));
	if (r->fd < 0)
		return pp_err_set(err, -errno, "memfd_create");
	if (ftruncate(r->fd, (off_t)round_up(file_bytes(r->def), pool ? granule(r) : 1)))
		return pp_err_set(err, -errno, "cannot size the memfd");
	if (pool)
		return 0;
	snprintf(r->path, sizeof(r->path), "/proc/self/fd/%d", r->fd);
	return r->def->fd_readonly ? open_path(r, err) : 0;
}

static int create_secret(struct pp_region *r, const struct pp_place *place, struct pp_err *err)
{
	(void)place;
	r->fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
	if (r->fd < 0)
		return pp_err_set(err, -errno, "memfd_secret");
	if (ftruncate(r->fd, (off_t)file_bytes(r->def)))
		return pp_err_set(err, -errno, "cannot size the secret memory");
	return 0;
}

/* Holes only: the plan says what is written, and how. */
static int create_file(struct pp_region *r, const struct pp_place *place, struct pp_err *err)
{
	char path[sizeof(r->path)];

	if (!place || !place->dir)
		return pp_err_set(err, -EINVAL, "backing %s needs a filesystem",
				  pp_backings[r->def->backing].name);
	if (snprintf(path, sizeof(path), "%s/%s", place->dir, r->def->name) >= (int)sizeof(path))
		return pp_err_set(err, -ENAMETOOLONG, "path of its file in %s", place->dir);
	r->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (r->fd < 0)
		return pp_err_set(err, -errno, "cannot create %s", path);
	/* From here on the file is ours, and pp_region_destroy() will unlink it. */
	memcpy(r->path, path, sizeof(path));
	if (ftruncate(r->fd, (off_t)file_bytes(r->def)))
		return pp_err_set(err, -errno, "cannot give %s its size", r->path);
	/* vfat fills with zeros in the page cache; a durable image must not show an older file's
	 * data. */
	if (row(r)->flags & BACKING_DENSE && fsync(r->fd))
		return pp_err_set(err, -errno, "cannot fsync %s", r->path);
	return r->def->fd_readonly ? open_path(r, err) : 0;
}

static int create_device(struct pp_region *r, const struct pp_place *place, struct pp_err *err)
{
	uint64_t size = 0;
	int rc;

	if (!place || !place->dev)
		return pp_err_set(err, -EINVAL, "backing %s needs a device",
				  pp_backings[r->def->backing].name);
	if (snprintf(r->path, sizeof(r->path), "%s", place->dev) >= (int)sizeof(r->path))
		return pp_err_set(err, -ENAMETOOLONG, "device %s", place->dev);
	rc = open_path(r, err);
	if (rc)
		return rc;
	if (r->def->backing == PP_BACKING_DEVDAX ? !(size = dax_number(r->path, "size"))
						 : ioctl(r->fd, BLKGETSIZE64, &size))
		return pp_err_set(err, -errno, "cannot ask %s for its size", r->path);
	if (size < round_up(r->def->size_bytes, granule(r)))
		return pp_err_set(err, -ENOSPC, "%s has only %llu bytes", r->path,
				  (unsigned long long)size);
	return 0;
}

int pp_region_create(struct pp_region *r, const struct pp_region_def *def,
		     const struct pp_place *place, struct pp_err *err)
{
	int rc;

	memset(r, 0, sizeof(*r));
	r->def = def;
	r->fd = -1;
	if (def->eof != PP_EOF_INSIDE && !(row(r)->flags & BACKING_SIZED))
		return pp_err_set(err, -EINVAL, "region %s: backing %s has no end of file",
				  def->name, pp_backings[def->backing].name);
	if (place && place->of && !place->of->path[0])
		return pp_err_set(err, -EINVAL, "region %s: region %s has no file to share",
				  def->name, place->of->def->name);
	if (place && place->of) {
		memcpy(r->path, place->of->path, sizeof(r->path));
		rc = open_path(r, err);
	} else {
		rc = row(r)->create(r, place, err);
	}
	if (rc) {
		pp_err_prefix(err, "region %s", def->name);
		pp_region_destroy(r);
	}
	return rc;
}

/*
 * Where the file ends, seen from the start of the mapping: a touch behind it
 * would be SIGBUS. Devices have no such end.
 */
static uint64_t touchable_bytes(const struct pp_region *r, off_t offset)
{
	uint64_t length = round_up(r->def->size_bytes, page_bytes());
	struct stat st;

	if (r->fd < 0 || fstat(r->fd, &st) || !S_ISREG(st.st_mode) || row(r)->flags & BACKING_POOL)
		return length;
	if (st.st_size <= offset)
		return 0;
	st.st_size = (off_t)round_up((uint64_t)(st.st_size - offset), page_bytes());
	return (uint64_t)st.st_size < length ? (uint64_t)st.st_size : length;
}

/* The kernel's own page walk is refused secret memory, so the processor has to touch it. */
static int touch_by_cpu(char *at, uint64_t length, int prot, struct pp_err *err)
{
	for (uint64_t done = 0; done < length; done += page_bytes()) {
		char byte;

		if (pp_guarded_copy(&byte, at + done, 1) ||
		    (prot & PROT_WRITE && pp_guarded_copy(at + done, &byte, 1)))
			return pp_err_set(err, -EFAULT, "cannot touch its pages");
	}
	return 0;
}

/* madvise() and not stores: content stays as it is, and a fault becomes an errno. */
static int populate(struct pp_region *r, int prot, off_t offset, struct pp_err *err)
{
	uint64_t length = touchable_bytes(r, offset);
	int advice = prot & PROT_WRITE ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;

	if (r->def->backing == PP_BACKING_SECRETMEM)
		return touch_by_cpu(r->addr, length, prot, err);
	if (length && madvise(r->addr, length, advice))
		return pp_err_set(err, -errno, "cannot touch its pages");
	return 0;
}

static int mmap_prot(const struct pp_region *r)
{
	return (r->def->prot & PP_PROT_R ? PROT_READ : 0) |
	       (r->def->prot & PP_PROT_W ? PROT_WRITE : 0);
}

/* To touch pages of a PROT_NONE mapping it must be accessible first; this is as far as the file
 * allows. */
static int touch_prot(const struct pp_region *r)
{
	if (mmap_prot(r) || !r->def->populate)
		return mmap_prot(r);
	return r->def->fd_readonly && r->def->share == PP_SHARED ? PROT_READ
								 : PROT_READ | PROT_WRITE;
}

/*
 * Address space of the right alignment with an inaccessible page or more on
 * either side: the kernel cannot merge the mapping with a neighbour, and a
 * store or pin that runs over its end is a fault, not a quiet success.
 */
static int reserve(struct pp_region *r, uint64_t align, uint64_t length, struct pp_err *err)
{
	uintptr_t start;

	r->reserve_length = length + 2 * align + page_bytes();
	r->reserve = mmap(NULL, r->reserve_length, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->reserve == MAP_FAILED) {
		r->reserve = NULL;
		return pp_err_set(err, -errno, "cannot reserve address space");
	}
	start = round_up((uintptr_t)r->reserve + page_bytes(), align);
	r->addr = (void *)start;
	return 0;
}

/* MADV_HUGEPAGE succeeds without effect where the machine says "never". */
static int advise(struct pp_region *r, uint64_t length, struct pp_err *err)
{
	int advice = row(r)->advice;
	char modes[64] = "";
	FILE *f;

	if (advice && madvise(r->addr, length, advice) && advice == MADV_HUGEPAGE)
		return pp_err_set(err, -errno, "the kernel has no transparent huge pages");
	if (advice != MADV_HUGEPAGE)
		return 0;
	f = fopen(THP_ENABLED, "re");
	if (!f)
		return pp_err_set(err, -errno, "cannot open " THP_ENABLED);
	if (!fgets(modes, sizeof(modes), f))
		modes[0] = '\0';
	fclose(f);
	if (strstr(modes, "[never]"))
		return pp_err_set(err, -EOPNOTSUPP, THP_ENABLED " says never");
	return 0;
}

/* Huge pages only want the start aligned; length is in pages unless the backing says otherwise. */
static uint64_t mapped_bytes(const struct pp_region *r)
{
	return round_up(r->def->size_bytes, row(r)->flags & (BACKING_POOL | BACKING_DEVICE)
						    ? granule(r)
						    : page_bytes());
}

/* The mappings that nobody uses. They lie side by side, so that one munmap() takes them away. */
static int map_copies(struct pp_region *r, uint64_t length, off_t offset, struct pp_err *err)
{
	size_t n = r->def->times > 1 ? r->def->times - 1u : 0;
	char *at;

	if (!n)
		return 0;
	at = mmap(NULL, n * length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return pp_err_set(err, -errno, "cannot reserve address space for %zu mappings", n);
	r->copies = at;
	r->copies_length = n * length;
	for (size_t i = 0; i < n; i++)
		if (mmap(at + i * length, length, mmap_prot(r), MAP_SHARED | MAP_FIXED, r->fd,
			 offset) == MAP_FAILED)
			return pp_err_set(err, -errno, "mmap, number %zu of its file", i + 1);
	return 0;
}

static int map_region(struct pp_region *r, struct pp_err *err)
{
	const struct backing *b = row(r);
	int flags = (r->def->share == PP_SHARED ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED |
		    (b->flags & BACKING_NOFILE ? MAP_ANONYMOUS : 0);
	uint64_t align = granule(r), length = mapped_bytes(r);
	struct stat st;
	off_t offset = 0;
	int rc;

	if (!(b->flags & BACKING_NOFILE) && r->fd < 0)
		return pp_err_set(err, -EBADF, "its file is closed");
	if (r->def->eof == PP_EOF_BEYOND) {
		if (fstat(r->fd, &st))
			return pp_err_set(err, -errno, "cannot ask its file for the size");
		offset = (off_t)round_up((uint64_t)st.st_size, page_bytes());
	}
	rc = map_copies(r, length, offset, err);
	if (!rc)
		rc = reserve(r, align, length, err);
	if (rc)
		return rc;
	if (mmap(r->addr, length, touch_prot(r), flags, r->fd, offset) == MAP_FAILED)
		return pp_err_set(err, -errno, "mmap");
	r->length = r->def->size_bytes;
	rc = advise(r, length, err);
	if (rc)
		return rc;
	rc = r->def->populate ? populate(r, touch_prot(r), offset, err) : 0;
	if (!rc && mprotect(r->addr, length, mmap_prot(r)))
		rc = pp_err_set(err, -errno, "mprotect");
	return rc;
}

int pp_region_map(struct pp_region *r, struct pp_err *err)
{
	int rc;

	if (r->addr)
		return pp_err_set(err, -EEXIST, "region %s is mapped already", r->def->name);
	rc = row(r)->map(r, err);
	if (rc) {
		pp_err_prefix(err, "cannot map region %s", r->def->name);
		pp_region_unmap(r, NULL);
	}
	return rc;
}

/* The hole that the mapping left may be somebody's mapping by now: only what lies around it goes.
 */
static void release_around(void *reserved, size_t length, void *hole, size_t hole_length)
{
	char *from = reserved, *at = hole;

	munmap(from, (size_t)(at - from));
	munmap(at + hole_length, (size_t)(from + length - at) - hole_length);
}

int pp_region_move(struct pp_region *r, struct pp_err *err)
{
	uint64_t length;
	struct pp_region old = *r;
	int rc;

	if (!r->reserve || row(r)->flags & BACKING_FIXED)
		return pp_err_set(err, -EOPNOTSUPP, "region %s is no mapping that can be moved",
				  r->def->name);
	length = mapped_bytes(r);
	rc = reserve(r, granule(r), length, err);
	if (!rc && mremap(old.addr, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, r->addr) ==
			   MAP_FAILED) {
		rc = pp_err_set(err, -errno, "mremap of region %s", r->def->name);
		munmap(r->reserve, r->reserve_length);
	}
	if (rc) {
		*r = old;
		return rc;
	}
	release_around(old.reserve, old.reserve_length, old.addr, length);
	return 0;
}

int pp_region_unmap(struct pp_region *r, struct pp_err *err)
{
	int rc = 0;

	if (r->reserve && munmap(r->reserve, r->reserve_length))
		rc = pp_err_set(err, -errno, "cannot unmap region %s", r->def->name);
	if (r->copies && munmap(r->copies, r->copies_length) && !rc)
		rc = pp_err_set(err, -errno, "cannot unmap all mappings of region %s",
				r->def->name);
	r->copies = NULL;
	r->copies_length = 0;
	r->reserve = NULL;
	r->reserve_length = 0;
	r->addr = NULL;
	r->length = 0;
	return rc;
}

void pp_region_destroy(struct pp_region *r)
{
	if (!r->def)
		return;
	pp_region_unmap(r, NULL);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	if (row(r)->flags & BACKING_IN_FS && r->path[0] && r->def->of == PP_NO_INDEX)
		unlink(r->path);
	r->path[0] = '\0';
}

int pp_region_reopen(struct pp_region *r, struct pp_err *err)
{
	int rc;

	if (!r->path[0])
		return 0;
	rc = open_path(r, err);
	if (rc)
		pp_err_prefix(err, "region %s", r->def->name);
	return rc;
}

/* What lives in no filesystem would be gone for good, and stands in no unmount's way. */
void pp_region_close_file(struct pp_region *r)
{
	if (r->fd < 0 || !(row(r)->flags & BACKING_IN_FS))
		return;
	close(r->fd);
	r->fd = -1;
}

int pp_region_supported(enum pp_backing backing, struct pp_err *err)
{
	struct pp_region_def def = { .name = "probe",
				     .backing = backing,
				     .share = PP_SHARED,
				     .prot = PP_PROT_R | PP_PROT_W,
				     .size_bytes = page_bytes(),
				     .fs = PP_NO_INDEX,
				     .of = PP_NO_INDEX };
	struct pp_region r;
	int rc;

	if (backings[backing].flags & (BACKING_IN_FS | BACKING_DEVICE))
		return pp_err_set(err, -EINVAL, "backing %s depends on a filesystem or device",
				  pp_backings[backing].name);
	if (backings[backing].flags & BACKING_NOFILE)
		def.share = PP_PRIVATE;
	/* A pool may promise pages it does not have, and a BAR must not be touched. */
	def.populate = !pp_backings[backing].special;
	rc = pp_region_create(&r, &def, NULL, err);
	if (rc)
		return rc;
	rc = pp_region_map(&r, err);
	pp_region_destroy(&r);
	return rc;
}
