/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of what a simulated machine showed to what no machine could show; see machine.h. */
#include <errno.h>
#include <string.h>

#include "core/oracle.h"
#include "machine.h"

#define CLASS(c) (1u << PP_CLASS_##c)

static bool covers(const struct act *a, int region, unsigned cell)
{
	return a->region == region && a->offset < (uint64_t)(cell + 1) * CELL &&
	       (uint64_t)cell * CELL < a->offset + a->length;
}

static bool covers_whole(const struct act *a, unsigned cell)
{
	return a->offset <= (uint64_t)cell * CELL &&
	       (uint64_t)(cell + 1) * CELL <= a->offset + a->length;
}

/* Do the two run at once, on pages that both touch? */
static bool meet(const struct act *a, const struct act *b)
{
	return a != b && a->region == b->region && a->begin <= b->end && b->begin <= a->end &&
	       a->offset / PAGE <= (b->offset + b->length - 1) / PAGE &&
	       b->offset / PAGE <= (a->offset + a->length - 1) / PAGE;
}

/* May the MR have lost pages of the range by the end of the operation? */
static bool detached(const struct machine *m, const struct act *a)
{
	uint64_t pinned = 0;

	if (!act_by_mr(a))
		return false;
	for (size_t i = 0; i < m->n_acts; i++)
		if (m->acts[i].verb == PP_VERB_REG && m->acts[i].end < a->begin)
			pinned = m->acts[i].begin;
	for (size_t i = 0; i < m->n_acts; i++) {
		struct act hazard = m->acts[i];

		if (!act_parts(&hazard) || hazard.end < pinned || hazard.begin > a->end)
			continue;
		/* From its begin on. */
		hazard.end = a->end;
		if (meet(&hazard, a))
			return true;
	}
	return false;
}

/*
 * May what succeeded have been lost all the same? A device write while pages leave the file; a
 * direct write while others make its pages dirty.
 */
static bool doubtful(const struct machine *m, const struct act *a)
{
	for (size_t i = 0; i < m->n_acts; i++) {
		const struct act *b = &m->acts[i];

		if (kind_of(b) == PP_KIND_OBSERVE || !meet(a, b))
			continue;
		if (a->verb == PP_VERB_DIO_PWRITE ||
		    (kind_of(a) == PP_KIND_DEVICE_WRITE && act_parts(b)))
			return true;
	}
	return detached(m, a);
}

static bool changes(const struct act *a)
{
	return act_writes(a) || a->verb == PP_VERB_PUNCH;
}

static bool certain(const struct machine *m, const struct act *a)
{
	return changes(a) && !a->result && !doubtful(m, a);
}

/* Is every change of the cell one of the whole cell, and known to have lasted or failed? */
static bool simple(const struct machine *m, int region, unsigned cell)
{
	for (size_t i = 0; i < m->n_acts; i++) {
		const struct act *a = &m->acts[i];

		if (changes(a) && covers(a, region, cell) &&
		    (!covers_whole(a, cell) || (!a->result && doubtful(m, a))))
			return false;
	}
	return true;
}

/* The certain change with the latest begin that ended before the time; NULL if there is none. */
static struct act *newest(struct machine *m, int region, unsigned cell, uint64_t before)
{
	struct act *best = NULL;

	for (size_t i = 0; i < m->n_acts; i++) {
		struct act *a = &m->acts[i];

		if (certain(m, a) && covers(a, region, cell) && a->end < before &&
		    (!best || a->begin > best->begin))
			best = a;
	}
	return best;
}

/* A change that had ended when @w began, NULL: only the initial zeros. */
static struct act *older(struct machine *m, int region, unsigned cell, const struct act *w)
{
	for (size_t i = 0; i < m->n_acts; i++) {
		struct act *a = &m->acts[i];

		if (act_writes(a) && certain(m, a) && covers(a, region, cell) && a->end < w->begin)
			return a;
	}
	return NULL;
}

