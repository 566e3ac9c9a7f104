/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page frames of a machine without faults; see frames.h. */
#include "frames.h"

#include <stdlib.h>
#include <string.h>

#include "core/page_run.h"
#include "unit.h"

struct page {
	uint64_t frame; /* mapped, 0: none */
	uint64_t home;  /* comes back when it is touched, 0: another one does */
	uint64_t child; /* the child's, 0: none */
	uint64_t mark;
	uint32_t state;
};

struct area {
	struct page *pages;
	size_t n;
	bool pinned, freed; /* freed: by MADV_FREE */
	bool gated;         /* pinned by what waits at a gate */
};

struct frames {
	const struct pp_plan *plan;
	struct area *areas; /* of each region */
	uint64_t last;
	bool child;
};

struct frames *frames_new(const struct pp_plan *plan)
{
	struct frames *f = calloc(1, sizeof(*f));

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	f->plan = plan;
	f->areas = calloc(plan->n_regions + 1, sizeof(*f->areas));
	CU_ASSERT_PTR_NOT_NULL_FATAL(f->areas);
	for (size_t r = 0; r < plan->n_regions; r++) {
		f->areas[r].n = plan->regions[r].size_bytes / PP_PAGE_LOOK_BYTES;
		f->areas[r].pages = calloc(f->areas[r].n + 1, sizeof(struct page));
		CU_ASSERT_PTR_NOT_NULL_FATAL(f->areas[r].pages);
	}
	return f;
}

void frames_free(struct frames *f)
{
	for (size_t r = 0; r < f->plan->n_regions; r++)
		free(f->areas[r].pages);
	free(f->areas);
	free(f);
}

static bool needs(const struct frames *f, const char *fact)
{
	for (size_t i = 0; i < f->plan->n_needs; i++)
		if (!strcmp(f->plan->needs[i], fact))
			return true;
	return false;
}

static void touch(struct frames *f, const struct pp_region_def *def, struct page *p)
{
	if (p->frame)
		return;
	p->frame = p->home ? p->home : ++f->last;
	p->home = 0;
	p->state = PP_PAGE_PRESENT | PP_PAGE_SOFTDIRTY | PP_PAGE_UPTODATE | PP_PAGE_DIRTY |
		   (def->backing == PP_BACKING_ANON_THP ? PP_PAGE_THP : 0);
}

static void gone(struct page *p, bool keep, uint32_t state)
{
	p->home = keep ? p->frame : 0;
	p->frame = 0;
	p->state = state;
}

/* Touched, and nobody else's: a private page that the child has as well is copied. */
static void owned(struct frames *f, const struct pp_region_def *def, struct page *p)
{
	if (p->child && p->child == p->frame && def->share == PP_PRIVATE)
		p->frame = 0;
	touch(f, def, p);
}

static void written(struct frames *f, const struct pp_region_def *def, struct page *p)
{
	owned(f, def, p);
	p->state |= PP_PAGE_SOFTDIRTY;
}

static void forked(struct frames *f)
{
	f->child = true;
	for (size_t r = 0; r < f->plan->n_regions; r++)
		for (size_t i = 0; i < f->areas[r].n; i++) {
			struct page *p = &f->areas[r].pages[i];
			bool copy = f->areas[r].pinned && f->plan->regions[r].share == PP_PRIVATE;

			p->child = p->frame && copy ? ++f->last : p->frame;
		}
}

static void child_gone(struct frames *f)
{
	f->child = false;
	for (size_t r = 0; r < f->plan->n_regions; r++)
		for (size_t i = 0; i < f->areas[r].n; i++)
			f->areas[r].pages[i].child = 0;
}

/* Memory is asked for; private pages that are pinned stay where they are. */
static void reclaimed(struct frames *f, uint16_t r)
{
	struct area *a = &f->areas[r];
	bool private = f->plan->regions[r].share == PP_PRIVATE;

	for (size_t i = 0; i < a->n; i++) {
		if (!a->pages[i].frame || (private && a->pinned))
			continue;
		if (private && !a->freed && !needs(f, "swap"))
			continue;
		gone(&a->pages[i], a->pinned, private && !a->freed ? PP_PAGE_SWAPPED : 0);
	}
}

static void soft_cleaned(struct frames *f)
{
	for (size_t r = 0; r < f->plan->n_regions; r++)
		for (size_t i = 0; i < f->areas[r].n; i++)
			if (!f->areas[r].pinned || f->plan->regions[r].share == PP_SHARED)
				f->areas[r].pages[i].state &= ~PP_PAGE_SOFTDIRTY;
}

/* Pages in no page table, and not pinned, leave the page cache. */
static void caches_dropped(struct frames *f)
{
	for (size_t r = 0; r < f->plan->n_regions; r++)
		for (size_t i = 0; i < f->areas[r].n; i++)
			if (!f->areas[r].pinned)
				f->areas[r].pages[i].home = 0;
}

static void pinned(struct frames *f, uint16_t r, const struct pp_op *op)
{
	struct area *a = &f->areas[r];
	bool movable = pp_verbs[op->verb].kind == PP_KIND_PIN && needs(f, "movable");

	a->pinned = true;
	for (size_t i = 0; i < a->n; i++) {
		if (pp_verbs[op->verb].kind != PP_KIND_HOLD)
			owned(f, &f->plan->regions[r], &a->pages[i]);
		else
			touch(f, &f->plan->regions[r], &a->pages[i]);
		if (movable)
			a->pages[i].frame = ++f->last;
	}
}

