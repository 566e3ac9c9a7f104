/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Find the devices that fill a plan's slots; see slots.h. */
#include "sys/slots.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/pi_disk.h"

#define SERIAL_PREFIX "pinproof"
#define MAX_FOUND     32

struct found {
	char key[256]; /* to sort by: the serial or the name */
	char dev[64];
};

/* First line of a small sysfs file into @out; false if it cannot be read. */
static bool read_line(char *out, size_t size, const char *dir, const char *name, const char *attr)
{
	char path[512];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s/%s", dir, name, attr);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(out, (int)size, f) != NULL;
	fclose(f);
	if (ok)
		out[strcspn(out, "\n")] = '\0';
	return ok;
}

static bool has_dax(const char *disk)
{
	char text[16];

	return read_line(text, sizeof(text), "/sys/block", disk, "queue/dax") && !strcmp(text, "1");
}

/* How each kind is recognised in a throw-away guest: fills the key, or says no. */
static bool is_own_virtio(const char *name, char *key, size_t size)
{
	return !strncmp(name, "vd", 2) && read_line(key, size, "/sys/block", name, "serial") &&
	       !strncmp(key, SERIAL_PREFIX, strlen(SERIAL_PREFIX));
}

static bool is_pmem(const char *name, char *key, size_t size)
{
	return !strncmp(name, "pmem", 4) && has_dax(name) &&
	       snprintf(key, size, "%s", name) < (int)size;
}

static bool is_pi(const char *name, char *key, size_t size)
{
	return pp_pi_disk_is(name) && snprintf(key, size, "%s", name) < (int)size;
}

static bool is_devdax(const char *name, char *key, size_t size)
{
	char path[512], driver[512];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/driver", name);
	n = readlink(path, driver, sizeof(driver) - 1);
	if (n < 0)
		return false;
	driver[n] = '\0';
	/* The other driver, kmem, has made system memory of it. */
	return strstr(driver, "device_dax") && snprintf(key, size, "%s", name) < (int)size;
}

static int by_key(const void *a, const void *b)
{
	return strverscmp(((const struct found *)a)->key, ((const struct found *)b)->key);
}

static size_t scan(const char *dir, bool (*match)(const char *, char *, size_t),
		   struct found *found)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = 0;

	if (!d)
		return 0;
	while (n < MAX_FOUND && (e = readdir(d))) {
		struct found *f = &found[n];

		if (e->d_name[0] == '.' || !match(e->d_name, f->key, sizeof(f->key)))
			continue;
		if (snprintf(f->dev, sizeof(f->dev), "/dev/%s", e->d_name) < (int)sizeof(f->dev))
			n++;
	}
	closedir(d);
	qsort(found, n, sizeof(*found), by_key);
	return n;
}

static int block_geometry(struct pp_slot *slot, struct pp_err *err)
{
	int sector = 0, fd = open(slot->dev, O_RDONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return pp_err_set(err, -errno, "cannot open %s", slot->dev);
	if (ioctl(fd, BLKGETSIZE64, &slot->size_bytes) || ioctl(fd, BLKSSZGET, &sector))
		rc = pp_err_set(err, -errno, "cannot ask %s for its size", slot->dev);
	slot->align_bytes = (uint64_t)sector;
	close(fd);
	return rc;
}

static int devdax_geometry(struct pp_slot *slot, struct pp_err *err)
{
	const char *name = strrchr(slot->dev, '/') + 1;
	char text[32];

	if (!read_line(text, sizeof(text), "/sys/bus/dax/devices", name, "size"))
		return pp_err_set(err, -ENODEV, "%s has no size in sysfs", slot->dev);
	slot->size_bytes = strtoull(text, NULL, 0);
	slot->align_bytes = 2u << 20;
	if (read_line(text, sizeof(text), "/sys/bus/dax/devices", name, "align"))
		slot->align_bytes = strtoull(text, NULL, 0);
	return 0;
}

/* Two names of one device are one slot. */
static bool already_there(const struct pp_slots *slots, const char *dev)
{
	struct stat a, b;

	if (stat(dev, &a))
		return false;
	for (size_t i = 0; i < slots->count; i++)
		if (!stat(slots->items[i].dev, &b) && a.st_rdev == b.st_rdev)
			return true;
	return false;
}

/* The next free number of the kind: "disk2" after "disk1". */
static int add_slot(struct pp_slots *slots, const char *kind, const char *dev,
		    int (*geometry)(struct pp_slot *, struct pp_err *), struct pp_err *err)
{
	struct pp_slot *slot = &slots->items[slots->count];
	unsigned number = 0;
	int rc;

	if (slots->count == sizeof(slots->items) / sizeof(slots->items[0]))
		return pp_err_set(err, -ENOSPC, "no room for %s: too many devices", dev);
	for (size_t i = 0; i < slots->count; i++)
		number += !strncmp(slots->items[i].name, kind, strlen(kind));
	memset(slot, 0, sizeof(*slot));
	snprintf(slot->name, sizeof(slot->name), "%s%u", kind, number);
	if (snprintf(slot->dev, sizeof(slot->dev), "%s", dev) >= (int)sizeof(slot->dev))
		return pp_err_set(err, -ENAMETOOLONG, "device name %s", dev);
	rc = geometry(slot, err);
	if (!rc)
		slots->count++;
	return rc;
}

static int add_named(struct pp_slots *slots, const char *dev, struct pp_err *err)
{
	char real[4096];
	int rc = pp_device_usable(dev, err);

	if (rc)
		return rc;
	if (already_there(slots, dev))
		return pp_err_set(err, -EEXIST, "%s was named twice", dev);
	if (!realpath(dev, real))
		return pp_err_set(err, -errno, "cannot resolve %s", dev);
	return add_slot(slots, has_dax(strrchr(real, '/') + 1) ? "pmem" : "disk", real,
			block_geometry, err);
}

static void add_found_disks(struct pp_slots *slots, const char *kind,
			    bool (*match)(const char *, char *, size_t))
{
	struct found found[MAX_FOUND];
	size_t n = scan("/sys/block", match, found);

	for (size_t i = 0; i < n; i++)
		if (!already_there(slots, found[i].dev) && !pp_device_usable(found[i].dev, NULL))
			add_slot(slots, kind, found[i].dev, block_geometry, NULL);
}

int pp_slots_probe(struct pp_slots *out, const char *const *disks, size_t n_disks, bool guest,
		   struct pp_err *err)
{
	struct found found[MAX_FOUND];
	size_t n;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < n_disks; i++) {
		int rc = add_named(out, disks[i], err);

		if (rc)
			return rc;
	}
	if (!guest)
		return 0;
	add_found_disks(out, "disk", is_own_virtio);
	add_found_disks(out, "pmem", is_pmem);
	add_found_disks(out, "pi", is_pi);
	n = scan("/sys/bus/dax/devices", is_devdax, found);
	for (size_t i = 0; i < n; i++)
		if (!access(found[i].dev, R_OK | W_OK))
			add_slot(out, "devdax", found[i].dev, devdax_geometry, NULL);
	return 0;
}

const struct pp_slot *pp_slots_find(const struct pp_slots *slots, const char *name)
{
	for (size_t i = 0; i < slots->count; i++)
		if (!strcmp(slots->items[i].name, name))
			return &slots->items[i];
	return NULL;
}