static bool zeros_possible(const struct machine *m, int region, unsigned cell,
			   const struct act *since)
{
	for (size_t i = 0; i < m->n_acts; i++)
		if (m->acts[i].verb == PP_VERB_PUNCH && covers(&m->acts[i], region, cell) &&
		    (m->acts[i].end >= since->begin || m->acts[i].result))
			return true;
	return false;
}

static uint8_t *seen(const struct target *t)
{
	return t->a->cells[t->cell - t->a->offset / CELL];
}

static bool pick_look(struct target *t, bool durable)
{
	struct machine *m = t->m;

	for (int tries = 0; tries < 60; tries++) {
		t->a = &m->acts[machine_below(m, m->n_acts)];
		if (kind_of(t->a) != PP_KIND_OBSERVE || t->a->region != DATA ||
		    pp_verbs[t->a->verb].durable != durable || t->a->verb == PP_VERB_SPLICE_DRAIN ||
		    detached(m, t->a))
			continue;
		t->cell = (unsigned)(t->a->offset / CELL + machine_below(m, t->a->length / CELL));
		if (simple(m, DATA, t->cell))
			return true;
	}
	return false;
}

/* Show what @w, the newest that had to show, has replaced. */
static bool show_older(struct target *t, struct act *w, enum pp_rule rule)
{
	struct act *old = older(t->m, DATA, t->cell, w);

	if (!old && zeros_possible(t->m, DATA, t->cell, w))
		return false;
	memset(seen(t), 0, CELL);
	if (old)
		act_stamp(old, t->cell, seen(t));
	t->rule = w->verb == PP_VERB_PUNCH ? PP_O5_END_OF_FILE : rule;
	/* Of a write and a punch that overlap, either is what had to show. */
	t->also = w->verb == PP_VERB_PUNCH ? rule : PP_O5_END_OF_FILE;
	t->classes = old ? CLASS(STALE) : CLASS(ZERO);
	return true;
}

/* The newest sync that had ended when the observation began. */
static const struct act *sync_before(const struct machine *m, const struct act *look)
{
	const struct act *sync = NULL;

	for (size_t i = 0; i < m->n_acts; i++) {
		const struct act *s = &m->acts[i];

		if (kind_of(s) == PP_KIND_SYNC && s->region == look->region &&
		    s->end < look->begin && (!sync || s->begin > sync->begin))
			sync = s;
	}
	return sync;
}

static bool make_stale(struct target *t)
{
	struct act *w;

	if (t->m->failed_sync || !pick_look(t, false))
		return false;
	w = newest(t->m, DATA, t->cell, t->a->begin);
	if (!w || (w->verb == PP_VERB_PUNCH && !older(t->m, DATA, t->cell, w)))
		return false;
	return show_older(t, w, PP_O1_COHERENCE);
}

static bool make_not_durable(struct target *t)
{
	const struct act *sync;
	struct act *w;

	if (t->m->failed_sync || !pick_look(t, true))
		return false;
	sync = sync_before(t->m, t->a);
	w = sync ? newest(t->m, DATA, t->cell, sync->begin) : NULL;
	if (!w || (w->verb == PP_VERB_PUNCH && !older(t->m, DATA, t->cell, w)))
		return false;
	return show_older(t, w, PP_O2_DURABILITY);
}

static bool make_future(struct target *t)
{
	struct machine *m = t->m;

	if (!pick_look(t, machine_below(m, 2)))
		return false;
	for (size_t i = 0; i < m->n_acts; i++) {
		const struct act *a = &m->acts[i];

		if (act_writes(a) && covers(a, DATA, t->cell) && a->begin >= t->a->end) {
			act_stamp(a, t->cell, seen(t));
			t->rule = PP_O4_IDENTITY;
			t->classes = CLASS(FUTURE);
			return true;
		}
	}
	return false;
}

