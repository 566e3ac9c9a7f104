/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "rdma link delete" while another process has an MR on the link; see peer.h. */
#include <errno.h>
#include <infiniband/verbs.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/fabric_cm.h"
#include "sys/hazard.h"
#include "sys/link.h"
#include "sys/link_netlink.h"
#include "sys/peer_private.h"

#define POLL_MS      5
#define ASLEEP_LOOKS 4 /* so many times in a row it must be found asleep */

/* What the holder tells once its MR stands. */
struct told {
	int result;
	struct pp_link link;
	struct pp_err why;
};

/* Everything stays open: this process is to be killed. A read-only MR is what every kernel allows
 * on the mapping of a file. */
static void hold(void *mem, size_t length, struct told *t)
{
	struct ibv_context *ctx;
	struct ibv_pd *pd;

	t->result = pp_link_make(&t->link, &t->why);
	if (t->result)
		return;
	errno = ENODEV;
	ctx = pp_fabric_open_device(t->link.ibdev);
	pd = ctx ? ibv_alloc_pd(ctx) : NULL;
	if (!pd)
		t->result = pp_err_set(&t->why, -errno, "cannot open %s", t->link.ibdev);
	else if (!ibv_reg_mr(pd, mem, length, IBV_ACCESS_REMOTE_READ))
		t->result = pp_err_set(&t->why, -errno, "MR of a second process");
}

static pid_t start_holder(void *mem, size_t length, struct told *t, int *fd, struct pp_err *err)
{
	pid_t parent = getpid(), pid;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return pp_err_set(err, -errno, "no socket for a third process");
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent) {
			hold(mem, length, t);
			send(fds[1], t, sizeof(*t), MSG_NOSIGNAL);
			shutdown(fds[1], SHUT_WR);
			recv(fds[1], t, sizeof(*t), 0);
		}
		_exit(0);
	}
	close(fds[1]);
	*fd = fds[0];
	if (pid < 0)
		pid = pp_err_set(err, -errno, "cannot fork a third process");
	else if (recv(fds[0], t, sizeof(*t), 0) != (ssize_t)sizeof(*t))
		t->result = pp_err_set(&t->why, -ECHILD, "the third process ended");
	if (pid < 0)
		close(fds[0]);
	return pid;
}

static void end_holder(pid_t pid, int fd)
{
	kill(pid, SIGKILL);
	close(fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static pid_t start_deletion(const char *ibdev, struct pp_err *err)
{
	uint32_t index;
	int rc = pp_nl_rdma_index(ibdev, &index);
	pid_t pid;

	if (rc)
		return pp_err_set(err, rc, "cannot look up %s", ibdev);
	pid = fork();
	if (!pid)
		_exit(pp_nl_rdma_del(index) ? 1 : 0);
	return pid < 0 ? pp_err_set(err, -errno, "cannot fork the deletion") : pid;
}

static bool asleep(pid_t pid)
{
	char path[64], line[256];
	const char *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (pp_control_read(path, line, sizeof(line), NULL))
		return false;
	state = strrchr(line, ')');
	return state && state[1] == ' ' && state[2] == 'D';
}

/* 0: it sleeps in the kernel. */
static int await_sleep(pid_t pid, uint32_t bound_ms, struct pp_err *err)
{
	uint64_t deadline_ns = pp_deadline_ns(bound_ms);
	unsigned looks = 0;
	int status;

	while (looks < ASLEEP_LOOKS) {
		/* Only a deletion that succeeded says something of the kernel. */
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status ? pp_err_set(err, -EIO, "the link's deletion failed.")
				      : pp_err_set(err, -EPROTO,
						   "the link's deletion did not wait for the MR's "
						   "owner.");
		looks = asleep(pid) ? looks + 1 : 0;
		if (pp_now_ns() >= deadline_ns)
			return pp_err_set(err, -ETIMEDOUT,
					  "the link's deletion neither ends nor sleeps");
		pp_pause_ms(POLL_MS);
	}
	return 0;
}

static int await_end(pid_t pid, uint32_t bound_ms, struct pp_err *err)
{
	uint64_t deadline_ns = pp_deadline_ns(bound_ms);
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (pp_now_ns() >= deadline_ns)
			return pp_err_set(err, -ETIMEDOUT,
					  "the link's deletion goes on after the MR's owner died");
		pp_pause_ms(POLL_MS);
	}
	return status ? pp_err_set(err, -EIO, "the link's deletion failed.") : 0;
}

int pp_peer_link_run(void *mem, size_t length_bytes, uint32_t bound_ms, struct pp_err *err)
{
	struct told t = { 0 };
	int fd = -1, rc, end;
	pid_t holder = start_holder(mem, length_bytes, &t, &fd, err), deletion = 0;

	if (holder < 0)
		return holder;
	rc = t.result;
	if (rc) {
		if (err)
			*err = t.why;
		goto out;
	}
	deletion = start_deletion(t.link.ibdev, err);
	if (deletion < 0) {
		rc = deletion;
		goto out;
	}
	rc = await_sleep(deletion, bound_ms, err);
	end_holder(holder, fd);
	holder = 0;
	if (rc != -EPROTO && rc != -EIO) {
		end = await_end(deletion, bound_ms, rc ? NULL : err);
		rc = rc ? rc : end;
	}
	if (!rc || rc == -EPROTO)
		t.link.made_ibdev = 0;
out:
	if (holder)
		end_holder(holder, fd);
	/* One that died without a word may have made its link. */
	if (rc == -ECHILD)
		(void)pp_link_sweep(NULL);
	end = pp_link_remove(&t.link, rc ? NULL : err);
	return rc ? rc : end;
}
