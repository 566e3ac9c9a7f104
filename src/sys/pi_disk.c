/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Load scsi_debug with protection information; see pi_disk.h. */
#include "sys/pi_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/command.h"

#define MODPROBE_MS 20000
#define APPEAR_MS   10000
#define POLL_MS     10
#define SMALL_KIB   "16"
#define LARGE_KIB   "512"

/* Does this attribute of /sys/block/@disk begin with @text? */
static bool attribute_is(const char *disk, const char *attribute, const char *text)
{
	char path[512], line[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/block/%s/%s", disk, attribute);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return !strncmp(line, text, strlen(text));
}

bool pp_pi_disk_is(const char *name)
{
	return !strncmp(name, "sd", 2) && attribute_is(name, "device/model", "scsi_debug") &&
	       attribute_is(name, "integrity/format", "T10-DIF");
}

static bool write_attribute(const char *path, const char *text)
{
	const ssize_t len = (ssize_t)strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, (size_t)len) == len;
	close(fd);
	return ok;
}

static bool in_requests_of(const char *disk, const char *kib)
{
	char path[300];

	snprintf(path, sizeof(path), "/sys/block/%s/queue/max_sectors_kb", disk);
	return write_attribute(path, kib);
}

/* Of such a disk; NULL for any other. */
static const char *name_of(const char *dev)
{
	const char *slash = dev ? strrchr(dev, '/') : NULL;

	return slash && pp_pi_disk_is(slash + 1) ? slash + 1 : NULL;
}

static int discard_all(const char *dev, struct pp_err *err)
{
	uint64_t range[2] = { 0, 0 };
	int fd = open(dev, O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return pp_err_set(err, -errno, "open %s", dev);
	if (ioctl(fd, BLKGETSIZE64, &range[1]) || ioctl(fd, BLKDISCARD, range))
		rc = pp_err_set(err, -errno, "discard all of %s", dev);
	close(fd);
	return rc;
}

int pp_pi_disk_blank(const char *dev, struct pp_err *err)
{
	const char *name = name_of(dev);

	if (!name)
		return 0;
	if (!in_requests_of(name, LARGE_KIB))
		return pp_err_set(err, -EIO, "%s takes no large requests.", dev);
	return discard_all(dev, err);
}

int pp_pi_disk_ready(const char *dev, struct pp_err *err)
{
	const char *name = name_of(dev);

	if (!name || in_requests_of(name, SMALL_KIB))
		return 0;
	return pp_err_set(err, -EIO, "%s takes no small requests.", dev);
}

/* scsi_debug's WRITE SAME leaves the guards of the old data: mkfs would not survive it. */
static bool without_write_same(const char *disk)
{
	char dir[300], path[600];
	struct dirent *e;
	bool ok = false;
	DIR *d;

	snprintf(dir, sizeof(dir), "/sys/block/%s/device/scsi_disk", disk);
	d = opendir(dir);
	while (d && !ok && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/zeroing_mode", dir, e->d_name);
		ok = write_attribute(path, "write");
		snprintf(path, sizeof(path), "%s/%s/max_write_same_blocks", dir, e->d_name);
		ok = ok && write_attribute(path, "0");
	}
	if (d)
		closedir(d);
	return ok;
}

/* The disk comes from a thread of the kernel: it is there once it can be opened. */
static bool ready(void)
{
	char dev[300];
	struct dirent *e;
	bool ok = false;
	DIR *d = opendir("/sys/block");

	while (d && !ok && (e = readdir(d))) {
		snprintf(dev, sizeof(dev), "/dev/%s", e->d_name);
		ok = pp_pi_disk_is(e->d_name) && !access(dev, R_OK | W_OK) &&
		     without_write_same(e->d_name) && in_requests_of(e->d_name, SMALL_KIB);
	}
	if (d)
		closedir(d);
	return ok;
}

int pp_pi_disk_make(struct pp_err *err)
{
	const char *const sd[] = { "modprobe", "-q", "sd_mod", NULL };
	const char *const load[] = { "modprobe",        "scsi_debug",  "dif=1",   "dix=1",  "ato=1",
				     "dev_size_mb=320", "max_queue=1", "delay=1", "lbpu=1", NULL };
	uint64_t deadline_ns;
	int rc;

	if (!access("/sys/module/scsi_debug", F_OK))
		return pp_err_set(err, -EBUSY, "scsi_debug is loaded already, by somebody else.");
	pp_command(sd, MODPROBE_MS, NULL, 0, NULL); /* it may be built in */
	rc = pp_command(load, MODPROBE_MS, NULL, 0, err);
	if (rc)
		return rc < 0 ? rc : -ENODEV;
	deadline_ns = pp_deadline_ns(APPEAR_MS);
	while (!ready()) {
		if (pp_now_ns() >= deadline_ns) {
			pp_pi_disk_remove(NULL);
			return pp_err_set(err, -ENODEV,
					  "scsi_debug gave no disk with protection information.");
		}
		pp_pause_ms(POLL_MS);
	}
	return 0;
}

int pp_pi_disk_remove(struct pp_err *err)
{
	const char *const argv[] = { "modprobe", "-r", "scsi_debug", NULL };
	int rc = pp_command(argv, MODPROBE_MS, NULL, 0, err);

	return rc > 0 ? -EBUSY : rc;
}
