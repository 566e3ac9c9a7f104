/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that cleans up behind the supervisor; see guardian.h. */
#include "run/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/gate.h"
#include "sys/tracer.h"

struct message {
	struct pp_link link;
	int has_link;
	char workdir[256];
};

static void clean(struct message *m, pid_t supervisor)
{
	char prefix[PP_GATE_PREFIX_MAX];
	struct pp_err ignored = { 0 };

	/* First of all: what sleeps behind a held gate keeps everything else busy. */
	if (m->workdir[0]) {
		pp_gate_prefix(m->workdir, prefix, sizeof(prefix));
		pp_gates_sweep(prefix, &ignored);
	}
	if (m->has_link)
		pp_link_remove(&m->link, &ignored);
	pp_tracer_sweep(supervisor);
	if (m->workdir[0])
		rmdir(m->workdir);
}

static void guardian_main(int fd, pid_t supervisor)
{
	struct message last = { 0 }, next;
	ssize_t n;

	/* Ctrl-C reaches the whole foreground group; the guardian leaves by end of file only. */
	setsid();
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "pp-guardian");
	while ((n = read(fd, &next, sizeof(next))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(next))
			break;
		last = next;
	}
	clean(&last, supervisor);
	_exit(0);
}

int pp_guardian_start(struct pp_guardian *g, struct pp_err *err)
{
	sigset_t group, old;
	pid_t supervisor = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return pp_err_set(err, -errno, "guardian's pipe");
	/* A signal to the group must not end the guardian before it has learnt to ignore it. */
	sigemptyset(&group);
	sigaddset(&group, SIGTERM);
	sigaddset(&group, SIGINT);
	sigaddset(&group, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &group, &old);
	g->pid = fork();
	if (g->pid)
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (g->pid < 0) {
		int code = -errno;

		close(fds[0]);
		close(fds[1]);
		return pp_err_set(err, code, "guardian");
	}
	if (!g->pid) {
		close(fds[1]);
		guardian_main(fds[0], supervisor);
	}
	close(fds[0]);
	g->fd = fds[1];
	return 0;
}

int pp_guardian_tell(struct pp_guardian *g, const struct pp_link *link, const char *workdir,
		     struct pp_err *err)
{
	struct message m = { .has_link = link != NULL };

	if (link)
		m.link = *link;
	snprintf(m.workdir, sizeof(m.workdir), "%s", workdir);
	if (write(g->fd, &m, sizeof(m)) != (ssize_t)sizeof(m))
		return pp_err_set(err, -EPIPE, "the guardian is gone");
	return 0;
}

void pp_guardian_stop(struct pp_guardian *g)
{
	if (g->pid <= 0)
		return;
	close(g->fd);
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
	g->pid = 0;
}
