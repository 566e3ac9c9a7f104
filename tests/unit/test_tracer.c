/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the trace witness and of coverage where tracefs cannot be used: each says why, once, and
 * leaves nothing; what a run makes of it is a fact, or, if it was asked for by name, an error. And
 * of pages of ring buffers, as the kernel writes them. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "run/tracing.h"
#include "sys/tracer_ring.h"
#include "tmpdir.h"

/* A machine on which the witness would work is left alone: guests test that. */
static bool usable(void)
{
	const char *dir = NULL;
	char path[512];

	if (tracefs_tracing_dir_is_mounted(false, &dir) != 1 || !dir)
		return false;
	snprintf(path, sizeof(path), "%s/instances", dir);
	return !access(path, W_OK | X_OK);
}

static void without_tracefs_it_says_so(void)
{
	struct pp_tracer *tracer = NULL;
	struct pp_cover *cover = NULL;
	struct pp_coverage c;
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL_FATAL(pp_coverage_open(&c), 0);
	if (!usable()) {
		CU_ASSERT(pp_tracer_open(&tracer, &err) < 0);
		CU_ASSERT_PTR_NULL(tracer);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "trace"));
		err.text[0] = '\0';
		CU_ASSERT(pp_cover_open(&cover, &c, &err) < 0);
		CU_ASSERT_PTR_NULL(cover);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "trace"));
		for (size_t i = 0; i < c.n_functions; i++)
			CU_ASSERT_EQUAL(c.functions[i].state, PP_PROBE_ABSENT);
	}
	pp_tracer_close(NULL);
	pp_cover_close(NULL);
	pp_tracer_sweep(0);
	pp_coverage_free(&c);
}

static void what_was_not_asked_for_is_not_tried(void)
{
	static const struct pp_config plain = { .seed = 1 },
				      guest = { .guest = true, .no_trace = true };
	const struct pp_config *configs[] = { &plain, &guest };

	for (size_t i = 0; i < 2; i++) {
		struct pp_facts facts = { 0 };
		struct pp_tracing t;
		struct pp_trace_account account = { 0 };
		struct pp_tracing_files files;
		struct pp_err err = { "" };

		CU_ASSERT_EQUAL(pp_tracing_open(&t, configs[i], &facts, &err), 0);
		PP_ASSERT_STR(pp_facts_find(&facts, "trace")->why, PP_TRACE_NOT_ASKED);
		CU_ASSERT_PTR_NULL(pp_facts_find(&facts, "coverage"));
		pp_tracing_begin(&t, &account);
		pp_tracing_end(&t, 1, "main", 0, &account, &files);
		CU_ASSERT(!account.asked && !account.blind[0]);
		CU_ASSERT(!files.trace && !files.coverage);
		pp_tracing_files_free(&files);
		pp_tracing_close(&t);
	}
}

static void blind_is_a_fact_or_an_error(void)
{
	static const struct pp_config asked = { .trace = true }, covered = { .coverage = true };
	struct pp_facts facts = { 0 };
	struct pp_tracing t;
	struct pp_err err = { "" };

	if (!usable()) {
		CU_ASSERT_EQUAL(pp_tracing_open(&t, &asked, &facts, &err), 0);
		CU_ASSERT(!pp_facts_find(&facts, "trace")->yes);
		CU_ASSERT(strcmp(pp_facts_find(&facts, "trace")->why, PP_TRACE_NOT_ASKED) != 0);
		pp_tracing_close(&t);
		CU_ASSERT(pp_tracing_open(&t, &covered, &facts, &err) < 0);
		CU_ASSERT_EQUAL(strncmp(err.text, "--coverage: ", 12), 0);
		pp_tracing_close(&t);
	}
	CU_ASSERT(true);
}

#define STATS                                                                                      \
	"entries: 9\noverrun: %d\ncommit overrun: 1\nbytes: 5\ndropped events: 2\nread events: "   \
	"7\n"
#define MISSED (1u << 31)

/* One page with @n records of 12 bytes, each 10 ns behind the one before:
 * kernel/trace/ring_buffer.c. */
static void make_page(struct tmpdir *d, long cpu, uint32_t n, uint32_t missed)
{
	struct {
		uint64_t time, committed;
		struct {
			uint32_t head, words[3];
		} records[8];
	} page = { .time = 1000 + (uint64_t)cpu,
		   .committed = n * sizeof(page.records[0]) | missed };
	char name[64], text[256];

	for (uint32_t i = 0; i < n; i++) {
		page.records[i].head =
			3 | (i ? 10u << 5 : 0); /* three words; and the time's step */
		page.records[i].words[0] = 10 * i + (uint32_t)cpu;
	}
	snprintf(name, sizeof(name), "per_cpu/cpu%ld/trace_pipe_raw", cpu);
	tmpdir_write(d, name, &page, sizeof(page));
	snprintf(name, sizeof(name), "per_cpu/cpu%ld/stats", cpu);
	snprintf(text, sizeof(text), STATS, cpu == 0 && missed ? 40 : 0);
	tmpdir_write(d, name, text, strlen(text));
}

