/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hazards by userfaultfd: write protection, and pages moved away and back; see hazard.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/hazard.h"

#define PAGE_BYTES 4096u

/* Since 6.8; the headers of older systems lack it. Source: include/uapi/linux/userfaultfd.h. */
#define FEATURE_MOVE (1ull << 16)
struct uffd_move {
	uint64_t dst, src, len, mode;
	int64_t moved;
};
#define IOCTL_MOVE _IOWR(UFFDIO, 0x05, struct uffd_move)

/* An access that finds a page protected or absent gets SIGBUS: nobody has to answer it. */
static int open_with(uint64_t features, struct pp_err *err)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features | UFFD_FEATURE_SIGBUS };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return pp_err_set(err, -errno, "userfaultfd");
	if (ioctl(fd, UFFDIO_API, &api)) {
		int rc = pp_err_set(err, -errno, "userfaultfd with features 0x%llx",
				    (unsigned long long)features);

		close(fd);
		return rc;
	}
	return fd;
}

static int watch(int fd, const void *addr, size_t length, uint64_t mode, struct pp_err *err)
{
	struct uffdio_register r = { .range = { (uintptr_t)addr, length }, .mode = mode };

	return ioctl(fd, UFFDIO_REGISTER, &r)
		       ? pp_err_set(err, -errno, "UFFDIO_REGISTER of %zu bytes", length)
		       : 0;
}

int pp_hazard_uffd_protect(int *fd, void *addr, size_t length_bytes, struct pp_err *err)
{
	struct uffdio_writeprotect wp = { .range = { (uintptr_t)addr, length_bytes },
					  .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	int rc;

	if (*fd < 0) {
		*fd = open_with(UFFD_FEATURE_PAGEFAULT_FLAG_WP, err);
		if (*fd < 0)
			return *fd;
	}
	rc = watch(*fd, addr, length_bytes, UFFDIO_REGISTER_MODE_WP, err);
	if (!rc && ioctl(*fd, UFFDIO_WRITEPROTECT, &wp))
		rc = pp_err_set(err, -errno, "UFFDIO_WRITEPROTECT of %zu bytes", length_bytes);
	return rc;
}

int pp_hazard_uffd_unprotect(int *fd, struct pp_err *err)
{
	if (*fd < 0)
		return pp_err_set(err, -EINVAL, "nothing is protected by userfaultfd here.");
	/* The last close takes every registration back, and with it the protection. */
	close(*fd);
	*fd = -1;
	return 0;
}

static int move(int fd, const void *from, void *to, size_t length, struct pp_err *err)
{
	struct uffd_move m = { .dst = (uintptr_t)to, .src = (uintptr_t)from, .len = length };

	return ioctl(fd, IOCTL_MOVE, &m)
		       ? pp_err_set(err, -errno, "UFFDIO_MOVE of %zu bytes", length)
		       : 0;
}

/* Page by page, so that one that stays does not hide that others would go. */
static int there_and_back(int fd, uint8_t *addr, size_t length, uint8_t *aside, struct pp_err *err)
{
	int rc = 0;

	for (size_t at = 0; at < length; at += PAGE_BYTES) {
		int moved = move(fd, addr + at, aside + at, PAGE_BYTES, err), back;

		/* What cannot come back is lost to who looks at it: the caller has to know. */
		back = moved ? 0 : move(fd, aside + at, addr + at, PAGE_BYTES, err);
		if (back)
			return pp_err_set(err, -EIO, "a page that was moved did not come back");
		if (!rc)
			rc = moved;
	}
	return rc;
}

int pp_hazard_uffd_move(void *addr, size_t length_bytes, struct pp_err *err)
{
	void *aside = mmap(NULL, length_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	int fd, rc;

	if (aside == MAP_FAILED)
		return pp_err_set(err, -errno, "no memory to move pages to");
	/* Huge pages would not take single ones. */
	(void)madvise(aside, length_bytes, MADV_NOHUGEPAGE);
	fd = open_with(FEATURE_MOVE, err);
	rc = fd < 0 ? fd : watch(fd, aside, length_bytes, UFFDIO_REGISTER_MODE_MISSING, err);
	if (!rc)
		rc = watch(fd, addr, length_bytes, UFFDIO_REGISTER_MODE_MISSING, err);
	if (!rc)
		rc = there_and_back(fd, addr, length_bytes, aside, err);
	if (fd >= 0)
		close(fd);
	munmap(aside, length_bytes);
	return rc;
}

int pp_hazard_uffd_possible(bool moving, struct pp_err *why)
{
	int fd = open_with(moving ? FEATURE_MOVE : UFFD_FEATURE_PAGEFAULT_FLAG_WP, why);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}
