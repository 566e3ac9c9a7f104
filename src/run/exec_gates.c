/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows opened on purpose: gates, references that are held, and the proof of each. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "run/exec_state.h"
#include "sys/clock.h"
#include "sys/gate.h"
#include "sys/gate_trace.h"
#include "sys/pages.h"

#define PAGE_BYTES 4096u
#define POLL_MS    1u
/* A task that does not run between two looks this far apart sleeps. */
#define ASLEEP_MS 5u
#define PIPE_MAX  (1u << 20)

struct pp_exec_gate {
	struct pp_gate *gate;
	struct pp_gate_trace *trace; /* NULL: no operation asks for it */
	const char *below;           /* the slot's device */
	bool held;
	pthread_mutex_t lock; /* guards trace and held */
	/* Of the first gate only: libdevmapper serves one thread at a time. Inside @lock. */
	pthread_mutex_t library;
};

/* Gates as objects */

static bool asked_for_bios(const struct pp_plan *p, size_t gate)
{
	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].verb == PP_VERB_AWAIT_BIOS && p->ops[i].object == gate)
			return true;
	for (size_t i = 0; i < p->n_mixes; i++)
		if (p->mixes[i].op.verb == PP_VERB_AWAIT_BIOS && p->mixes[i].op.object == gate)
			return true;
	return false;
}

static int gate_open(struct pp_exec *x, size_t i, const char *prefix, struct pp_err *err)
{
	const struct pp_gate_def *def = &x->plan->gates[i];
	const struct pp_slot *slot = pp_slots_find(x->setup->slots, def->slot);
	struct pp_exec_gate *g = &x->gates[i];
	int rc;

	if (!slot)
		return pp_err_set(err, -ENODEV, "no device fills the slot %s of gate %s", def->slot,
				  def->name);
	g->below = slot->dev;
	rc = pp_gate_make(&g->gate, prefix, def->name, slot->dev, err);
	if (rc || !asked_for_bios(x->plan, i))
		return rc;
	return pp_gate_trace_start(&g->trace, pp_gate_name(g->gate), pp_gate_devt(g->gate), err);
}

int pp_exec_gates_open(struct pp_exec *x, struct pp_err *err)
{
	char prefix[PP_GATE_PREFIX_MAX];
	int rc = 0;

	if (!x->plan->n_gates)
		return 0;
	x->gates = calloc(x->plan->n_gates, sizeof(*x->gates));
	if (!x->gates)
		return pp_err_set(err, -ENOMEM, "gates");
	pthread_mutex_init(&x->gates->library, NULL);
	for (size_t i = 0; i < x->plan->n_gates; i++)
		pthread_mutex_init(&x->gates[i].lock, NULL);
	pp_gate_prefix(x->setup->workdir, prefix, sizeof(prefix));
	for (size_t i = 0; !rc && i < x->plan->n_gates; i++)
		rc = gate_open(x, i, prefix, err);
	return rc;
}

void pp_exec_gates_release(struct pp_exec *x)
{
	struct pp_err ignored;

	for (size_t i = 0; x->gates && i < x->plan->n_gates; i++) {
		struct pp_exec_gate *g = &x->gates[i];

		if (!g->gate)
			continue;
		pthread_mutex_lock(&g->lock);
		pthread_mutex_lock(&x->gates->library);
		if (g->held && !pp_gate_open(g->gate, &ignored))
			g->held = false;
		pthread_mutex_unlock(&x->gates->library);
		pthread_mutex_unlock(&g->lock);
	}
}

void pp_exec_gates_close(struct pp_exec *x)
{
	struct pp_err ignored;

	if (!x->gates)
		return;
	for (size_t i = 0; i < x->plan->n_gates; i++) {
		pp_gate_trace_stop(x->gates[i].trace);
		if (x->gates[i].gate)
			pp_gate_remove(x->gates[i].gate, &ignored);
		pthread_mutex_destroy(&x->gates[i].lock);
	}
	pthread_mutex_destroy(&x->gates->library);
	free(x->gates);
	x->gates = NULL;
}

