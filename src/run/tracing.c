/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trace witness and coverage around each case; see tracing.h. */
#include "run/tracing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/rundir.h"

static void open_tracer(struct pp_tracing *t, const struct pp_config *c, struct pp_facts *facts)
{
	struct pp_err why = { 0 };
	const char *absent;

	if (c->no_trace || (!c->guest && !c->trace)) {
		pp_facts_set(facts, "trace", false, "%s", PP_TRACE_NOT_ASKED);
		return;
	}
	if (pp_tracer_open(&t->tracer, &why)) {
		pp_facts_set(facts, "trace", false, "%s", why.text);
		return;
	}
	absent = pp_tracer_absent(t->tracer);
	pp_facts_set(facts, "trace", true, "%zu kinds of events%s%s", pp_tracer_armed(t->tracer),
		     absent[0] ? "; not: " : ".", absent);
}

static int open_cover(struct pp_tracing *t, const struct pp_config *c, struct pp_facts *facts,
		      struct pp_err *err)
{
	size_t armed = 0;
	int rc;

	if (!c->coverage)
		return 0;
	rc = pp_coverage_open(&t->coverage);
	if (rc)
		return pp_err_set(err, rc, "coverage");
	snprintf(t->coverage.kernel, sizeof(t->coverage.kernel), "%s", facts->release);
	rc = pp_cover_open(&t->cover, &t->coverage, err);
	if (rc) {
		pp_err_prefix(err, "--coverage");
		return rc;
	}
	for (size_t i = 0; i < t->coverage.n_functions; i++)
		armed += t->coverage.functions[i].state <= PP_PROBE_PARTLY;
	pp_facts_set(facts, "coverage", true, "%zu of %zu functions have a probe.", armed,
		     t->coverage.n_functions);
	return 0;
}

int pp_tracing_open(struct pp_tracing *t, const struct pp_config *c, struct pp_facts *facts,
		    struct pp_err *err)
{
	memset(t, 0, sizeof(*t));
	open_tracer(t, c, facts);
	return open_cover(t, c, facts, err);
}

void pp_tracing_close(struct pp_tracing *t)
{
	pp_tracer_close(t->tracer);
	pp_cover_close(t->cover);
	pp_coverage_free(&t->coverage);
	memset(t, 0, sizeof(*t));
}

void pp_tracing_begin(struct pp_tracing *t, struct pp_trace_account *account)
{
	struct pp_err err = { 0 };

	if (t->cover)
		pp_cover_begin(t->cover, &err);
	if (!t->tracer)
		return;
	account->asked = true;
	if (pp_tracer_begin(t->tracer, &err))
		snprintf(account->blind, sizeof(account->blind), "%s", err.text);
}

static void end_tracer(struct pp_tracing *t, pid_t child, const char *name, uint64_t start_ns,
		       struct pp_trace_account *account, struct pp_tracing_files *out)
{
	struct pp_trace trace;
	struct pp_err err = { 0 };

	if (pp_tracer_end(t->tracer, child, name, start_ns, &trace, &err)) {
		snprintf(account->blind, sizeof(account->blind), "%s", err.text);
		return;
	}
	account->events = trace.n_events;
	account->lost = trace.lost;
	out->trace = pp_trace_print(&trace, &out->trace_len);
	pp_trace_free(&trace);
}

static void end_cover(struct pp_tracing *t, struct pp_tracing_files *out)
{
	struct pp_case_coverage k = { .hits = calloc(t->coverage.n_functions + 1,
						     sizeof(*k.hits)) };
	struct pp_err err = { 0 };

	if (k.hits && !pp_cover_end(t->cover, &k, &err))
		out->coverage = pp_coverage_print_case(&t->coverage, &k);
	free(k.hits);
}

void pp_tracing_end(struct pp_tracing *t, pid_t child, const char *name, uint64_t start_ns,
		    struct pp_trace_account *account, struct pp_tracing_files *out)
{
	memset(out, 0, sizeof(*out));
	if (t->tracer)
		end_tracer(t, child, name, start_ns, account, out);
	if (t->cover)
		end_cover(t, out);
}

void pp_tracing_files_free(struct pp_tracing_files *f)
{
	free(f->trace);
	free(f->coverage);
	memset(f, 0, sizeof(*f));
}

int pp_tracing_save(const struct pp_tracing_files *f, const char *dir, struct pp_err *err)
{
	int rc = 0;

	if (f->trace)
		rc = pp_file_write(dir, "trace", f->trace, f->trace_len, err);
	if (!rc && f->coverage)
		rc = pp_file_text(dir, "coverage", f->coverage, err);
	return rc;
}