/* What is done to all pages of an area that nobody pins. */
static void moved(struct frames *f, struct area *a, enum pp_verb verb)
{
	uint64_t merged = verb == PP_VERB_KSM ? ++f->last : 0;

	for (size_t i = 0; !a->pinned && i < a->n; i++) {
		struct page *p = &a->pages[i];

		if (verb != PP_VERB_THP_SPLIT)
			p->frame = merged ? merged : ++f->last;
		p->state |= verb == PP_VERB_KSM            ? PP_PAGE_KSM
			    : verb == PP_VERB_THP_COLLAPSE ? PP_PAGE_THP
							   : 0;
		p->state &= verb == PP_VERB_THP_SPLIT ? ~PP_PAGE_THP : ~0u;
	}
}

/* Page tables lose them; the frames are what they were, and bad. */
static void poisoned(struct frames *f, struct area *a, const struct pp_op *op)
{
	size_t first = pp_plan_op_offset(f->plan, op) / PP_PAGE_LOOK_BYTES;

	for (size_t i = first; i < first + op->length_bytes / PP_PAGE_LOOK_BYTES; i++)
		gone(&a->pages[i], false,
		     (a->pages[i].state & ~PP_PAGE_PRESENT) | PP_PAGE_HWPOISON);
}

/* A transfer by way of a gate. */
static void queued(struct frames *f, uint16_t r, const struct pp_op *op)
{
	if (pp_plan_gate(f->plan, op->via) == PP_NO_INDEX)
		return;
	pinned(f, r, op);
	f->areas[r].gated = true;
}

static void gate_opened(struct frames *f)
{
	for (size_t r = 0; r < f->plan->n_regions; r++) {
		f->areas[r].pinned &= !f->areas[r].gated;
		f->areas[r].gated = false;
	}
}

static void accessed(struct frames *f, uint16_t r, const struct pp_op *op)
{
	struct area *a = &f->areas[r];
	size_t first = pp_plan_op_offset(f->plan, op) / PP_PAGE_LOOK_BYTES;
	bool writes = op->verb == PP_VERB_STORE || op->verb == PP_VERB_VM_WRITE;

	for (size_t i = first;
	     i < a->n && i * PP_PAGE_LOOK_BYTES < pp_plan_op_offset(f->plan, op) + op->length_bytes;
	     i++)
		if (writes)
			written(f, &f->plan->regions[r], &a->pages[i]);
		else
			touch(f, &f->plan->regions[r], &a->pages[i]);
}

void frames_op(struct frames *f, const struct pp_op *op)
{
	uint16_t r = pp_plan_op_region(f->plan, op);
	struct area *a = r == PP_NO_INDEX ? NULL : &f->areas[r];

	switch ((int)op->verb) {
	case PP_VERB_MAP:
		for (size_t i = 0; f->plan->regions[r].populate && i < a->n; i++)
			touch(f, &f->plan->regions[r], &a->pages[i]);
		break;
	case PP_VERB_REG:
	case PP_VERB_SPLICE_HOLD:
		pinned(f, r, op);
		break;
	case PP_VERB_DEREG:
	case PP_VERB_SPLICE_DRAIN:
		a->pinned = false;
		break;
	case PP_VERB_DIO_READ:
		queued(f, r, op);
		break;
	case PP_VERB_GATE_OPEN:
		gate_opened(f);
		break;
	case PP_VERB_POISON:
		poisoned(f, a, op);
		break;
	case PP_VERB_STORE:
	case PP_VERB_LOAD:
	case PP_VERB_VM_WRITE:
		accessed(f, r, op);
		break;
	case PP_VERB_PAGE_MARK:
		for (size_t i = 0; i < a->n; i++)
			a->pages[i].mark = a->pages[i].frame;
		break;
	case PP_VERB_FORK:
		forked(f);
		break;
	case PP_VERB_REAP:
	case PP_VERB_KILL:
		child_gone(f);
		break;
	case PP_VERB_MADV_FREE:
		a->freed = true;
		break;
	case PP_VERB_PAGEOUT:
		reclaimed(f, r);
		break;
	case PP_VERB_RECLAIM:
		for (r = 0; r < f->plan->n_regions; r++)
			reclaimed(f, r);
		break;
	case PP_VERB_DONTNEED:
		for (size_t i = 0; i < a->n; i++)
			gone(&a->pages[i], f->plan->regions[r].share == PP_SHARED, 0);
		break;
	case PP_VERB_DROP_CACHES:
		caches_dropped(f);
		break;
	case PP_VERB_SOFT_CLEAN:
		soft_cleaned(f);
		break;
	case PP_VERB_MIGRATE:
		if (needs(f, "numa"))
			moved(f, a, op->verb);
		break;
	case PP_VERB_NUMA_BALANCE:
	case PP_VERB_OFFLINE:
	case PP_VERB_SOFT_OFFLINE:
	case PP_VERB_KSM:
	case PP_VERB_THP_SPLIT:
	case PP_VERB_THP_COLLAPSE:
		moved(f, a, op->verb);
		break;
	}
}

bool frames_look(const struct frames *f, const struct pp_op *op, size_t page,
		 uint8_t cell[PP_CELL_BYTES])
{
	const struct page *p = &f->areas[pp_plan_op_region(f->plan, op)].pages[page];
	struct pp_page_run run = { .frame = p->frame, .state = p->state, .count = 1 };

	if (op->verb == PP_VERB_CHILD_LOOK)
		run.frame = p->child;
	if (op->verb == PP_VERB_FRAME_LOOK)
		run.frame = p->mark;
	if (p->state & PP_PAGE_KSM)
		run.count = 2;
	pp_page_run_put(cell, &run);
	return op->verb != PP_VERB_CHILD_LOOK || f->child;
}
