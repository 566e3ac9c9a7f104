/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files, mounts and memory of the machine that the operations see; see world.h. */
#include "world.h"

#include <fcntl.h>
#include <ftw.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/ethtool.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/sockios.h>
#include <linux/userfaultfd.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "hook.h"

#define DISK_BYTES (1u << 20)

struct world world;

int __real_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
long __real_syscall(long number, ...);

static bool under(const char *path, const char *dir)
{
	return !strncmp(path, dir, strlen(dir));
}

const char *world_path(const char *path)
{
	static __thread char ring[4][512];
	static __thread unsigned next;
	char *mine = ring[next++ % 4];

	snprintf(mine, sizeof(ring[0]), "%s/root%s", world.dir, path);
	if (under(path, "/sys/") || (under(path, "/dev/") && strcmp(path, "/dev/null")))
		return mine;
	if (under(path, "/proc/") && !__real_access(mine, F_OK))
		return mine;
	return path;
}

bool world_owns(const char *path)
{
	return under(path, world.dir);
}

static void make_dirs(const char *path)
{
	char dir[512];

	snprintf(dir, sizeof(dir), "%s", path);
	for (char *p = strchr(dir + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)__real_mkdir(dir, 0700);
		*p = '/';
	}
}

void world_file(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/root%s", world.dir, path);
	if (!text) {
		(void)__real_unlink(full);
		return;
	}
	make_dirs(full);
	f = __real_fopen(full, "we");
	if (!f || fputs(text, f) < 0 || __real_fclose(f))
		abort();
}

/* Programs that do nothing, and succeed. */
static void make_programs(void)
{
	static const char *const names[] = { "mkfs.ext4",  "mkfs.xfs", "mkfs.btrfs",
					     "mkfs.vfat",  "modprobe", "e2fsck",
					     "xfs_repair", "btrfs",    "fsck.vfat" };
	char path[512];

	snprintf(path, sizeof(path), "%s/bin/", world.dir);
	make_dirs(path);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/bin/%s", world.dir, names[i]);
		if (symlink("/bin/true", path))
			abort();
	}
	snprintf(path, sizeof(path), "%s/bin", world.dir);
	setenv("PATH", path, 1);
}