const char *pp_exec_dev_below(struct pp_exec *x, const char *slot)
{
	uint16_t gate = pp_plan_gate(x->plan, slot);
	const struct pp_slot *s;

	if (gate != PP_NO_INDEX)
		return x->gates ? x->gates[gate].below : NULL;
	s = slot[0] ? pp_slots_find(x->setup->slots, slot) : NULL;
	return s ? s->dev : NULL;
}

const char *pp_exec_dev(struct pp_exec *x, const char *slot)
{
	uint16_t gate = pp_plan_gate(x->plan, slot);

	if (gate == PP_NO_INDEX)
		return pp_exec_dev_below(x, slot);
	return x->gates && x->gates[gate].gate ? pp_gate_node(x->gates[gate].gate) : NULL;
}

/* Windows */

static struct pp_exec_gate *gate_of(struct pp_worker *w, const struct pp_target_ref *t)
{
	return &w->x->gates[t->op->object];
}

static int set_gate(struct pp_worker *w, const struct pp_target_ref *t, bool held)
{
	struct pp_exec_gate *g = gate_of(w, t);
	int rc;

	pthread_mutex_lock(&g->lock);
	pthread_mutex_lock(&w->x->gates->library);
	rc = held ? pp_gate_hold(g->gate, &w->err) : pp_gate_open(g->gate, &w->err);
	pthread_mutex_unlock(&w->x->gates->library);
	if (!rc)
		g->held = held;
	/* Only what comes from now on is sure to wait. */
	if (!rc && held && g->trace)
		rc = pp_gate_trace_forget(g->trace, &w->err);
	pthread_mutex_unlock(&g->lock);
	return rc;
}

static int act_gate_hold(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	(void)e;
	return set_gate(w, t, true);
}

static int act_gate_open(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	(void)e;
	return set_gate(w, t, false);
}

/* Proofs: each polls until what it waits for is so, or the operation's bound has passed. */

/* The worker that carries out operation @id; NULL if it has ended or not begun. */
static const struct pp_worker *runner_of(struct pp_exec *x, uint32_t id)
{
	const struct pp_op *op = pp_plan_op(x->plan, id);
	const struct pp_worker *w = op && x->workers ? &x->workers[op->actor] : NULL;

	return w && atomic_load(&w->op) == id ? w : NULL;
}

static bool op_ended(struct pp_exec *x, uint32_t id)
{
	const struct pp_op *op = pp_plan_op(x->plan, id);
	bool ended;

	if (!op)
		return true;
	pthread_mutex_lock(&x->lock);
	ended = x->ended[op - x->plan->ops] || x->stop;
	pthread_mutex_unlock(&x->lock);
	return ended;
}

/* 1: it is so, 0: not yet, < 0: it cannot be found out. */
typedef int (*proof_fn)(struct pp_worker *w, const struct pp_target_ref *t, void *context);

static int await(struct pp_worker *w, const struct pp_target_ref *t, proof_fn proof, void *context,
		 const char *what)
{
	uint64_t deadline = pp_deadline_ns(t->bound_ms);

	for (;;) {
		int rc = proof(w, t, context);

		if (rc < 0)
			return rc;
		if (rc)
			return 0;
		/* What has ended will not wait any more. */
		if (t->op->of && op_ended(w->x, t->op->of))
			return pp_err_set(&w->err, -ETIMEDOUT,
					  "operation %u ended, and there was no %s", t->op->of,
					  what);
		if (pp_now_ns() >= deadline)
			return pp_err_set(&w->err, -ETIMEDOUT, "no %s within %u ms", what,
					  t->bound_ms);
		pp_pause_ms(POLL_MS);
	}
}

/*
 * Which bios are those of the operation meant: of a transfer with a raw disk, its place there; of
 * anything else, whatever is queued while it runs.
 */