/* The first processor's buffer has three records, those of the others one. */
static void make_buffers(struct tmpdir *d, long n, uint32_t missed)
{
	char path[256];

	tmpdir_make(d);
	CU_ASSERT_EQUAL(mkdir(tmpdir_file(d, "per_cpu"), 0700), 0);
	for (long cpu = 0; cpu < n; cpu++) {
		snprintf(path, sizeof(path), "%s/per_cpu/cpu%ld", d->path, cpu);
		CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
		make_page(d, cpu, cpu == 0 ? 3 : 1, cpu == 0 ? missed : 0);
	}
}

struct seen {
	uint64_t last, sum;
	size_t n, stop_at;
};

static int see(const void *record, size_t size, uint64_t time, int cpu, void *context)
{
	struct seen *s = context;
	uint32_t word;

	CU_ASSERT_EQUAL(size, 12);
	memcpy(&word, record, sizeof(word));
	CU_ASSERT_EQUAL(time, 1000 + word);
	if (word < 10)
		CU_ASSERT_EQUAL(word, (uint32_t)cpu);
	CU_ASSERT(time >= s->last);
	s->last = time;
	s->sum += word;
	s->n++;
	return s->n == s->stop_at ? 7 : 0;
}

static void pages_are_read_in_order_of_time(void)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);
	struct pp_tracer_ring *r = NULL;
	struct pp_err err = { "" };
	struct tmpdir d;

	for (int missed = 0; missed < 2; missed++) {
		struct seen s = { .n = 0 };
		uint64_t lost = 99;
		bool overrun = !missed;

		make_buffers(&d, n, missed ? MISSED : 0);
		CU_ASSERT_EQUAL_FATAL(pp_tracer_ring_open(d.path, &r, &err), 0);
		CU_ASSERT_EQUAL(pp_tracer_ring_read(r, see, &s, &overrun, &err), 0);
		CU_ASSERT_EQUAL(overrun, missed);
		CU_ASSERT_EQUAL(s.n, (size_t)n + 2);
		CU_ASSERT_EQUAL(s.sum, 10 + 20 + (uint64_t)(n * (n - 1) / 2));
		CU_ASSERT_EQUAL(s.last, (uint64_t)(1020 > 999 + n ? 1020 : 999 + n));
		CU_ASSERT_EQUAL(pp_tracer_ring_lost(r, &lost, &err), 0);
		CU_ASSERT_EQUAL(lost, (uint64_t)(3 * n + (missed ? 40 : 0)));
		pp_tracer_ring_close(r);
		tmpdir_remove(&d);
	}
}

static void reading_can_be_ended(void)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);
	struct seen s = { .stop_at = 2 };
	struct pp_tracer_ring *r = NULL;
	struct pp_err err = { "" };
	struct tmpdir d;
	bool overrun;
	uint64_t lost;

	make_buffers(&d, n, 0);
	CU_ASSERT_EQUAL_FATAL(pp_tracer_ring_open(d.path, &r, &err), 0);
	CU_ASSERT_EQUAL(pp_tracer_ring_read(r, see, &s, &overrun, &err), 7);
	CU_ASSERT_EQUAL(s.n, 2);
	unlink(tmpdir_file(&d, "per_cpu/cpu0/stats"));
	CU_ASSERT_EQUAL(pp_tracer_ring_lost(r, &lost, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "what was lost"));
	pp_tracer_ring_close(r);
	pp_tracer_ring_close(NULL);
	unlink(tmpdir_file(&d, "per_cpu/cpu0/trace_pipe_raw"));
	CU_ASSERT_EQUAL(pp_tracer_ring_open(d.path, &r, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "trace buffers of"));
	tmpdir_remove(&d);
}

static const struct pp_unit_case cases[] = {
	{ "without tracefs it says so", without_tracefs_it_says_so },
	{ "what was not asked for is not tried", what_was_not_asked_for_is_not_tried },
	{ "blind is a fact or an error", blind_is_a_fact_or_an_error },
	{ "pages are read in order of time", pages_are_read_in_order_of_time },
	{ "reading can be ended", reading_can_be_ended },
};
PP_UNIT_MAIN("tracer", cases)
