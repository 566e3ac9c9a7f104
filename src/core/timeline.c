/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timeline of a case: operations, quiet points, findings and the kernel log; see timeline.h. */
#include "core/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/timeline_private.h"
#include "core/words.h"

#define MARK      "pinproof: begin "
#define SAW_BYTES 400 /* of what one observation saw */

static bool known(const struct pp_event *e)
{
	return e->verb > PP_VERB_NONE && e->verb < PP_VERB_COUNT;
}

static uint64_t end_of(const struct pp_timeline_writer *w, const struct pp_event *e)
{
	return e->end_ns == UINT64_MAX ? w->last_ns : e->end_ns;
}

/* The last moment that any file speaks of. */
static uint64_t last_of(const struct pp_timeline *in)
{
	uint64_t last = 0;

	for (size_t i = 0; i < in->history->n_events; i++) {
		const struct pp_event *e = &in->history->events[i];
		uint64_t at = e->end_ns == UINT64_MAX ? e->begin_ns : e->end_ns;

		last = at > last ? at : last;
	}
	if (in->trace && in->trace->n_events &&
	    in->trace->events[in->trace->n_events - 1].time_ns > last)
		last = in->trace->events[in->trace->n_events - 1].time_ns;
	return last;
}

static const char *object_of(const struct pp_plan *p, const struct pp_event *e)
{
	switch (pp_event_target(e->verb)) {
	case PP_TARGET_FS:
		return e->object < p->n_fs ? p->fs[e->object].name : "?";
	case PP_TARGET_REGION:
		return e->object < p->n_regions ? p->regions[e->object].name : "?";
	case PP_TARGET_MR:
		return e->object < p->n_mrs ? p->mrs[e->object].name : "?";
	case PP_TARGET_GATE:
		return e->object < p->n_gates ? p->gates[e->object].name : "?";
	case PP_TARGET_NONE:
		break;
	}
	return "";
}

/* Events of one operation carry its begin and end: an observation has one for each run of cells. */
static size_t same_op(const struct pp_history *h, size_t i)
{
	const struct pp_event *e = &h->events[i];
	size_t n = 1;

	while (i + n < h->n_events && h->events[i + n].op == e->op &&
	       h->events[i + n].actor == e->actor && h->events[i + n].begin_ns == e->begin_ns)
		n++;
	return n;
}

static void say_seen(const struct pp_plan *p, const struct pp_event *e, char *out, size_t size)
{
	switch (e->seen) {
	case PP_SEEN_STAMP:
		snprintf(out, size, "%s:%u", e->writer < p->n_actors ? p->actors[e->writer] : "?",
			 e->gen);
		return;
	case PP_SEEN_ZERO:
		snprintf(out, size, "zero");
		return;
	case PP_SEEN_FAULT:
		snprintf(out, size, "fault");
		return;
	default:
		snprintf(out, size, "other");
	}
}

/* "0+4096 main:3, 4096+4096 zero" */
static void put_seen(struct pp_timeline_writer *w, bool *first, const struct pp_event *e, size_t n)
{
	char text[SAW_BYTES] = "", one[80];
	size_t used = 0, i;

	for (i = 0; i < n; i++) {
		say_seen(w->in->plan, &e[i], one, sizeof(one));
		if (used + strlen(one) + 48 >= sizeof(text))
			break;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%" PRIu64 "+%u %s",
					 used ? ", " : "", e[i].offset_bytes, e[i].length_bytes,
					 one);
	}
	pp_tl_arg(w, first, "saw", "%s%s", text, i < n ? ", ..." : "");
}

static void put_quiet(struct pp_timeline_writer *w, bool *first, const struct pp_event *e)
{
	struct pp_quiet q;

	pp_event_quiet_get(e, &q);
	if (q.pins != INT64_MIN)
		pp_tl_arg(w, first, "pins", "%" PRId64, q.pins);
	pp_tl_arg(w, first, "vmpin_pages", "%d", q.vmpin_pages);
	pp_tl_arg(w, first, "packets", "%u", q.packets);
}

