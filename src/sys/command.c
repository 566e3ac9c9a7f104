/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run another program with a deadline and keep its output; see command.h. */
#include "sys/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"

struct running {
	pid_t pid;
	int pidfd; /* readable once the program has ended */
	int pipe;  /* its stdout and stderr, non-blocking */
	char *output;
	size_t used, size;
};

static int is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* mkfs and modprobe live in sbin, which an ordinary PATH does not name. */
static int find_program(const char *name, char *out, size_t size)
{
	static const char fixed[] = "/usr/sbin:/sbin";
	const char *path = getenv("PATH");
	const char *lists[] = { path ? path : "/usr/bin:/bin", fixed };

	if (strchr(name, '/')) {
		if (snprintf(out, size, "%s", name) >= (int)size)
			return -ENAMETOOLONG;
		return is_program(out) ? 0 : -ENOENT;
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const char *dir = lists[i];

		while (*dir) {
			size_t len = strcspn(dir, ":");

			if (len &&
			    snprintf(out, size, "%.*s/%s", (int)len, dir, name) < (int)size &&
			    is_program(out))
				return 0;
			dir += len + (dir[len] == ':');
		}
	}
	return -ENOENT;
}

int pp_command_exists(const char *name)
{
	char path[4096];

	return !find_program(name, path, sizeof(path));
}

/*
 * posix_spawn and not fork: the caller may have pinned memory, and a fork would
 * copy pinned pages and write-protect all others, a hazard nobody planned.
 */
static int spawn(const char *path, const char *const argv[], int out_fd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	rc = posix_spawn_file_actions_init(&actions);
	if (rc)
		return -rc;
	rc = posix_spawnattr_init(&attr);
	if (rc)
		goto free_actions;
	rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						     POSIX_SPAWN_SETSIGDEF);
	if (!rc)
		rc = posix_spawnattr_setpgroup(&attr, 0);
	if (!rc)
		rc = posix_spawnattr_setsigmask(&attr, &none);
	if (!rc)
		rc = posix_spawnattr_setsigdefault(&attr, &all);
	if (!rc)
		rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&actions, out_fd, 2);
	if (!rc)
		rc = posix_spawn(pid, path, &actions, &attr, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attr);
free_actions:
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

/* Take what the pipe holds now; returns 0 at its end. */
static int drain(struct running *run)
{
	char buf[4096];
	ssize_t got;

	while ((got = read(run->pipe, buf, sizeof(buf))) > 0) {
		size_t room = run->size - 1 - run->used;
		size_t take = (size_t)got < room ? (size_t)got : room;

		memcpy(run->output + run->used, buf, take);
		run->used += take;
	}
	run->output[run->used] = '\0';
	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

/* The program's end counts, not the pipe's: a daemon that it left behind may hold the pipe open. */
static int await(struct running *run, uint64_t deadline_ns)
{
	struct pollfd fds[2] = { { .fd = run->pidfd, .events = POLLIN },
				 { .fd = run->pipe, .events = POLLIN } };

	for (;;) {
		uint64_t now = pp_now_ns();
		uint64_t left_ms = now < deadline_ns ? (deadline_ns - now + 999999) / 1000000 : 0;

		if (poll(fds, 2, left_ms > 3600000 ? 3600000 : (int)left_ms) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].revents && !drain(run))
			fds[1].fd = -1;
		if (fds[0].revents) {
			drain(run);
			return 0;
		}
		if (pp_now_ns() >= deadline_ns)
			return -ETIMEDOUT;
	}
}

static int reap(struct running *run, int awaited, const char *name, struct pp_err *err)
{
	int status = 0;

	if (awaited)
		kill(-run->pid, SIGKILL);
	while (waitpid(run->pid, &status, 0) < 0)
		if (errno != EINTR)
			return pp_err_set(err, -errno, "cannot wait for %s", name);
	if (awaited)
		return pp_err_set(err, awaited, "%s %s and was killed", name,
				  awaited == -ETIMEDOUT ? "did not end in time"
							: "could not be waited for");
	if (WIFSIGNALED(status))
		return pp_err_set(err, -EINTR, "%s died of signal %d.", name, WTERMSIG(status));
	if (WEXITSTATUS(status))
		pp_err_set(err, -EIO, "%s ended with status %d: %.*s.", name, WEXITSTATUS(status),
			   (int)strcspn(run->output, "\n"), run->output);
	return WEXITSTATUS(status);
}

static int run_program(const char *path, const char *const argv[], int timeout_ms,
		       struct running *run, struct pp_err *err)
{
	uint64_t deadline_ns = pp_deadline_ns(timeout_ms > 0 ? (uint32_t)timeout_ms : 0);
	int fds[2], rc;

	if (pipe2(fds, O_CLOEXEC))
		return pp_err_set(err, -errno, "cannot make a pipe for %s", argv[0]);
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK)) {
		rc = pp_err_set(err, -errno, "cannot make a pipe for %s", argv[0]);
		close(fds[1]);
		goto close_read;
	}
	rc = spawn(path, argv, fds[1], &run->pid);
	close(fds[1]);
	if (rc) {
		pp_err_set(err, rc, "cannot start %s", path);
		goto close_read;
	}
	run->pipe = fds[0];
	run->pidfd = (int)syscall(SYS_pidfd_open, run->pid, 0);
	rc = run->pidfd < 0 ? -errno : await(run, deadline_ns);
	rc = reap(run, rc, argv[0], err);
	if (run->pidfd >= 0)
		close(run->pidfd);
close_read:
	close(fds[0]);
	return rc;
}

int pp_command(const char *const argv[], int timeout_ms, char *output, size_t size,
	       struct pp_err *err)
{
	char path[4096], own[1024];
	struct running run = { .output = own, .size = sizeof(own) };
	int rc;

	if (output && size) {
		run.output = output;
		run.size = size;
	}
	run.output[0] = '\0';
	rc = find_program(argv[0], path, sizeof(path));
	if (rc)
		return pp_err_set(err, rc, "program %s is not installed", argv[0]);
	return run_program(path, argv, timeout_ms, &run, err);
}
