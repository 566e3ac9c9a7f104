/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated machine: what it does, what it shows; see machine.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "unit.h"

#define STEPS_MAX 40000

static const char *const region_names[] = { "data", "idle", "dx" };
static const char *const actor_names[] = { "main", "dev", "peer", "holder" };
static const uint32_t region_bytes[] = { BYTES, PAGE, PAGE };

uint64_t machine_below(struct machine *m, uint64_t n)
{
	return pp_prng_below(&m->rng, n);
}

enum pp_kind kind_of(const struct act *a)
{
	return pp_verbs[a->verb].kind;
}

bool act_writes(const struct act *a)
{
	return kind_of(a) == PP_KIND_WRITE || kind_of(a) == PP_KIND_DEVICE_WRITE;
}

bool act_by_mr(const struct act *a)
{
	return a->verb == PP_VERB_RDMA_WRITE || a->verb == PP_VERB_RDMA_READ;
}

/* Pages leave the file: the MR keeps them. */
bool act_parts(const struct act *a)
{
	return a->region == DATA && (a->verb == PP_VERB_PUNCH || a->verb == PP_VERB_DIO_PWRITE);
}

/* ---- what happens ---- */

void act_stamp(const struct act *a, unsigned cell, uint8_t *out)
{
	const struct pp_stamp s = { .run = RUN,
				    .region = (uint32_t)a->region,
				    .offset_bytes = (uint64_t)cell * CELL,
				    .writer = (uint32_t)a->actor,
				    .generation = a->gen };

	pp_stamp_put(out, &s);
}

static void apply_write(struct machine *m, const struct act *a, const struct step *s)
{
	uint64_t at = (uint64_t)s->cell * CELL;
	uint8_t cell[CELL];

	act_stamp(a, s->cell, cell);
	for (unsigned i = s->from; i < s->to; i++) {
		if (at + i < a->offset || at + i >= a->offset + a->length)
			continue;
		if (act_by_mr(a) && m->parted[at / PAGE])
			m->orphan[at / PAGE][at % PAGE + i] = cell[i];
		else
			m->memory[a->region][at + i] = cell[i];
		if (a->verb == PP_VERB_DIO_PWRITE)
			m->disk[a->region][at + i] = cell[i];
	}
}

static void apply(struct machine *m, const struct step *s)
{
	struct act *a = &m->acts[s->act];
	uint64_t at = (uint64_t)s->cell * CELL;
	const uint8_t *from = pp_verbs[a->verb].durable ? m->disk[a->region] : m->memory[a->region];

	switch ((enum step_kind)s->kind) {
	case STEP_WRITE:
		apply_write(m, a, s);
		break;
	case STEP_LOOK:
		from += at;
		if (act_by_mr(a) && m->parted[at / PAGE])
			from = &m->orphan[at / PAGE][at % PAGE];
		memcpy(a->cells[s->cell - a->offset / CELL] + s->from, from + s->from,
		       s->to - s->from);
		break;
	case STEP_SYNC:
		memcpy(m->disk[a->region] + at, m->memory[a->region] + at, CELL);
		break;
	case STEP_ZERO:
		memset(m->memory[a->region] + at, 0, CELL);
		break;
	case STEP_PART:
		if (!m->parted[s->cell])
			memcpy(m->orphan[s->cell], m->memory[DATA] + s->cell * PAGE, PAGE);
		m->parted[s->cell] = true;
		break;
	case STEP_PIN:
		memset(m->parted, 0, sizeof(m->parted));
		break;
	}
}

static void step(struct machine *m, enum step_kind kind, unsigned cell, unsigned from, unsigned to,
		 uint64_t begin, uint64_t end)
{
	if (m->n_steps == STEPS_MAX)
		return;
	m->steps[m->n_steps++] = (struct step){ begin + machine_below(m, end - begin + 1),
						pp_prng_next(&m->rng),
						(uint16_t)(m->n_acts - 1),
						(uint16_t)cell,
						(uint8_t)kind,
						(uint8_t)from,
						(uint8_t)to };
}

/* Each cell at its own moment, sometimes in two pieces of whole words. */
static void step_cells(struct machine *m, enum step_kind kind, const struct act *a)
{
	for (uint64_t c = a->offset / CELL; c * CELL < a->offset + a->length; c++) {
		unsigned cut = machine_below(m, 6) ? CELL : 8 * (unsigned)machine_below(m, 8);

		step(m, kind, (unsigned)c, 0, cut, a->begin, a->end);
		if (cut < CELL)
			step(m, kind, (unsigned)c, cut, CELL, a->begin, a->end);
	}
}

