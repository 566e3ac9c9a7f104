/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the witnesses do by themselves: one reading of all accounts of the ledger; a trace that is
 * begun and ended with nothing in it; a trace with events, for each of them. The least time of all
 * rounds is printed, as whatever disturbs makes it longer.
 *
 * Usage: witness-parts ROUNDS [IBDEV]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/accounts.h"
#include "sys/clock.h"
#include "sys/tracer.h"

#define CALLS 1000 /* three events each: pages pinned, how many, unpinned */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int ledger(unsigned long rounds, const char *ibdev)
{
	const struct pp_account_place where = { .ibdev = ibdev };
	const struct pp_account_pids nobody = { 0 };
	int64_t value[PP_ACCOUNT_COUNT];
	uint64_t began, best = UINT64_MAX;
	struct pp_err err = { "" };
	struct pp_accounts *a;

	if (pp_accounts_open(&where, &a, &err)) {
		printf("skip accounts-reading %s\n", err.text);
		return 0;
	}
	for (unsigned long i = 0; i < rounds; i++) {
		began = pp_now_ns();
		if (pp_accounts_read(a, &nobody, value, &err))
			return 1;
		best = least(best, pp_now_ns() - began);
	}
	pp_accounts_close(a);
	printf("value accounts-reading %lu us\n", (unsigned long)(best / 1000));
	return 0;
}

static int make_events(void)
{
	static char from[64], to[64];
	struct iovec remote = { from, sizeof(from) }, local = { to, sizeof(to) };

	for (int i = 0; i < CALLS; i++)
		if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) < 0)
			return 1;
	return 0;
}

struct costs {
	uint64_t begin, end, events; /* the last with what the calls themselves take */
	size_t count, bytes;
};

/* One trace; events are made if @with. */
static int one(struct pp_tracer *t, bool with, struct costs *c)
{
	uint64_t start = pp_now_ns(), began = start, between;
	struct pp_err err = { "" };
	struct pp_trace trace;
	char *text;

	if (pp_tracer_begin(t, &err))
		return 1;
	between = pp_now_ns();
	c->begin = least(c->begin, between - began);
	if (with && make_events())
		return 1;
	began = pp_now_ns();
	if (pp_tracer_end(t, getpid(), "bench", start, &trace, &err))
		return 1;
	text = pp_trace_print(&trace, &c->bytes);
	if (with)
		c->events = least(c->events, pp_now_ns() - between);
	else
		c->end = least(c->end, pp_now_ns() - began);
	if (with)
		c->count = trace.n_events;
	free(text);
	pp_trace_free(&trace);
	return 0;
}

static uint64_t calls_alone(unsigned long rounds)
{
	uint64_t began, best = UINT64_MAX;

	for (unsigned long i = 0; i < rounds; i++) {
		began = pp_now_ns();
		make_events();
		best = least(best, pp_now_ns() - began);
	}
	return best;
}

static int trace(unsigned long rounds)
{
	struct costs c = { UINT64_MAX, UINT64_MAX, UINT64_MAX, 0, 0 };
	uint64_t alone = calls_alone(rounds);
	struct pp_err err = { "" };
	struct pp_tracer *t;
	int rc = 0;

	if (pp_tracer_open(&t, &err)) {
		printf("skip trace-parts %s\n", err.text);
		return 0;
	}
	for (unsigned long i = 0; !rc && i < 2 * rounds; i++)
		rc = one(t, i % 2, &c);
	pp_tracer_close(t);
	if (rc || !c.count)
		return 1;
	printf("value trace-begin %lu us\n", (unsigned long)(c.begin / 1000));
	printf("value trace-end-empty %lu us\n", (unsigned long)(c.end / 1000));
	printf("value trace-event %.2f us\n",
	       ((double)c.events - (double)alone - (double)c.end) / (double)c.count / 1000);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 50;

	return ledger(rounds, argc > 2 ? argv[2] : NULL) || trace(rounds);
}
