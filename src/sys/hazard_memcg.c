/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reclaim of what a cgroup of our own is charged with; see hazard.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/hazard.h"

#define LEAVE_MS      2000
#define POLL_MS       10
#define RECLAIM_TRIES 3

static int control(const char *dir, const char *file, const char *text, struct pp_err *err)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return pp_control_write(path, text, err);
}

/* Where in the v2 hierarchy this process is: the line "0::/path". */
static int find_home(struct pp_memcg *m, struct pp_err *err)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[256];
	int rc = -ENODEV;

	if (!f)
		return pp_err_set(err, -errno, "cannot read /proc/self/cgroup");
	while (rc && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "0::", 3))
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (snprintf(m->home, sizeof(m->home), "%s%s", m->mount, line + 3) <
		    (int)sizeof(m->home))
			rc = 0;
	}
	if (rc && ferror(f))
		rc = -EIO;
	fclose(f);
	return rc ? pp_err_set(err, rc, "cannot find this process in a cgroup of version 2") : 0;
}

static int has_memory(const struct pp_memcg *m, struct pp_err *err)
{
	char path[300], list[256];
	int rc;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", m->mount);
	rc = pp_control_read(path, list, sizeof(list), err);
	if (rc)
		return rc;
	if (!strstr(list, "memory"))
		return pp_err_set(err, -ENODEV, "cgroup v2 has no memory controller here");
	return control(m->mount, "cgroup.subtree_control", "+memory", err);
}

static int make_own(struct pp_memcg *m, struct pp_err *err)
{
	char path[320];

	snprintf(m->dir, sizeof(m->dir), "%s/pinproof-%d", m->mount, (int)getpid());
	if (mkdir(m->dir, 0700)) {
		m->dir[0] = '\0';
		return pp_err_set(err, -errno, "cannot make a cgroup");
	}
	snprintf(path, sizeof(path), "%s/memory.reclaim", m->dir);
	if (access(path, W_OK))
		return pp_err_set(err, errno == ENOENT ? -ENODEV : -errno,
				  "cgroups have no memory.reclaim that can be written");
	return control(m->dir, "cgroup.procs", "0", err);
}

int pp_memcg_enter(struct pp_memcg *m, const char *workdir, struct pp_err *err)
{
	int rc;

	memset(m, 0, sizeof(*m));
	snprintf(m->mount, sizeof(m->mount), "%s/cgroup", workdir);
	if (mkdir(m->mount, 0700) && errno != EEXIST) {
		rc = pp_err_set(err, -errno, "mkdir %s", m->mount);
		goto nothing;
	}
	if (mount("cgroup2", m->mount, "cgroup2", 0, NULL)) {
		rc = pp_err_set(err, -errno, "cannot mount cgroup v2 on %s", m->mount);
		goto remove;
	}
	rc = find_home(m, err);
	if (!rc)
		rc = has_memory(m, err);
	if (!rc)
		rc = make_own(m, err);
	if (rc)
		(void)pp_memcg_leave(m, NULL);
	return rc;
remove:
	rmdir(m->mount);
nothing:
	m->mount[0] = '\0';
	return rc;
}

int pp_memcg_reclaim(const struct pp_memcg *m, struct pp_err *err)
{
	char path[320], charged[32];
	int rc;

	snprintf(path, sizeof(path), "%s/memory.current", m->dir);
	rc = pp_control_read(path, charged, sizeof(charged), err);
	if (rc || !strcmp(charged, "0"))
		return rc;
	/* What io_uring has yet to do in this process interrupts it: that is no wish to end. */
	for (int i = 0; i < RECLAIM_TRIES && (!i || rc == -EINTR); i++)
		rc = control(m->dir, "memory.reclaim", charged, err);
	if (rc != -EAGAIN)
		return rc;
	/* It tried, and could not get all of it. */
	if (err)
		err->text[0] = '\0';
	return 0;
}

/* A process that just moved or ended may keep the cgroup busy for a moment. */
static int remove_own(struct pp_memcg *m, struct pp_err *err)
{
	uint64_t deadline_ns = pp_deadline_ns(LEAVE_MS);

	while (rmdir(m->dir)) {
		if (errno != EBUSY || pp_now_ns() >= deadline_ns)
			return pp_err_set(err, -errno, "cannot remove the cgroup %s", m->dir);
		pp_pause_ms(POLL_MS);
	}
	m->dir[0] = '\0';
	return 0;
}

int pp_memcg_leave(struct pp_memcg *m, struct pp_err *err)
{
	int rc = 0;

	if (!m->mount[0])
		return 0;
	if (m->dir[0]) {
		rc = control(m->home, "cgroup.procs", "0", err);
		if (!rc)
			rc = remove_own(m, err);
	}
	if (!rc && umount2(m->mount, MNT_DETACH))
		rc = pp_err_set(err, -errno, "cannot unmount %s", m->mount);
	if (!rc) {
		rmdir(m->mount);
		m->mount[0] = '\0';
	}
	return rc;
}