static int bios_of(struct pp_worker *w, const struct pp_target_ref *t, struct pp_gate_bios *which)
{
	const struct pp_op *op = t->op->of ? pp_plan_op(w->x->plan, t->op->of) : NULL;
	const char *gate = w->x->plan->gates[t->op->object].name;
	uint16_t fs;

	*which = (struct pp_gate_bios){ 0, UINT64_MAX, true, true };
	if (!op || !op->via[0])
		return 0;
	fs = pp_plan_via_fs(w->x->plan, op);
	if (strcmp(fs == PP_NO_INDEX ? op->via : w->x->plan->fs[fs].slot, gate))
		return pp_err_set(&w->err, -EINVAL, "operation %u does not go through gate %s.",
				  op->id, gate);
	if (!(op->mode & PP_MODE_ASYNC))
		return pp_err_set(&w->err, -EINVAL,
				  "operation %u tries without waiting first, which looks as if it "
				  "were queued: it needs mode=async.",
				  op->id);
	/* Where a filesystem puts its file is not known here. */
	if (fs != PP_NO_INDEX) {
		which->reads = false;
		return 0;
	}
	which->from_bytes = pp_exec_via_offset(op->actor);
	which->to_bytes = which->from_bytes + op->length_bytes;
	which->writes = pp_verbs[op->verb].kind == PP_KIND_OBSERVE;
	which->reads = !which->writes;
	return 0;
}

static int proof_of_bios(struct pp_worker *w, const struct pp_target_ref *t, void *context)
{
	struct pp_exec_gate *g = gate_of(w, t);
	uint64_t bytes = 0;
	int rc;

	if (t->op->of && !runner_of(w->x, t->op->of))
		return 0;
	pthread_mutex_lock(&g->lock);
	rc = g->held ? pp_gate_trace_bytes(g->trace, context, &bytes, &w->err)
		     : pp_err_set(&w->err, -EINVAL, "gate %s is not held.",
				  w->x->plan->gates[t->op->object].name);
	pthread_mutex_unlock(&g->lock);
	if (rc)
		return rc;
	return bytes >= (t->op->least_bytes ? t->op->least_bytes : 1);
}

static int act_await_bios(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	struct pp_gate_bios which;
	int rc = bios_of(w, t, &which);

	(void)e;
	return rc ? rc : await(w, t, proof_of_bios, &which, "I/O queued at the gate");
}

static int proof_of_writeback(struct pp_worker *w, const struct pp_target_ref *t, void *context)
{
	unsigned all, any;
	int rc = pp_pages_state(context, pp_exec_memory_at(w, t), t->length_bytes, &all, &any,
				&w->err);

	return rc ? rc : (all & PP_PAGE_WRITEBACK) != 0;
}

static int act_await_writeback(struct pp_worker *w, const struct pp_target_ref *t,
			       struct pp_event *e)
{
	struct pp_pages pages;
	int rc = pp_pages_open(&pages, 0, &w->err);

	(void)e;
	if (rc)
		return rc;
	rc = await(w, t, proof_of_writeback, &pages, "writeback of all pages");
	pp_pages_close(&pages);
	return rc;
}

/* What /proc says of a thread of ours. */
struct sleep_look {
	char state;
	unsigned long switches; /* voluntary: grows whenever it goes to sleep */
	bool in_kernel;
};

