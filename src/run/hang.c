/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes down where an operation waits that should have ended; see hang.h. */
#include "run/hang.h"

#include <stdio.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/kmsg.h"
#include "sys/stacks.h"

/* "operation 7 (truncate of data by main)" */
static void name_op(const struct pp_plan *plan, uint32_t id, char *out, size_t size)
{
	const struct pp_op *op = pp_plan_op(plan, id);
	uint16_t region = op ? pp_plan_op_region(plan, op) : PP_NO_INDEX;

	if (!op)
		snprintf(out, size, "operation %u", id);
	else
		snprintf(out, size, "operation %u (%s%s%s by %s)", id, pp_verbs[op->verb].name,
			 region == PP_NO_INDEX ? "" : " of ",
			 region == PP_NO_INDEX ? "" : plan->regions[region].name,
			 plan->actors[op->actor]);
}

/* One line above the stacks, and in the kernel log, which outlives this machine on its console. */
static void head(const struct pp_plan *plan, const struct pp_exec_wait *w, pid_t tid, int fd)
{
	char op[160], text[400];

	name_op(plan, w->op, op, sizeof(op));
	snprintf(text, sizeof(text), "hang: %s waits for %u ms in %s", op, w->ms, w->where);
	pp_kmsg_mark(text);
	if (fd >= 0)
		dprintf(fd, "%s (thread %d)\n", text, (int)tid);
}

static void wait_of(pid_t pid, pid_t tid, uint32_t op, uint64_t ms, struct pp_exec_wait *w)
{
	w->op = op;
	w->ms = ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
	pp_stacks_where(pid, tid, w->where, sizeof(w->where));
}

static void keep(struct pp_exec_outcome *outcome, const struct pp_exec_wait *w)
{
	uint32_t n = atomic_load(&outcome->n_waits);

	if (n == PP_EXEC_WAITS_MAX)
		return;
	outcome->waits[n] = *w;
	atomic_store(&outcome->n_waits, n + 1);
}

static void stacks(int fd, pid_t group, bool dump, struct pp_exec_outcome *outcome)
{
	struct pp_err err = { "" };

	if (fd >= 0 && pp_stacks_write(fd, group, &err))
		dprintf(fd, "(%s)\n", err.text);
	if (!dump || atomic_exchange(&outcome->dumped, true))
		return;
	if (pp_stacks_blocked(&err) && fd >= 0)
		dprintf(fd, "(the kernel cannot list its blocked tasks: %s)\n", err.text);
}

void pp_hang_note(const struct pp_exec_setup *setup, struct pp_exec_outcome *outcome, uint32_t op,
		  pid_t tid, uint64_t ms)
{
	struct pp_exec_wait w = { 0 };

	wait_of(getpid(), tid, op, ms, &w);
	keep(outcome, &w);
	head(setup->plan, &w, tid, setup->stacks_fd);
	stacks(setup->stacks_fd, getpgrp(), setup->quiet_machine, outcome);
}

void pp_hang_deadline(const struct pp_plan *plan, const struct pp_recorder *rec, pid_t pid, int fd,
		      bool dump, struct pp_exec_outcome *outcome, char *reason, size_t size)
{
	const uint64_t now_ns = pp_now_ns() - rec->start_ns;
	struct pp_exec_wait newest = { 0 };
	uint64_t newest_ns = 0;
	struct pp_event e;

	for (size_t a = 0; a < rec->n_tracks; a++) {
		pid_t tid = a < PP_ARRAY_LEN(outcome->tids) ? outcome->tids[a] : 0;
		struct pp_exec_wait w = { 0 };

		if (!pp_recorder_open_event(rec, a, &e))
			continue;
		wait_of(pid, tid ? tid : pid, e.op, (now_ns - e.begin_ns) / 1000000, &w);
		keep(outcome, &w);
		head(plan, &w, tid, fd);
		if (!newest.op || e.begin_ns > newest_ns) {
			newest = w;
			newest_ns = e.begin_ns;
		}
	}
	if (newest.op) {
		snprintf(reason, size, "in %s for %u ms", newest.where, newest.ms);
	} else {
		pp_stacks_where(pid, pid, newest.where, sizeof(newest.where));
		snprintf(reason, size, "in %s", newest.where);
	}
	stacks(fd, pid, dump, outcome);
}
