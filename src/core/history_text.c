/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints a history as text, one line an event or quiet point, for people and for golden tests. */
#include "core/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/page_run.h"

/* "?N" where the plan has no such thing: a damaged history is still shown, but not parsed again. */
static void print_name(FILE *out, const char *name, unsigned index)
{
	if (name)
		fputs(name, out);
	else
		fprintf(out, "?%u", index);
}

static const char *actor_name(const struct pp_plan *plan, unsigned index)
{
	return index < plan->n_actors ? plan->actors[index] : NULL;
}

static const char *object_name(const struct pp_plan *plan, const struct pp_event *e)
{
	switch (pp_event_target(e->verb)) {
	case PP_TARGET_FS:
		return e->object < plan->n_fs ? plan->fs[e->object].name : NULL;
	case PP_TARGET_REGION:
		return e->object < plan->n_regions ? plan->regions[e->object].name : NULL;
	case PP_TARGET_MR:
		return e->object < plan->n_mrs ? plan->mrs[e->object].name : NULL;
	case PP_TARGET_GATE:
		return e->object < plan->n_gates ? plan->gates[e->object].name : NULL;
	case PP_TARGET_NONE:
		break;
	}
	return NULL;
}

static void print_raw(FILE *out, const uint8_t *cell)
{
	fputs(" saw raw ", out);
	for (size_t i = 0; i < PP_CELL_BYTES; i++)
		fprintf(out, "%02x", cell[i]);
}

static void print_seen(FILE *out, const struct pp_history *h, const struct pp_plan *plan,
		       const struct pp_event *e)
{
	if (e->flags & (PP_EVENT_SKIPPED | PP_EVENT_OPEN))
		return; /* nothing was seen */
	switch (e->seen) {
	case PP_SEEN_STAMP:
		fputs(" saw ", out);
		print_name(out, actor_name(plan, e->writer), e->writer);
		fprintf(out, ":%" PRIu32, e->gen);
		break;
	case PP_SEEN_ZERO:
		fputs(" saw zero", out);
		break;
	case PP_SEEN_OTHER:
		if (e->gen < h->n_cells)
			print_raw(out, h->cells[e->gen]);
		else
			fputs(e->gen == PP_NO_CELL ? " saw other" : " saw ?cell", out);
		break;
	case PP_SEEN_FAULT:
		fputs(" saw fault", out);
		break;
	default:
		fprintf(out, " saw ?%u", e->seen);
		break;
	}
}

/* "?" where the run was not kept, or is none. */
static void print_look(FILE *out, const struct pp_history *h, const struct pp_event *e)
{
	struct pp_page_run run;
	char state[320];

	if (e->flags & (PP_EVENT_SKIPPED | PP_EVENT_OPEN) ||
	    (e->seen == PP_SEEN_FAULT && e->result))
		return; /* nothing was seen */
	if (!pp_event_keeps_cell(e) || e->gen >= h->n_cells ||
	    !pp_page_run_get(h->cells[e->gen], &run)) {
		fputs(" is ?", out);
		return;
	}
	if (run.frame)
		fprintf(out, " %s=0x%" PRIx64, run.form == PP_PAGES_SAME ? "frame" : "frames",
			run.frame);
	if (run.form == PP_PAGES_STEP)
		fputs("..", out);
	for (size_t i = 1; run.form == PP_PAGES_LIST && i <= run.n_more; i++)
		fprintf(out, ",0x%" PRIx64, pp_page_run_frame(&run, i));
	pp_page_state_text(run.state, state, sizeof(state));
	fprintf(out, " count=%" PRIu32 " is %s", run.count, state);
}

static void print_account(FILE *out, const char *name, int64_t value)
{
	if (value == PP_ACCOUNT_UNKNOWN)
		fprintf(out, " %s=?", name);
	else
		fprintf(out, " %s=%" PRId64, name, value);
}

/* The events of one quiet point make one line: how many more than @e there are. */
static size_t more_accounts(const struct pp_history *h, const struct pp_event *e)
{
	size_t more = 0, room = (size_t)(h->events + h->n_events - e) - 1;

	while (more < room && pp_event_continues(&e[more], &e[more + 1]) &&
	       pp_event_account(&e[more + 1]) != PP_ACCOUNT_COUNT)
		more++;
	return more;
}

