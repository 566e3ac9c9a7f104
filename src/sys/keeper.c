/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that pays what a dead case owes; see keeper.h. */
#include "sys/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/hazard.h"
#include "sys/link.h"

#define PAY_MS  5000
#define POLL_MS 10

struct message {
	int number; /* -1: a new debt; else this one is paid */
	enum pp_debt debt;
	char path[300], text[32];
};

struct owed {
	bool open;
	struct message what;
	int fd;          /* of what is to be thawed; -1: it is no such debt */
	uint64_t due_ns; /* when it is thawed, whoever wanted to do so; 0: it has been */
};

static int take_note(struct owed *table, const struct message *m)
{
	for (int i = 0; i < PP_KEEPER_DEBTS; i++) {
		struct owed *o = &table[i];

		if (o->open)
			continue;
		o->what = *m;
		o->fd = -1;
		if (m->debt == PP_DEBT_THAW) {
			o->fd = open(m->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (o->fd < 0)
				return -errno;
			o->due_ns = pp_deadline_ns(PP_KEEPER_THAW_MS);
		}
		o->open = true;
		return i;
	}
	return -ENOSPC;
}

static int forget(struct owed *table, int number)
{
	struct owed *o = &table[number];

	if (number >= PP_KEEPER_DEBTS || !o->open)
		return -EINVAL;
	if (o->fd >= 0)
		close(o->fd);
	o->open = false;
	return o->fd >= 0 && !o->due_ns;
}

/* Thaw what is overdue, again and again while it is not frozen yet: to freeze may take long. How
 * many ms until there is more to do, -1 if there is nothing. */
static int thaw_overdue(struct owed *table)
{
	uint64_t now_ns = pp_now_ns(), next_ns = UINT64_MAX;

	for (int i = 0; i < PP_KEEPER_DEBTS; i++) {
		struct owed *o = &table[i];

		if (!o->open || o->fd < 0 || !o->due_ns)
			continue;
		if (o->due_ns <= now_ns)
			o->due_ns = ioctl(o->fd, FITHAW, 0) ? pp_deadline_ns(POLL_MS) : 0;
		if (o->due_ns && o->due_ns < next_ns)
			next_ns = o->due_ns;
	}
	if (next_ns == UINT64_MAX)
		return -1;
	return next_ns <= now_ns ? 0 : (int)((next_ns - now_ns) / 1000000u) + 1;
}

/* The next message, as recv(2) has it. */
static ssize_t next_message(int fd, struct owed *table, struct message *m)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, thaw_overdue(table)) == 0)
		;
	return recv(fd, m, sizeof(*m), 0);
}

/* Processes of the case may take a moment to leave the directory. */
static void remove_directory(const char *path)
{
	uint64_t deadline_ns = pp_deadline_ns(PAY_MS);

	while (rmdir(path) && errno == EBUSY && pp_now_ns() < deadline_ns)
		pp_pause_ms(POLL_MS);
}

static void pay(struct owed *o)
{
	switch (o->what.debt) {
	case PP_DEBT_THAW:
		ioctl(o->fd, FITHAW, 0);
		break;
	case PP_DEBT_WRITE:
		pp_control_write(o->what.path, o->what.text, NULL);
		break;
	case PP_DEBT_RMDIR:
		remove_directory(o->what.path);
		break;
	case PP_DEBT_LINKS:
		pp_link_sweep(NULL);
		break;
	}
}

__attribute__((noreturn)) static void keeper_main(int fd)
{
	struct owed table[PP_KEEPER_DEBTS] = { { 0 } };
	struct message m;
	ssize_t n;

	/* With the case's end of the socket it would never see the case's end. */
	if ((fd > 3 && close_range(3, (unsigned)fd - 1, 0)) ||
	    close_range((unsigned)fd + 1, ~0U, 0))
		_exit(1);
	setsid();
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "pp-keeper");
	while ((n = next_message(fd, table, &m)) != 0) {
		int answer;

		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(m))
			break;
		answer = m.number < 0 ? take_note(table, &m) : forget(table, m.number);
		if (send(fd, &answer, sizeof(answer), 0) < 0)
			break;
	}
	for (int i = PP_KEEPER_DEBTS; i-- > 0;)
		if (table[i].open)
			pay(&table[i]);
	_exit(0);
}

int pp_keeper_start(struct pp_keeper *k, struct pp_err *err)
{
	sigset_t all, old;
	int fds[2], rc = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return pp_err_set(err, -errno, "no socket for the keeper");
	/* A signal to the group must not end it before it has left the group. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	k->pid = fork();
	if (!k->pid)
		keeper_main(fds[1]);
	if (k->pid < 0)
		rc = pp_err_set(err, -errno, "cannot fork the keeper");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(fds[1]);
	k->fd = fds[0];
	if (rc) {
		close(fds[0]);
		k->pid = 0;
	}
	return rc;
}

static int ask(struct pp_keeper *k, const struct message *m, struct pp_err *err)
{
	int answer = 0;
	ssize_t n;

	if (send(k->fd, m, sizeof(*m), MSG_NOSIGNAL) < 0)
		return pp_err_set(err, -errno, "the keeper cannot be told");
	/* The keeper answers at once: an interrupted wait only goes on. */
	while ((n = recv(k->fd, &answer, sizeof(answer), 0)) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof(answer))
		return pp_err_set(err, n < 0 ? -errno : -EPIPE,
				  "the keeper is gone, or does not answer");
	return answer < 0 ? pp_err_set(err, answer, "the keeper cannot take note of %s", m->path)
			  : answer;
}

int pp_keeper_owe(struct pp_keeper *k, enum pp_debt debt, const char *path, const char *text,
		  struct pp_err *err)
{
	struct message m = { .number = -1, .debt = debt };

	snprintf(m.path, sizeof(m.path), "%s", path);
	snprintf(m.text, sizeof(m.text), "%s", text);
	return ask(k, &m, err);
}

int pp_keeper_paid(struct pp_keeper *k, int number, struct pp_err *err)
{
	struct message m = { .number = number };

	return ask(k, &m, err);
}

void pp_keeper_stop(struct pp_keeper *k)
{
	if (k->pid <= 0)
		return;
	close(k->fd);
	while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
		;
	k->pid = 0;
}
