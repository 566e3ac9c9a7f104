/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what follows the operand in an event's line: sights, generations, numbers, flags, result.
 */
#include "core/history_reader.h"

#include <string.h>

#define KIND(k)      (1u << PP_KIND_##k)
#define KINDS_ALL    (~0u)
#define KINDS_WRITES (KIND(WRITE) | KIND(DEVICE_WRITE))

/* Keeps the 64 bytes and lets the event name them. */
static int keep_cell(struct pp_reader *r, struct pp_draft *d, const uint8_t *cell)
{
	void *cells = r->h->cells;
	int ret = pp_rd_grow(r, &cells, r->h->n_cells, &r->cap_cells, PP_CELL_BYTES);

	r->h->cells = cells;
	if (ret)
		return ret;
	memcpy(r->h->cells[r->h->n_cells], cell, PP_CELL_BYTES);
	d->e.seen = PP_SEEN_OTHER;
	d->e.gen = (uint32_t)r->h->n_cells++;
	return 0;
}

static int see_zero(struct pp_reader *r, struct pp_draft *d)
{
	(void)r;
	d->e.seen = PP_SEEN_ZERO;
	return 0;
}

static int see_fault(struct pp_reader *r, struct pp_draft *d)
{
	(void)r;
	d->e.seen = PP_SEEN_FAULT;
	return 0;
}

static int see_other(struct pp_reader *r, struct pp_draft *d)
{
	(void)r;
	d->e.seen = PP_SEEN_OTHER;
	d->e.gen = PP_NO_CELL;
	return 0;
}

