/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses that no pinner may get hold of: see region_special.h. */
#include "sys/region_special.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PCI_DEVICES    "/sys/bus/pci/devices"
#define PCI_BARS       6
#define IORESOURCE_MEM 0x200u  /* include/linux/ioport.h */
#define PCI_CLASS_VGA  0x0300u /* base class and subclass: a frame buffer has no side effects */

/* The start of the direct map with four-level page tables, without KASLR; never a user address. */
#define KERNEL_ADDRESS UINT64_C(0xffff888000000000)

/* Far below where mmap() places anything by itself, so that no later mapping takes the address. */
#define UNMAPPED_FIRST UINT64_C(0x200000000000)
#define UNMAPPED_STEP  UINT64_C(0x10000000000)
#define UNMAPPED_TRIES 16

static unsigned pci_class(const char *device)
{
	char path[512];
	unsigned class = 0;
	FILE *f;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/class", device);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%x", &class) != 1)
		class = 0;
	fclose(f);
	return class >> 8;
}

/* Size of a BAR that is memory and not ports; 0 for any other. */
static uint64_t memory_bar_bytes(const char *device, int bar)
{
	unsigned long long start, end, flags;
	char path[512], line[128] = "";
	FILE *f;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/resource", device);
	f = fopen(path, "re");
	if (!f)
		return 0;
	for (int i = 0; i <= bar; i++)
		if (!fgets(line, sizeof(line), f))
			line[0] = '\0';
	fclose(f);
	if (sscanf(line, "%llx %llx %llx", &start, &end, &flags) != 3 || !(flags & IORESOURCE_MEM))
		return 0;
	return end > start ? end - start + 1 : 0;
}

/* Only a trial tells: the kernel refuses BARs that a driver has claimed (CONFIG_IO_STRICT_DEVMEM).
 */
static int try_bar(struct pp_region *r, const char *device, int bar)
{
	void *addr;
	int fd;

	if (memory_bar_bytes(device, bar) < r->def->size_bytes)
		return -ENODEV;
	snprintf(r->path, sizeof(r->path), PCI_DEVICES "/%.100s/resource%d", device, bar);
	fd = open(r->path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	addr = mmap(NULL, r->def->size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (addr == MAP_FAILED) {
		close(fd);
		return -errno;
	}
	munmap(addr, r->def->size_bytes);
	r->fd = fd;
	return 0;
}

static bool scan_pci(struct pp_region *r, DIR *d, bool vga)
{
	struct dirent *e;

	rewinddir(d);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || (pci_class(e->d_name) == PCI_CLASS_VGA) != vga)
			continue;
		for (int bar = 0; bar < PCI_BARS; bar++)
			if (!try_bar(r, e->d_name, bar))
				return true;
	}
	return false;
}

int pp_special_pfnmap(struct pp_region *r, const struct pp_place *place, struct pp_err *err)
{
	DIR *d = opendir(PCI_DEVICES);
	bool found;

	(void)place;
	if (!d)
		return pp_err_set(err, errno == ENOENT ? -ENODEV : -errno,
				  "cannot find a PCI bus in sysfs");
	found = scan_pci(r, d, true) || scan_pci(r, d, false);
	closedir(d);
	if (found)
		return 0;
	r->path[0] = '\0';
	return pp_err_set(err, -ENODEV, "no PCI device has a memory BAR of %llu bytes to map",
			  (unsigned long long)r->def->size_bytes);
}

/* A mapping that the kernel made at exec; its own size is a limit to ours. */
static int find_in_maps(struct pp_region *r, const char *name, struct pp_err *err)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long start = 0, end = 0;
	char line[512];
	bool found = false, cut;

	if (!f)
		return pp_err_set(err, -errno, "cannot read /proc/self/maps");
	while (!found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		found = strstr(line, name) && sscanf(line, "%lx-%lx", &start, &end) == 2;
	}
	cut = ferror(f);
	fclose(f);
	if (cut)
		return pp_err_set(err, -EIO, "cannot read all of /proc/self/maps");
	if (!found)
		return pp_err_set(err, -ENODEV, "this process has no %s", name);
	r->addr = (void *)start;
	r->length = end - start < r->def->size_bytes ? end - start : r->def->size_bytes;
	return 0;
}

int pp_special_vvar(struct pp_region *r, struct pp_err *err)
{
	return find_in_maps(r, "[vvar]", err);
}

int pp_special_vdso(struct pp_region *r, struct pp_err *err)
{
	return find_in_maps(r, "[vdso]", err);
}

int pp_special_unmapped(struct pp_region *r, struct pp_err *err)
{
	for (int i = 0; i < UNMAPPED_TRIES; i++) {
		void *want = (void *)(uintptr_t)(UNMAPPED_FIRST + (uint64_t)i * UNMAPPED_STEP);
		void *got = mmap(want, r->def->size_bytes, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (got == MAP_FAILED)
			continue;
		munmap(got, r->def->size_bytes);
		if (got != want)
			continue;
		r->addr = got;
		r->length = r->def->size_bytes;
		return 0;
	}
	return pp_err_set(err, -ENOMEM, "no address range is free");
}

int pp_special_kernel(struct pp_region *r, struct pp_err *err)
{
	(void)err;
	r->addr = (void *)(uintptr_t)KERNEL_ADDRESS;
	r->length = r->def->size_bytes;
	return 0;
}
