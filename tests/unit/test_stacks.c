/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks: of a task that really sleeps, where it sleeps. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/stacks.h"
#include "tmpdir.h"
#include "unit.h"

/* A child in a process group of its own, which reads from a pipe that nobody writes. */
static pid_t sleeper(int fds[2])
{
	pid_t pid;
	char byte;

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (!pid) {
		setpgid(0, 0);
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 1);
	}
	setpgid(pid, pid);
	return pid;
}

static void end(pid_t pid, int fds[2])
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
}

/* Until it has got there. */
static bool sleeps_in(pid_t pid, const char *function, char *where, size_t size)
{
	uint64_t deadline_ns = pp_deadline_ns(10000);

	while (pp_now_ns() < deadline_ns) {
		pp_stacks_where(pid, pid, where, size);
		if (strstr(where, function))
			return true;
		pp_pause_ms(1); /* poll */
	}
	return false;
}

static void a_sleeping_task_is_found(void)
{
	char where[160];
	int fds[2];
	pid_t pid = sleeper(fds);

	CU_ASSERT(sleeps_in(pid, "pipe_read", where, sizeof(where)));
	/* With a whole stack the callers are named, too, and never the scheduler. */
	if (pp_stacks_where(pid, pid, where, sizeof(where))) {
		CU_ASSERT_PTR_NOT_NULL(strstr(where, " < "));
		CU_ASSERT_PTR_NULL(strstr(where, "schedule"));
		CU_ASSERT_PTR_NULL(strchr(where, '+'));
	}
	end(pid, fds);
	CU_ASSERT_FALSE(pp_stacks_where(pid, pid, where, sizeof(where)));
	PP_ASSERT_STR(where, "no task: it has ended");
}

/* On the processor of this process alone, so that one of the two always waits for the other. */
static void share_a_processor(void)
{
	cpu_set_t may, one;
	int cpu = 0;

	CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof(may), &may), 0);
	while (!CPU_ISSET(cpu, &may))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CU_ASSERT_EQUAL_FATAL(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* In which mode it runs cannot be read: nothing is said of it, and least of all that it waits in
 * the interrupt that took its processor. */
static void a_running_task_does_not_sleep(bool preempted)
{
	volatile uint32_t *turns = mmap(NULL, sizeof(*turns), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char where[160] = "";
	cpu_set_t before;
	pid_t pid;

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(turns, MAP_FAILED);
	CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof(before), &before), 0);
	if (preempted)
		share_a_processor();
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	while (!pid)
		++*turns;
	/* Before its first turn it is on its way out of fork(). */
	while (!*turns)
		pp_pause_ms(1); /* poll: a busy machine gives it its time at last */
	for (int i = 0; i < 200; i++) {
		CU_ASSERT_FALSE(pp_stacks_where(pid, pid, where, sizeof(where)));
		PP_ASSERT_STR(where, "user space or a loop of the kernel (state R)");
		if (i % 50 == 49)
			pp_pause_ms(1); /* poll: let it have the processor */
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof(before), &before), 0);
	munmap((void *)turns, sizeof(*turns));
}

static void a_task_on_its_processor(void)
{
	a_running_task_does_not_sleep(false);
}

static void a_task_that_waits_for_a_processor(void)
{
	a_running_task_does_not_sleep(true);
}

static void a_group_is_written_down(void)
{
	struct pp_err err = { "" };
	char where[160], path[128], line[64], *text;
	struct tmpdir dir;
	int fds[2], fd;
	pid_t pid = sleeper(fds);

	tmpdir_make(&dir);
	snprintf(path, sizeof(path), "%s/stacks", dir.path);
	fd = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT(sleeps_in(pid, "pipe_read", where, sizeof(where)));
	CU_ASSERT_EQUAL(pp_stacks_write(fd, pid, &err), 0);
	text = calloc(1, 65536);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT(pread(fd, text, 65535, 0) > 0);
	snprintf(line, sizeof(line), "process %d thread %d (", (int)pid, (int)pid);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, line));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "state S\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "  syscall: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "pipe_read"));
	/* Who may not read stacks says so, once. */
	CU_ASSERT((strstr(text, "no kernel stacks here") != NULL) ==
		  !pp_stacks_where(pid, pid, where, sizeof(where)));
	end(pid, fds);
	CU_ASSERT_EQUAL(pp_stacks_write(fd, pid, &err), -ESRCH);
	free(text);
	close(fd);
	tmpdir_remove(&dir);
}

static const struct pp_unit_case cases[] = {
	{ "a sleeping task is found", a_sleeping_task_is_found },
	{ "a running task does not sleep", a_task_on_its_processor },
	{ "nor does one that waits for a processor", a_task_that_waits_for_a_processor },
	{ "a process group is written down", a_group_is_written_down },
};

PP_UNIT_MAIN("stacks", cases)
