/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One case in one child, under a deadline; see supervisor.h. */
#include "run/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/storm.h"
#include "run/hang.h"
#include "run/heap.h"
#include "run/rundir.h"
#include "sys/clock.h"
#include "sys/gate.h"

#define KILL_BOUND_MS   10000u
#define SWEEP_MS        200u
#define BEAT_MS         30000u
#define DEVICE_BOUND_MS 10000u

/* The child's mounts are its own: they go when it goes, however it goes. */
static int private_mounts(const struct pp_attempt *a, struct pp_err *err)
{
	if (geteuid())
		return 0;
	if (unshare(CLONE_NEWNS))
		return pp_err_set(err, -errno, "private mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return pp_err_set(err, -errno, "private mounts");
	if (mount("pinproof", a->workdir, "tmpfs", 0, "mode=0700"))
		return pp_err_set(err, -errno, "work directory %s", a->workdir);
	return 0;
}

__attribute__((noreturn)) static void child_main(const struct pp_attempt *a, pid_t parent,
						 struct pp_recorder *rec, int stacks_fd,
						 struct pp_exec_outcome *outcome)
{
	struct pp_exec_setup setup = {
		.plan = a->plan,
		.slots = a->slots,
		.link = a->link,
		.workdir = a->workdir,
		.recorder = rec,
		.quiet_machine = a->quiet_machine,
		.drop_hazard = a->drop_hazard,
		.drop_device_writes = a->drop_device_writes,
		.plant = a->plant,
		.stacks_fd = stacks_fd,
	};
	struct pp_err err = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	setpgid(0, 0);
	pp_heap_calm();
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (a->guardian_fd >= 0)
		close(a->guardian_fd);
	if (private_mounts(a, &err)) {
		outcome->ending = PP_ENDING_BROKEN;
		snprintf(outcome->reason, sizeof(outcome->reason), "%s", err.text);
	} else {
		pp_exec_run(&setup, outcome);
	}
	_exit(0);
}

static void describe_timeout(const struct pp_attempt *a, const struct pp_recorder *rec, pid_t pid,
			     int stacks_fd, struct pp_exec_outcome *outcome,
			     struct pp_ending_record *ending)
{
	struct pp_event e;
	char where[256];
	const struct pp_op *op;

	pp_hang_deadline(a->plan, rec, pid, stacks_fd, a->quiet_machine, outcome, where,
			 sizeof(where));
	ending->ending = PP_ENDING_TIMEOUT;
	if (!pp_recorder_running(rec, &e)) {
		snprintf(ending->reason, sizeof(ending->reason),
			 "the deadline of %u ms passed between operations; %s", a->bound_ms, where);
		return;
	}
	op = pp_plan_op(a->plan, e.op);
	snprintf(ending->reason, sizeof(ending->reason),
		 "the deadline of %u ms passed in operation %u (%s, step \"%s\"); %s", a->bound_ms,
		 e.op, pp_verbs[e.verb].name, a->plan->steps[op ? op->step : a->plan->storm_step],
		 where);
}

static int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* A held gate keeps whoever sleeps behind it alive, however hard it is killed. */
static void sweep_gates(const struct pp_attempt *a)
{
	char prefix[PP_GATE_PREFIX_MAX];
	struct pp_err ignored = { 0 };

	if (!a->plan->n_gates)
		return;
	pp_gate_prefix(a->workdir, prefix, sizeof(prefix));
	pp_gates_sweep(prefix, &ignored);
}

/* 1: ended, 0: the time is over, -EINTR: the user wants to stop. */
static int wait_child(int pidfd, uint64_t deadline_ns, const volatile sig_atomic_t *interrupted)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	for (;;) {
		uint64_t now = pp_now_ns();
		int rc;

		if (interrupted && *interrupted)
			return -EINTR;
		if (now >= deadline_ns)
			return 0;
		rc = poll(&p, 1, (int)((deadline_ns - now) / 1000000 + 1));
		if (rc > 0)
			return 1;
	}
}

/* The same until the attempt's deadline. Somebody may watch from outside and take silence for
 * death, so there is a sign of life now and then; behind the deadline there is none. */
static int wait_attempt(const struct pp_attempt *a, int pidfd)
{
	const uint64_t begin_ns = pp_now_ns();
	const uint64_t deadline_ns = begin_ns + (uint64_t)a->bound_ms * 1000000u;

	for (;;) {
		uint64_t beat_ns = pp_deadline_ns(BEAT_MS);
		int rc = wait_child(pidfd, beat_ns < deadline_ns ? beat_ns : deadline_ns,
				    a->interrupted);

		if (rc || pp_now_ns() >= deadline_ns)
			return rc;
		if (a->beat)
			a->beat(a->beat_arg, (pp_now_ns() - begin_ns) / 1000000u);
	}
}

