/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the text form of a history; says line and column of whatever is wrong. */
#include "core/history.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND(k)      (1u << PP_KIND_##k)
#define KINDS_ALL    (~0u)
#define KINDS_WRITES (KIND(WRITE) | KIND(DEVICE_WRITE))

/* The text is read line by line; nothing is ever read at or behind @end. */
struct reader {
	const char *line; /* first byte of the line: column 1 */
	const char *at, *end;
	size_t number; /* of the line, from 1 */
	const struct pp_plan *plan;
	struct pp_history *h;
	size_t cap_events, cap_cells;
	unsigned said; /* header lines seen, a bit each */
	struct pp_err *err;
};

/* A word of the line, or a part of one. Empty: the line has ended. */
struct word {
	const char *at;
	size_t len;
};

/* An event while its line is read. */
struct draft {
	struct pp_event e;
	const struct pp_verb_info *verb;
	const char *where[PP_PART_COUNT]; /* place of each field, for errors of pp_event_fault() */
	unsigned said;                    /* fields seen, a bit each */
};

static int bad(const struct reader *r, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int bad(const struct reader *r, const char *at, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return pp_err_set(r->err, -EINVAL, "line %zu column %zu: %s.", r->number,
			  (size_t)(at - r->line) + 1, text);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct word next_word(struct reader *r)
{
	struct word w;

	while (r->at < r->end && blank(*r->at))
		r->at++;
	w.at = r->at;
	while (r->at < r->end && !blank(*r->at))
		r->at++;
	w.len = (size_t)(r->at - w.at);
	return w;
}

static bool is(struct word w, const char *text)
{
	return w.len == strlen(text) && !memcmp(w.at, text, w.len);
}

/* Cuts @prefix off the front of @w, if it is there. */
static bool cut(struct word *w, const char *prefix)
{
	size_t len = strlen(prefix);

	if (w->len < len || memcmp(w->at, prefix, len))
		return false;
	w->at += len;
	w->len -= len;
	return true;
}

/* Cuts everything up to and including @separator off @w into @front. */
static bool cut_at(struct word *w, char separator, struct word *front)
{
	const char *p = w->len ? memchr(w->at, separator, w->len) : NULL;

	if (!p)
		return false;
	front->at = w->at;
	front->len = (size_t)(p - w->at);
	w->len -= front->len + 1;
	w->at = p + 1;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The whole word as a number, decimal or with 0x, at most @most. */
static int number(struct reader *r, struct word w, uint64_t most, uint64_t *out)
{
	const char *start = w.at;
	unsigned base = w.len > 2 && cut(&w, "0x") ? 16 : 10;
	uint64_t value = 0;

	if (!w.len)
		return bad(r, start, "expected a number");
	for (size_t i = 0; i < w.len; i++) {
		int digit = hex_digit(w.at[i]);

		if (digit < 0 || (unsigned)digit >= base)
			return bad(r, w.at + i, "expected a digit");
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (unsigned)digit, &value) || value > most)
			return bad(r, start, "the number is greater than %llu",
				   (unsigned long long)most);
	}
	*out = value;
	return 0;
}

static int number32(struct reader *r, struct word w, uint32_t *out)
{
	uint64_t value;
	int ret = number(r, w, UINT32_MAX, &value);

	if (!ret)
		*out = (uint32_t)value;
	return ret;
}

/* With a sign, at most @most on either side of 0. */
static int signed_number(struct reader *r, struct word w, int64_t most, int64_t *out)
{
	bool minus = cut(&w, "-");
	uint64_t value;
	int ret = number(r, w, (uint64_t)most, &value);

	if (!ret)
		*out = minus ? -(int64_t)value : (int64_t)value;
	return ret;
}

/*
 * Finds a name in an array of @count things of @size bytes, each with its name as a char array at
 * @name; -1 if it is not there.
 */
static int find_name(struct word w, const void *array, size_t count, size_t size, size_t name)
{
	for (size_t i = 0; i < count; i++)
		if (is(w, (const char *)array + i * size + name))
			return (int)i;
	return -1;
}

static int find_actor(const struct pp_plan *p, struct word w)
{
	return find_name(w, p->actors, p->n_actors, sizeof(*p->actors), 0);
}

static int find_region(const struct pp_plan *p, struct word w)
{
	return find_name(w, p->regions, p->n_regions, sizeof(*p->regions),
			 offsetof(struct pp_region_def, name));
}

/* Makes room for one more item of @size bytes; the array doubles. */
static int grow(struct reader *r, void **array, size_t count, size_t *cap, size_t size)
{
	size_t want = *cap ? 2 * *cap : 64;
	void *more;

	if (count < *cap)
		return 0;
	more = realloc(*array, want * size);
	if (!more)
		return pp_err_set(r->err, -ENOMEM, "line %zu: no memory for more events",
				  r->number);
	*array = more;
	*cap = want;
	return 0;
}

/* Keeps the 64 bytes and lets the event name them. */
static int keep_cell(struct reader *r, struct draft *d, const uint8_t *cell)
{
	void *cells = r->h->cells;
	int ret = grow(r, &cells, r->h->n_cells, &r->cap_cells, PP_CELL_BYTES);

	r->h->cells = cells;
	if (ret)
		return ret;
	memcpy(r->h->cells[r->h->n_cells], cell, PP_CELL_BYTES);
	d->e.seen = PP_SEEN_OTHER;
	d->e.gen = (uint32_t)r->h->n_cells++;
	return 0;
}

static int see_zero(struct reader *r, struct draft *d)
{
	(void)r;
	d->e.seen = PP_SEEN_ZERO;
	return 0;
}

static int see_fault(struct reader *r, struct draft *d)
{
	(void)r;
	d->e.seen = PP_SEEN_FAULT;
	return 0;
}

static int see_other(struct reader *r, struct draft *d)
{
	(void)r;
	d->e.seen = PP_SEEN_OTHER;
	d->e.gen = PP_NO_CELL;
	return 0;
}

static int see_raw(struct reader *r, struct draft *d)
{
	struct word w = next_word(r);
	uint8_t cell[PP_CELL_BYTES];

	if (w.len != 2 * PP_CELL_BYTES)
		return bad(r, w.at, "expected %u hex digits", 2 * PP_CELL_BYTES);
	for (size_t i = 0; i < PP_CELL_BYTES; i++) {
		int high = hex_digit(w.at[2 * i]), low = hex_digit(w.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return bad(r, w.at + 2 * i + (high >= 0), "expected a hex digit");
		cell[i] = (uint8_t)(high << 4 | low);
	}
	return keep_cell(r, d, cell);
}

/* "main:2" */
static int actor_and_gen(struct reader *r, struct word w, uint32_t *actor, uint32_t *gen)
{
	struct word name;
	int index;

	if (!cut_at(&w, ':', &name))
		return bad(r, w.at, "expected ACTOR:GENERATION");
	index = find_actor(r->plan, name);
	if (index < 0)
		return bad(r, name.at, "the plan has no actor of this name");
	*actor = (uint32_t)index;
	return number32(r, w, gen);
}

/* The stamp that belongs where the event looks, but for writer and generation. */
static struct pp_stamp stamp_in_place(const struct reader *r, const struct draft *d)
{
	const struct pp_region_def *region = &r->plan->regions[d->e.object];

	return (struct pp_stamp){
		.run = r->h->run,
		.region = d->verb->file ? region->file_space : region->space,
		.offset_bytes = d->e.offset_bytes,
	};
}

static int see_torn(struct reader *r, struct draft *d)
{
	struct pp_stamp front = stamp_in_place(r, d), back = front;
	uint8_t cell[PP_CELL_BYTES], other[PP_CELL_BYTES];
	uint64_t split;
	struct word w;
	int ret;

	ret = actor_and_gen(r, next_word(r), &front.writer, &front.generation);
	if (!ret)
		ret = actor_and_gen(r, next_word(r), &back.writer, &back.generation);
	if (ret)
		return ret;
	w = next_word(r);
	ret = number(r, w, PP_CELL_BYTES - 1, &split);
	if (!ret && !split)
		ret = bad(r, w.at, "a cell is torn behind its first byte");
	if (ret)
		return ret;
	pp_stamp_put(cell, &front);
	pp_stamp_put(other, &back);
	memcpy(cell + split, other + split, PP_CELL_BYTES - split);
	return keep_cell(r, d, cell);
}

/* A name of the plan, or a number for what is of no plan. */
static int name_or_number(struct reader *r, struct word w, int index, uint32_t *out)
{
	if (index >= 0)
		*out = (uint32_t)index;
	else if (w.len && hex_digit(*w.at) >= 0 && hex_digit(*w.at) < 10)
		return number32(r, w, out);
	else
		return bad(r, w.at, "expected a name of the plan or a number");
	return 0;
}

/* One KEY=VALUE of a stamp, as pp_stamp_text() writes them. False in @known: not a key of a stamp.
 */
static int stamp_field(struct reader *r, struct word w, struct pp_stamp *s, bool *known)
{
	const struct pp_plan *p = r->plan;
	int index;

	*known = true;
	if (cut(&w, "run="))
		return number(r, w, UINT64_MAX, &s->run);
	if (cut(&w, "offset="))
		return number(r, w, UINT64_MAX, &s->offset_bytes);
	if (cut(&w, "gen="))
		return number32(r, w, &s->generation);
	if (cut(&w, "writer="))
		return name_or_number(r, w, find_actor(p, w), &s->writer);
	if (cut(&w, "region=")) {
		index = find_region(p, w);
		if (index >= 0)
			index = p->regions[index].space;
		return name_or_number(r, w, index, &s->region);
	}
	*known = false;
	return 0;
}

static int see_stamp(struct reader *r, struct draft *d)
{
	struct pp_stamp s = stamp_in_place(r, d);
	uint8_t cell[PP_CELL_BYTES];

	for (bool known = true; known;) {
		const char *back = r->at;
		struct word w = next_word(r);
		int ret = stamp_field(r, w, &s, &known);

		if (ret)
			return ret;
		if (!known)
			r->at = back;
	}
	if (!s.generation)
		return bad(r, r->at, "expected gen= of the stamp");
	pp_stamp_put(cell, &s);
	return keep_cell(r, d, cell);
}

static int read_saw(struct reader *r, struct word w, struct draft *d)
{
	static const struct {
		const char *word;
		int (*read)(struct reader *r, struct draft *d);
	} sights[] = {
		{ "zero", see_zero }, { "fault", see_fault }, { "other", see_other },
		{ "raw", see_raw },   { "torn", see_torn },   { "stamp", see_stamp },
	};
	uint32_t writer = 0;
	int ret;

	w = next_word(r);
	d->where[PP_PART_SEEN] = d->where[PP_PART_GEN] = d->where[PP_PART_WRITER] = w.at;
	for (size_t i = 0; i < PP_ARRAY_LEN(sights); i++)
		if (is(w, sights[i].word))
			return sights[i].read(r, d);
	d->e.seen = PP_SEEN_STAMP;
	ret = actor_and_gen(r, w, &writer, &d->e.gen);
	d->e.writer = (uint16_t)writer;
	return ret;
}

static int read_gen(struct reader *r, struct word w, struct draft *d)
{
	d->where[PP_PART_GEN] = w.at;
	return number32(r, w, &d->e.gen);
}

static int read_pins(struct reader *r, struct word w, struct draft *d)
{
	int64_t pins = INT64_MIN;
	int ret = is(w, "?") ? 0 : signed_number(r, w, INT64_MAX, &pins);

	d->e.offset_bytes = (uint64_t)pins;
	return ret;
}

static int read_vmpin(struct reader *r, struct word w, struct draft *d)
{
	int64_t pages = 0;
	int ret = signed_number(r, w, INT32_MAX, &pages);

	d->e.length_bytes = (uint32_t)pages;
	return ret;
}

static int read_skipped(struct reader *r, struct word w, struct draft *d)
{
	(void)r;
	(void)w;
	d->e.flags |= PP_EVENT_SKIPPED;
	return 0;
}

static int read_partial(struct reader *r, struct word w, struct draft *d)
{
	(void)r;
	(void)w;
	d->e.flags |= PP_EVENT_PARTIAL;
	return 0;
}

/* A name of at most 31 bytes; there is no longer errno. */
static int read_result(struct reader *r, struct word w, struct draft *d)
{
	char name[32] = "";
	uint64_t value;
	int code;

	w = next_word(r);
	d->where[PP_PART_RESULT] = w.at;
	if (w.len && hex_digit(*w.at) >= 0 && hex_digit(*w.at) < 10) {
		code = number(r, w, INT32_MAX, &value);
		d->e.result = code ? 0 : -(int32_t)value;
		return code;
	}
	if (w.len && w.len < sizeof(name))
		memcpy(name, w.at, w.len);
	code = pp_errno_value(name);
	if (code <= 0)
		return bad(r, w.at, "expected the name or number of an errno");
	d->e.result = -code;
	return 0;
}

enum field_id { SAW, GEN, PINS, VMPIN, PACKETS, SKIPPED, PARTIAL, RESULT };

/* What may follow the operand, in any order, each at most once. */
/* clang-format off */
static const struct field {
	const char *word; /* whole word, or prefix if it ends in '=' and is longer than that */
	unsigned kinds;   /* of verb that may have it */
	unsigned must;    /* kinds that must have it unless skipped, open or failed */
	int (*read)(struct reader *r, struct word value, struct draft *d);
} fields[] = {
	[SAW]     = { "saw",      KIND(OBSERVE), KIND(OBSERVE), read_saw },
	[GEN]     = { "gen=",     KINDS_WRITES,  KINDS_WRITES,  read_gen },
	[PINS]    = { "pins=",    KIND(LEDGER),  KIND(LEDGER),  read_pins },
	[VMPIN]   = { "vmpin=",   KIND(LEDGER),  KIND(LEDGER),  read_vmpin },
	[PACKETS] = { "packets=", KIND(LEDGER),  KIND(LEDGER),  read_gen },
	[SKIPPED] = { "skipped",  KINDS_ALL,     0,             read_skipped },
	[PARTIAL] = { "partial",  KINDS_ALL,     0,             read_partial },
	[RESULT]  = { "=",        KINDS_ALL,     0,             read_result },
};
/* clang-format on */

static bool field_is(const struct field *f, struct word *w)
{
	size_t len = strlen(f->word);

	return len > 1 && f->word[len - 1] == '=' ? cut(w, f->word) : is(*w, f->word);
}

static int read_field(struct reader *r, struct word w, struct draft *d)
{
	const char *start = w.at;

	for (size_t i = 0; i < PP_ARRAY_LEN(fields); i++) {
		const struct field *f = &fields[i];

		if (!field_is(f, &w))
			continue;
		if (!(f->kinds & 1u << d->verb->kind))
			return bad(r, start, "'%s' does not belong to %s", f->word, d->verb->name);
		if (d->said & 1u << i)
			return bad(r, start, "'%s' is here twice", f->word);
		d->said |= 1u << i;
		return f->read(r, w, d);
	}
	return bad(r, start, "expected a field of %s or the end of the line", d->verb->name);
}

static int read_fields(struct reader *r, struct draft *d)
{
	unsigned nothing_seen = PP_EVENT_SKIPPED | PP_EVENT_OPEN;
	struct word w;

	for (w = next_word(r); w.len; w = next_word(r)) {
		int ret = read_field(r, w, d);

		if (ret)
			return ret;
	}
	if (d->e.flags & nothing_seen && d->said & 1u << SAW)
		return bad(r, d->where[PP_PART_SEEN], "what is skipped or open saw nothing");
	if (d->e.flags & nothing_seen || d->e.result)
		return 0;
	for (size_t i = 0; i < PP_ARRAY_LEN(fields); i++)
		if (fields[i].must & 1u << d->verb->kind && !(d->said & 1u << i))
			return bad(r, w.at, "expected '%s' of %s", fields[i].word, d->verb->name);
	return 0;
}

/* "@100-200" or "@100-?" */
static int read_when(struct reader *r, struct word w, struct draft *d)
{
	struct word begin;
	int ret;

	d->where[PP_PART_BEGIN] = w.at;
	if (!cut(&w, "@") || !cut_at(&w, '-', &begin))
		return bad(r, w.at, "expected @BEGIN-END");
	d->where[PP_PART_END] = w.at;
	ret = number(r, begin, UINT64_MAX - 1, &d->e.begin_ns);
	if (ret)
		return ret;
	if (r->h->n_events && d->e.begin_ns < r->h->events[r->h->n_events - 1].begin_ns)
		return bad(r, begin.at, "this event begins before the one above it");
	if (!is(w, "?"))
		return number(r, w, UINT64_MAX - 1, &d->e.end_ns);
	d->e.end_ns = UINT64_MAX;
	d->e.flags |= PP_EVENT_OPEN;
	return 0;
}

static int read_who(struct reader *r, struct draft *d)
{
	struct word w = next_word(r);
	int index = find_actor(r->plan, w), ret;
	char name[PP_NAME_MAX] = "";

	d->where[PP_PART_ACTOR] = w.at;
	if (index < 0)
		return bad(r, w.at, "expected an actor of the plan");
	if (index > UINT8_MAX)
		return bad(r, w.at, "a history has at most 256 actors");
	d->e.actor = (uint8_t)index;
	w = next_word(r);
	d->where[PP_PART_OP] = w.at;
	if (!cut(&w, "op="))
		return bad(r, w.at, "expected op=ID");
	ret = number32(r, w, &d->e.op);
	if (ret)
		return ret;
	w = next_word(r);
	d->where[PP_PART_VERB] = w.at;
	if (w.len && w.len < sizeof(name))
		memcpy(name, w.at, w.len);
	d->e.verb = (uint8_t)pp_verb_find(name);
	if (d->e.verb == PP_VERB_NONE)
		return bad(r, w.at, "expected a verb");
	d->verb = &pp_verbs[d->e.verb];
	return 0;
}

/* "4096+64"; who leaves it out says 0+0, which only verbs without a range may. */
static int read_range(struct reader *r, struct draft *d)
{
	const char *back = r->at;
	struct word w = next_word(r), offset;
	int ret;

	d->where[PP_PART_OFFSET] = w.at;
	if (!cut_at(&w, '+', &offset)) {
		if (d->verb->ranged)
			return bad(r, w.at, "expected OFFSET+LENGTH");
		r->at = back;
		return 0;
	}
	ret = number(r, offset, UINT64_MAX, &d->e.offset_bytes);
	return ret ? ret : number32(r, w, &d->e.length_bytes);
}

static int read_operand(struct reader *r, struct draft *d)
{
	const struct pp_plan *p = r->plan;
	const char *what = NULL;
	struct word w;
	int index = -1;

	if (d->verb->target == PP_TARGET_NONE)
		return 0;
	w = next_word(r);
	d->where[PP_PART_OBJECT] = w.at;
	switch (pp_event_target(d->e.verb)) {
	case PP_TARGET_FS:
		what = "a file system";
		index = find_name(w, p->fs, p->n_fs, sizeof(*p->fs),
				  offsetof(struct pp_fs_def, name));
		break;
	case PP_TARGET_MR:
		what = "an MR";
		index = find_name(w, p->mrs, p->n_mrs, sizeof(*p->mrs),
				  offsetof(struct pp_mr_def, name));
		break;
	default:
		what = "a region";
		index = find_region(p, w);
		break;
	}
	if (index < 0)
		return bad(r, w.at, "expected %s of the plan", what);
	d->e.object = (uint16_t)index;
	return read_range(r, d);
}

/* Fills in what the text leaves to the reader, then keeps the event if it is right. */
static int keep_event(struct reader *r, struct draft *d)
{
	void *events = r->h->events;
	enum pp_event_part part;
	const char *why;
	int ret;

	if (d->verb->kind == PP_KIND_WRITE || d->verb->kind == PP_KIND_DEVICE_WRITE)
		d->e.writer = d->e.actor;
	part = pp_event_fault(&d->e, r->h->n_cells, r->plan, &why);
	if (part)
		return bad(r, d->where[part] ? d->where[part] : r->line, "this event %s", why);
	ret = grow(r, &events, r->h->n_events, &r->cap_events, sizeof(*r->h->events));
	r->h->events = events;
	if (ret)
		return ret;
	r->h->events[r->h->n_events++] = d->e;
	return 0;
}

static int read_event(struct reader *r, struct word when)
{
	struct draft d = { .e.begin_ns = 0 };
	int ret;

	ret = read_when(r, when, &d);
	if (!ret)
		ret = read_who(r, &d);
	if (!ret)
		ret = read_operand(r, &d);
	if (ret)
		return ret;
	if (d.verb->kind == PP_KIND_OBSERVE)
		d.e.seen = PP_SEEN_FAULT; /* until it says what it saw */
	ret = read_fields(r, &d);
	return ret ? ret : keep_event(r, &d);
}

enum header_id { VERSION, RUN, PLAN_CRC, START };

static const char *const header_words[] = {
	[VERSION] = "pinproof-history",
	[RUN] = "run",
	[PLAN_CRC] = "plan-crc",
	[START] = "start-realtime-ns",
};

static int header_value(struct reader *r, enum header_id id, struct word w)
{
	uint64_t value;
	int ret = number(r, w, id == PLAN_CRC ? UINT32_MAX : UINT64_MAX, &value);

	if (ret)
		return ret;
	switch (id) {
	case VERSION:
		if (value == PP_HISTORY_VERSION)
			return 0;
		return pp_err_set(r->err, -EPROTO,
				  "line %zu column %zu: version %llu of the history is not %u, "
				  "the only one this program reads.",
				  r->number, (size_t)(w.at - r->line) + 1,
				  (unsigned long long)value, PP_HISTORY_VERSION);
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

static int read_header(struct reader *r, struct word w)
{
	size_t id = 0;
	int ret;

	while (id < PP_ARRAY_LEN(header_words) && !is(w, header_words[id]))
		id++;
	if (!(r->said & 1u << VERSION) && id != VERSION)
		return bad(r, w.at, "expected 'pinproof-history %u'", PP_HISTORY_VERSION);
	if (id == PP_ARRAY_LEN(header_words))
		return bad(r, w.at, "expected an event (@BEGIN-END ...) or a header line");
	if (r->h->n_events)
		return bad(r, w.at, "header lines stand before all events");
	if (r->said & 1u << id)
		return bad(r, w.at, "'%s' is here twice", header_words[id]);
	r->said |= 1u << id;
	ret = header_value(r, id, next_word(r));
	if (ret)
		return ret;
	w = next_word(r);
	return w.len ? bad(r, w.at, "expected the end of the line") : 0;
}

static int read_line(struct reader *r)
{
	struct word w;

	/* A remark begins at a '#' that no word contains. */
	for (const char *p = r->line; p < r->end; p++)
		if (*p == '#' && (p == r->line || blank(p[-1])))
			r->end = p;
	for (const char *p = r->line; p < r->end; p++)
		if (!blank(*p) && (*p <= ' ' || *p > '~'))
			return bad(r, p, "expected printable ASCII");
	w = next_word(r);
	if (!w.len)
		return 0;
	if (*w.at != '@')
		return read_header(r, w);
	if (!(r->said & 1u << RUN))
		return bad(r, w.at, "expected 'pinproof-history' and 'run' before the first event");
	return read_event(r, w);
}

int pp_history_parse(const char *text, size_t len, const struct pp_plan *plan,
		     struct pp_history *out, struct pp_err *err)
{
	struct reader r = { .plan = plan, .h = out, .err = err };
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
		ret = bad(&r, end, "expected 'pinproof-history' and 'run'");
	}
	if (ret)
		pp_history_free(out);
	return ret;
}