static bool put_stamp(struct target *t, struct pp_stamp s, enum pp_rule rule, uint32_t classes)
{
	if (!pick_look(t, machine_below(t->m, 2)))
		return false;
	if (!s.offset_bytes)
		s.offset_bytes = (uint64_t)t->cell * CELL;
	pp_stamp_put(seen(t), &s);
	t->rule = rule;
	t->classes = classes;
	return true;
}

static bool make_unwritten(struct target *t)
{
	const struct pp_stamp s = {
		.run = RUN, .region = DATA, .writer = MAIN, .generation = 1000
	};

	return put_stamp(t, s, PP_O4_IDENTITY, CLASS(FUTURE));
}

static bool make_other_run(struct target *t)
{
	const struct pp_stamp s = { .run = RUN + 1, .region = DATA, .generation = 1 };

	return put_stamp(t, s, PP_O4_IDENTITY, CLASS(FOREIGN));
}

static bool make_bleed(struct target *t)
{
	const struct pp_stamp s = { .run = RUN, .region = IDLE, .generation = 1 };

	return put_stamp(t, s, PP_O6_ISOLATION, CLASS(FOREIGN));
}

/* Blocks that are freed while the disk is read may be another place's. */
static bool given_away(const struct target *t)
{
	const struct machine *m = t->m;

	for (size_t i = 0; i < m->n_acts && pp_verbs[t->a->verb].durable; i++)
		if (m->acts[i].verb == PP_VERB_PUNCH && m->acts[i].begin < t->a->end &&
		    (m->acts[i].end >= t->a->begin || m->acts[i].result))
			return true;
	return false;
}

static bool make_misplaced(struct target *t)
{
	struct pp_stamp s = { .run = RUN, .region = DATA, .generation = 1 };

	if (!pick_look(t, machine_below(t->m, 2)) || given_away(t))
		return false;
	s.offset_bytes = (uint64_t)((t->cell + 1) % CELLS) * CELL;
	pp_stamp_put(seen(t), &s);
	t->rule = PP_O4_IDENTITY;
	t->classes = CLASS(MISPLACED);
	return true;
}

static bool make_garbage(struct target *t)
{
	if (!pick_look(t, machine_below(t->m, 2)))
		return false;
	memset(seen(t), 0xee, CELL);
	t->rule = PP_O4_IDENTITY;
	t->classes = CLASS(GARBAGE);
	return true;
}

/* Half of what had to show, half of what it had replaced, and nobody is writing. */
static bool make_torn(struct target *t)
{
	struct machine *m = t->m;
	const struct act *w, *old;

	if (m->failed_sync || !pick_look(t, false))
		return false;
	w = newest(m, DATA, t->cell, t->a->begin);
	old = w && act_writes(w) ? older(m, DATA, t->cell, w) : NULL;
	if (!old)
		return false;
	/* What may have come later, or at the same time, could have made the mix. */
	for (size_t i = 0; i < m->n_acts; i++)
		if (&m->acts[i] != w && changes(&m->acts[i]) &&
		    covers(&m->acts[i], DATA, t->cell) &&
		    (!certain(m, &m->acts[i]) ||
		     (m->acts[i].begin <= t->a->end && m->acts[i].end >= w->begin)))
			return false;
	act_stamp(w, t->cell, seen(t));
	{
		uint8_t half[CELL];

		act_stamp(old, t->cell, half);
		memcpy(seen(t) + CELL / 2, half + CELL / 2, CELL / 2);
	}
	t->rule = PP_O4_IDENTITY;
	t->classes = CLASS(TORN);
	return true;
}

/* One byte of a cell that was written in part. */
static bool make_wrong_byte(struct target *t)
{
	struct machine *m = t->m;

	for (int tries = 0; tries < 60; tries++) {
		unsigned byte = 36 + (unsigned)machine_below(m, 28);

		t->a = &m->acts[machine_below(m, m->n_acts)];
		if (kind_of(t->a) != PP_KIND_OBSERVE || t->a->region != DATA)
			continue;
		t->cell = (unsigned)(t->a->offset / CELL + machine_below(m, t->a->length / CELL));
		if (simple(m, DATA, t->cell))
			continue;
		/* A value that no stamp of the cell has there. */
		for (size_t i = 0; i < m->n_acts; i++) {
			uint8_t cell[CELL];

			act_stamp(&m->acts[i], t->cell, cell);
			if (act_writes(&m->acts[i]) && covers(&m->acts[i], DATA, t->cell) &&
			    cell[byte] == 0xa5)
				return false;
		}
		seen(t)[byte] = 0xa5;
		t->rule = PP_O4_IDENTITY;
		t->classes = CLASS(GARBAGE);
		return true;
	}
	return false;
}