static int see_raw(struct pp_reader *r, struct pp_draft *d)
{
	struct pp_rd_word w = pp_rd_next_word(r);
	uint8_t cell[PP_CELL_BYTES];

	if (w.len != 2 * PP_CELL_BYTES)
		return pp_rd_bad(r, w.at, "expected %u hex digits", 2 * PP_CELL_BYTES);
	for (size_t i = 0; i < PP_CELL_BYTES; i++) {
		int high = pp_rd_hex_digit(w.at[2 * i]), low = pp_rd_hex_digit(w.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return pp_rd_bad(r, w.at + 2 * i + (high >= 0), "expected a hex digit");
		cell[i] = (uint8_t)(high << 4 | low);
	}
	return keep_cell(r, d, cell);
}

/* "main:2" */
static int actor_and_gen(struct pp_reader *r, struct pp_rd_word w, uint32_t *actor, uint32_t *gen)
{
	struct pp_rd_word name;
	int index;

	if (!pp_rd_cut_at(&w, ':', &name))
		return pp_rd_bad(r, w.at, "expected ACTOR:GENERATION");
	index = pp_rd_find_actor(r->plan, name);
	if (index < 0)
		return pp_rd_bad(r, name.at, "the plan has no actor of this name");
	*actor = (uint32_t)index;
	return pp_rd_number32(r, w, gen);
}

/* The stamp that belongs where the event looks, but for writer and generation. */
static struct pp_stamp stamp_in_place(const struct pp_reader *r, const struct pp_draft *d)
{
	const struct pp_region_def *region = &r->plan->regions[d->e.object];

	return (struct pp_stamp){
		.run = r->h->run,
		.region = d->verb->file ? region->file_space : region->space,
		.offset_bytes = d->e.offset_bytes,
	};
}

static int see_torn(struct pp_reader *r, struct pp_draft *d)
{
	struct pp_stamp front = stamp_in_place(r, d), back = front;
	uint8_t cell[PP_CELL_BYTES], other[PP_CELL_BYTES];
	uint64_t split;
	struct pp_rd_word w;
	int ret;

	ret = actor_and_gen(r, pp_rd_next_word(r), &front.writer, &front.generation);
	if (!ret)
		ret = actor_and_gen(r, pp_rd_next_word(r), &back.writer, &back.generation);
	if (ret)
		return ret;
	w = pp_rd_next_word(r);
	ret = pp_rd_number(r, w, PP_CELL_BYTES - 1, &split);
	if (!ret && !split)
		ret = pp_rd_bad(r, w.at, "a cell is torn behind its first byte");
	if (ret)
		return ret;
	pp_stamp_put(cell, &front);
	pp_stamp_put(other, &back);
	memcpy(cell + split, other + split, PP_CELL_BYTES - split);
	return keep_cell(r, d, cell);
}

/* A name of the plan, or a number for what is of no plan. */
static int name_or_number(struct pp_reader *r, struct pp_rd_word w, int index, uint32_t *out)
{
	if (index >= 0)
		*out = (uint32_t)index;
	else if (w.len && pp_rd_hex_digit(*w.at) >= 0 && pp_rd_hex_digit(*w.at) < 10)
		return pp_rd_number32(r, w, out);
	else
		return pp_rd_bad(r, w.at, "expected a name of the plan or a number");
	return 0;
}

/* One KEY=VALUE of a stamp, as pp_stamp_text() writes them. False in @known: not a key of a stamp.
 */
static int stamp_field(struct pp_reader *r, struct pp_rd_word w, struct pp_stamp *s, bool *known)
{
	const struct pp_plan *p = r->plan;
	int index;

	*known = true;
	if (pp_rd_cut(&w, "run="))
		return pp_rd_number(r, w, UINT64_MAX, &s->run);
	if (pp_rd_cut(&w, "offset="))
		return pp_rd_number(r, w, UINT64_MAX, &s->offset_bytes);
	if (pp_rd_cut(&w, "gen="))
		return pp_rd_number32(r, w, &s->generation);
	if (pp_rd_cut(&w, "writer="))
		return name_or_number(r, w, pp_rd_find_actor(p, w), &s->writer);
	if (pp_rd_cut(&w, "region=")) {
		index = pp_rd_find_region(p, w);
		if (index >= 0)
			index = p->regions[index].space;
		return name_or_number(r, w, index, &s->region);
	}
	*known = false;
	return 0;
}

static int see_stamp(struct pp_reader *r, struct pp_draft *d)
{
	struct pp_stamp s = stamp_in_place(r, d);
	uint8_t cell[PP_CELL_BYTES];

	for (bool known = true; known;) {
		const char *back = r->at;
		struct pp_rd_word w = pp_rd_next_word(r);
		int ret = stamp_field(r, w, &s, &known);

		if (ret)
			return ret;
		if (!known)
			r->at = back;
	}
	if (!s.generation)
		return pp_rd_bad(r, r->at, "expected gen= of the stamp");
	pp_stamp_put(cell, &s);
	return keep_cell(r, d, cell);
}

static int read_saw(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	static const struct {
		const char *word;
		int (*read)(struct pp_reader *r, struct pp_draft *d);
	} sights[] = {
		{ "zero", see_zero }, { "fault", see_fault }, { "other", see_other },
		{ "raw", see_raw },   { "torn", see_torn },   { "stamp", see_stamp },
	};
	uint32_t writer = 0;
	int ret;

	w = pp_rd_next_word(r);
	d->where[PP_PART_SEEN] = d->where[PP_PART_GEN] = d->where[PP_PART_WRITER] = w.at;
	for (size_t i = 0; i < PP_ARRAY_LEN(sights); i++)
		if (pp_rd_is(w, sights[i].word))
			return sights[i].read(r, d);
	d->e.seen = PP_SEEN_STAMP;
	ret = actor_and_gen(r, w, &writer, &d->e.gen);
	d->e.writer = (uint16_t)writer;
	return ret;
}

static int read_gen(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	d->where[PP_PART_GEN] = w.at;
	return pp_rd_number32(r, w, &d->e.gen);
}

/* A number, or "?" where the kernel did not tell. */
static int read_known(struct pp_reader *r, struct pp_rd_word w, int64_t *value)
{
	*value = PP_ACCOUNT_UNKNOWN;
	return pp_rd_is(w, "?") ? 0 : pp_rd_signed_number(r, w, -INT64_MAX, INT64_MAX, value);
}

static int read_pins(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	int64_t pins;
	int ret = read_known(r, w, &pins);

	d->e.offset_bytes = (uint64_t)pins;
	return ret;
}

static int read_vmpin(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	int64_t pages = 0;
	int ret = pp_rd_signed_number(r, w, INT32_MIN, INT32_MAX, &pages);

	d->e.length_bytes = (uint32_t)pages;
	return ret;
}

static int read_skipped(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	(void)r;
	(void)w;
	d->e.flags |= PP_EVENT_SKIPPED;
	return 0;
}

static int read_partial(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	(void)r;
	(void)w;
	d->e.flags |= PP_EVENT_PARTIAL;
	return 0;
}

/* A name of at most 31 bytes; there is no longer errno. */
static int read_result(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	char name[32] = "";
	uint64_t value;
	int code;

	w = pp_rd_next_word(r);
	d->where[PP_PART_RESULT] = w.at;
	if (w.len && pp_rd_hex_digit(*w.at) >= 0 && pp_rd_hex_digit(*w.at) < 10) {
		code = pp_rd_number(r, w, INT32_MAX, &value);
		d->e.result = code ? 0 : -(int32_t)value;
		return code;
	}
	if (w.len && w.len < sizeof(name))
		memcpy(name, w.at, w.len);
	code = pp_errno_value(name);
	if (code <= 0)
		return pp_rd_bad(r, w.at, "expected the name or number of an errno");
	d->e.result = -code;
	return 0;
}

/* ---- looks at pages ---- */

static int read_frame(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	int ret = pp_rd_number(r, w, UINT64_MAX, &d->run.frame);

	return ret || d->run.frame ? ret : pp_rd_bad(r, w.at, "no page frame has number 0");
}

/* "0x1000..": each page's frame behind that of the page before; "0x10,0x18": of each page its own.
 */
static int read_frames(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	struct pp_page_run *run = &d->run, next = { 0 };
	struct pp_rd_word first;
	int ret;

	if (w.len > 2 && !memcmp(w.at + w.len - 2, "..", 2)) {
		w.len -= 2;
		run->form = PP_PAGES_STEP;
		return read_frame(r, w, d);
	}
	if (!pp_rd_cut_at(&w, ',', &first))
		return pp_rd_bad(r, w.at, "expected FRAME.. or FRAME,FRAME...");
	ret = read_frame(r, first, d);
	run->form = PP_PAGES_LIST;
	while (!ret) {
		const bool last = !pp_rd_cut_at(&w, ',', &first);

		ret = pp_rd_number(r, last ? w : first, UINT64_MAX, &next.frame);
		if (!ret && !pp_page_run_extend(run, run->n_more + 1u, &next))
			ret = pp_rd_bad(r, last ? w.at : first.at,
					"a list has at most %u frames, none of them 0 or far away",
					PP_PAGE_LIST_MAX);
		if (last)
			break;
	}
	return ret;
}

static int read_count(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	return pp_rd_number32(r, w, &d->run.count);
}

static int read_is(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	w = pp_rd_next_word(r);
	d->where[PP_PART_SEEN] = d->where[PP_PART_GEN] = w.at;
	d->e.seen = PP_SEEN_OTHER;
	if (pp_rd_is(w, "?"))
		d->e.gen = PP_NO_CELL;
	else if (!pp_page_state_value(w.at, w.len, &d->run.state))
		return pp_rd_bad(r, w.at, "expected states of a page, such as present,dirty");
	return 0;
}

enum field_id {
	SAW,
	GEN,
	PINS,
	VMPIN,
	PACKETS,
	FRAME,
	FRAMES,
	COUNT,
	IS,
	SKIPPED,
	PARTIAL,
	RESULT
};

/* What may follow the operand, in any order, each at most once. */
/* clang-format off */
static const struct field {
	const char *word; /* whole word, or prefix if it ends in '=' and is longer than that */
	unsigned kinds;   /* of verb that may have it */
	unsigned must;    /* kinds that must have it unless skipped */
	bool excused;     /* what is open or failed need not have it either */
	int (*read)(struct pp_reader *r, struct pp_rd_word value, struct pp_draft *d);
} fields[] = {
	[SAW]     = { "saw",      KIND(OBSERVE), KIND(OBSERVE), true,  read_saw },
	[GEN]     = { "gen=",     KINDS_WRITES,  KINDS_WRITES,  false, read_gen },
	[PINS]    = { "pins=",    KIND(LEDGER),  KIND(LEDGER),  true,  read_pins },
	[VMPIN]   = { "vmpin=",   KIND(LEDGER),  KIND(LEDGER),  true,  read_vmpin },
	[PACKETS] = { "packets=", KIND(LEDGER),  KIND(LEDGER),  true,  read_gen },
	[FRAME]   = { "frame=",   KIND(LOOK),    0,             true,  read_frame },
	[FRAMES]  = { "frames=",  KIND(LOOK),    0,             true,  read_frames },
	[COUNT]   = { "count=",   KIND(LOOK),    0,             true,  read_count },
	[IS]      = { "is",       KIND(LOOK),    KIND(LOOK),    true,  read_is },
	[SKIPPED] = { "skipped",  KINDS_ALL,     0,             true,  read_skipped },
	[PARTIAL] = { "partial",  KINDS_ALL,     0,             true,  read_partial },
	[RESULT]  = { "=",        KINDS_ALL,     0,             true,  read_result },
};
/* clang-format on */

static bool field_is(const struct field *f, struct pp_rd_word *w)
{
	size_t len = strlen(f->word);

	return len > 1 && f->word[len - 1] == '=' ? pp_rd_cut(w, f->word) : pp_rd_is(*w, f->word);
}

/* "mrs=1": the account of a quiet point that has events of its own, PP_ACCOUNT_COUNT if none. */
static unsigned account_of(struct pp_rd_word *w)
{
	for (unsigned a = PP_ACCOUNT_FIRST_ALONE; a < PP_ACCOUNT_COUNT; a++) {
		struct pp_rd_word rest = *w;

		if (!pp_rd_cut(&rest, pp_accounts[a].name) || !pp_rd_cut(&rest, "="))
			continue;
		*w = rest;
		return a;
	}
	return PP_ACCOUNT_COUNT;
}

static int read_account(struct pp_reader *r, struct pp_rd_word w, const char *start, unsigned a,
			struct pp_draft *d)
{
	if (d->verb->kind != PP_KIND_LEDGER)
		return pp_rd_bad(r, start, "'%s=' does not belong to %s", pp_accounts[a].name,
				 d->verb->name);
	if (d->accounts & 1u << a)
		return pp_rd_bad(r, start, "'%s=' is here twice", pp_accounts[a].name);
	d->accounts |= 1u << a;
	return read_known(r, w, &d->value[a]);
}

static int read_field(struct pp_reader *r, struct pp_rd_word w, struct pp_draft *d)
{
	const char *start = w.at;
	unsigned account = account_of(&w);

	if (account < PP_ACCOUNT_COUNT)
		return read_account(r, w, start, account, d);

	for (size_t i = 0; i < PP_ARRAY_LEN(fields); i++) {
		const struct field *f = &fields[i];

		if (!field_is(f, &w))
			continue;
		if (!(f->kinds & 1u << d->verb->kind))
			return pp_rd_bad(r, start, "'%s' does not belong to %s", f->word,
					 d->verb->name);
		if (d->said & 1u << i)
			return pp_rd_bad(r, start, "'%s' is here twice", f->word);
		d->said |= 1u << i;
		return f->read(r, w, d);
	}
	return pp_rd_bad(r, start, "expected a field of %s or the end of the line", d->verb->name);
}

/* A quiet point of which only the accounts with events of their own are left. */
static bool only_accounts(const struct pp_draft *d)
{
	return d->accounts && !(d->said & (1u << PINS | 1u << VMPIN | 1u << PACKETS));
}

/* Is a field missing that this event must have? */
static bool missing(const struct pp_draft *d, size_t i)
{
	if (!(fields[i].must & 1u << d->verb->kind) || d->said & 1u << i)
		return false;
	if (d->e.flags & PP_EVENT_SKIPPED || only_accounts(d))
		return false;
	return !fields[i].excused || !(d->e.flags & PP_EVENT_OPEN || d->e.result);
}

/* The run of a look is complete once all its words are read. */
static int keep_run(struct pp_reader *r, struct pp_draft *d, const char *at)
{
	const unsigned words = 1u << FRAME | 1u << FRAMES | 1u << COUNT;
	uint8_t cell[PP_CELL_BYTES];

	if (d->said & 1u << FRAME && d->said & 1u << FRAMES)
		return pp_rd_bad(r, at, "a run has either frame= or frames=");
	if (!(d->said & 1u << IS) || d->e.gen == PP_NO_CELL)
		return d->said & words
			       ? pp_rd_bad(r, at, "what was not seen has no frame and count")
			       : 0;
	pp_page_run_put(cell, &d->run);
	return keep_cell(r, d, cell);
}

int pp_rd_read_fields(struct pp_reader *r, struct pp_draft *d)
{
	struct pp_rd_word w;

	for (w = pp_rd_next_word(r); w.len; w = pp_rd_next_word(r)) {
		int ret = read_field(r, w, d);

		if (ret)
			return ret;
	}
	if (d->e.flags & (PP_EVENT_SKIPPED | PP_EVENT_OPEN) && d->said & (1u << SAW | 1u << IS))
		return pp_rd_bad(r, d->where[PP_PART_SEEN], "what is skipped or open saw nothing");
	for (size_t i = 0; i < PP_ARRAY_LEN(fields); i++)
		if (missing(d, i))
			return pp_rd_bad(r, w.at, "expected '%s' of %s", fields[i].word,
					 d->verb->name);
	d->alone = only_accounts(d);
	return d->verb->kind == PP_KIND_LOOK ? keep_run(r, d, w.at) : 0;
}
