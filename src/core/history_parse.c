/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the text form of a history; says line and column of whatever is wrong. */
#include "core/history_reader.h"

#include <errno.h>
#include <string.h>

/* "@100-200" or "@100-?" */
static int read_when(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	struct pp_rd_word begin;
	int ret;

	d->where[PP_PART_BEGIN] = w.at;
	if (!pp_rd_cut(&w, "@") || !pp_rd_cut_at(&w, '-', &begin))
		return pp_rd_bad(r, w.at, "expected @BEGIN-END");
	d->where[PP_PART_END] = w.at;
	ret = pp_rd_number(r, begin, UINT64_MAX - 1, &d->e.begin_ns);
	if (ret)
		return ret;
	if (r->h->n_events && d->e.begin_ns < r->h->events[r->h->n_events - 1].begin_ns)
		return pp_rd_bad(r, begin.at, "this event begins before the one above it");
	if (!pp_rd_is(w, "?"))
		return pp_rd_number(r, w, UINT64_MAX - 1, &d->e.end_ns);
	d->e.end_ns = UINT64_MAX;
	d->e.flags |= PP_EVENT_OPEN;
	return 0;
}

static int read_who(struct pp_reader *r, struct pp_draft *d)
{
	struct pp_rd_word w = pp_rd_next_word(r);
	int index = pp_rd_find_actor(r->plan, w), ret;
	char name[PP_NAME_MAX] = "";

	d->where[PP_PART_ACTOR] = w.at;
	if (index < 0)
		return pp_rd_bad(r, w.at, "expected an actor of the plan");
	if (index > UINT8_MAX)
		return pp_rd_bad(r, w.at, "a history has at most 256 actors");
	d->e.actor = (uint8_t)index;
	w = pp_rd_next_word(r);
	d->where[PP_PART_OP] = w.at;
	if (!pp_rd_cut(&w, "op="))
		return pp_rd_bad(r, w.at, "expected op=ID");
	ret = pp_rd_number32(r, w, &d->e.op);
	if (ret)
		return ret;
	w = pp_rd_next_word(r);
	d->where[PP_PART_VERB] = w.at;
	if (w.len && w.len < sizeof(name))
		memcpy(name, w.at, w.len);
	d->e.verb = (uint8_t)pp_verb_find(name);
	if (d->e.verb == PP_VERB_NONE)
		return pp_rd_bad(r, w.at, "expected a verb");
	d->verb = &pp_verbs[d->e.verb];
	return 0;
}

/* "4096+64"; who leaves it out says 0+0, which only verbs without a range may. */
static int read_range(struct pp_reader *r, struct pp_draft *d)
{
	const char *back = r->at;
	struct pp_rd_word w = pp_rd_next_word(r), offset;
	int ret;

	d->where[PP_PART_OFFSET] = w.at;
	if (!pp_rd_cut_at(&w, '+', &offset)) {
		if (d->verb->ranged)
			return pp_rd_bad(r, w.at, "expected OFFSET+LENGTH");
		r->at = back;
		return 0;
	}
	ret = pp_rd_number(r, offset, UINT64_MAX, &d->e.offset_bytes);
	return ret ? ret : pp_rd_number32(r, w, &d->e.length_bytes);
}

static int read_operand(struct pp_reader *r, struct pp_draft *d)
{
	const struct pp_plan *p = r->plan;
	const char *what = NULL;
	struct pp_rd_word w;
	int index = -1;

	d->e.object = PP_NO_INDEX;
	if (d->verb->target == PP_TARGET_NONE)
		return 0;
	w = pp_rd_next_word(r);
	d->where[PP_PART_OBJECT] = w.at;
	switch (pp_event_target(d->e.verb)) {
	case PP_TARGET_FS:
		what = "a file system";
		index = pp_rd_find_name(w, p->fs, p->n_fs, sizeof(*p->fs),
					offsetof(struct pp_fs_def, name));
		break;
	case PP_TARGET_MR:
		what = "an MR";
		index = pp_rd_find_name(w, p->mrs, p->n_mrs, sizeof(*p->mrs),
					offsetof(struct pp_mr_def, name));
		break;
	case PP_TARGET_GATE:
		what = "a gate";
		index = pp_rd_find_name(w, p->gates, p->n_gates, sizeof(*p->gates),
					offsetof(struct pp_gate_def, name));
		break;
	default:
		what = "a region";
		index = pp_rd_find_region(p, w);
		break;
	}
	if (index < 0)
		return pp_rd_bad(r, w.at, "expected %s of the plan", what);
	d->e.object = (uint16_t)index;
	return read_range(r, d);
}

static int keep_one(struct pp_reader *r, struct pp_draft *d)
{
	void *events = r->h->events;
	enum pp_event_part part;
	const char *why;
	int ret;

	part = pp_event_fault(&d->e, r->h->n_cells, r->plan, &why);
	if (part)
		return pp_rd_bad(r, d->where[part] ? d->where[part] : r->line, "this event %s",
				 why);
	ret = pp_rd_grow(r, &events, r->h->n_events, &r->cap_events, sizeof(*r->h->events));
	r->h->events = events;
	if (ret)
		return ret;
	r->h->events[r->h->n_events++] = d->e;
	return 0;
}