static bool read_file(pid_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", (int)tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static bool look_at(pid_t tid, struct sleep_look *look)
{
	char text[2048];
	const char *state, *switches;
	long call;

	if (!read_file(tid, "syscall", text, sizeof(text)))
		return false;
	/* "running", or "-1 ..." while it sleeps outside of a system call */
	look->in_kernel = sscanf(text, "%ld", &call) == 1 && call >= 0 && call != SYS_futex;
	if (!read_file(tid, "status", text, sizeof(text)))
		return false;
	state = strstr(text, "\nState:");
	switches = strstr(text, "\nvoluntary_ctxt_switches:");
	return state && switches && sscanf(state, "\nState: %c", &look->state) == 1 &&
	       sscanf(switches, "\nvoluntary_ctxt_switches: %lu", &look->switches) == 1;
}

static bool asleep(const struct sleep_look *l)
{
	return l->in_kernel && (l->state == 'S' || l->state == 'D');
}

/* Asleep at both looks, and not woken between them. */
static int proof_of_sleep(struct pp_worker *w, const struct pp_target_ref *t, void *context)
{
	const struct pp_worker *other = runner_of(w->x, t->op->of);
	struct sleep_look first, second;

	(void)context;
	if (!other || !look_at(other->tid, &first) || !asleep(&first))
		return 0;
	pp_pause_ms(ASLEEP_MS);
	return look_at(other->tid, &second) && asleep(&second) &&
	       first.switches == second.switches && runner_of(w->x, t->op->of);
}

static int act_await_asleep(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	(void)e;
	return await(w, t, proof_of_sleep, NULL, "sleep in the kernel");
}

/* References that are held */

void pp_exec_worker_unhold(struct pp_worker *w)
{
	for (int i = 0; i < 2; i++) {
		if (w->held_pipe[i] >= 0)
			close(w->held_pipe[i]);
		w->held_pipe[i] = -1;
	}
}

static int pipe_for(const void *mem, size_t length_bytes, int fds[2], struct pp_err *err)
{
	uintptr_t first = (uintptr_t)mem / PAGE_BYTES;
	size_t pages = ((uintptr_t)mem + length_bytes + PAGE_BYTES - 1) / PAGE_BYTES - first;

	fds[0] = fds[1] = -1;
	if (pages > PIPE_MAX / PAGE_BYTES)
		return pp_err_set(err, -E2BIG, "a pipe holds %u pages, not %zu.",
				  PIPE_MAX / PAGE_BYTES, pages);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return pp_err_set(err, -errno, "pipe");
	if (fcntl(fds[1], F_SETPIPE_SZ, (int)(pages * PAGE_BYTES)) < 0) {
		int rc = pp_err_set(err, -errno, "pipe for %zu pages", pages);

		close(fds[0]);
		close(fds[1]);
		fds[0] = fds[1] = -1;
		return rc;
	}
	return 0;
}

int pp_exec_worker_pipe(struct pp_worker *w, const void *mem, size_t length_bytes)
{
	if (w->held_pipe[0] >= 0)
		return pp_err_set(&w->err, -EBUSY, "the actor holds pages in its pipe already.");
	return pipe_for(mem, length_bytes, w->held_pipe, &w->err);
}

int pp_exec_splice_in(int fd, const void *mem, size_t length_bytes, struct pp_err *err)
{
	size_t done = 0;

	while (done < length_bytes) {
		struct iovec iov = { (char *)mem + done, length_bytes - done };
		ssize_t n = vmsplice(fd, &iov, 1, SPLICE_F_NONBLOCK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return pp_err_set(err, n ? -errno : -EIO, "vmsplice of %zu bytes at %zu",
					  length_bytes, done);
		done += (size_t)n;
	}
	return 0;
}

static int act_splice_hold(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	const void *mem = pp_exec_memory_at(w, t);
	int rc = pp_exec_worker_pipe(w, mem, t->length_bytes);

	(void)e;
	if (rc)
		return rc;
	rc = pp_exec_splice_in(w->held_pipe[1], mem, t->length_bytes, &w->err);
	if (rc)
		pp_exec_worker_unhold(w);
	return rc;
}

static int64_t fetch_splice_drain(struct pp_worker *w, const struct pp_target_ref *t)
{
	size_t done = 0;
	int rc = 0;

	if (w->held_pipe[0] < 0)
		return pp_err_set(&w->err, -ENODATA, "the actor holds nothing in its pipe.");
	while (done < t->length_bytes && !rc) {
		ssize_t n = read(w->held_pipe[0], w->buf + done, t->length_bytes - done);

		if (n < 0 && errno != EINTR)
			rc = pp_err_set(&w->err, -errno, "read of the pipe");
		else if (n == 0)
			rc = -EPIPE;
		else if (n > 0)
			done += (size_t)n;
	}
	pp_exec_worker_unhold(w);
	return done ? (int64_t)done : rc;
}

/* clang-format off */
const struct pp_verb_impl pp_exec_gate_verbs[] = {
	{ .verb = PP_VERB_GATE_HOLD, .act = act_gate_hold },
	{ .verb = PP_VERB_GATE_OPEN, .act = act_gate_open },
	{ .verb = PP_VERB_AWAIT_BIOS, .act = act_await_bios },
	{ .verb = PP_VERB_AWAIT_WRITEBACK, .act = act_await_writeback },
	{ .verb = PP_VERB_AWAIT_ASLEEP, .act = act_await_asleep },
	{ .verb = PP_VERB_SPLICE_HOLD, .act = act_splice_hold },
	{ .verb = PP_VERB_SPLICE_DRAIN, .fetch = fetch_splice_drain },
	{ .verb = PP_VERB_NONE },
};
/* clang-format on */
