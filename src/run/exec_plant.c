/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake provider: what becomes of the one device write, or of the pages before the one look,
 * that
 * --plant asks for. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run/exec_state.h"

enum stage { WAITING, HIT, LEFT, DONE };

/* The operation that is hit; a write is kept for a fault that acts later. Under x->lock but for
 * bytes, which only the writer's own thread touches. */
struct pp_exec_plant {
	uint32_t target; /* id of the operation; 0: counted */
	unsigned number, counted;
	enum stage stage;
	bool due; /* somebody looked (delay) or wrote something newer (repeat) */
	struct pp_op op;
	struct pp_target_ref t;
	uint64_t ended_ns;
	uint8_t *bytes;
};

int pp_exec_plant_open(struct pp_exec *x, size_t longest, struct pp_err *err)
{
	const struct pp_plant_spec *spec = &x->setup->plant;

	if (!spec->kind || spec->every || spec->kind > PP_PLANT_CLEAN)
		return 0;
	x->plant = calloc(1, sizeof(*x->plant));
	if (x->plant)
		x->plant->bytes = malloc(longest);
	if (!x->plant || !x->plant->bytes)
		return pp_err_set(err, -ENOMEM, "planted fault");
	x->plant->target = pp_plant_target(x->plan, spec);
	x->plant->number = spec->number ? spec->number : PP_PLANT_STORM_DEFAULT;
	return 0;
}

void pp_exec_plant_close(struct pp_exec *x)
{
	if (!x->plant)
		return;
	free(x->plant->bytes);
	free(x->plant);
	x->plant = NULL;
}

static bool is_write(const struct pp_target_ref *t)
{
	enum pp_kind kind = pp_verbs[t->op->verb].kind;

	return kind == PP_KIND_WRITE || kind == PP_KIND_DEVICE_WRITE;
}

static uint16_t space_of(const struct pp_exec *x, const struct pp_target_ref *t)
{
	const struct pp_region_def *def = &x->plan->regions[t->region];

	return pp_verbs[t->op->verb].file ? def->file_space : def->space;
}

/* Is this the write to spoil? Said once; in a storm, of which nobody knows what will be seen, of
 * each so many writes. */
static bool chosen(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_exec_plant *p = w->x->plant;
	bool hit = false;

	if (!p || pp_verbs[t->op->verb].kind != PP_KIND_DEVICE_WRITE)
		return false;
	pthread_mutex_lock(&w->x->lock);
	if (p->stage == WAITING && p->target)
		hit = p->target == t->op->id;
	else if (!p->target && w->in_storm)
		hit = ++p->counted % p->number == 0 && p->stage != LEFT;
	if (hit) {
		p->stage = HIT;
		p->op = *t->op;
		p->t = *t;
		p->t.op = &p->op;
		if (!w->x->outcome->planted_op)
			w->x->outcome->planted_op = t->op->id;
	}
	pthread_mutex_unlock(&w->x->lock);
	return hit;
}

static void shift(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_stamp s;

	if (t->length_bytes >= 2 * PP_CELL_BYTES) {
		memmove(w->buf + PP_CELL_BYTES, w->buf, t->length_bytes - PP_CELL_BYTES);
	} else if (pp_stamp_get(w->buf, &s)) {
		s.offset_bytes += PP_CELL_BYTES;
		pp_stamp_put(w->buf, &s);
	} else { /* a part of a cell: what its neighbour byte by byte would have been */
		memmove(w->buf + t->length_bytes / 2, w->buf,
			t->length_bytes - t->length_bytes / 2);
	}
}

static int64_t put(struct pp_worker *w, const struct pp_target_ref *t)
{
	return pp_exec_verb(t->op->verb)->put(w, t);
}

/* The same with other bytes in w->buf: what comes from a raw disk must get there first. */
static int64_t put_changed(struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_verb_impl *impl = pp_exec_verb(t->op->verb);
	int rc = pp_verbs[t->op->verb].via ? impl->prepare(w, t) : 0;

	return rc ? rc : impl->put(w, t);
}

/* The bytes that are torn off keep what was there; where only whole sectors move, they are zeros.
 */
static int64_t tear(struct pp_worker *w, const struct pp_target_ref *t)
{
	size_t off = t->length_bytes < PP_CELL_BYTES ? t->length_bytes / 2 : PP_CELL_BYTES / 2;
	struct pp_target_ref less = *t;
	int64_t n;

	if (!pp_verbs[t->op->verb].bytes || w->x->setup->plant.every || t->length_bytes <= off) {
		memset(w->buf + t->length_bytes - off, 0, off);
		return put_changed(w, t);
	}
	less.length_bytes -= off;
	n = put(w, &less);
	return n < 0 ? n : n + (int64_t)off;
}

/* Keep the bytes for later. */
static void keep(struct pp_worker *w, const struct pp_target_ref *t)
{
	memcpy(w->x->plant->bytes, w->buf, t->length_bytes);
}

