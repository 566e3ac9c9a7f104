/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guardian takes the work directory away, also when whom it guards is killed. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "run/guardian.h"
#include "tmpdir.h"

#define BOUND_MS 20000

static void stopped(void)
{
	struct pp_guardian g = { 0 };
	struct pp_err err = { "" };
	struct tmpdir d;
	char first[256], last[256];

	tmpdir_make(&d);
	snprintf(first, sizeof(first), "%s", tmpdir_file(&d, "first"));
	snprintf(last, sizeof(last), "%s", tmpdir_file(&d, "last"));
	CU_ASSERT_EQUAL(mkdir(first, 0700) + mkdir(last, 0700), 0);
	CU_ASSERT_EQUAL_FATAL(pp_guardian_start(&g, &err), 0);
	CU_ASSERT_EQUAL(pp_guardian_tell(&g, NULL, first, &err), 0);
	/* what it is told last counts */
	CU_ASSERT_EQUAL(pp_guardian_tell(&g, NULL, last, &err), 0);
	/* signals that reach the whole group do not end it */
	kill(g.pid, SIGTERM);
	kill(g.pid, SIGINT);
	CU_ASSERT_EQUAL(access(last, F_OK), 0);
	pp_guardian_stop(&g);
	CU_ASSERT_NOT_EQUAL(access(last, F_OK), 0);
	CU_ASSERT_EQUAL(access(first, F_OK), 0);
	CU_ASSERT_EQUAL(g.pid, 0);
	pp_guardian_stop(&g); /* nothing more to do */
	tmpdir_remove(&d);
}

static void told_nothing(void)
{
	struct pp_guardian g = { 0 };
	struct pp_err err = { "" };
	struct tmpdir d;

	tmpdir_make(&d);
	CU_ASSERT_EQUAL_FATAL(pp_guardian_start(&g, &err), 0);
	CU_ASSERT_EQUAL(pp_guardian_tell(&g, NULL, "", &err), 0);
	pp_guardian_stop(&g);
	CU_ASSERT_EQUAL(access(d.path, F_OK), 0);
	tmpdir_remove(&d);
}

/* A supervisor that starts a guardian and is killed. */
static void supervisor(const char *dir, int ready)
{
	struct pp_guardian g = { 0 };
	struct pp_err err;

	if (pp_guardian_start(&g, &err) || pp_guardian_tell(&g, NULL, dir, &err))
		_exit(1);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void killed(void)
{
	struct tmpdir d;
	char dir[256], byte;
	int fds[2], status = 0;
	struct pollfd end;
	pid_t pid;

	tmpdir_make(&d);
	snprintf(dir, sizeof(dir), "%s", tmpdir_file(&d, "work"));
	CU_ASSERT_EQUAL(mkdir(dir, 0700), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		close(fds[0]);
		supervisor(dir, fds[1]);
	}
	close(fds[1]);
	CU_ASSERT_EQUAL(read(fds[0], &byte, 1), 1);
	CU_ASSERT_EQUAL(access(dir, F_OK), 0);
	kill(pid, SIGKILL);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	/* the guardian inherited the other end: it is closed when the guardian is gone */
	end = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	CU_ASSERT_EQUAL(poll(&end, 1, BOUND_MS), 1);
	CU_ASSERT_EQUAL(read(fds[0], &byte, 1), 0);
	CU_ASSERT_NOT_EQUAL(access(dir, F_OK), 0);
	close(fds[0]);
	tmpdir_remove(&d);
}

static const struct pp_unit_case cases[] = {
	{ "stopped, it takes away what it was told last", stopped },
	{ "told nothing, it takes nothing away", told_nothing },
	{ "it outlives a supervisor that is killed", killed },
};

PP_UNIT_MAIN("guardian", cases)