static void print_quiet(FILE *out, const struct pp_history *h, const struct pp_event *e)
{
	size_t more = more_accounts(h, e);
	struct pp_quiet q;

	if (!e->writer) {
		pp_event_quiet_get(e, &q);
		print_account(out, pp_accounts[PP_ACCOUNT_PINS].name, q.pins);
		fprintf(out, " vmpin=%" PRId32 " packets=%" PRIu32, q.vmpin_pages, q.packets);
	}
	for (size_t i = e->writer ? 0 : 1; i <= more; i++) {
		enum pp_account a = pp_event_account(&e[i]);

		if (a == PP_ACCOUNT_COUNT)
			fprintf(out, " ?%u=%" PRId64, e[i].writer, (int64_t)e[i].offset_bytes);
		else
			print_account(out, pp_accounts[a].name, (int64_t)e[i].offset_bytes);
	}
}

static void print_details(FILE *out, const struct pp_history *h, const struct pp_plan *plan,
			  const struct pp_event *e)
{
	const struct pp_verb_info *v = &pp_verbs[e->verb];

	if (v->target != PP_TARGET_NONE) {
		fputc(' ', out);
		print_name(out, object_name(plan, e), e->object);
		if (v->ranged || e->offset_bytes || e->length_bytes)
			fprintf(out, " %" PRIu64 "+%" PRIu32, e->offset_bytes, e->length_bytes);
	}
	switch (v->kind) {
	case PP_KIND_WRITE:
	case PP_KIND_DEVICE_WRITE:
		if (e->gen || !(e->flags & PP_EVENT_SKIPPED))
			fprintf(out, " gen=%" PRIu32, e->gen);
		break;
	case PP_KIND_OBSERVE:
		print_seen(out, h, plan, e);
		break;
	case PP_KIND_LEDGER:
		print_quiet(out, h, e);
		break;
	case PP_KIND_LOOK:
		print_look(out, h, e);
		break;
	default:
		break;
	}
}

static void print_result(FILE *out, const struct pp_event *e)
{
	const char *name = pp_errno_name(e->result);

	if (!e->result)
		return;
	/* An errno without a name, or a result that is none: the number. */
	if (e->result < 0 && pp_errno_value(name) == -(int64_t)e->result)
		fprintf(out, " = %s", name);
	else
		fprintf(out, " = %" PRId64, -(int64_t)e->result);
}

/* People want to know at once whose stamp the raw bytes are. */
static void print_remark(FILE *out, const struct pp_history *h, const struct pp_event *e)
{
	struct pp_stamp s;
	char text[160];

	if (pp_verbs[e->verb].kind != PP_KIND_OBSERVE || e->seen != PP_SEEN_OTHER ||
	    e->flags & (PP_EVENT_SKIPPED | PP_EVENT_OPEN) || e->gen >= h->n_cells ||
	    !pp_stamp_get(h->cells[e->gen], &s))
		return;
	pp_stamp_text(&s, text, sizeof(text));
	fprintf(out, " # a whole stamp: %s", text);
}

/* One line; how many events it tells. */
static size_t print_event(FILE *out, const struct pp_history *h, const struct pp_plan *plan,
			  const struct pp_event *e)
{
	bool known = e->verb > PP_VERB_NONE && e->verb < PP_VERB_COUNT;

	if (e->flags & PP_EVENT_OPEN)
		fprintf(out, "@%" PRIu64 "-? ", e->begin_ns);
	else
		fprintf(out, "@%" PRIu64 "-%" PRIu64 " ", e->begin_ns, e->end_ns);
	print_name(out, actor_name(plan, e->actor), e->actor);
	fprintf(out, " op=%" PRIu32 " ", e->op);
	print_name(out, known ? pp_verbs[e->verb].name : NULL, e->verb);
	if (known)
		print_details(out, h, plan, e);
	if (e->flags & PP_EVENT_PARTIAL)
		fputs(" partial", out);
	if (e->flags & PP_EVENT_SKIPPED)
		fputs(" skipped", out);
	print_result(out, e);
	if (known)
		print_remark(out, h, e);
	fputc('\n', out);
	return known && pp_verbs[e->verb].kind == PP_KIND_LEDGER ? 1 + more_accounts(h, e) : 1;
}

char *pp_history_print(const struct pp_history *h, const struct pp_plan *plan)
{
	char *text = NULL;
	bool failed;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size); /* a growing buffer, no file */
	if (!out)
		return NULL;
	fprintf(out, "pinproof-history %u\n", PP_HISTORY_TEXT_VERSION);
	fprintf(out, "run 0x%" PRIx64 "\n", h->run);
	fprintf(out, "plan-crc 0x%" PRIx32 "\n", h->plan_crc);
	if (h->start_realtime_ns)
		fprintf(out, "start-realtime-ns %" PRIu64 "\n", h->start_realtime_ns);
	for (size_t i = 0; i < h->n_events;)
		i += print_event(out, h, plan, &h->events[i]);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}