static void put_range(struct pp_timeline_writer *w, bool *first, const struct pp_event *e, size_t n)
{
	const struct pp_verb_info *v = &pp_verbs[e->verb];
	const char *object = object_of(w->in->plan, e);
	uint64_t from = e->offset_bytes, to = e->offset_bytes + e->length_bytes;

	for (size_t i = 1; i < n; i++) {
		uint64_t end = e[i].offset_bytes + e[i].length_bytes;

		from = e[i].offset_bytes < from ? e[i].offset_bytes : from;
		to = end > to ? end : to;
	}
	if (object[0])
		pp_tl_arg(w, first, "object", "%s", object);
	if (v->ranged || e->length_bytes) {
		pp_tl_arg(w, first, "offset", "%" PRIu64, from);
		pp_tl_arg(w, first, "length", "%" PRIu64, to - from);
	}
}

static void put_op_args(struct pp_timeline_writer *w, const struct pp_event *e, size_t n)
{
	const struct pp_op *op = pp_plan_op(w->in->plan, e->op);
	const struct pp_verb_info *v = &pp_verbs[e->verb];
	bool first = true;

	pp_tl_arg(w, &first, "op", "%u", e->op);
	if (op)
		pp_tl_arg(w, &first, "step", "%s", w->in->plan->steps[op->step]);
	if (v->kind == PP_KIND_LEDGER)
		put_quiet(w, &first, e);
	else
		put_range(w, &first, e, n);
	if (v->kind == PP_KIND_WRITE || v->kind == PP_KIND_DEVICE_WRITE)
		pp_tl_arg(w, &first, "gen", "%u", e->gen);
	if (v->kind == PP_KIND_OBSERVE && !(e->flags & (PP_EVENT_SKIPPED | PP_EVENT_OPEN)))
		put_seen(w, &first, e, n);
	if (e->flags & PP_EVENT_OPEN)
		pp_tl_arg(w, &first, "ended", "never");
	else
		pp_tl_arg(w, &first, "result", "%s",
			  e->flags & PP_EVENT_SKIPPED ? "skipped" : pp_errno_name(e->result));
	pp_tl_end(w, first);
}

static void put_op(struct pp_timeline_writer *w, size_t i, size_t n)
{
	const struct pp_event *e = &w->in->history->events[i];
	struct pp_track_place at = { PP_GROUP_WORKERS, e->actor + 1u };
	char name[PP_NAME_MAX * 2 + 32];

	snprintf(name, sizeof(name), "%s %s", pp_verbs[e->verb].name, object_of(w->in->plan, e));
	pp_tl_slice(w, name, at, e->begin_ns, end_of(w, e));
	put_op_args(w, e, n);
	w->facts.operations++;
	if (pp_verbs[e->verb].kind == PP_KIND_DEVICE_WRITE && !(e->flags & PP_EVENT_SKIPPED)) {
		at.group = PP_GROUP_DEVICE;
		pp_tl_slice(w, name, at, e->begin_ns, end_of(w, e));
		put_op_args(w, e, n);
	}
}

static void put_quiet_counts(struct pp_timeline_writer *w, const struct pp_event *e)
{
	struct pp_quiet q;

	if (pp_verbs[e->verb].kind != PP_KIND_LEDGER || pp_event_account(e) != PP_ACCOUNT_COUNT ||
	    e->flags & (PP_EVENT_OPEN | PP_EVENT_SKIPPED))
		return;
	pp_event_quiet_get(e, &q);
	if (q.pins != INT64_MIN)
		pp_tl_count(w, "pins (quiet points)", PP_GROUP_PINS, e->end_ns, q.pins);
	pp_tl_count(w, "VmPin (quiet points)", PP_GROUP_PINS, e->end_ns, q.vmpin_pages);
}

