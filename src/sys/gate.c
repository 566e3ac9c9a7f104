/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gates by libdevmapper; see gate.h. */
#include "sys/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <libdevmapper.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys/gate_trace.h"

#define SECTOR_BYTES 512u
#define NAME_BYTES   128 /* of a device-mapper device, with NUL: linux/dm-ioctl.h */
#define LINEAR       "linear"

/* Nobody but us may look at a gate: a scan by udev would sleep behind it while it is held. */
#define UDEV_FLAGS                                                                                 \
	(DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG | DM_UDEV_DISABLE_DISK_RULES_FLAG |                  \
	 DM_UDEV_DISABLE_OTHER_RULES_FLAG)

struct pp_gate {
	char name[NAME_BYTES];
	char node[NAME_BYTES + 64];
	dev_t devt;
};

/* The library's own words go to stderr, where nobody expects them; errno says enough. */
static void no_log(int level, const char *file, int line, int dm_errno, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
static void no_log(int level, const char *file, int line, int dm_errno, const char *fmt, ...)
{
	(void)level;
	(void)file;
	(void)line;
	(void)dm_errno;
	(void)fmt;
}

static struct dm_task *task_new(int type, const char *name, int *rc)
{
	struct dm_task *task;

	dm_log_with_errno_init(no_log);
	/* The node must be there when the call returns, whether or not there is a udev. */
	dm_udev_set_sync_support(0);
	dm_udev_set_checking(0);
	errno = 0;
	task = dm_task_create(type);
	if (task && (!name || dm_task_set_name(task, name)))
		return task;
	*rc = errno ? -errno : -ENODEV;
	if (task)
		dm_task_destroy(task);
	return NULL;
}

/* Where the library fails before it asks the kernel, the task has no errno: that is no success. */
static int task_ask(struct dm_task *task)
{
	bool done;

	errno = 0;
	done = dm_task_run(task);
	if (dm_task_get_errno(task))
		return -dm_task_get_errno(task);
	return done ? 0 : errno ? -errno : -EIO;
}

/* Carries out @task and frees it. */
static int task_run(struct dm_task *task)
{
	int rc = task_ask(task);

	dm_task_destroy(task);
	return rc;
}

static int suspend(const char *name)
{
	int rc = 0;
	struct dm_task *task = task_new(DM_DEVICE_SUSPEND, name, &rc);

	if (!task)
		return rc;
	/* With a flush the call would wait for what it is to hold; with the lock of the filesystem
	 * there would be nothing to hold. */
	dm_task_no_flush(task);
	dm_task_skip_lockfs(task);
	return task_run(task);
}

static int resume(const char *name)
{
	int rc = 0;
	struct dm_task *task = task_new(DM_DEVICE_RESUME, name, &rc);

	return task ? task_run(task) : rc;
}

static int remove_device(const char *name, bool deferred)
{
	uint32_t cookie = 0;
	int rc = 0;
	struct dm_task *task = task_new(DM_DEVICE_REMOVE, name, &rc);

	if (!task)
		return rc;
	dm_task_set_cookie(task, &cookie, UDEV_FLAGS);
	if (deferred)
		dm_task_deferred_remove(task);
	return task_run(task);
}

/* Remove now, or when the last user has gone. */
static int dissolve(const char *name)
{
	int rc;

	resume(name);
	rc = remove_device(name, false);
	return rc == -EBUSY ? remove_device(name, true) : rc;
}

static void drop_node(const char *name)
{
	char node[NAME_BYTES + 64];

	snprintf(node, sizeof(node), "%s/%s", dm_dir(), name);
	unlink(node);
}

void pp_gate_prefix(const char *workdir, char *out, size_t size)
{
	const char *last = strrchr(workdir, '/');
	const char *random = strrchr(last ? last : workdir, '.');

	snprintf(out, size, "pinproof-%.40s-", random ? random + 1 : last ? last + 1 : workdir);
}

/* The table of a gate: all of the disk, at its own place. */
static int linear_target(struct dm_task *task, const char *dev, struct pp_err *err)
{
	int fd = open(dev, O_RDONLY | O_CLOEXEC), rc = 0;
	uint64_t bytes = 0;
	char params[64];
	struct stat st;

	if (fd < 0)
		return pp_err_set(err, -errno, "open %s", dev);
	if (fstat(fd, &st))
		rc = pp_err_set(err, -errno, "stat %s", dev);
	else if (!S_ISBLK(st.st_mode))
		rc = pp_err_set(err, -ENOTBLK, "%s is no block device to put a gate before.", dev);
	else if (ioctl(fd, BLKGETSIZE64, &bytes))
		rc = pp_err_set(err, -errno, "size of %s", dev);
	close(fd);
	if (rc)
		return rc;
	snprintf(params, sizeof(params), "%u:%u 0", major(st.st_rdev), minor(st.st_rdev));
	if (!dm_task_add_target(task, 0, bytes / SECTOR_BYTES, LINEAR, params))
		return pp_err_set(err, -ENOMEM, "table of a gate");
	return 0;
}

static int create(struct pp_gate *g, const char *dev, struct pp_err *err)
{
	uint32_t cookie = 0;
	struct stat st;
	int rc = 0;
	struct dm_task *task = task_new(DM_DEVICE_CREATE, g->name, &rc);

	if (!task)
		return pp_err_set(err, rc, "device-mapper");
	rc = linear_target(task, dev, err);
	if (rc) {
		dm_task_destroy(task);
		return rc;
	}
	dm_task_set_cookie(task, &cookie, UDEV_FLAGS);
	rc = task_run(task);
	if (rc)
		return pp_err_set(err, rc, "gate %s before %s", g->name, dev);
	/* The library makes nodes when it has time, unless told. */
	dm_mknodes(g->name);
	dm_task_update_nodes();
	if (stat(g->node, &st)) {
		rc = pp_err_set(err, -errno, "node %s", g->node);
		dissolve(g->name);
		return rc;
	}
	g->devt = st.st_rdev;
	return 0;
}

int pp_gate_make(struct pp_gate **out, const char *prefix, const char *name, const char *dev,
		 struct pp_err *err)
{
	struct pp_gate *g = calloc(1, sizeof(*g));
	int rc;

	if (!g)
		return pp_err_set(err, -ENOMEM, "gate");
	if (snprintf(g->name, sizeof(g->name), "%s%d-%s", prefix, (int)getpid(), name) >=
	    (int)sizeof(g->name)) {
		rc = pp_err_set(err, -ENAMETOOLONG, "gate %s", name);
		goto fail;
	}
	snprintf(g->node, sizeof(g->node), "%s/%s", dm_dir(), g->name);
	rc = create(g, dev, err);
	if (rc)
		goto fail;
	*out = g;
	return 0;
fail:
	dm_lib_release();
	free(g);
	return rc;
}

int pp_gate_hold(struct pp_gate *g, struct pp_err *err)
{
	int rc = suspend(g->name);

	return rc ? pp_err_set(err, rc, "cannot hold the gate %s", g->name) : 0;
}

int pp_gate_open(struct pp_gate *g, struct pp_err *err)
{
	int rc = resume(g->name);

	return rc ? pp_err_set(err, rc, "cannot open the gate %s", g->name) : 0;
}

int pp_gate_remove(struct pp_gate *g, struct pp_err *err)
{
	int rc = dissolve(g->name);

	if (rc)
		pp_err_set(err, rc, "cannot remove the gate %s", g->name);
	dm_task_update_nodes();
	drop_node(g->name);
	dm_lib_release();
	free(g);
	return rc;
}

const char *pp_gate_node(const struct pp_gate *g)
{
	return g->node;
}

dev_t pp_gate_devt(const struct pp_gate *g)
{
	return g->devt;
}

const char *pp_gate_name(const struct pp_gate *g)
{
	return g->name;
}

/* The names are an array of records, each with the distance to the next. */
static int sweep_names(const struct dm_names *names, const char *prefix, struct pp_err *err)
{
	int found = 0, rc = 0;

	for (; names->dev; names = (const void *)((const char *)names + names->next)) {
		if (!strncmp(names->name, prefix, strlen(prefix))) {
			int one = dissolve(names->name);

			found++;
			drop_node(names->name);
			if (one && one != -ENXIO)
				rc = pp_err_set(err, one, "cannot remove the gate %s", names->name);
		}
		if (!names->next)
			break;
	}
	return rc ? rc : found;
}

int pp_gates_sweep(const char *prefix, struct pp_err *err)
{
	struct dm_names *names;
	struct dm_task *task;
	int rc = 0;

	/* An empty prefix would be everybody's devices. */
	if (strncmp(prefix, "pinproof-", 9) || !prefix[9])
		return pp_err_set(err, -EINVAL, "'%s' is no prefix of gates.", prefix);
	pp_gate_traces_sweep(prefix);
	if (access("/sys/module/dm_mod", F_OK) || access("/dev/mapper/control", F_OK))
		return 0;
	task = task_new(DM_DEVICE_LIST, NULL, &rc);
	if (!task)
		return pp_err_set(err, rc, "device-mapper");
	rc = task_ask(task);
	if (rc)
		pp_err_set(err, rc, "list of device-mapper devices");
	names = rc ? NULL : dm_task_get_names(task);
	if (names)
		rc = sweep_names(names, prefix, err);
	dm_task_destroy(task);
	dm_lib_release();
	return rc;
}

static bool has_linear(struct dm_versions *v)
{
	for (; v; v = (void *)((char *)v + v->next)) {
		if (!strcmp(v->name, LINEAR))
			return true;
		if (!v->next)
			break;
	}
	return false;
}

int pp_gate_possible(struct pp_err *err)
{
	int rc = 0;
	bool linear;
	struct dm_task *task = task_new(DM_DEVICE_LIST_VERSIONS, NULL, &rc);

	if (!task)
		return pp_err_set(err, rc, "the kernel has no device-mapper");
	rc = task_ask(task);
	if (rc) {
		pp_err_set(err, rc, "device-mapper");
		goto out;
	}
	linear = has_linear(dm_task_get_versions(task));
	if (!linear)
		rc = pp_err_set(err, -ENODEV, "device-mapper has no linear target.");
out:
	dm_task_destroy(task);
	dm_lib_release();
	return rc;
}
