/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a few registrations show about the kernel: does rdma_cm connect, has the
 * device ODP, which policy era is it. Asked in a forked child, because
 * librdmacm keeps the device open until its process ends.
 */
#include "sys/probe_era.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/fabric.h"
#include "sys/fs.h"

#define CHILD_MS   40000
#define CONNECT_MS 15000
#define FREE_MS    5000
#define KILL_MS    2000
#define POLL_MS    5
#define MOUNT_DIR  "/tmp" /* any directory will do, in a mount namespace of our own */

enum pp_era pp_era_judge(int read_memfd, enum pp_era_file file, int write_file)
{
	if (read_memfd == -EFAULT)
		return PP_ERA_5_6;
	if (read_memfd || file == PP_ERA_FILE_NONE)
		return PP_ERA_UNKNOWN;
	if (write_file == -EFAULT)
		return PP_ERA_6_5;
	return !write_file && file == PP_ERA_FILE_TRACKED ? PP_ERA_6_2 : PP_ERA_UNKNOWN;
}

/* What the second registration maps; at most one of the sources is in use. */
struct target {
	int fd;
	bool mounted; /* an ext4 of ours, on MOUNT_DIR */
};

/* A file of a filesystem that is already there costs nothing: an unnamed one, where its directory
 * allows. */
static bool take_existing(struct target *t, struct pp_probe_verbs *v)
{
	static const char dir[] = "/var/tmp";
	struct statfs fs;

	if (statfs(dir, &fs))
		return false;
	t->fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (t->fd < 0)
		return false;
	v->file = fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC ||
				  fs.f_type == BTRFS_SUPER_MAGIC
			  ? PP_ERA_FILE_TRACKED
			  : PP_ERA_FILE_OTHER;
	snprintf(v->file_what, sizeof(v->file_what), "an unnamed file in %s", dir);
	return true;
}

static bool take_ext4(struct target *t, const struct pp_slot *disk, struct pp_probe_verbs *v)
{
	struct pp_fs_def def = { .name = "era", .type = "ext4" };

	snprintf(def.slot, sizeof(def.slot), "%s", disk->name);
	/* Private: nobody else sees the mount, and it goes with us even if we are killed. */
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	if (pp_fs_make(&def, disk->dev, NULL) || pp_fs_mount(&def, disk->dev, MOUNT_DIR, NULL))
		return false;
	t->mounted = true;
	t->fd = open(MOUNT_DIR "/pinproof-era", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	v->file = PP_ERA_FILE_TRACKED;
	snprintf(v->file_what, sizeof(v->file_what), "a file of a new ext4 on %s", disk->dev);
	return t->fd >= 0;
}

static bool take_disk(struct target *t, const struct pp_slot *disk, struct pp_probe_verbs *v)
{
	t->fd = open(disk->dev, O_RDWR | O_CLOEXEC);
	if (t->fd < 0)
		return false;
	v->file = PP_ERA_FILE_TRACKED;
	snprintf(v->file_what, sizeof(v->file_what), "the disk %s", disk->dev);
	return true;
}

static void release_target(struct target *t)
{
	if (t->fd >= 0)
		close(t->fd);
	if (t->mounted)
		(void)pp_fs_umount(MOUNT_DIR, FREE_MS, NULL);
}

/*
 * A file that says yes where the filesystem tracks no dirty pages (tmpfs, overlay) tells nothing,
 * so disks of ours come before it.
 */
static void take_target(struct target *t, const struct pp_probe_env *env, struct pp_probe_verbs *v)
{
	const struct pp_slot *disk0 = env->slots ? pp_slots_find(env->slots, "disk0") : NULL;
	const struct pp_slot *disk1 = env->slots ? pp_slots_find(env->slots, "disk1") : NULL;

	if (take_existing(t, v) && v->file == PP_ERA_FILE_TRACKED)
		return;
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	if (disk0 && take_ext4(t, disk0, v))
		return;
	if (disk1 && take_disk(t, disk1, v))
		return;
	if (!take_existing(t, v))
		v->file = PP_ERA_FILE_NONE;
}

static int try_reg(struct pp_fabric *f, int fd, int prot, unsigned access)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct pp_fmr *mr;
	struct stat st;
	void *p;
	int ret;

	/* A disk has its size; for a file a page must be inside it. */
	if (fstat(fd, &st) || (S_ISREG(st.st_mode) && ftruncate(fd, (off_t)page)))
		return -errno;
	p = mmap(NULL, page, prot, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	ret = pp_fabric_reg(f, p, page, access, &mr, NULL);
	if (!ret)
		ret = pp_fabric_dereg(mr, NULL);
	munmap(p, page);
	return ret;
}

static void child_asks(const struct pp_probe_env *env, struct pp_probe_verbs *v)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct target t = { .fd = -1 };
	struct pp_endpoint *ep = NULL;
	struct pp_fabric *f = NULL;
	struct pp_err err = { "" };
	int memfd;

	take_target(&t, env, v); /* before the fabric, as it forks mkfs */
	v->fabric = pp_fabric_open(env->link->address, &f, &err);
	if (!v->fabric)
		v->fabric = pp_endpoint_open(f, page, CONNECT_MS, &ep, &err);
	if (v->fabric) {
		snprintf(v->fabric_why, sizeof(v->fabric_why), "%.199s", err.text);
		goto out;
	}
	snprintf(v->fabric_why, sizeof(v->fabric_why),
		 "%s is connected to itself with a path MTU of %u bytes.", env->link->ibdev,
		 pp_endpoint_path_mtu_bytes(ep));
	v->odp = pp_fabric_odp(f);
	memfd = memfd_create("pinproof-era", MFD_CLOEXEC);
	v->read_memfd = memfd < 0 ? -errno : try_reg(f, memfd, PROT_READ, PP_ACCESS_RR);
	if (memfd >= 0)
		close(memfd);
	if (v->file != PP_ERA_FILE_NONE)
		v->write_file = try_reg(f, t.fd, PROT_READ | PROT_WRITE, PP_ACCESS_LW);
	v->era = pp_era_judge(v->read_memfd, v->file, v->write_file);
out:
	pp_endpoint_close(ep);
	pp_fabric_close(f);
	release_target(&t);
}

