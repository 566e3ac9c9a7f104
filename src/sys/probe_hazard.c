/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hazards need of a machine, found out by trying; see probe_hazard.h. */
#include "sys/probe_hazard.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/hazard.h"
#include "sys/pinio.h"

/* In the child's own mount namespace only: an existing directory to work in. */
#define SCRATCH "/sys/fs"

int pp_probe_sqpoll(struct pp_err *why)
{
	struct pp_pinio *p;
	int rc = pp_pinio_open(&p, why);

	if (rc)
		return rc;
	rc = pp_pinio_sqpoll(p, why);
	pp_pinio_close(p);
	return rc;
}

static int writable(const char *path, struct pp_err *why)
{
	return access(path, W_OK) ? pp_err_set(why, -errno, "cannot write to %s", path) : 0;
}

int pp_probe_compact(struct pp_err *why)
{
	return writable("/proc/sys/vm/compact_memory", why);
}

int pp_probe_ksm(struct pp_err *why)
{
	return writable(PP_KSM_RUN, why);
}

int pp_probe_thp_split(struct pp_err *why)
{
	return writable("/sys/kernel/debug/split_huge_pages", why);
}

static int try_memcg(struct pp_err *why)
{
	struct pp_memcg m;
	int rc;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("pinproof", SCRATCH, "tmpfs", 0, "mode=0700"))
		return pp_err_set(why, -errno, "cannot make mounts of our own");
	rc = pp_memcg_enter(&m, SCRATCH, why);
	return rc ? rc : pp_memcg_leave(&m, why);
}

int pp_probe_memcg(struct pp_err *why)
{
	struct pp_err said = { "the child that tried died." };
	pid_t parent = getpid(), pid;
	int fds[2], rc = -ECHILD;

	if (pipe2(fds, O_CLOEXEC))
		return pp_err_set(why, -errno, "cannot make a pipe");
	pid = fork();
	if (pid < 0) {
		rc = pp_err_set(why, -errno, "cannot fork the child that tries");
		close(fds[0]);
		close(fds[1]);
		return rc;
	}
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		rc = getppid() == parent ? try_memcg(&said) : -ECHILD;
		if (write(fds[1], &rc, sizeof(rc)) < 0 || write(fds[1], &said, sizeof(said)) < 0)
			_exit(1);
		_exit(0);
	}
	close(fds[1]);
	if (read(fds[0], &rc, sizeof(rc)) != (ssize_t)sizeof(rc) ||
	    read(fds[0], &said, sizeof(said)) != (ssize_t)sizeof(said))
		rc = rc ? rc : -ECHILD;
	close(fds[0]);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (why)
		*why = said;
	return rc;
}
