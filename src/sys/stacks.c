/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks of tasks, from /proc; see stacks.h. */
#include "sys/stacks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/words.h"

#define FRAMES_SHOWN 4
#define STACK_BYTES  8192u

/* 0 and the text, as much as there is room for; or -errno. */
static int read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	size_t len = 0;
	ssize_t n = 1;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	while (n > 0 && len + 1 < size) {
		n = read(fd, text + len, size - 1 - len);
		if (n > 0)
			len += (size_t)n;
	}
	if (n < 0)
		rc = -errno;
	close(fd);
	text[len] = '\0';
	return rc;
}

static int read_task(pid_t pid, pid_t tid, const char *name, char *text, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)pid, (int)tid, name);
	return read_text(path, text, size);
}

/*
 * Frames that say only that it waits, or that it lost its processor to an interrupt: one that came
 * from user space leaves no other.
 */
static bool scheduler(const char *name, size_t len)
{
	static const char interrupted[] = "asm_sysvec_";
	static const char *const names[] = {
		"__schedule",
		"schedule",
		"schedule_timeout",
		"schedule_preempt_disabled",
		"schedule_hrtimeout_range",
		"schedule_hrtimeout_range_clock",
		"io_schedule",
		"io_schedule_timeout",
		"io_schedule_prepare",
		"preempt_schedule_irq",
		"irqentry_exit",
		"irqentry_exit_to_user_mode",
		"exit_to_user_mode_loop",
		"exit_to_user_mode_prepare",
		"asm_common_interrupt",
	};

	if (len >= strlen(interrupted) && !strncmp(name, interrupted, strlen(interrupted)))
		return true;
	for (size_t i = 0; i < PP_ARRAY_LEN(names); i++)
		if (strlen(names[i]) == len && !strncmp(names[i], name, len))
			return true;
	return false;
}

/* "[<0>] ext4_break_layouts+0x1a/0x60 [ext4]": the function of each line. */
static size_t frames(const char *stack, char *out, size_t size)
{
	size_t shown = 0, used = 0;

	out[0] = '\0';
	for (const char *line = stack; *line && shown < FRAMES_SHOWN;) {
		const char *end = strchr(line, '\n'), *name = strstr(line, "] ");
		size_t len;

		end = end ? end : line + strlen(line);
		name = name && name < end ? name + 2 : line;
		len = strcspn(name, "+\n ");
		if (len && !scheduler(name, len) && used < size) {
			used += (size_t)snprintf(out + used, size - used, "%s%.*s",
						 used ? " < " : "", (int)len, name);
			shown++;
		}
		line = *end ? end + 1 : end;
	}
	return shown;
}

/* State and process group of "PID (NAME) S PPID PGRP ..."; the name may hold anything. */
static bool parse_stat(const char *stat, char *state, int *group)
{
	const char *behind = strrchr(stat, ')');

	return behind && sscanf(behind + 1, " %c %*d %d", state, group) == 2;
}

/* The wait channel, else the system call, else the state: what runs does not say in which mode. */
static void without_stack(pid_t pid, pid_t tid, char *out, size_t size)
{
	char text[1024], state;
	long call;
	int group;

	/* "0": it does not wait, or is not ours to look at. */
	if (!read_task(pid, tid, "wchan", text, sizeof(text)) && text[0] && strcmp(text, "0"))
		snprintf(out, size, "%.*s", (int)strcspn(text, "\n"), text);
	else if (!read_task(pid, tid, "syscall", text, sizeof(text)) &&
		 sscanf(text, "%ld", &call) == 1 && call >= 0)
		snprintf(out, size, "system call %ld", call);
	else if (read_task(pid, tid, "stat", text, sizeof(text)) ||
		 !parse_stat(text, &state, &group))
		snprintf(out, size, "no task: it has ended");
	else if (state != 'R')
		snprintf(out, size, "the kernel (state %c)", state);
	else
		snprintf(out, size, "user space or a loop of the kernel (state R)");
}