/* End the child; false if it cannot even be killed (asleep in the kernel). */
static bool end_child(const struct pp_attempt *a, pid_t pid, int pidfd, int *status)
{
	uint64_t deadline_ns = pp_deadline_ns(KILL_BOUND_MS);
	int ended;

	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	do {
		sweep_gates(a);
		ended = wait_child(pidfd, pp_deadline_ns(SWEEP_MS), NULL);
	} while (!ended && pp_now_ns() < deadline_ns);
	return ended && waitpid(pid, status, 0) == pid;
}

static void describe_end(const struct pp_exec_outcome *outcome, int status,
			 struct pp_ending_record *ending)
{
	if (WIFSIGNALED(status)) {
		ending->ending = PP_ENDING_CRASH;
		snprintf(ending->reason, sizeof(ending->reason), "the child died of signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
		return;
	}
	ending->ending = outcome->ending;
	snprintf(ending->reason, sizeof(ending->reason), "%s", outcome->reason);
}

/* Is it free? */
static bool wait_device(const struct pp_attempt *a, const char *slot,
			struct pp_ending_record *ending)
{
	const struct pp_slot *s = pp_slots_find(a->slots, slot);
	struct pp_err err = { 0 };

	if (!s || !pp_device_wait_free(s->dev, DEVICE_BOUND_MS, &err))
		return true;
	if (ending->ending != PP_ENDING_DONE)
		return false;
	ending->ending = PP_ENDING_BROKEN;
	snprintf(ending->reason, sizeof(ending->reason),
		 "%s did not become free after the case: %s", slot, err.text);
	return false;
}

/* Unmounting goes on after the child is gone; the next case must find its disks free. Does it? */
static bool wait_devices(const struct pp_attempt *a, struct pp_ending_record *ending)
{
	bool all = true;

	sweep_gates(a);
	for (size_t i = 0; i < a->plan->n_fs; i++)
		all &= wait_device(a, a->plan->fs[i].slot, ending);
	for (size_t i = 0; i < a->plan->n_gates; i++)
		all &= wait_device(a, a->plan->gates[i].slot, ending);
	return all;
}

/* Write down what the storm drew, so that the case can be judged and executed again. */
static int expand(const struct pp_attempt *a, const struct pp_recorder *rec, struct pp_plan **out,
		  struct pp_err *err)
{
	size_t n = a->plan->n_actors;
	uint32_t *counts = calloc(2 * n + 1, sizeof(*counts));
	int rc;

	if (!counts)
		return pp_err_set(err, -ENOMEM, "counts of the storm");
	for (size_t i = 0; i < n; i++)
		pp_recorder_drawn(rec, i, &counts[i], &counts[n + i]);
	rc = pp_storm_expand(a->plan, counts, counts + n, out, err);
	free(counts);
	return rc;
}

static int collect(const struct pp_attempt *a, const struct pp_recorder *rec,
		   struct pp_attempt_result *out, struct pp_err *err)
{
	int rc = 0;

	if (pp_plan_has_storm(a->plan))
		rc = expand(a, rec, &out->executed, err);
	if (rc)
		return rc;
	return pp_recorder_history(rec, pp_plan_crc(out->executed ? out->executed : a->plan),
				   &out->history, err);
}

static void describe_plant(const struct pp_attempt *a, const struct pp_exec_outcome *outcome,
			   struct pp_ending_record *ending)
{
	const char *fault = pp_plant_name(a->plant.kind);

	if (!a->plant.kind || a->plant.every)
		return;
	if (outcome->planted_op)
		snprintf(ending->planted, sizeof(ending->planted), "%s of operation %u", fault,
			 outcome->planted_op);
	else
		snprintf(ending->planted, sizeof(ending->planted),
			 "%s, but the operation that it hits was never reached", fault);
}

static int supervise(const struct pp_attempt *a, pid_t pid, const struct pp_recorder *rec,
		     int stacks_fd, struct pp_exec_outcome *outcome,
		     struct pp_ending_record *ending, struct pp_err *err)
{
	int pidfd = pidfd_of(pid), status = 0, rc = 0;