static void put_history(struct pp_timeline_writer *w)
{
	const struct pp_history *h = w->in->history;
	bool writes[UINT8_MAX + 1] = { false };

	for (size_t a = 0; a < w->in->plan->n_actors; a++)
		pp_tl_name(w, (struct pp_track_place){ PP_GROUP_WORKERS, (unsigned)a + 1 }, "%s",
			   w->in->plan->actors[a]);
	for (size_t i = 0, n; i < h->n_events; i += n) {
		const struct pp_event *e = &h->events[i];

		n = same_op(h, i);
		if (!known(e))
			continue;
		if (pp_verbs[e->verb].kind == PP_KIND_DEVICE_WRITE && !writes[e->actor])
			pp_tl_name(w, (struct pp_track_place){ PP_GROUP_DEVICE, e->actor + 1u },
				   "device writes: %s",
				   e->actor < w->in->plan->n_actors ? w->in->plan->actors[e->actor]
								    : "?");
		writes[e->actor] |= pp_verbs[e->verb].kind == PP_KIND_DEVICE_WRITE;
		put_op(w, i, n);
		put_quiet_counts(w, e);
	}
}

static const struct pp_event *event_of(const struct pp_history *h, uint32_t op)
{
	for (size_t i = 0; op && i < h->n_events; i++)
		if (h->events[i].op == op)
			return &h->events[i];
	return NULL;
}

static void put_arrow_end(struct pp_timeline_writer *w, char phase, unsigned id,
			  const struct pp_event *e)
{
	char extra[64];

	snprintf(extra, sizeof(extra), ",\"cat\":\"finding\",\"id\":%u%s", id,
		 phase == 'f' ? ",\"bp\":\"e\"" : "");
	pp_tl_begin(w, phase, "finding", (struct pp_track_place){ PP_GROUP_WORKERS, e->actor + 1u },
		    e->begin_ns, extra);
	pp_tl_end(w, true);
}

/* Arrows from what a finding speaks of to what showed it. */
static void put_arrows(struct pp_timeline_writer *w, const struct pp_finding *x, unsigned *next_id)
{
	const struct pp_event *showed = event_of(w->in->history, x->op), *e;

	for (size_t i = 0; showed && i < x->n_ops; i++) {
		e = event_of(w->in->history, x->ops[i]);
		if (!e || e == showed || e->begin_ns > showed->begin_ns)
			continue;
		put_arrow_end(w, 's', *next_id, e);
		put_arrow_end(w, 'f', (*next_id)++, showed);
	}
}

static void put_findings(struct pp_timeline_writer *w)
{
	const struct pp_findings *f = &w->in->result->findings;
	struct pp_track_place at = { PP_GROUP_FINDINGS, 1 };
	unsigned next_id = 1;

	pp_tl_name(w, at, "findings");
	for (size_t i = 0; i < f->count; i++) {
		const struct pp_finding *x = &f->items[i];
		const struct pp_event *e = event_of(w->in->history, x->op);
		char name[64];
		bool first = true;

		snprintf(name, sizeof(name), "%s %s", pp_rule_words[x->rule].name,
			 pp_class_words[x->cls].name);
		pp_tl_begin(w, 'i', name, at, e ? end_of(w, e) : w->last_ns, ",\"s\":\"g\"");
		pp_tl_arg(w, &first, "text", "%s", x->text);
		if (x->op)
			pp_tl_arg(w, &first, "op", "%u", x->op);
		if (x->defect >= 0 && (size_t)x->defect < pp_n_defects)
			pp_tl_arg(w, &first, "known", "%s", pp_defects[x->defect].name);
		pp_tl_end(w, first);
		put_arrows(w, x, &next_id);
	}
}

/* "[   12.345678] text": the time in us, or false. */
static bool log_time(const char *line, size_t len, uint64_t *us, const char **text)
{
	char head[48];
	unsigned long long s, fraction;
	int used = 0;

	snprintf(head, sizeof(head), "%.*s", (int)(len < sizeof(head) ? len : sizeof(head) - 1),
		 line);
	if (sscanf(head, "[%llu.%6llu] %n", &s, &fraction, &used) != 2 || s > UINT32_MAX)
		return false;
	*us = s * 1000000 + fraction;
	*text = line + used;
	return true;
}

