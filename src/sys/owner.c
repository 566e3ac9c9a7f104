/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nursery, which forks owners and sees them end, and the case's side of it; see owner.h. */
#include "sys/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/message.h"
#include "sys/owner_private.h"

#define END_MS 30000

/* Inside the nursery. */
struct nursery {
	int fd; /* to the case */
	const struct pp_plan *plan;
	const char *ibdev;
	pid_t owner, heir;
	int owner_fd;
	int stay[2]; /* a pipe that closes when we die: what answers to nobody waits for that */
	bool other;  /* the owner runs another program */
};

/* Wait for the end of a process, which need not be our child. */
static int await_end(pid_t pid, struct pp_err *err)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int n;

	if (p.fd < 0)
		return errno == ESRCH ? 0 : pp_err_set(err, -errno, "pidfd_open");
	do {
		n = poll(&p, 1, END_MS);
	} while (n < 0 && errno == EINTR);
	close(p.fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return n == 1 ? 0 : pp_err_set(err, -ETIMEDOUT, "process %d does not end", (int)pid);
}

/* The owner's end of this socket is closed on exec. */
static int await_exec(struct nursery *n, struct pp_err *err)
{
	struct pp_owner_answer a;
	int none;

	if (!pp_message_receive(n->owner_fd, &a, sizeof(a), &none))
		return pp_err_set(err, a.result ? a.result : -EPROTO, "%.200s", a.why);
	return 0;
}

static int ask_owner(struct nursery *n, const struct pp_owner_request *q, int fd,
		     struct pp_owner_answer *a)
{
	int none, rc = -ESRCH;

	if (n->owner && !n->other)
		rc = pp_message_send(n->owner_fd, q, sizeof(*q), fd);

	if (!rc)
		rc = pp_message_receive(n->owner_fd, a, sizeof(*a), &none);
	if (rc) {
		a->result = rc == -ESRCH ? rc : -ECHILD;
		snprintf(a->why, sizeof(a->why), "%s",
			 rc == -ESRCH ? "there is no owner" : "the owner is gone");
	}
	return a->result;
}

static void start(struct nursery *n, const struct pp_owner_request *q, struct pp_owner_answer *a)
{
	pid_t parent = getpid();
	int fds[2], none;

	a->result = n->owner ? -EEXIST : 0;
	if (!a->result && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		a->result = -errno;
	if (a->result)
		return;
	n->owner = fork();
	if (!n->owner) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		close(n->fd);
		close(fds[0]);
		close(n->stay[1]);
		pp_owner_live(fds[1], n->stay[0], n->plan, n->ibdev, q);
	}
	close(fds[1]);
	n->owner_fd = fds[0];
	if (n->owner > 0 && !pp_message_receive(n->owner_fd, a, sizeof(*a), &none) && !a->result)
		return;
	if (!a->result)
		a->result = n->owner < 0 ? -errno : -ECHILD;
	close(n->owner_fd);
	if (n->owner > 0)
		await_end(n->owner, NULL);
	n->owner = 0;
}

/* It answers before it ends. What runs in its place has to be told by a signal. */
static void end(struct nursery *n, const struct pp_owner_request *q, struct pp_owner_answer *a)
{
	struct pp_err err = { "" };

	if (!n->owner)
		a->result = -ESRCH;
	else if (q->end == PP_OWNER_KILL || (n->other && q->end == PP_OWNER_EXIT))
		a->result = kill(n->owner, n->other ? SIGTERM : SIGKILL) ? -errno : 0;
	else
		ask_owner(n, q, -1, a);
	if (a->result)
		return;
	n->other = q->end == PP_OWNER_EXEC;
	if (n->other) {
		a->result = await_exec(n, &err);
		snprintf(a->why, sizeof(a->why), "%.255s", err.text);
		return;
	}
	close(n->owner_fd);
	a->result = await_end(n->owner, &err);
	snprintf(a->why, sizeof(a->why), "%.255s", err.text);
	n->owner = 0;
}

static void heir_end(struct nursery *n, struct pp_owner_answer *a)
{
	struct pp_err err = { "" };

	a->result = n->heir ? 0 : -ESRCH;
	if (!a->result && kill(n->heir, SIGKILL) && errno != ESRCH)
		a->result = -errno;
	if (!a->result)
		a->result = await_end(n->heir, &err);
	snprintf(a->why, sizeof(a->why), "%.255s", err.text);
	if (!a->result)
		n->heir = 0;
}

static void serve(struct nursery *n, const struct pp_owner_request *q, int fd,
		  struct pp_owner_answer *a)
{
	switch (q->what) {
	case PP_OWN_START:
		start(n, q, a);
		break;
	case PP_OWN_END:
		end(n, q, a);
		break;
	case PP_OWN_HEIR_END:
		heir_end(n, a);
		break;
	case PP_OWN_FORK:
		if (n->heir)
			a->result = -EEXIST;
		else if (!ask_owner(n, q, -1, a))
			n->heir = a->heir;
		break;
	case PP_OWN_REG:
	case PP_OWN_DEREG:
	case PP_OWN_UNMAP:
		ask_owner(n, q, fd, a);
		break;
	}
}

