/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many events a second the oracle judges, all rules on, and how much memory it takes: a history
 * that eight actors of a storm could have left, in which nothing is wrong. Simulated: each
 * operation takes effect at one moment between its begin and its end.
 *
 * Usage: judge [EVENTS [ALIGN]]     (EVENTS may end in k or M; ALIGN of ranges, default 64)
 */
#include <string.h>

#include "bench.h"
#include "core/oracle.h"
#include "core/prng.h"

#define ACTORS    8u
#define CELLS     (4096u * 64) /* 16 MiB */
#define OPS_MAX   (1u << 20)
#define RANGE_MAX (64u << 10)

static const char head[] = "pinproof-plan 1\ncase bench/ext4/rxe-mr\nbacking ext4\npinner rxe-mr\n"
			   "rules O1 O2 O3 O4 O5 O6 O7 O8 O9 O11 O12\nbound 10s\n"
			   "fs disk type=ext4 slot=disk0\n"
			   "region data backing=ext4 fs=disk size=16M\nmr m0 region=data\n"
			   "actor a0\nactor a1\nactor a2\nactor a3\nactor a4\nactor a5\nactor a6\n"
			   "actor a7\nop 1 a0 reg m0\nop 2 a7 fsync data\n";

/* What each actor does all the time; the last one syncs now and then. */
static const enum pp_verb verbs[ACTORS] = {
	PP_VERB_STORE, PP_VERB_PWRITE, PP_VERB_RDMA_WRITE, PP_VERB_VM_WRITE,
	PP_VERB_LOAD,  PP_VERB_PREAD,  PP_VERB_RDMA_READ,  PP_VERB_DISK_READ,
};

struct actor {
	uint64_t begin, effect, end;
	uint64_t offset, length;
	uint32_t count;
	bool sync;
};

struct world {
	struct pp_prng prng;
	struct pp_plan *plan;
	struct pp_history h;
	size_t most, align;
	struct actor actors[ACTORS];
	uint32_t memory[CELLS], disk[CELLS]; /* actor << 29 | generation, 0: zeros */
};

static void draw(struct world *w, unsigned a)
{
	struct actor *x = &w->actors[a];
	uint64_t unit = w->align, most, slow = pp_verbs[verbs[a]].durable ? 10 : 1;

	x->begin = x->end + 1 + pp_prng_below(&w->prng, 2000);
	x->effect = x->begin + 1 + pp_prng_below(&w->prng, slow * 3000);
	x->end = x->effect + 1 + pp_prng_below(&w->prng, slow * 3000);
	/* From 64 bytes to 64 KiB, each magnitude as often as any other. */
	most = PP_CELL_BYTES << pp_prng_below(&w->prng, 11);
	x->length = (most / 2 + pp_prng_below(&w->prng, most / 2)) / unit * unit;
	x->length = x->length < PP_CELL_BYTES ? PP_CELL_BYTES : x->length;
	x->offset = pp_prng_below(&w->prng, (CELLS * PP_CELL_BYTES - RANGE_MAX) / unit) * unit;
	x->count++;
	x->sync = a == ACTORS - 1 && x->count % 50 == 0;
}

static struct pp_event *emit(struct world *w, unsigned a)
{
	const struct actor *x = &w->actors[a];
	uint32_t number = (x->count - 1) * ACTORS + a;
	struct pp_event *e = &w->h.events[w->h.n_events++];

	*e = (struct pp_event){
		.begin_ns = x->begin,
		.end_ns = x->end,
		.offset_bytes = x->offset,
		.length_bytes = (uint32_t)x->length,
		.op = x->sync ? 2
			      : 3 + number % (uint32_t)(w->plan->n_ops - 2) / ACTORS * ACTORS + a,
		.actor = (uint8_t)a,
		.writer = (uint16_t)a,
		.gen = x->count,
		.verb = (uint8_t)(x->sync ? PP_VERB_FSYNC : verbs[a]),
	};
	return e;
}

static void look(struct world *w, unsigned a)
{
	const struct actor *x = &w->actors[a];
	const uint32_t *cells = pp_verbs[verbs[a]].durable ? w->disk : w->memory;
	size_t at = x->offset / PP_CELL_BYTES, end = at + x->length / PP_CELL_BYTES;

	while (at < end && w->h.n_events < w->most) {
		size_t n = 1;
		struct pp_event *e = emit(w, a);

		while (at + n < end && cells[at + n] == cells[at])
			n++;
		e->offset_bytes = at * PP_CELL_BYTES;
		e->length_bytes = (uint32_t)(n * PP_CELL_BYTES);
		e->seen = cells[at] ? PP_SEEN_STAMP : PP_SEEN_ZERO;
		e->writer = (uint16_t)(cells[at] >> 29);
		e->gen = cells[at] & 0x1fffffff;
		at += n;
	}
}