bool pp_stacks_where(pid_t pid, pid_t tid, char *out, size_t size)
{
	char stack[STACK_BYTES];

	if (!read_task(pid, tid, "stack", stack, sizeof(stack)) && frames(stack, out, size))
		return true;
	without_stack(pid, tid, out, size);
	return false;
}

/* Where the text goes; the first error of a write stands. */
struct sheet {
	int fd, error;
	bool blind; /* it was said that stacks cannot be read */
};

__attribute__((format(printf, 2, 3))) static void put(struct sheet *s, const char *fmt, ...)
{
	char text[512];
	size_t done = 0, len;
	va_list ap;

	va_start(ap, fmt);
	len = (size_t)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	while (!s->error && done < len) {
		ssize_t n = write(s->fd, text + done, len - done);

		if (n < 0 && errno != EINTR)
			s->error = -errno;
		else if (n > 0)
			done += (size_t)n;
	}
}

static void put_first_line(struct sheet *s, pid_t pid, pid_t tid, const char *name)
{
	char text[512];

	if (!read_task(pid, tid, name, text, sizeof(text)))
		put(s, "  %s: %.*s\n", name, (int)strcspn(text, "\n"), text);
}

static void write_task(struct sheet *s, pid_t pid, pid_t tid)
{
	char text[STACK_BYTES], comm[64], state = '?', *save = NULL;
	int group, rc;

	if (read_task(pid, tid, "comm", comm, sizeof(comm)))
		return; /* it has just ended */
	comm[strcspn(comm, "\n")] = '\0';
	if (!read_task(pid, tid, "stat", text, sizeof(text)))
		parse_stat(text, &state, &group);
	put(s, "process %d thread %d (%s) state %c\n", (int)pid, (int)tid, comm, state);
	put_first_line(s, pid, tid, "wchan");
	put_first_line(s, pid, tid, "syscall");
	rc = read_task(pid, tid, "stack", text, sizeof(text));
	if (rc && !s->blind)
		put(s, "  (no kernel stacks here: %s)\n", pp_errno_name(rc));
	s->blind |= rc != 0;
	for (char *line = rc ? NULL : strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		put(s, "  %s\n", line);
}

static pid_t number_of(const struct dirent *e)
{
	int number = 0;

	return sscanf(e->d_name, "%d", &number) == 1 ? number : 0;
}

static void write_process(struct sheet *s, pid_t pid)
{
	char path[64];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (number_of(e) > 0)
			write_task(s, pid, number_of(e));
	if (d)
		closedir(d);
}

int pp_stacks_write(int fd, pid_t group, struct pp_err *err)
{
	struct sheet s = { .fd = fd };
	DIR *d = opendir("/proc");
	struct dirent *e;
	size_t n = 0;

	if (!d)
		return pp_err_set(err, -errno, "open /proc");
	while ((e = readdir(d))) {
		pid_t pid = number_of(e);
		char stat[1024], state;
		int its = 0;

		if (pid <= 0 || read_task(pid, pid, "stat", stat, sizeof(stat)) ||
		    !parse_stat(stat, &state, &its) || its != group)
			continue;
		write_process(&s, pid);
		n++;
	}
	closedir(d);
	if (s.error)
		return pp_err_set(err, s.error, "write stacks");
	return n ? 0 : pp_err_set(err, -ESRCH, "no process is in group %d", (int)group);
}

static int sysrq(char command, struct pp_err *err)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return pp_err_set(err, -errno, "open /proc/sysrq-trigger");
	if (write(fd, &command, 1) != 1)
		rc = pp_err_set(err, -errno, "write /proc/sysrq-trigger");
	close(fd);
	return rc;
}

int pp_stacks_blocked(struct pp_err *err)
{
	int rc = sysrq('w', err);

	if (!rc && !access("/proc/lockdep", R_OK))
		rc = sysrq('d', err);
	return rc;
}