	if (pidfd < 0) {
		rc = pp_err_set(err, -errno, "pidfd_open");
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return rc;
	}
	switch (wait_attempt(a, pidfd)) {
	case 1:
		waitpid(pid, &status, 0);
		describe_end(outcome, status, ending);
		break;
	case 0:
		describe_timeout(a, rec, pid, stacks_fd, outcome, ending);
		if (!end_child(a, pid, pidfd, &status))
			strncat(ending->reason, "; it cannot be killed",
				sizeof(ending->reason) - strlen(ending->reason) - 1);
		break;
	default:
		end_child(a, pid, pidfd, &status);
		rc = pp_err_set(err, -EINTR, "interrupted");
	}
	close(pidfd);
	return rc;
}

static void mark(const struct pp_attempt *a, const char *what)
{
	char text[PP_CASE_MAX + 32];

	snprintf(text, sizeof(text), "%s %s", what, a->label);
	pp_kmsg_mark(text);
}

/* @a with @b behind it; takes both. Without memory NULL, which the judge takes for a lost log. */
static char *join(char *a, size_t *a_len, char *b, size_t b_len)
{
	char *both = a && b ? realloc(a, *a_len + b_len + 1) : NULL;

	if (both) {
		memcpy(both + *a_len, b, b_len + 1);
		*a_len += b_len;
	} else {
		free(a);
		*a_len = 0;
	}
	free(b);
	return both;
}

/* Forks the child, and waits for all of its life. */
static int fork_and_supervise(const struct pp_attempt *a, struct pp_recorder *rec, int stacks_fd,
			      struct pp_exec_outcome *outcome, struct pp_ending_record *ending,
			      pid_t *child, struct pp_err *err)
{
	pid_t parent = getpid(), pid;
	int rc;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return pp_err_set(err, -errno, "fork");
	if (!pid)
		child_main(a, parent, rec, stacks_fd, outcome);
	*child = pid;
	rc = supervise(a, pid, rec, stacks_fd, outcome, ending, err);
	return rc;
}

/* The number in the file of --counter; false: there is none to be read. */
static bool read_counter(const struct pp_attempt *a, uint64_t *out)
{
	char *text, *end;
	size_t len;

	if (!a->counter || pp_file_read(NULL, a->counter, &text, &len, NULL))
		return false;
	errno = 0;
	*out = strtoull(text, &end, 0);
	len = (size_t)(end - text);
	free(text);
	return len && !errno;
}

static void count_growth(const struct pp_attempt *a, bool had, uint64_t before,
			 struct pp_ending_record *ending)
{
	uint64_t after;

	if (!had || !read_counter(a, &after) || after < before)
		return;
	ending->has_counted = true;
	ending->counted = after - before;
}

/* Opened before the fork: the child has no way to the case's directory later. */
static int stacks_open(const struct pp_attempt *a)
{
	char path[PP_PATH_MAX];

	if (!a->dir ||
	    snprintf(path, sizeof(path), "%s/" PP_STACKS_FILE, a->dir) >= (int)sizeof(path))
		return -1;
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
}

/* Most cases have nothing to say there. */
static void stacks_close(const struct pp_attempt *a, int fd)
{
	char path[PP_PATH_MAX];
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && !st.st_size) {
		snprintf(path, sizeof(path), "%s/" PP_STACKS_FILE, a->dir);
		unlink(path);
	}
	close(fd);
}

static void take_waits(struct pp_exec_outcome *outcome, struct pp_ending_record *ending)
{
	ending->n_waits = atomic_load(&outcome->n_waits);
	memcpy(ending->waits, outcome->waits, sizeof(ending->waits));
}

int pp_attempt_run(const struct pp_attempt *a, struct pp_attempt_result *out, struct pp_err *err)
{
	struct pp_exec_outcome *outcome;
	struct pp_recorder rec;
	char *before, *during;
	uint64_t begin_ns, count = 0;
	pid_t child = 0;
	bool counts;
	int stacks_fd, rc;
	size_t len;

	memset(out, 0, sizeof(*out));
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (outcome == MAP_FAILED)
		return pp_err_set(err, -errno, "shared memory");
	outcome->ending = PP_ENDING_BROKEN;
	snprintf(outcome->reason, sizeof(outcome->reason), "the child ended without a word");
	rc = pp_recorder_open(&rec, a->plan, a->run, err);
	if (rc)
		goto unmap;
	/* What the kernel said since the case before was drained, perhaps of that: it stands in
	 * front of the mark, as somebody has to tell of it. */
	before = pp_kmsg_drain(a->kmsg, &out->log_len);
	pp_warn_once_reset();
	out->ending.mark_ns = pp_now_ns() - rec.start_ns;
	mark(a, "begin");
	out->ending.taint_before = pp_taint_read();
	counts = read_counter(a, &count);
	begin_ns = pp_now_ns();
	pp_tracing_begin(a->tracing, &out->ending.trace);
	stacks_fd = stacks_open(a);
	rc = fork_and_supervise(a, &rec, stacks_fd, outcome, &out->ending, &child, err);
	stacks_close(a, stacks_fd);
	take_waits(outcome, &out->ending);
	out->spoiled = !rc && !wait_devices(a, &out->ending);
	count_growth(a, counts, count, &out->ending);
	pp_tracing_end(a->tracing, child, a->plan->n_actors ? a->plan->actors[0] : "case",
		       rec.start_ns, &out->ending.trace, &out->traced);
	/* with what the witnesses cost, so that it can be measured */
	out->ending.duration_ms = (pp_now_ns() - begin_ns) / 1000000;
	mark(a, "end");
	out->ending.taint_after = pp_taint_read();
	during = pp_kmsg_drain(a->kmsg, &len);
	out->log = join(before, &out->log_len, during, len);
	describe_plant(a, outcome, &out->ending);
	if (!rc)
		rc = collect(a, &rec, out, err);
	pp_recorder_close(&rec);
unmap:
	munmap(outcome, sizeof(*outcome));
	return rc;
}

void pp_attempt_free(struct pp_attempt_result *r)
{
	pp_history_free(&r->history);
	pp_plan_free(r->executed);
	free(r->log);
	pp_tracing_files_free(&r->traced);
	memset(r, 0, sizeof(*r));
}
