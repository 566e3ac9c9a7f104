/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hazards of files: what changes a file's blocks, cache or filesystem; see hazard.h. */
#include "sys/hazard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

int pp_hazard_truncate(int fd, uint64_t size_bytes, struct pp_err *err)
{
	if (ftruncate(fd, (off_t)size_bytes))
		return pp_err_set(err, -errno, "ftruncate to %llu bytes",
				  (unsigned long long)size_bytes);
	return 0;
}

static const struct {
	int mode;
	const char *name;
} fallocs[] = {
	[PP_FALLOC_PUNCH] = { FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, "PUNCH_HOLE" },
	[PP_FALLOC_ZERO] = { FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, "ZERO_RANGE" },
	[PP_FALLOC_COLLAPSE] = { FALLOC_FL_COLLAPSE_RANGE, "COLLAPSE_RANGE" },
	[PP_FALLOC_INSERT] = { FALLOC_FL_INSERT_RANGE, "INSERT_RANGE" },
};

int pp_hazard_fallocate(int fd, enum pp_falloc how, uint64_t offset_bytes, uint64_t length_bytes,
			struct pp_err *err)
{
	if (fallocate(fd, fallocs[how].mode, (off_t)offset_bytes, (off_t)length_bytes))
		return pp_err_set(err, -errno, "fallocate(%s) of %llu+%llu", fallocs[how].name,
				  (unsigned long long)offset_bytes,
				  (unsigned long long)length_bytes);
	return 0;
}

int pp_hazard_reflink(int from, int to, struct pp_err *err)
{
	return ioctl(to, FICLONE, from) ? pp_err_set(err, -errno, "FICLONE") : 0;
}

int pp_hazard_seal(int fd, int seals, struct pp_err *err)
{
	return fcntl(fd, F_ADD_SEALS, seals) ? pp_err_set(err, -errno, "F_ADD_SEALS 0x%x", seals)
					     : 0;
}

int pp_hazard_fadvise(int fd, uint64_t offset_bytes, uint64_t length_bytes, struct pp_err *err)
{
	int rc = posix_fadvise(fd, (off_t)offset_bytes, (off_t)length_bytes, POSIX_FADV_DONTNEED);

	return rc ? pp_err_set(err, -rc, "posix_fadvise(DONTNEED)") : 0;
}

int pp_hazard_sync_range(int fd, uint64_t offset_bytes, uint64_t length_bytes, struct pp_err *err)
{
	const unsigned all =
		SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;

	if (sync_file_range(fd, (off_t)offset_bytes, (off_t)length_bytes, all))
		return pp_err_set(err, -errno, "sync_file_range");
	return 0;
}

static int open_dir(const char *dir, struct pp_err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? pp_err_set(err, -errno, "cannot open %s", dir) : fd;
}

int pp_hazard_syncfs(const char *dir, struct pp_err *err)
{
	int fd = open_dir(dir, err), rc;

	if (fd < 0)
		return fd;
	rc = syncfs(fd) ? pp_err_set(err, -errno, "syncfs of %s", dir) : 0;
	close(fd);
	return rc;
}

static int on_dir(const char *dir, unsigned long request, const char *name, struct pp_err *err)
{
	int fd = open_dir(dir, err), rc;

	if (fd < 0)
		return fd;
	rc = ioctl(fd, request, 0) ? pp_err_set(err, -errno, "%s of %s", name, dir) : 0;
	close(fd);
	return rc;
}

int pp_hazard_freeze(const char *dir, struct pp_err *err)
{
	return on_dir(dir, FIFREEZE, "FIFREEZE", err);
}

int pp_hazard_thaw(const char *dir, struct pp_err *err)
{
	return on_dir(dir, FITHAW, "FITHAW", err);
}