__attribute__((noreturn)) static void nursery_main(struct nursery *n, pid_t parent)
{
	struct pp_owner_request q;
	int fd, rc;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, "pp-nursery");
	if (getppid() != parent)
		_exit(1);
	/* With the case's end of the socket it would never see the case's end. */
	if ((n->fd > 3 && close_range(3, (unsigned)n->fd - 1, 0)) ||
	    close_range((unsigned)n->fd + 1, ~0U, 0) || pipe2(n->stay, O_CLOEXEC))
		_exit(1);
	while (!(rc = pp_message_receive(n->fd, &q, sizeof(q), &fd)) || rc == -EINTR) {
		struct pp_owner_answer a = { .serial = q.serial };

		if (rc)
			continue;
		serve(n, &q, fd, &a);
		a.serial = q.serial;
		a.pid = n->owner;
		a.heir = n->heir;
		if (fd >= 0)
			close(fd);
		if (pp_message_send(n->fd, &a, sizeof(a), -1))
			break;
	}
	if (n->owner)
		kill(n->owner, SIGKILL);
	if (n->heir)
		kill(n->heir, SIGKILL);
	/* An heir of which we have not been told waits for this. */
	close(n->stay[1]);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(0);
}

int pp_owner_open(struct pp_owner *o, const struct pp_plan *plan, const char *ibdev,
		  struct pp_err *err)
{
	struct nursery n = { .plan = plan, .ibdev = ibdev };
	pid_t parent = getpid();
	int fds[2], rc;

	memset(o, 0, sizeof(*o));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return pp_err_set(err, -errno, "no socket for an owner");
	o->nursery = fork();
	if (!o->nursery) {
		n.fd = fds[1];
		nursery_main(&n, parent);
	}
	close(fds[1]);
	o->fd = fds[0];
	if (o->nursery > 0)
		return 0;
	rc = pp_err_set(err, -errno, "cannot fork for an owner");
	close(fds[0]);
	memset(o, 0, sizeof(*o));
	return rc;
}

void pp_owner_close(struct pp_owner *o)
{
	if (o->nursery <= 0)
		return;
	close(o->fd);
	while (waitpid(o->nursery, NULL, 0) < 0 && errno == EINTR)
		;
	memset(o, 0, sizeof(*o));
}

static int ask(struct pp_owner *o, struct pp_owner_request *q, int fd, struct pp_err *err)
{
	struct pp_owner_answer a;
	int none, rc;

	if (o->nursery <= 0)
		return pp_err_set(err, -ESRCH, "this plan has no owner");
	q->serial = ++o->serial;
	q->has_fd = fd >= 0;
	rc = pp_message_send(o->fd, q, sizeof(*q), fd);
	if (rc)
		return pp_err_set(err, rc, "the owner cannot be asked");
	do {
		rc = pp_message_receive(o->fd, &a, sizeof(a), &none);
		if (rc)
			return pp_err_set(err, rc, "waiting for the owner");
	} while (a.serial != q->serial);
	o->pid = a.pid;
	o->heir = a.heir;
	if (a.result)
		pp_err_set(err, a.result, "owner%s%s", a.why[0] ? ": " : "", a.why);
	return a.result;
}

int pp_owner_start(struct pp_owner *o, const struct pp_owner_limits *limits, struct pp_err *err)
{
	struct pp_owner_request q = { .what = PP_OWN_START, .limits = *limits };

	return ask(o, &q, -1, err);
}

int pp_owner_reg(struct pp_owner *o, uint16_t mr, int fd, const char *path, struct pp_err *err)
{
	struct pp_owner_request q = { .what = PP_OWN_REG, .index = mr };

	snprintf(q.path, sizeof(q.path), "%s", path);
	return ask(o, &q, fd, err);
}

int pp_owner_dereg(struct pp_owner *o, uint16_t mr, struct pp_err *err)
{
	struct pp_owner_request q = { .what = PP_OWN_DEREG, .index = mr };

	return ask(o, &q, -1, err);
}

int pp_owner_unmap(struct pp_owner *o, uint16_t region, uint64_t offset_bytes,
		   uint64_t length_bytes, int fd, const char *path, struct pp_err *err)
{
	struct pp_owner_request q = { .what = PP_OWN_UNMAP,
				      .index = region,
				      .offset_bytes = offset_bytes,
				      .length_bytes = length_bytes };

	snprintf(q.path, sizeof(q.path), "%s", path);
	return ask(o, &q, fd, err);
}

int pp_owner_fork(struct pp_owner *o, struct pp_err *err)
{
	struct pp_owner_request q = { .what = PP_OWN_FORK };

	return ask(o, &q, -1, err);
}

int pp_owner_end(struct pp_owner *o, enum pp_owner_end how, struct pp_err *err)
{
	struct pp_owner_request q = { .what = PP_OWN_END, .end = how };

	return ask(o, &q, -1, err);
}

int pp_owner_heir_end(struct pp_owner *o, struct pp_err *err)
{
	struct pp_owner_request q = { .what = PP_OWN_HEIR_END };

	return ask(o, &q, -1, err);
}