static void leave(struct pp_worker *w)
{
	pthread_mutex_lock(&w->x->lock);
	w->x->plant->ended_ns = pp_exec_now(w->x);
	w->x->plant->stage = LEFT;
	pthread_mutex_unlock(&w->x->lock);
}

/* What a repeated write of whole sectors comes from has been overwritten on the raw disk. */
static void carry_out(struct pp_worker *w)
{
	struct pp_exec_plant *p = w->x->plant;

	memcpy(w->buf, p->bytes, p->t.length_bytes);
	if (pp_verbs[p->op.verb].target == PP_TARGET_MR &&
	    !pp_exec_mr_held(&w->x->mrs[p->op.object]))
		return;
	put_changed(w, &p->t);
}

int64_t pp_exec_plant_put(struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_plant_spec *spec = &w->x->setup->plant;
	int64_t n;

	if (!spec->kind || (!spec->every && !chosen(w, t)))
		return put(w, t);
	switch (spec->kind) {
	case PP_PLANT_DROP:
		return (int64_t)t->length_bytes;
	case PP_PLANT_SHIFT:
		shift(w, t);
		return put_changed(w, t);
	case PP_PLANT_TEAR:
		return tear(w, t);
	case PP_PLANT_DELAY:
		keep(w, t);
		leave(w);
		return (int64_t)t->length_bytes;
	case PP_PLANT_REPEAT:
		keep(w, t);
		n = put(w, t);
		leave(w);
		return n;
	default:
		return put(w, t);
	}
}

/* Does this operation, which has ended, make the fault due? Under x->lock. */
static bool triggers(const struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_exec *x = w->x;
	const struct pp_exec_plant *p = x->plant;
	enum pp_kind kind = pp_verbs[t->op->verb].kind;

	if (t->op->id == p->op.id || t->region == PP_NO_INDEX || w->began_ns < p->ended_ns ||
	    space_of(x, t) != space_of(x, &p->t) ||
	    t->offset_bytes >= p->t.offset_bytes + p->t.length_bytes ||
	    p->t.offset_bytes >= t->offset_bytes + t->length_bytes)
		return false;
	return x->setup->plant.kind == PP_PLANT_REPEAT ? is_write(t) : kind == PP_KIND_OBSERVE;
}

static void after(struct pp_worker *w, const struct pp_target_ref *t, bool last)
{
	struct pp_exec_plant *p = w->x->plant;
	bool mine = false;

	if (!p)
		return;
	pthread_mutex_lock(&w->x->lock);
	if (p->stage == LEFT) {
		p->due |= last || (t && triggers(w, t));
		mine = p->due && p->op.actor == w->actor;
		if (mine)
			p->stage = DONE;
	}
	pthread_mutex_unlock(&w->x->lock);
	if (mine)
		carry_out(w);
}

void pp_exec_plant_after(struct pp_worker *w, const struct pp_target_ref *t)
{
	after(w, t, false);
}

void pp_exec_plant_last(struct pp_worker *w)
{
	after(w, NULL, w->x->plant && w->x->setup->plant.kind == PP_PLANT_DELAY);
}

/* The first page shows the same bytes from another frame, as if the kernel had moved it. */
static int move(struct pp_worker *w, const struct pp_target_ref *t)
{
	uint8_t *mem = pp_exec_memory_at(w, t), *copy;

	copy = mmap(NULL, PP_PAGE_LOOK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (copy == MAP_FAILED)
		return pp_err_set(&w->err, -errno, "a page to move to");
	memcpy(copy, mem, PP_PAGE_LOOK_BYTES);
	if (mremap(copy, PP_PAGE_LOOK_BYTES, PP_PAGE_LOOK_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED,
		   mem) == MAP_FAILED)
		return pp_err_set(&w->err, -errno, "a planted move");
	return 0;
}

/* Whatever has a disk is written back. What has none was never made dirty, dropped by reclaim and
 * found again as a page of zeros. */
static int clean(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_region *r = pp_exec_region_of(w, t);
	int rc = pp_exec_file_ready(w, t);

	if (rc)
		return rc;
	if (pp_backings[r->def->backing].has_disk)
		return fdatasync(r->fd) ? pp_err_set(&w->err, -errno, "a planted sync") : 0;
	if (fallocate(r->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)t->offset_bytes,
		      (off_t)t->length_bytes))
		return pp_err_set(&w->err, -errno, "a planted hole");
	for (size_t at = 0; at < t->length_bytes; at += PP_PAGE_LOOK_BYTES)
		(void)*(volatile uint8_t *)(pp_exec_memory_at(w, t) + at);
	return 0;
}

int pp_exec_plant_look(struct pp_worker *w, const struct pp_target_ref *t)
{
	const struct pp_plant_spec *spec = &w->x->setup->plant;

	if (!pp_plant_looks(spec->kind) || t->op->verb != PP_VERB_PAGE_LOOK ||
	    (!spec->every && w->x->plant->target != t->op->id))
		return 0;
	if (!spec->every)
		w->x->outcome->planted_op = t->op->id;
	return spec->kind == PP_PLANT_MOVE ? move(w, t) : clean(w, t);
}