/* Fills in what the text leaves to the reader, then keeps the line's events if they are right. */
static int keep_event(struct pp_reader *r, struct pp_draft *d)
{
	int ret = 0;

	if (d->verb->kind == PP_KIND_WRITE || d->verb->kind == PP_KIND_DEVICE_WRITE)
		d->e.writer = d->e.actor;
	if (!d->alone)
		ret = keep_one(r, d);
	for (unsigned a = PP_ACCOUNT_FIRST_ALONE; !ret && a < PP_ACCOUNT_COUNT; a++) {
		if (!(d->accounts & 1u << a))
			continue;
		pp_event_account_put(&d->e, (enum pp_account)a, d->value[a]);
		ret = keep_one(r, d);
	}
	return ret;
}

static int read_event(struct pp_reader *r, struct pp_rd_word when)
{
	struct pp_draft d = { .e.begin_ns = 0 };
	int ret;

	ret = read_when(r, when, &d);
	if (!ret)
		ret = read_who(r, &d);
	if (!ret)
		ret = read_operand(r, &d);
	if (ret)
		return ret;
	if (d.verb->kind == PP_KIND_OBSERVE || d.verb->kind == PP_KIND_LOOK)
		d.e.seen = PP_SEEN_FAULT; /* until it says what it saw */
	ret = pp_rd_read_fields(r, &d);
	return ret ? ret : keep_event(r, &d);
}

enum header_id { VERSION, RUN, PLAN_CRC, START };

static const char *const header_words[] = {
	[VERSION] = "pinproof-history",
	[RUN] = "run",
	[PLAN_CRC] = "plan-crc",
	[START] = "start-realtime-ns",
};

static int header_value(struct pp_reader *r, enum header_id id, struct pp_rd_word w)
{
	uint64_t value;
	int ret = pp_rd_number(r, w, id == PLAN_CRC ? UINT32_MAX : UINT64_MAX, &value);

	if (ret)
		return ret;
	switch (id) {
	case VERSION:
		if (value == PP_HISTORY_TEXT_VERSION)
			return 0;
		return pp_err_set(r->err, -EPROTO,
				  "line %zu column %zu: version %llu of the history is not %u, "
				  "the only one this program reads.",
				  r->number, (size_t)(w.at - r->line) + 1,
				  (unsigned long long)value, PP_HISTORY_TEXT_VERSION);
	case RUN:
		r->h->run = value;
		return 0;
	case PLAN_CRC:
		r->h->plan_crc = (uint32_t)value;
		return 0;
	case START:
		r->h->start_realtime_ns = value;
		return 0;
	}
	return 0;
}

static int read_header(struct pp_reader *r, struct pp_rd_word w)
{
	size_t id = 0;
	int ret;

	while (id < PP_ARRAY_LEN(header_words) && !pp_rd_is(w, header_words[id]))
		id++;
	if (!(r->said & 1u << VERSION) && id != VERSION)
		return pp_rd_bad(r, w.at, "expected 'pinproof-history %u'",
				 PP_HISTORY_TEXT_VERSION);
	if (id == PP_ARRAY_LEN(header_words))
		return pp_rd_bad(r, w.at, "expected an event (@BEGIN-END ...) or a header line");
	if (r->h->n_events)
		return pp_rd_bad(r, w.at, "header lines stand before all events");
	if (r->said & 1u << id)
		return pp_rd_bad(r, w.at, "'%s' is here twice", header_words[id]);
	r->said |= 1u << id;
	ret = header_value(r, id, pp_rd_next_word(r));
	if (ret)
		return ret;
	w = pp_rd_next_word(r);
	return w.len ? pp_rd_bad(r, w.at, "expected the end of the line") : 0;
}

static int read_line(struct pp_reader *r)
{
	struct pp_rd_word w;

	/* A remark begins at a '#' that no word contains. */
	for (const char *p = r->line; p < r->end; p++)
		if (*p == '#' && (p == r->line || pp_rd_blank(p[-1])))
			r->end = p;
	for (const char *p = r->line; p < r->end; p++)
		if (!pp_rd_blank(*p) && (*p <= ' ' || *p > '~'))
			return pp_rd_bad(r, p, "expected printable ASCII");
	w = pp_rd_next_word(r);
	if (!w.len)
		return 0;
	if (*w.at != '@')
		return read_header(r, w);
	if (!(r->said & 1u << RUN))
		return pp_rd_bad(r, w.at,
				 "expected 'pinproof-history' and 'run' before the first event");
	return read_event(r, w);
}

int pp_history_parse(const char *text, size_t len, const struct pp_plan *plan,
		     struct pp_history *out, struct pp_err *err)
{
	struct pp_reader r = { .plan = plan, .h = out, .err = err };
	const char *next = text, *end = text + len;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	while (next < end && !ret) {
		const char *newline = memchr(next, '\n', (size_t)(end - next));

		r.number++;
		r.line = r.at = next;
		r.end = newline ? newline : end;
		next = newline ? newline + 1 : end;
		ret = read_line(&r);
	}
	if (!ret && !(r.said & 1u << RUN)) {
		r.line = end;
		r.number++;
		ret = pp_rd_bad(&r, end, "expected 'pinproof-history' and 'run'");
	}
	if (ret)
		pp_history_free(out);
	return ret;
}