static unsigned path_of(const struct act *a)
{
	if (pp_verbs[a->verb].durable)
		return 1;
	return act_by_mr(a) ? 2 : 0;
}

static struct act *write_seen(struct machine *m, const struct act *look, unsigned cell)
{
	const uint8_t *at = look->cells[cell - look->offset / CELL];

	for (size_t i = 0; i < m->n_acts; i++) {
		uint8_t stamp[CELL];

		if (!act_writes(&m->acts[i]) || !covers(&m->acts[i], DATA, cell))
			continue;
		act_stamp(&m->acts[i], cell, stamp);
		if (!memcmp(stamp, at, CELL))
			return &m->acts[i];
	}
	return NULL;
}

/* What @t's observation could have shown of what was older than what @first saw. */
static const struct act *behind(const struct target *t, const struct act *first)
{
	struct machine *m = t->m;
	const struct act *sync = sync_before(m, t->a), *need, *newer, *old;
	bool durable = pp_verbs[t->a->verb].durable;

	if (kind_of(first) != PP_KIND_OBSERVE || path_of(first) != path_of(t->a) ||
	    first->verb == PP_VERB_SPLICE_DRAIN || detached(m, first) ||
	    !covers(first, DATA, t->cell) || first->end >= t->a->begin)
		return NULL;
	newer = write_seen(m, first, t->cell);
	old = newer ? newest(m, DATA, t->cell, newer->begin) : NULL;
	need = durable && !sync ? NULL
				: newest(m, DATA, t->cell, durable ? sync->begin : t->a->begin);
	return old && act_writes(old) && !(need && old->end < need->begin) ? old : NULL;
}

/* The older value comes back after the newer one was seen, though both were still possible. */
static bool make_way_back(struct target *t)
{
	struct machine *m = t->m;
	size_t n = m->n_acts;

	for (size_t k = 0; k < 4 * n * n && !m->failed_sync; k++) {
		const struct act *old;

		t->a = &m->acts[k / n % n];
		if (kind_of(t->a) != PP_KIND_OBSERVE || t->a->region != DATA || detached(m, t->a))
			continue;
		t->cell = (unsigned)(t->a->offset / CELL + machine_below(m, t->a->length / CELL));
		old = simple(m, DATA, t->cell) ? behind(t, &m->acts[k % n]) : NULL;
		if (!old)
			continue;
		act_stamp(old, t->cell, seen(t));
		t->rule = PP_O3_NO_WAY_BACK;
		t->classes = CLASS(STALE);
		return true;
	}
	return false;
}

/* ---- changes of operations instead of cells ---- */

static bool pick(struct target *t, bool (*fits)(const struct act *a))
{
	struct machine *m = t->m;
	size_t from = machine_below(m, m->n_acts);

	for (size_t i = 0; i < m->n_acts; i++) {
		t->a = &m->acts[(from + i) % m->n_acts];
		if (fits(t->a))
			return true;
	}
	return false;
}

static bool may_fail(const struct act *a)
{
	return !a->any && kind_of(a) != PP_KIND_PIN && kind_of(a) != PP_KIND_UNPIN &&
	       kind_of(a) != PP_KIND_HOLD;
}