static void steps_of(struct machine *m, struct act *a)
{
	bool dropped =
		a->result && machine_below(m, 2); /* a write that failed may have done nothing */

	for (uint64_t p = a->offset / PAGE; act_parts(a) && p * PAGE < a->offset + a->length; p++)
		step(m, STEP_PART, (unsigned)p, 0, 0, a->begin, a->end);
	if (act_writes(a) && !dropped)
		step_cells(m, STEP_WRITE, a);
	else if (kind_of(a) == PP_KIND_OBSERVE)
		step_cells(m, STEP_LOOK, a);
	else if (a->verb == PP_VERB_PUNCH)
		step_cells(m, STEP_ZERO, a);
	else if (a->verb == PP_VERB_REG)
		step(m, STEP_PIN, 0, 0, 0, a->begin, a->end);
	/* A sync that failed may have written some; others are written back by and by. */
	for (unsigned c = 0; kind_of(a) == PP_KIND_SYNC && c < region_bytes[a->region] / CELL; c++)
		if (!a->result || machine_below(m, 2))
			step(m, STEP_SYNC, c, 0, 0, a->begin, a->end);
	if (act_writes(a) && !machine_below(m, 3))
		step(m, STEP_SYNC, (unsigned)(a->offset / CELL), 0, 0, a->end, a->end + 100);
}

static int cmp_step(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->tie < y->tie ? -1 : x->tie > y->tie;
}

/* ---- what is asked of the machine ---- */