static const struct {
	const char *path, *text;
} files[] = {
	{ "/dev/kmsg", "6,1,5140900,-;one\n" },
	{ "/dev/dax0.0", "" },
	{ "/dev/sda", "" },
	{ "/proc/filesystems", "nodev\ttmpfs\n\text4\n\txfs\n\tbtrfs\n\tvfat\n" },
	{ "/proc/self/cgroup", "1:name=systemd:/\n0::/\n" },
	{ "/proc/self/mountinfo",
	  "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:40 / /data rw - btrfs /dev/sdb rw\n" },
	{ "/proc/kallsyms",
	  "0 T pin_user_pages\n0 t unpin_user_page.part.0\n0 T clear_page_dirty_for_io\n" },
	{ "/proc/self/pagemap", "" },
	{ "/proc/sysrq-trigger", "" },
	{ "/proc/self/clear_refs", "" },
	{ "/proc/kpageflags", "" },
	{ "/proc/kpagecount", "" },
	{ "/proc/sys/kernel/tainted", "512\n" },
	{ "/proc/sys/kernel/numa_balancing", "1\n" },
	{ "/proc/sys/vm/compact_memory", "" },
	{ "/proc/sys/vm/drop_caches", "" },
	{ "/proc/sys/vm/stat_refresh", "" },
	{ "/proc/vmstat", "nr_foll_pin_acquired 5\nnr_foll_pin_released 5\n" },
	{ "/sys/block/pmem0/queue/dax", "1\n" },
	{ "/sys/block/sda/device/model", "scsi_debug\n" },
	{ "/sys/block/sda/device/scsi_disk/0:0:0:0/max_write_same_blocks", "" },
	{ "/sys/block/sda/device/scsi_disk/0:0:0:0/zeroing_mode", "" },
	{ "/sys/block/sda/integrity/format", "T10-DIF-TYPE1-CRC\n" },
	{ "/sys/block/sda/queue/max_sectors_kb", "" },
	{ "/sys/block/vda/serial", "pinproof0\n" },
	{ "/sys/bus/dax/devices/dax0.0/align", "2097152\n" },
	{ "/sys/bus/dax/devices/dax0.0/size", "67108864\n" },
	{ "/sys/bus/dax/drivers/device_dax/unbind", "" },
	{ "/sys/bus/pci/devices/0000:00:02.0/class", "0x030000\n" },
	{ "/sys/bus/pci/devices/0000:00:02.0/resource",
	  "0x00000000fd000000 0x00000000fdffffff 0x0000000000042208\n" },
	{ "/sys/bus/pci/devices/0000:00:02.0/resource0", "" },
	{ "/sys/class/infiniband/.keep", "" },
	{ "/sys/devices/system/memory/block_size_bytes", "8000000\n" },
	{ "/sys/devices/system/memory/memory0/state", "online\n" },
	{ "/sys/devices/system/node/has_memory", "0-1\n" },
	{ "/sys/kernel/debug/clear_warn_once", "" },
	{ "/sys/kernel/debug/split_huge_pages", "" },
	{ "/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1\n" },
	{ "/sys/kernel/mm/hugepages/hugepages-1048576kB/resv_hugepages", "0\n" },
	{ "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "8\n" },
	{ "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "8\n" },
	{ "/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "0\n" },
	{ "/sys/kernel/mm/ksm/full_scans", "0\n" },
	{ "/sys/kernel/mm/ksm/run", "0\n" },
	{ "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n" },
	{ "/sys/kernel/tracing/events/block/block_bio_queue/format", "" },
	{ "/sys/kernel/tracing/instances/.keep", "" },
	{ "/sys/module/crc32_generic/.keep", "" },
	{ "/sys/module/dm_mod/.keep", "" },
	{ "/sys/module/dummy/.keep", "" },
	{ "/sys/module/ib_uverbs/.keep", "" },
	{ "/sys/module/rdma_rxe/.keep", "" },
	{ "/sys/module/rdma_ucm/.keep", "" },
	{ "/dev/mapper/control", "" },
};

static void make_disk(const char *name)
{
	struct stat st;
	char path[128];

	snprintf(path, sizeof(path), "/dev/%s", name);
	world_file(path, "");
	if (truncate(world_path(path), DISK_BYTES) || fake_stat(path, &st))
		abort();
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders/.keep", major(st.st_rdev),
		 minor(st.st_rdev));
	world_file(path, "");
}

void world_make(void)
{
	snprintf(world.dir, sizeof(world.dir), "/tmp/pinproof-faults-XXXXXX");
	if (!mkdtemp(world.dir))
		abort();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		world_file(files[i].path, files[i].text);
	make_disk("vda");
	make_disk("vdb");
	make_disk("pmem0");
	make_disk("sda");
	if (symlink("../../drivers/device_dax", world_path("/sys/bus/dax/devices/dax0.0/driver")) ||
	    truncate(world_path("/sys/bus/pci/devices/0000:00:02.0/resource0"), DISK_BYTES))
		abort();
	make_programs();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void world_remove_tree(const char *dir)
{
	(void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void world_remove(void)
{
	world_remove_tree(world.dir);
}

/* ---- files ---- */

/* The path of an open file on that machine; "" if it is none of it. */
static const char *path_of(int fd, char *out, size_t size)
{
	char link[64], root[128];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = __real_readlink(link, out, size - 1);
	out[n < 0 ? 0 : n] = '\0';
	snprintf(root, sizeof(root), "%s/root", world.dir);
	if (!under(out, root))
		return "";
	return out + strlen(root);
}

/* What lies in /dev are disks, but for the one that is a character device. */
static void as_device(const char *path, struct stat *st)
{
	if (!under(path, "/dev/"))
		return;
	st->st_mode = strstr(path, "dax") ? S_IFCHR : S_IFBLK;
	st->st_rdev = makedev(259, st->st_ino & 0xfffff);
}

int world_open(const char *path, int flags, mode_t mode)
{
	const char *real = world_path(path);

	/* ksmd at work: a pass for each look. */
	if (strstr(path, "/full_scans")) {
		static int passes;
		char text[16];

		snprintf(text, sizeof(text), "%d\n", passes++);
		world_file(path, text);
	}
	/* Our disks are files of whatever filesystem /tmp is. */
	flags &= ~(O_DIRECT & ~O_DIRECTORY);
	/* Where nobody can write unnamed files. */
	if ((flags & O_TMPFILE) == O_TMPFILE)
		return __real_open(world.dir, flags, mode);
	return __real_open(real, flags, mode);
}

FILE *fake_fopen(const char *path, const char *mode)
{
	return __real_fopen(world_path(path), mode);
}

/* What it writes into is the library's, and then the caller's. */
FILE *fake_open_memstream(char **text, size_t *len)
{
	hook_count(MEMORY, 1);
	return __real_open_memstream(text, len);
}

DIR *fake_opendir(const char *path)
{
	char list[128];

	snprintf(list, sizeof(list), "%s/list", world.dir);
	if (world.only && !strcmp(path, "/proc"))
		return __real_opendir(list);
	return __real_opendir(world_path(path));
}

int fake_access(const char *path, int mode)
{
	return __real_access(world_path(path), mode);
}

int fake_stat(const char *path, struct stat *st)
{
	int rc = __real_stat(world_path(path), st);

	if (!rc)
		as_device(path, st);
	return rc;
}

int fake_fstat(int fd, struct stat *st)
{
	char path[512];
	int rc = __real_fstat(fd, st);

	if (!rc)
		as_device(path_of(fd, path, sizeof(path)), st);
	return rc;
}

int fake_statx(int fd, const char *path, int flags, unsigned mask, struct statx *st)
{
	int rc = __real_statx(fd, path, flags, mask, st);

	if (!rc)
		st->stx_attributes |= STATX_ATTR_DAX;
	return rc;
}

int fake_statfs(const char *path, struct statfs *st)
{
	bool debugfs = under(path, "/sys/kernel/debug");
	int rc = __real_statfs(world_path(path), st);

	if (!rc && debugfs)
		st->f_type = DEBUGFS_MAGIC;
	return rc;
}

int fake_fstatfs(int fd, struct statfs *st)
{
	int rc = __real_fstatfs(fd, st);

	if (!rc && world.btrfs)
		st->f_type = BTRFS_SUPER_MAGIC;
	return rc;
}

ssize_t fake_readlink(const char *path, char *out, size_t size)
{
	return __real_readlink(world_path(path), out, size);
}

char *fake_realpath(const char *path, char *out)
{
	char root[128], full[4096];
	char *rc = __real_realpath(world_path(path), full);

	snprintf(root, sizeof(root), "%s/root", world.dir);
	if (rc)
		rc = memcpy(out, under(full, root) ? full + strlen(root) : full,
			    strlen(full) + 1 - (under(full, root) ? strlen(root) : 0));
	return rc;
}

/* Frames that exist, and flags that say something. */
ssize_t fake_pread(int fd, void *out, size_t size, off_t at)
{
	char path[512];
	const char *name = path_of(fd, path, sizeof(path));
	uint64_t entry = 1ull << 63 | 1u << 12 | (1 + (uint64_t)at % 1000); /* KPF_ANON */

	if (strcmp(name, "/proc/self/pagemap") && strcmp(name, "/proc/kpageflags") &&
	    strcmp(name, "/proc/kpagecount"))
		return __real_pread(fd, out, size, at);
	for (size_t i = 0; i + sizeof(entry) <= size; i += sizeof(entry))
		memcpy((char *)out + i, &entry, sizeof(entry));
	return (ssize_t)size;
}

static const char *const cgroup_files[] = { "memory.reclaim", "memory.current", "cgroup.procs",
					    "cgroup.controllers", "cgroup.subtree_control" };

static void cgroup(const char *dir, bool there)
{
	char path[512];
	FILE *f;

	for (size_t i = 0; i < sizeof(cgroup_files) / sizeof(cgroup_files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, cgroup_files[i]);
		if (!there) {
			(void)__real_unlink(path);
			continue;
		}
		f = __real_fopen(path, "we");
		if (f && fputs(strstr(path, "current") ? "4096\n" : "memory\n", f) >= 0)
			(void)__real_fclose(f);
	}
}

int fake_mkdir(const char *path, mode_t mode)
{
	int rc = __real_mkdir(world_path(path), mode);

	if (!rc && strstr(path, "/cgroup/pinproof-"))
		cgroup(world_path(path), true);
	return rc;
}

int fake_rmdir(const char *path)
{
	if (strstr(path, "/cgroup/pinproof-"))
		cgroup(world_path(path), false);
	return __real_rmdir(world_path(path));
}

int fake_unlink(const char *path)
{
	return __real_unlink(world_path(path));
}

int fake_fallocate(int fd, int mode, off_t offset, off_t length)
{
	(void)fd;
	(void)mode;
	(void)offset;
	(void)length;
	return 0;
}

int fake_sync_file_range(int fd, off_t offset, off_t length, unsigned flags)
{
	(void)fd;
	(void)offset;
	(void)length;
	(void)flags;
	return 0;
}

int fake_syncfs(int fd)
{
	(void)fd;
	return 0;
}

/* ---- mounts ---- */

int fake_mount(const char *dev, const char *dir, const char *type, unsigned long flags,
	       const void *data)
{
	(void)data;
	if (flags & MS_PRIVATE)
		return 0;
	if (dev && type && !strcmp(type, "cgroup2"))
		cgroup(world_path(dir), true);
	hook_count(MOUNTS, 1);
	return 0;
}

int fake_umount2(const char *dir, int flags)
{
	(void)flags;
	if (strstr(dir, "/cgroup"))
		cgroup(world_path(dir), false);
	hook_count(MOUNTS, -1);
	return 0;
}

int fake_unshare(int flags)
{
	(void)flags;
	return 0;
}

/* ---- ioctl ---- */

static int fiemap(int fd, struct fiemap *map)
{
	struct stat st;

	if (world.no_fiemap) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (__real_fstat(fd, &st))
		return -1;
	map->fm_mapped_extents = 1;
	map->fm_extents[0] = (struct fiemap_extent){ .fe_length = (uint64_t)st.st_size,
						     .fe_flags = FIEMAP_EXTENT_LAST };
	return 0;
}

/* One chunk that is all of the disk. */
static int search_tree(struct btrfs_ioctl_search_args_v2 *args)
{
	struct btrfs_ioctl_search_header h = { .type = BTRFS_CHUNK_ITEM_KEY,
					       .len = sizeof(struct btrfs_chunk) };
	struct btrfs_chunk chunk = { .length = DISK_BYTES, .num_stripes = 1 };

	args->key.nr_items = args->key.min_offset ? 0 : 1;
	if (args->key.min_offset)
		return 0;
	memcpy(args->buf, &h, sizeof(h));
	memcpy((char *)args->buf + sizeof(h), &chunk, sizeof(chunk));
	return 0;
}

int world_ioctl(int fd, unsigned long request, void *arg)
{
	switch (request) {
	case BLKGETSIZE64:
		*(uint64_t *)arg = DISK_BYTES;
		return 0;
	case BLKSSZGET:
		*(int *)arg = 512;
		return 0;
	case BLKROGET:
		*(int *)arg = 0;
		return 0;
	case FIGETBSZ:
		*(int *)arg = 4096;
		return 0;
	case FIBMAP:
		*(int *)arg += 1;
		return 0;
	case FS_IOC_FIEMAP:
		return fiemap(fd, arg);
	case BTRFS_IOC_TREE_SEARCH_V2:
		return search_tree(arg);
	case BTRFS_IOC_START_SYNC:
		*(uint64_t *)arg = 1;
		return 0;
	case BLKDISCARD:
	case BTRFS_IOC_WAIT_SYNC:
	case FICLONE:
	case UFFDIO_API:
	case UFFDIO_REGISTER:
	case UFFDIO_WRITEPROTECT:
	case _IOWR(UFFDIO, 0x05, uint64_t[5]): /* UFFDIO_MOVE */
		return 0;
	case FIFREEZE:
		hook_count(FROZEN, 1);
		return 0;
	case FITHAW:
		hook_count(FROZEN, -1);
		return 0;
	case SIOCETHTOOL:
		snprintf(((struct ethtool_drvinfo *)((struct ifreq *)arg)->ifr_data)->driver, 32,
			 "dummy");
		return 0;
	default:
		return __real_ioctl(fd, request, arg);
	}
}

/* ---- memory ---- */

long world_syscall(long number, const long args[6])
{
	if (number == SYS_memfd_secret)
		return __real_memfd_create("secret", args[0] & O_CLOEXEC ? MFD_CLOEXEC : 0);
	/* A page by itself is on node 0, and has left it when it is asked for with others. */
	for (long i = 0; number == SYS_move_pages && i < args[1]; i++)
		((int *)args[4])[i] = args[1] > 1;
	if (number == SYS_move_pages)
		return 0;
	if (number == SYS_userfaultfd)
		return __real_memfd_create("uffd", args[0] & O_CLOEXEC ? MFD_CLOEXEC : 0);
	return __real_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}

int fake_getcpu(unsigned *cpu, unsigned *node)
{
	(void)cpu;
	*node = 1;
	return 0;
}

int fake_memfd_create(const char *name, unsigned flags)
{
	return __real_memfd_create(name, flags & ~MFD_HUGETLB);
}

/* Not every kernel has them, and none of them changes what is read. */
int fake_madvise(void *at, size_t length, int advice)
{
	if (advice == MADV_MERGEABLE || advice == MADV_HUGEPAGE || advice == MADV_NOHUGEPAGE ||
	    advice == 25 /* MADV_COLLAPSE */ || advice == 100 /* MADV_HWPOISON */ ||
	    advice == 101 /* MADV_SOFT_OFFLINE */)
		return 0;
	return __real_madvise(at, length, advice);
}

ssize_t fake_process_vm_readv(pid_t pid, const struct iovec *local, unsigned long n_local,
			      const struct iovec *remote, unsigned long n_remote,
			      unsigned long flags)
{
	(void)pid;
	(void)n_local;
	(void)n_remote;
	(void)flags;
	memcpy(local->iov_base, remote->iov_base, local->iov_len);
	return (ssize_t)local->iov_len;
}

ssize_t fake_process_vm_writev(pid_t pid, const struct iovec *local, unsigned long n_local,
			       const struct iovec *remote, unsigned long n_remote,
			       unsigned long flags)
{
	return fake_process_vm_readv(pid, remote, n_remote, local, n_local, flags);
}