static bool make_errno(struct target *t)
{
	if (!pick(t, may_fail))
		return false;
	/* A direct write that collided explains EIO, and no other error, of the next sync. */
	t->a->result = kind_of(t->a) == PP_KIND_SYNC ? -EROFS : -EIO;
	t->rule = t->a->region == IDLE && kind_of(t->a) == PP_KIND_OBSERVE ? PP_O6_ISOLATION
									   : PP_O12_EXPLAINED;
	t->classes = CLASS(ERRNO);
	return true;
}

static bool may_hang(const struct act *a)
{
	return a->verb != PP_VERB_FSCK;
}

static bool make_stuck(struct target *t)
{
	if (!pick(t, may_hang))
		return false;
	t->a->end = t->a->begin + PP_OP_BOUND_MS * 1000000ull + 1;
	t->rule = PP_O9_LIVENESS;
	t->classes = CLASS(STUCK);
	return true;
}

static bool is_waiting(const struct act *a)
{
	return a->verb == PP_VERB_PUNCH && a->region == DAX;
}

static bool make_early(struct target *t)
{
	if (!pick(t, is_waiting))
		return false;
	t->a->end = t->a->begin;
	t->rule = PP_O9_LIVENESS;
	t->classes = CLASS(EARLY);
	return true;
}

static bool is_quiet(const struct act *a)
{
	return a->verb == PP_VERB_QUIET;
}

static bool make_leak(struct target *t)
{
	if (!pick(t, is_quiet))
		return false;
	/* A registration that overlaps it may count or not. */
	for (size_t i = 0; i < t->m->n_acts; i++) {
		const struct act *a = &t->m->acts[i];

		if ((kind_of(a) == PP_KIND_PIN || kind_of(a) == PP_KIND_UNPIN) &&
		    a->begin <= t->a->end && a->end >= t->a->begin)
			return false;
	}
	t->a->pins += machine_below(t->m, 2) ? 1 : -1;
	t->rule = PP_O7_PIN_BALANCE;
	t->classes = CLASS(LEAK) | CLASS(OVERRELEASE);
	return true;
}

static bool is_check(const struct act *a)
{
	return a->verb == PP_VERB_FSCK;
}

static bool make_damage(struct target *t)
{
	if (!pick(t, is_check))
		return false;
	t->a->result = -EUCLEAN;
	t->rule = PP_O11_SOUND_FS;
	t->classes = CLASS(DAMAGED);
	return true;
}

static bool sees_bystander(const struct act *a)
{
	return kind_of(a) == PP_KIND_OBSERVE && a->region == IDLE;
}

static bool make_bystander_byte(struct target *t)
{
	if (!pick(t, sees_bystander))
		return false;
	t->cell = (unsigned)(t->a->offset / CELL + machine_below(t->m, t->a->length / CELL));
	seen(t)[machine_below(t->m, CELL)] ^= 0x10;
	t->rule = PP_O6_ISOLATION;
	t->classes = CLASS(GARBAGE) | CLASS(TORN); /* the byte may have become a zero */
	return true;
}

static bool make_bystander_lost(struct target *t)
{
	if (!pick(t, sees_bystander))
		return false;
	t->cell = (unsigned)(t->a->offset / CELL);
	memset(seen(t), 0, CELL);
	t->rule = PP_O6_ISOLATION;
	t->classes = CLASS(ZERO);
	return true;
}

const struct change machine_changes[] = {
	{ "stale", make_stale },
	{ "stale on disk", make_not_durable },
	{ "future", make_future },
	{ "never written", make_unwritten },
	{ "of another run", make_other_run },
	{ "misplaced", make_misplaced },
	{ "garbage", make_garbage },
	{ "torn at rest", make_torn },
	{ "one byte", make_wrong_byte },
	{ "way back", make_way_back },
	{ "a bystander's stamp", make_bleed },
	{ "a bystander's byte", make_bystander_byte },
	{ "a bystander's cell", make_bystander_lost },
	{ "errno", make_errno },
	{ "behind its bound", make_stuck },
	{ "did not wait", make_early },
	{ "pins", make_leak },
	{ "damage", make_damage },
};
const size_t machine_n_changes = PP_ARRAY_LEN(machine_changes);