static void act(struct world *w, unsigned a)
{
	const struct actor *x = &w->actors[a];

	if (x->sync) {
		memcpy(w->disk, w->memory, sizeof(w->disk));
		(void)emit(w, a);
		return;
	}
	if (pp_verbs[verbs[a]].kind == PP_KIND_OBSERVE) {
		look(w, a);
		return;
	}
	(void)emit(w, a);
	for (size_t c = x->offset / PP_CELL_BYTES; c < (x->offset + x->length) / PP_CELL_BYTES; c++)
		w->memory[c] = a << 29 | x->count;
}

/* Events come in the order in which they took effect, which is nearly that of their begins. */
static void sort_events(struct pp_history *h)
{
	for (size_t i = 1; i < h->n_events; i++) {
		struct pp_event e = h->events[i];
		size_t k = i;

		for (; k && h->events[k - 1].begin_ns > e.begin_ns; k--)
			h->events[k] = h->events[k - 1];
		h->events[k] = e;
	}
}

static bool make(struct world *w)
{
	uint32_t n_ops = w->most < OPS_MAX ? (uint32_t)w->most / ACTORS * ACTORS + ACTORS : OPS_MAX;
	struct pp_op *ops;

	w->h.events = malloc(w->most * sizeof(*w->h.events));
	ops = realloc(w->plan->ops, (n_ops + 2) * sizeof(*ops));
	if (!w->h.events || !ops)
		return false;
	w->plan->ops = ops;
	w->plan->n_ops = n_ops + 2;
	for (uint32_t i = 2; i < n_ops + 2; i++)
		ops[i] = (struct pp_op){ .id = i + 1,
					 .actor = (uint16_t)((i - 2) % ACTORS),
					 .verb = verbs[(i - 2) % ACTORS],
					 .expect = PP_EXPECT_ANY,
					 .gen = 1,
					 .to = PP_NO_INDEX };
	w->h.run = 7;
	w->h.events[w->h.n_events++] =
		(struct pp_event){ .end_ns = 1, .op = 1, .verb = PP_VERB_REG };
	for (unsigned a = 0; a < ACTORS; a++) {
		w->actors[a].end = 10;
		draw(w, a);
	}
	while (w->h.n_events < w->most) {
		unsigned next = 0;

		for (unsigned a = 1; a < ACTORS; a++)
			if (w->actors[a].effect < w->actors[next].effect)
				next = a;
		act(w, next);
		draw(w, next);
	}
	sort_events(&w->h);
	return true;
}

/* A line of /proc/self/status in KiB. */
static uint64_t memory_kib(const char *what)
{
	FILE *f = fopen("/proc/self/status", "r");
	uint64_t kib = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, what, strlen(what)))
			kib = strtoull(line + strlen(what), NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

/* One core's time: what else runs meanwhile costs nothing. */
static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int judge(struct world *w)
{
	const struct pp_oracle_options opt = { .era = PP_ERA_6_5 };
	struct pp_findings findings = { 0 };
	struct pp_err err = { "" };
	FILE *reset = fopen("/proc/self/clear_refs", "w");
	uint64_t before, start, ns;
	int ret;

	/* The peak counts from here on. */
	if (reset) {
		fputs("5\n", reset);
		fclose(reset);
	}
	before = memory_kib("VmRSS:");
	start = cpu_ns();
	ret = pp_oracle_run(w->plan, &w->h, &opt, &findings, &err);
	ns = cpu_ns() - start;
	if (ret)
		fprintf(stderr, "judge: %s\n", err.text);
	for (size_t i = 0; i < findings.count && i < 5; i++)
		fprintf(stderr, "judge: %s\n", findings.items[i].text);
	pp_bench_value("judge-events", (double)w->h.n_events * 1000 / (double)ns, "M/s");
	pp_bench_value("judge-memory",
		       (double)sizeof(struct pp_event) + (double)(memory_kib("VmHWM:") - before) *
								 1024 / (double)w->h.n_events,
		       "bytes/event");
	ret = ret || findings.count;
	pp_findings_free(&findings);
	return ret;
}

int main(int argc, char **argv)
{
	struct world *w = calloc(1, sizeof(*w));
	struct pp_err err = { "" };
	char *unit = NULL;
	int ret = 2;

	if (!w)
		return 2;
	w->most = argc > 1 ? strtoul(argv[1], &unit, 10) : 1000000;
	if (unit && *unit)
		w->most *= *unit == 'M' ? 1000000 : *unit == 'k' ? 1000 : 0;
	w->align = argc > 2 ? strtoul(argv[2], NULL, 10) : PP_CELL_BYTES;
	pp_prng_seed(&w->prng, 1);
	if (w->most < 100 || !w->align || w->align % PP_CELL_BYTES)
		fprintf(stderr, "Usage: judge [EVENTS [ALIGN]]\n");
	else if (pp_plan_parse(head, strlen(head), &w->plan, &err) || !make(w))
		fprintf(stderr, "judge: %s\n", err.text);
	else
		ret = judge(w);
	pp_history_free(&w->h);
	pp_plan_free(w->plan);
	free(w);
	return ret;
}