/* The whole answer, or nothing: it is smaller than PIPE_BUF, so that a write is not divided. */
static bool take_answer(int fd, struct pp_probe_verbs *out)
{
	uint64_t deadline = pp_deadline_ns(CHILD_MS);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct pp_probe_verbs answer;

	for (;;) {
		int n = poll(&p, 1, POLL_MS * 20);

		if (n > 0)
			break;
		if ((n < 0 && errno != EINTR) || pp_now_ns() > deadline)
			return false;
	}
	if (read(fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
		return false;
	*out = answer;
	return true;
}

static bool reaped(pid_t pid, uint32_t bound_ms)
{
	uint64_t deadline = pp_deadline_ns(bound_ms);

	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (pp_now_ns() > deadline)
			return false;
		pp_pause_ms(POLL_MS);
	}
	return true;
}

/* A child that even SIGKILL does not end is left to init: waiting for it would break our own bound.
 */
static void end_child(pid_t pid, uint32_t bound_ms)
{
	if (reaped(pid, bound_ms))
		return;
	kill(pid, SIGKILL);
	(void)reaped(pid, KILL_MS);
}

void pp_probe_verbs(const struct pp_probe_env *env, struct pp_probe_verbs *out)
{
	const struct pp_slot *disk0 = env->slots ? pp_slots_find(env->slots, "disk0") : NULL;
	int fds[2];
	pid_t pid;

	*out = (struct pp_probe_verbs){ .fabric = -EIO, .era = PP_ERA_UNKNOWN };
	snprintf(out->fabric_why, sizeof(out->fabric_why),
		 "the probe of the verbs device died or did not answer within %d ms.", CHILD_MS);
	_Static_assert(sizeof(*out) <= 512, "an answer must fit into POSIX' PIPE_BUF");
	if (pipe2(fds, O_CLOEXEC)) {
		out->fabric = -errno;
		snprintf(out->fabric_why, sizeof(out->fabric_why),
			 "the probe of the verbs device has no pipe: %s.", pp_errno_name(errno));
		return;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct pp_probe_verbs v = { .era = PP_ERA_UNKNOWN };

		child_asks(env, &v);
		_exit(write(fds[1], &v, sizeof(v)) == (ssize_t)sizeof(v) ? 0 : 1);
	}
	if (pid < 0) {
		out->fabric = -errno;
		snprintf(out->fabric_why, sizeof(out->fabric_why),
			 "the probe of the verbs device cannot fork: %s.", pp_errno_name(errno));
	}
	close(fds[1]);
	if (pid > 0) {
		end_child(pid, take_answer(fds[0], out) ? FREE_MS : 0);
		/* The end of the child's mount namespace frees the disk a little later. */
		if (disk0)
			(void)pp_device_wait_free(disk0->dev, FREE_MS, NULL);
	}
	close(fds[0]);
}