/* When the case's mark was written, by the log's own clock. */
static bool log_mark(const char *log, size_t len, uint64_t *us)
{
	const char *at = memmem(log, len, MARK, strlen(MARK)), *line = at, *text;

	while (line && line > log && line[-1] != '\n')
		line--;
	return line && log_time(line, (size_t)(at - line), us, &text);
}

static void put_log_line(struct pp_timeline_writer *w, const char *line, size_t len,
			 uint64_t mark_us)
{
	uint64_t us = 0, at;
	const char *text = line;
	char name[120];
	bool first = true;

	if (!len || !log_time(line, len, &us, &text))
		return;
	/* What stands in front of the mark is of the time before the case. */
	if (us < mark_us && (mark_us - us) * 1000 > w->in->mark_ns)
		return;
	at = us >= mark_us ? w->in->mark_ns + (us - mark_us) * 1000
			   : w->in->mark_ns - (mark_us - us) * 1000;
	len = text < line + len ? (size_t)(line + len - text) : 0;
	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	pp_tl_begin(w, 'i', name, (struct pp_track_place){ PP_GROUP_LOG, 1 }, at, ",\"s\":\"t\"");
	pp_tl_arg(w, &first, "text", "%.*s", (int)len, text);
	pp_tl_end(w, first);
}

static void put_log(struct pp_timeline_writer *w)
{
	const char *at = w->in->log, *end = at ? at + w->in->log_len : NULL;
	uint64_t mark_us;

	if (!at || !log_mark(at, w->in->log_len, &mark_us))
		return;
	pp_tl_name(w, (struct pp_track_place){ PP_GROUP_LOG, 1 }, "kernel log");
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);

		put_log_line(w, at, len, mark_us);
		at += len + 1;
	}
}

static void put_groups(struct pp_timeline_writer *w)
{
	static const char *const names[PP_GROUP_END] = {
		[PP_GROUP_WORKERS] = "workers", [PP_GROUP_FINDINGS] = "findings",
		[PP_GROUP_DEVICE] = "device",   [PP_GROUP_CACHE] = "page cache",
		[PP_GROUP_PINS] = "pins",       [PP_GROUP_LOG] = "kernel log",
	};

	for (int g = PP_GROUP_WORKERS; g < PP_GROUP_END; g++)
		pp_tl_name(w, (struct pp_track_place){ (enum pp_track_group)g, 0 }, "%s", names[g]);
}

/* What a reader must know before trusting what is not there. */
static void put_other(struct pp_timeline_writer *w)
{
	const struct pp_trace *t = w->in->trace;
	FILE *out = w->out;

	fputs("\n],\n\"displayTimeUnit\":\"ms\",\n\"otherData\":{\"case\":", out);
	pp_tl_text(out, w->in->case_name);
	fprintf(out, ",\"trace\":\"%s\"", t ? "recorded" : "not recorded");
	if (w->in->result) {
		fprintf(out, ",\"verdict\":\"%s\",\"reason\":",
			pp_verdict_words[w->in->result->verdict].name);
		pp_tl_text(out, w->in->result->reason);
	}
	if (t) {
		fprintf(out,
			",\"events\":\"%zu\",\"lost\":\"%" PRIu64 "\",\"foreign\":\"%" PRIu64
			"\",\"pages_pinned_at_the_end\":\"%" PRId64 "\",\"absent\":",
			t->n_events, t->lost, t->foreign, w->facts.pins_left);
		pp_tl_text(out, t->absent ? t->absent : "");
	}
	fputs("}}\n", out);
}

int pp_timeline_write(const struct pp_timeline *in, FILE *out, struct pp_timeline_facts *facts)
{
	struct pp_timeline_writer w = { .in = in, .out = out, .last_ns = last_of(in) };
	int rc;

	fputs("{\"traceEvents\":[\n", out);
	put_groups(&w);
	put_history(&w);
	rc = pp_tl_trace(&w);
	if (in->result)
		put_findings(&w);
	put_log(&w);
	put_other(&w);
	if (facts)
		*facts = w.facts;
	return rc;
}
