/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules O13 (pinned pages stay) and O14 (what a device wrote is dirty), from looks at pages. */
#include <inttypes.h>
#include <stdio.h>

#include "core/oracle_rules.h"
#include "core/page_track.h"

/* The facts that break a rule. */
static const struct fault {
	enum pp_page_fact fact;
	enum pp_rule rule;
	enum pp_class cls;
} faults[] = {
	{ PP_PAGE_MOVED, PP_O13_PAGES_STAY, PP_CLASS_MOVED },
	{ PP_PAGE_GONE, PP_O13_PAGES_STAY, PP_CLASS_MOVED },
	{ PP_PAGE_FREED, PP_O13_PAGES_STAY, PP_CLASS_FREED },
	{ PP_PAGE_SHARED, PP_O13_PAGES_STAY, PP_CLASS_SHARED },
	{ PP_PAGE_CLEAN, PP_O14_DIRTY, PP_CLASS_CLEAN },
	{ PP_PAGE_BLIND, PP_O14_DIRTY, PP_CLASS_CLEAN },
};

/* Neighbouring pages of one look that are wrong in the same way. */
struct wrong {
	struct pp_judge *j;
	const struct fault *fault; /* NULL: none so far */
	struct pp_page_note first;
	size_t n;
};

/* "op 9 page-mark" */
struct name {
	char text[64];
};

static struct name name_of(const struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];
	struct name out;

	snprintf(out.text, sizeof(out.text), "op %u %s", e->op, pp_verbs[e->verb].name);
	return out;
}

static void say(const struct wrong *w, char *out, size_t size)
{
	const struct pp_page_note *n = &w->first;
	const struct name look = name_of(w->j, n->look), before = name_of(w->j, n->before),
			  hold = name_of(w->j, n->hold);
	char where[160], state[320];

	snprintf(where, sizeof(where), "page %" PRIu64 " of %s (offset %" PRIu64 "%s)",
		 n->offset_bytes / PP_PAGE_BYTES,
		 w->j->plan->regions[w->j->h->events[n->look].object].name, n->offset_bytes,
		 w->n > 1 ? ", and pages behind it" : "");
	pp_page_state_text(n->state, state, sizeof(state));
	switch (n->fact) {
	case PP_PAGE_MOVED:
		snprintf(out, size,
			 "%s shows %s in frame 0x%" PRIx64
			 ", and %s had shown it in frame 0x%" PRIx64
			 ", while %s keeps it pinned: the device is left with the old frame",
			 look.text, where, n->frame, before.text, n->was, hold.text);
		break;
	case PP_PAGE_GONE:
		snprintf(out, size,
			 "%s shows that %s went to swap, and %s had shown it in frame 0x%" PRIx64
			 ", while %s keeps it pinned: the device is left with the old frame",
			 look.text, where, before.text, n->was, hold.text);
		break;
	case PP_PAGE_FREED:
		snprintf(out, size,
			 "%s shows frame 0x%" PRIx64
			 " as %.60s, and %s had shown it behind %s, while "
			 "%s holds it: what is held has been freed",
			 look.text, n->frame, state, before.text, where, hold.text);
		break;
	case PP_PAGE_SHARED:
		snprintf(out, size,
			 "%s shows %s in frame 0x%" PRIx64
			 " in the child, too, where %s had shown it "
			 "in the parent: %s has it pinned, so that %s had to copy it",
			 look.text, where, n->frame, before.text, hold.text,
			 name_of(w->j, n->fork).text);
		break;
	case PP_PAGE_BLIND:
		snprintf(out, size,
			 "%s shows %s in frame 0x%" PRIx64 " without its soft-dirty bit, which %s "
			 "cleared while %s had it pinned: what the device writes into it will be "
			 "missed",
			 look.text, where, n->frame, before.text, hold.text);
		break;
	default:
		snprintf(out, size,
			 "%s shows %s in frame 0x%" PRIx64
			 ", which is not dirty: %s wrote it, %s let "
			 "it go, and nothing has written it back since, nor will",
			 look.text, where, n->frame, before.text, hold.text);
		break;
	}
}

static void flush(struct wrong *w)
{
	const struct pp_page_note *n = &w->first;
	struct pp_broken b = {
		.event = n->look,
		.offset_bytes = n->offset_bytes,
		.length_bytes = w->n * PP_PAGE_BYTES,
		.expected = PP_NO_EVENT,
		.found = n->before,
		.sync = PP_NO_EVENT,
		.seen_by = n->hold + 1,
	};

	if (!w->fault)
		return;
	b.rule = w->fault->rule;
	b.cls = w->fault->cls;
	b.space = w->j->plan->regions[w->j->h->events[n->look].object].space;
	say(w, b.text, sizeof(b.text));
	pp_judge_broken(w->j, &b);
	w->fault = NULL;
}

static void note(void *arg, const struct pp_page_note *n)
{
	struct wrong *w = arg;
	const struct fault *f = NULL;

	for (size_t i = 0; i < PP_ARRAY_LEN(faults); i++)
		if (faults[i].fact == n->fact)
			f = &faults[i];
	if (!f)
		return;
	if (w->fault == f && w->first.hold == n->hold &&
	    n->offset_bytes == w->first.offset_bytes + w->n * PP_PAGE_BYTES) {
		w->n++;
		return;
	}
	flush(w);
	w->fault = f;
	w->first = *n;
	w->n = 1;
}

void pp_rule_pages(struct pp_judge *j, uint32_t event)
{
	struct wrong w = { .j = j };

	if (!pp_page_track_event(j->pages, event, note, &w))
		j->model.pool.failed = true;
	flush(&w);
}