static struct act *add(struct machine *m, int actor, enum pp_verb verb, int region, uint64_t offset,
		       uint64_t length)
{
	struct act *a = &m->acts[m->n_acts];

	if (m->n_acts == OPS_MAX)
		return NULL;
	m->n_acts++;
	*a = (struct act){ .verb = verb,
			   .actor = actor,
			   .region = region,
			   .offset = offset,
			   .length = length,
			   /* Begins are odd, ends are even: what touches is a case of its own. */
			   .begin = (m->cursor[actor] + machine_below(m, 20)) | 1 };
	a->end = a->begin + 1 + 2 * machine_below(m, machine_below(m, 3) ? 30 : 200);
	m->cursor[actor] = a->end + machine_below(m, 3);
	if (act_writes(a))
		a->gen = ++m->gen[actor];
	if (act_writes(a) && !machine_below(m, 12)) {
		a->result = -EFAULT;
		a->any = true;
	}
	if (kind_of(a) == PP_KIND_OBSERVE) {
		a->cells = calloc(length / CELL, CELL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(a->cells);
	}
	return a;
}

static void draw_range(struct machine *m, bool bytes, uint64_t *offset, uint64_t *length)
{
	static const uint64_t sizes[] = { CELL, 2 * CELL, 8 * CELL, PAGE };
	uint64_t size = sizes[machine_below(m, 4)];

	*length = size;
	*offset = machine_below(m, (BYTES - size) / CELL + 1) * CELL;
	if (size < PAGE && machine_below(m, 3)) /* most meet in a few cells */
		*offset = machine_below(m, 6) * CELL;
	if (size == PAGE && machine_below(m, 2))
		*offset = machine_below(m, PAGES) * PAGE;
	if (bytes && !machine_below(m, 5)) {
		*offset += 8 * machine_below(m, 7);
		*length = 8 * (1 + machine_below(m, 7));
		if (*offset + *length > BYTES)
			*offset = 0;
	}
}

static void act_of(struct machine *m, int actor)
{
	static const enum pp_verb choice[][8] = {
		[MAIN] = { PP_VERB_STORE, PP_VERB_LOAD, PP_VERB_PREAD, PP_VERB_FSYNC,
			   PP_VERB_DISK_READ, PP_VERB_PUNCH, PP_VERB_PWRITE, PP_VERB_FDATASYNC },
		[DEV] = { PP_VERB_RDMA_WRITE, PP_VERB_RDMA_WRITE, PP_VERB_RDMA_WRITE,
			  PP_VERB_RDMA_READ, PP_VERB_RDMA_READ, PP_VERB_DEREG, PP_VERB_QUIET,
			  PP_VERB_RDMA_WRITE },
		[PEER] = { PP_VERB_LOAD, PP_VERB_VM_READ, PP_VERB_STORE, PP_VERB_VM_WRITE,
			   PP_VERB_DISK_READ, PP_VERB_LOAD, PP_VERB_DIO_PWRITE, PP_VERB_PREAD },
	};
	enum pp_verb verb = choice[actor][machine_below(m, 8)];
	uint64_t offset = 0, length = BYTES;
	struct act *a;

	if (pp_verbs[verb].ranged)
		draw_range(m, pp_verbs[verb].bytes, &offset, &length);
	if (verb == PP_VERB_PUNCH) {
		offset = machine_below(m, PAGES) * PAGE;
		length = PAGE;
	}
	/* The bystander is only looked at. */
	if (kind_of(&(struct act){ .verb = verb }) == PP_KIND_OBSERVE && actor != DEV &&
	    !machine_below(m, 8)) {
		offset %= PAGE;
		length = length > PAGE - offset ? PAGE - offset : length;
		add(m, actor, verb, IDLE, offset, length);
		return;
	}
	a = add(m, actor, verb, DATA, offset, length);
	if (a && kind_of(a) == PP_KIND_SYNC && !machine_below(m, 60)) {
		a->result = -EIO;
		a->any = m->failed_sync = true;
	}
	if (a && verb == PP_VERB_QUIET)
		a->pins = (int)PAGES;
	if (verb == PP_VERB_DEREG) {
		add(m, actor, PP_VERB_QUIET, DATA, 0, 0);
		add(m, actor, PP_VERB_REG, DATA, 0, BYTES);
	}
}

/* A hold of DAX pages and a punch that waits for it; the check at the end. */
static void last_acts(struct machine *m)
{
	struct act *hold, *punch, *drain;

	for (int actor = 0; actor < ACTORS; actor++)
		m->cursor[HOLDER] =
			m->cursor[actor] > m->cursor[HOLDER] ? m->cursor[actor] : m->cursor[HOLDER];
	m->cursor[MAIN] = m->cursor[HOLDER];
	hold = add(m, HOLDER, PP_VERB_SPLICE_HOLD, DAX, 0, PAGE);
	drain = add(m, HOLDER, PP_VERB_SPLICE_DRAIN, DAX, 0, PAGE);
	m->cursor[MAIN] = hold->end + 1;
	punch = add(m, MAIN, PP_VERB_PUNCH, DAX, 0, PAGE);
	drain->begin += punch->begin + 10 - hold->begin;
	drain->end = drain->begin + 30;
	punch->end = drain->begin + machine_below(m, 60);
	m->cursor[MAIN] = punch->end + drain->end;
	add(m, MAIN, PP_VERB_FSCK, DATA, 0, 0);
}

static void run_steps(struct machine *m)
{
	qsort(m->steps, m->n_steps, sizeof(*m->steps), cmp_step);
	for (size_t i = 0; i < m->n_steps; i++)
		apply(m, &m->steps[i]);
}

void machine_run(struct machine *m, uint64_t seed)
{
	size_t done = 0;

	*m = (struct machine){ .steps = malloc(STEPS_MAX * sizeof(*m->steps)) };
	CU_ASSERT_PTR_NOT_NULL_FATAL(m->steps);
	pp_prng_seed(&m->rng, seed);
	m->cursor[MAIN] = 1;
	add(m, MAIN, PP_VERB_STORE, IDLE, 0, PAGE)->result = 0;
	m->cursor[MAIN]++; /* what ends when the sync begins is not promised */
	add(m, MAIN, PP_VERB_FSYNC, IDLE, 0, PAGE);
	m->cursor[DEV] = m->cursor[PEER] = m->cursor[MAIN] + 1;
	add(m, DEV, PP_VERB_REG, DATA, 0, BYTES);
	for (int i = 0; i < 40; i++)
		act_of(m, (int)machine_below(m, HOLDER));
	last_acts(m);
	/* The steps of each name their act by its number. */
	for (size_t n = m->n_acts; done < n; done++) {
		m->n_acts = done + 1;
		steps_of(m, &m->acts[done]);
	}
	run_steps(m);
}

void machine_free(struct machine *m)
{
	for (size_t i = 0; i < m->n_acts; i++)
		free(m->acts[i].cells);
	free(m->steps);
}

/* ---- plan and history of it ---- */

#define HEAD                                                                                       \
	"pinproof-plan 1\ncase unit/ext4/rxe-mr\nbacking ext4\npinner rxe-mr\nbound 10s\n"         \
	"rules O1 O2 O3 O4 O5 O6 O7 O8 O9 O11 O12\nfs f0 type=ext4 slot=disk0\n"                   \
	"fs f1 type=ext4 slot=pmem0\nregion data backing=ext4 fs=f0 size=8K\n"                     \
	"region idle backing=ext4 fs=f0 size=4K bystander=yes\n"                                   \
	"region dx backing=fsdax-ext4 fs=f1 size=4K\nmr m0 region=data\nactor main\nactor dev\n"   \
	"actor peer\nactor holder\n"

struct pp_plan *machine_plan(const struct machine *m)
{
	struct pp_err err = { "" };
	struct pp_plan *plan = NULL;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs(HEAD, out);
	for (size_t i = 0; i < m->n_acts; i++) {
		const struct act *a = &m->acts[i];
		const struct pp_verb_info *verb = &pp_verbs[a->verb];

		fprintf(out, "op %zu %s %s", i + 1, actor_names[a->actor], verb->name);
		if (verb->target != PP_TARGET_NONE)
			fprintf(out, " %s",
				verb->target == PP_TARGET_MR   ? "m0"
				: verb->target == PP_TARGET_FS ? "f0"
							       : region_names[a->region]);
		if (verb->ranged)
			fprintf(out, " %llu+%llu", (unsigned long long)a->offset,
				(unsigned long long)a->length);
		if (act_writes(a))
			fprintf(out, " gen=%u", a->gen);
		fprintf(out, "%s\n", a->any ? " expect=any" : "");
	}
	fclose(out);
	if (pp_plan_parse(text, size, &plan, &err))
		fprintf(stderr, "%s\n%s", err.text, text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
	free(text);
	return plan;
}

static struct pp_event *put_event(struct record *r, const struct pp_event *e)
{
	if (r->h.n_events == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 256;
		r->h.events = realloc(r->h.events, r->cap * sizeof(*e));
		r->cells = realloc(r->cells, r->cap * CELL);
		CU_ASSERT_FATAL(r->h.events && r->cells);
	}
	r->h.events[r->h.n_events] = *e;
	return &r->h.events[r->h.n_events++];
}

static void put_looks(struct record *r, const struct act *a, struct pp_event e)
{
	struct pp_event *run = NULL;

	for (uint64_t i = 0; i < a->length / CELL; i++) {
		const struct pp_stamp place = { .run = RUN,
						.region = (uint32_t)a->region,
						.offset_bytes = a->offset + i * CELL };
		struct pp_stamp got = { 0 };

		e.offset_bytes = place.offset_bytes;
		e.length_bytes = CELL;
		e.seen = (uint8_t)pp_stamp_seen(a->cells[i], &place, &got);
		e.writer = e.seen == PP_SEEN_STAMP ? (uint16_t)got.writer : 0;
		e.gen = e.seen == PP_SEEN_STAMP ? got.generation : 0;
		if (run && run->seen == e.seen && e.seen != PP_SEEN_OTHER &&
		    run->writer == e.writer && run->gen == e.gen) {
			run->length_bytes += CELL;
			continue;
		}
		if (e.seen == PP_SEEN_OTHER)
			e.gen = (uint32_t)r->h.n_cells;
		run = put_event(r, &e);
		if (e.seen == PP_SEEN_OTHER)
			memcpy(r->cells[r->h.n_cells++], a->cells[i], CELL);
	}
}

static int cmp_begin(const void *x, const void *y, void *arg)
{
	const struct machine *m = arg;
	const struct act *a = &m->acts[*(const size_t *)x], *b = &m->acts[*(const size_t *)y];

	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return a < b ? -1 : a > b;
}

void machine_record(struct machine *m, struct record *r)
{
	size_t order[OPS_MAX];

	*r = (struct record){ .h = { .run = RUN } };
	for (size_t i = 0; i < m->n_acts; i++)
		order[i] = i;
	qsort_r(order, m->n_acts, sizeof(*order), cmp_begin, m);
	for (size_t i = 0; i < m->n_acts; i++) {
		const struct act *a = &m->acts[order[i]];
		bool ranged = pp_verbs[a->verb].ranged;
		struct pp_event e = { .begin_ns = a->begin,
				      .end_ns = a->end,
				      .op = (uint32_t)order[i] + 1,
				      .verb = (uint8_t)a->verb,
				      .actor = (uint8_t)a->actor,
				      .writer = (uint16_t)a->actor,
				      .gen = a->gen,
				      .result = a->result,
				      .object = (uint16_t)a->region,
				      .offset_bytes = ranged ? a->offset : 0,
				      .length_bytes = ranged ? (uint32_t)a->length : 0 };
		const struct pp_quiet q = { .pins = a->pins, .vmpin_pages = a->pins };

		if (a->verb == PP_VERB_QUIET)
			pp_event_quiet_put(&e, &q);
		if (kind_of(a) == PP_KIND_OBSERVE && !a->result)
			put_looks(r, a, e);
		else
			put_event(r, &e);
	}
	r->h.cells = r->cells;
}
