/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The refusal to touch a block device that is in use or holds data; declared in slots.h. */
#include <blkid/blkid.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/slots.h"

#define EXCL_POLL_MS 20

static int check_whole(const char *dev, dev_t id, struct pp_err *err)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(id), minor(id));
	if (access(path, F_OK))
		return pp_err_set(err, errno == ENOENT ? -ENODEV : -errno,
				  "cannot find %s in sysfs", dev);
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition", major(id), minor(id));
	if (!access(path, F_OK))
		return pp_err_set(err, -EINVAL, "%s is a partition; name a whole, empty disk.",
				  dev);
	/* Every answer but a plain no is one that lets a disk be overwritten. */
	if (errno != ENOENT)
		return pp_err_set(err, -errno, "cannot tell whether %s is a partition", dev);
	return 0;
}

/* Device-mapper, MD and bcache do not always claim O_EXCL, but always leave a link here. */
static int check_holders(const char *dev, dev_t id, struct pp_err *err)
{
	char path[128];
	struct dirent *e;
	DIR *d;
	int rc = 0;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders", major(id), minor(id));
	d = opendir(path);
	if (!d)
		return errno == ENOENT
			       ? 0
			       : pp_err_set(err, -errno, "cannot see whether %s is claimed", dev);
	errno = 0;
	while (!rc && (e = readdir(d)))
		if (e->d_name[0] != '.')
			rc = pp_err_set(err, -EBUSY, "%s is part of %s", dev, e->d_name);
	if (!rc && errno)
		rc = pp_err_set(err, -errno, "cannot see whether %s is claimed", dev);
	closedir(d);
	return rc;
}

/* Sources that are gone, or are hidden in another mount namespace, are nobody's. */
static int check_source(const char *source, const char *where, const char *dev, dev_t id,
			struct pp_err *err)
{
	struct stat st;

	if (stat(source, &st))
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : pp_err_set(err, -errno, "cannot see whether %s, on %s, is %s",
					    source, where, dev);
	return S_ISBLK(st.st_mode) && st.st_rdev == id
		       ? pp_err_set(err, -EBUSY, "%s is mounted on %s", dev, where)
		       : 0;
}

/* The device number of the mount, or that of its source: btrfs mounts have a number of their own.
 */
static int check_mounts(const char *dev, dev_t id, struct pp_err *err)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], where[1024], source[1024];
	unsigned maj, min;
	int rc = 0;

	if (!f)
		return pp_err_set(err, -errno, "cannot read /proc/self/mountinfo");
	while (!rc && fgets(line, sizeof(line), f)) {
		const char *tail = strstr(line, " - ");

		if (sscanf(line, "%*s %*s %u:%u %*s %1023s", &maj, &min, where) != 3 || !tail)
			continue;
		if (maj == major(id) && min == minor(id))
			rc = pp_err_set(err, -EBUSY, "%s is mounted on %s", dev, where);
		else if (sscanf(tail, " - %*s %1023s", source) == 1 && source[0] == '/')
			rc = check_source(source, where, dev, id, err);
	}
	if (!rc && ferror(f))
		rc = pp_err_set(err, -EIO, "cannot read all of /proc/self/mountinfo");
	fclose(f);
	return rc;
}

static bool is_own(const char *type, const char *label)
{
	static const char *const types[] = { "ext4", "xfs", "btrfs", "vfat" };

	if (!type || !label || strcasecmp(label, PP_OWN_LABEL))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i], type))
			return true;
	return false;
}

/* One signature that libblkid found: ours, or the sentence that names it. */
static int judge_signature(blkid_probe probe, const char *dev, struct pp_err *err)
{
	const char *type = NULL, *label = NULL, *table = NULL;

	blkid_probe_lookup_value(probe, "PTTYPE", &table, NULL);
	blkid_probe_lookup_value(probe, "TYPE", &type, NULL);
	blkid_probe_lookup_value(probe, "LABEL", &label, NULL);
	if (table)
		return pp_err_set(err, -EEXIST,
				  "%s holds a partition table (%s); wipefs -a %s would empty it.",
				  dev, table, dev);
	if (is_own(type, label))
		return 0;
	return pp_err_set(err, -EEXIST, "%s holds %s%s%s%s; wipefs -a %s would empty it.", dev,
			  type ? type : "a signature", label ? " labelled '" : "",
			  label ? label : "", label ? "'" : "", dev);
}

/* Every signature is looked at, not the first: an old one of ours must not hide somebody's data. */
static int check_content(const char *dev, int fd, struct pp_err *err)
{
	blkid_probe probe = blkid_new_probe();
	int rc = -EIO, found;

	if (!probe)
		return pp_err_set(err, -ENOMEM, "no memory to probe %s", dev);
	if (blkid_probe_set_device(probe, fd, 0, 0)) {
		pp_err_set(err, rc, "libblkid cannot read %s", dev);
		goto out;
	}
	/* What is not looked for is not found, and the disk would seem to be empty. */
	if (blkid_probe_enable_superblocks(probe, 1) ||
	    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL |
							     BLKID_SUBLKS_USAGE |
							     BLKID_SUBLKS_BADCSUM) ||
	    blkid_probe_enable_partitions(probe, 1) ||
	    blkid_probe_set_partitions_flags(probe, BLKID_PARTS_FORCE_GPT | BLKID_PARTS_MAGIC)) {
		pp_err_set(err, rc, "libblkid cannot look at %s", dev);
		goto out;
	}
	rc = 0;
	while (!rc && !(found = blkid_do_probe(probe)))
		rc = judge_signature(probe, dev, err);
	if (!rc && found < 0)
		rc = pp_err_set(err, -EIO, "libblkid cannot probe %s", dev);
out:
	blkid_free_probe(probe);
	return rc;
}

int pp_device_usable(const char *dev, struct pp_err *err)
{
	int fd, rc, readonly = 0;
	struct stat st;

	if (stat(dev, &st))
		return pp_err_set(err, -errno, "cannot find %s", dev);
	if (!S_ISBLK(st.st_mode))
		return pp_err_set(err, -ENOTBLK, "%s is no block device", dev);
	rc = check_whole(dev, st.st_rdev, err);
	if (!rc)
		rc = check_mounts(dev, st.st_rdev, err);
	if (!rc)
		rc = check_holders(dev, st.st_rdev, err);
	if (rc)
		return rc;
	fd = open(dev, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd < 0)
		return pp_err_set(err, -errno, "cannot open %s for ourselves alone", dev);
	if (ioctl(fd, BLKROGET, &readonly))
		rc = pp_err_set(err, -errno, "cannot ask whether %s is read-only", dev);
	else if (readonly)
		rc = pp_err_set(err, -EROFS, "%s is read-only", dev);
	else
		rc = check_content(dev, fd, err);
	close(fd);
	return rc;
}

int pp_device_wait_free(const char *dev, uint32_t bound_ms, struct pp_err *err)
{
	uint64_t deadline_ns = pp_deadline_ns(bound_ms);

	for (;;) {
		int fd = open(dev, O_RDONLY | O_EXCL | O_CLOEXEC);

		if (fd >= 0) {
			close(fd);
			return 0;
		}
		if (errno != EBUSY && errno != EINTR)
			return pp_err_set(err, -errno, "cannot open %s", dev);
		if (pp_now_ns() >= deadline_ns)
			return pp_err_set(err, -EBUSY, "%s is still in use after %u ms", dev,
					  bound_ms);
		pp_pause_ms(EXCL_POLL_MS);
	}
}
