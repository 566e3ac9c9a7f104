/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running other programs: status, output, deadline and what is left behind. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/command.h"
#include "unit.h"

#define SECOND_NS UINT64_C(1000000000)

static const struct run_case {
	const char *script;
	int rc;
	const char *output, *sentence;
} run_cases[] = {
	{ "echo out; echo err >&2", 0, "out\nerr\n", "" },
	{ "echo first; echo second; exit 3", 3, "first\nsecond\n",
	  "sh ended with status 3: first." },
	{ "exit 1", 1, "", "sh ended with status 1: ." },
	{ "echo gone; kill -9 $$", -EINTR, "gone\n", "sh died of signal 9." },
	{ "cat", 0, "", "" }, /* stdin is empty, not the caller's */
	{ "printf '0123456789abcdefghijklmnopqrstuvwxyz'", 0, "0123456789abcdefghijklmnopqrstu",
	  "" }, /* a buffer of 32 keeps the first 31 */
	{ "head -c 300000 /dev/zero | tr '\\0' x >&2; exit 2", 2, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	  "sh ended with status 2: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx." },
};

/* Commands must not eat what is on our own standard input. */
static void feed_stdin(void)
{
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	CU_ASSERT_EQUAL(write(fds[1], "not yours", 9), 9);
	CU_ASSERT_EQUAL(dup2(fds[0], 0), 0);
	close(fds[0]);
	close(fds[1]);
}

static void test_run(void)
{
	feed_stdin();
	for (size_t i = 0; i < sizeof(run_cases) / sizeof(run_cases[0]); i++) {
		const struct run_case *c = &run_cases[i];
		const char *const argv[] = { "sh", "-c", c->script, NULL };
		struct pp_err err = { "" };
		char output[32];

		CU_ASSERT_EQUAL(pp_command(argv, 20000, output, sizeof(output), &err), c->rc);
		PP_ASSERT_STR(output, c->output);
		PP_ASSERT_STR(err.text, c->sentence);
	}
}

static void test_no_buffers(void)
{
	const char *const argv[] = { "sh", "-c", "echo lost; exit 5", NULL };

	CU_ASSERT_EQUAL(pp_command(argv, 20000, NULL, 0, NULL), 5);
}

static void test_missing(void)
{
	const char *const names[] = { "pinproof-no-such-program", "/nonexistent/sh", "/etc/passwd",
				      "/tmp" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *const argv[] = { names[i], NULL };
		struct pp_err err = { "" };

		CU_ASSERT_EQUAL(pp_command(argv, 1000, NULL, 0, &err), -ENOENT);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, names[i]));
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not installed"));
		CU_ASSERT_FALSE(pp_command_exists(names[i]));
	}
}

/* mkfs lives where an ordinary user's PATH does not look. */
static void test_path(void)
{
	char *saved = getenv("PATH") ? strdup(getenv("PATH")) : NULL;
	int there = !access("/usr/sbin/ldconfig", X_OK) || !access("/sbin/ldconfig", X_OK);

	CU_ASSERT_TRUE(pp_command_exists("sh"));
	setenv("PATH", "/nonexistent", 1);
	CU_ASSERT_EQUAL(pp_command_exists("ldconfig"), there);
	CU_ASSERT_FALSE(pp_command_exists("pinproof-no-such-program"));
	if (saved)
		setenv("PATH", saved, 1);
	free(saved);
}

/* The whole process group dies: the pipe's last holder is a grandchild. */
static void test_timeout(void)
{
	const char *const argv[] = { "sh", "-c", "echo begun; sleep 60 & sleep 60", NULL };
	uint64_t began = pp_now_ns();
	struct pp_err err = { "" };
	struct pollfd end;
	char output[32], byte;
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	/* Long enough for a shell to begin on a busy machine. */
	CU_ASSERT_EQUAL(pp_command(argv, 2000, output, sizeof(output), &err), -ETIMEDOUT);
	CU_ASSERT_TRUE(pp_now_ns() - began >= 2 * SECOND_NS);
	CU_ASSERT_TRUE(pp_now_ns() - began < 20 * SECOND_NS);
	PP_ASSERT_STR(output, "begun\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "was killed"));
	close(fds[1]);
	end = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	CU_ASSERT_EQUAL(poll(&end, 1, 10000), 1);
	CU_ASSERT_EQUAL(read(fds[0], &byte, 1), 0);
	close(fds[0]);
}

/* A daemon that keeps the output open must not keep the caller. */
static void test_daemon(void)
{
	const char *const argv[] = { "sh", "-c", "sleep 30 & echo up", NULL };
	uint64_t began = pp_now_ns();
	char output[32];

	CU_ASSERT_EQUAL(pp_command(argv, 60000, output, sizeof(output), NULL), 0);
	CU_ASSERT_TRUE(pp_now_ns() - began < 15 * SECOND_NS);
	PP_ASSERT_STR(output, "up\n");
}

static const struct pp_unit_case cases[] = {
	{ "status, output and sentence", test_run },
	{ "neither buffer nor sentence wanted", test_no_buffers },
	{ "programs that are missing", test_missing },
	{ "programs in sbin", test_path },
	{ "a deadline kills the whole group", test_timeout },
	{ "a daemon left behind", test_daemon },
};

PP_UNIT_MAIN("command", cases)
