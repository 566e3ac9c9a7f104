/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which page of a DAX file is a hole, and who fills it; see hole_fault.h. */
#include "core/hole_fault.h"

#include <errno.h>
#include <stdlib.h>

#include "core/oracle_model.h"

/* What the events that began so far say of a page. */
struct page {
	uint64_t
		hole_ns; /* latest end of what takes its block away; 0: none yet, it began as one */
	uint32_t filler; /* 1 + the write that was the first to find a hole; 0: it is one still */
	uint32_t fault;  /* 1 + a write through a mapping that may have been faster; 0: none */
};

struct file {
	struct page *pages; /* NULL: not on DAX, or another region's */
	size_t n_pages;
};

struct pp_hole_faults {
	const struct pp_plan *plan;
	const struct pp_history *h;
	struct file *of; /* each space */
};

static uint64_t end_of(const struct pp_event *e)
{
	return e->flags & PP_EVENT_OPEN ? PP_TIME_NEVER : e->end_ns;
}

/* Stamps bytes of the file through a mapping of it: what is not there yet is faulted in. */
static bool faults(const struct pp_event *e)
{
	return pp_model_writes(e) && !pp_verbs[e->verb].file;
}

static const struct file *file_of(const struct pp_hole_faults *f, const struct pp_event *e)
{
	uint16_t space = f ? pp_model_space(f->plan, e) : PP_NO_INDEX;

	return space != PP_NO_INDEX && f->of[space].pages ? &f->of[space] : NULL;
}

int pp_hole_faults_new(const struct pp_plan *plan, const struct pp_history *h,
		       struct pp_hole_faults **out)
{
	struct pp_hole_faults *f = calloc(1, sizeof(*f));
	bool any = false;

	*out = f;
	if (!f)
		return -ENOMEM;
	f->plan = plan;
	f->h = h;
	f->of = calloc(plan->n_regions + 1, sizeof(*f->of));
	for (size_t r = 0; f->of && r < plan->n_regions; r++) {
		const struct pp_region_def *region = &plan->regions[r];

		if (region->file_space != r || !pp_backings[region->backing].dax ||
		    !pp_backings[region->backing].needs_fs)
			continue;
		any = true;
		f->of[r].n_pages = (region->size_bytes + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES;
		f->of[r].pages = calloc(f->of[r].n_pages, sizeof(*f->of[r].pages));
		if (!f->of[r].pages)
			return -ENOMEM;
	}
	if (!f->of)
		return -ENOMEM;
	if (!any) {
		pp_hole_faults_free(f);
		*out = NULL;
	}
	return 0;
}

void pp_hole_faults_free(struct pp_hole_faults *f)
{
	if (!f)
		return;
	for (size_t r = 0; f->of && r < f->plan->n_regions; r++)
		free(f->of[r].pages);
	free(f->of);
	free(f);
}

/* Had the write that @one is 1 more than ended when @e began? */
static bool over(const struct pp_hole_faults *f, uint32_t one, const struct pp_event *e)
{
	return one && end_of(&f->h->events[one - 1]) < e->begin_ns;
}

/* Blocks go, or become unwritten, of whole pages. A fault that is under way may come behind it. */
static void take_hole(const struct pp_hole_faults *f, const struct file *file,
		      const struct pp_event *e)
{
	size_t first = (e->offset_bytes + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES;
	size_t end = e->verb == PP_VERB_TRUNCATE
			     ? file->n_pages
			     : (e->offset_bytes + e->length_bytes) / PP_PAGE_BYTES;

	for (size_t p = first; p < end && p < file->n_pages; p++) {
		struct page *page = &file->pages[p];

		if (end_of(e) > page->hole_ns)
			page->hole_ns = end_of(e);
		if (over(f, page->filler, e))
			page->filler = 0;
		if (over(f, page->fault, e))
			page->fault = 0;
	}
}

static void take_write(const struct pp_hole_faults *f, const struct file *file,
		       const struct pp_event *e, uint32_t i)
{
	size_t end = (e->offset_bytes + e->length_bytes + PP_PAGE_BYTES - 1) / PP_PAGE_BYTES;

	for (size_t p = e->offset_bytes / PP_PAGE_BYTES; p < end && p < file->n_pages; p++) {
		struct page *page = &file->pages[p];
		/* Who filled it may have done so before a hole that has not ended yet. */
		if (!page->filler || (over(f, page->filler, e) && page->hole_ns > e->begin_ns))
			page->filler = i + 1;
		/* Who begins while the first is at it may have the block before that. */
		if (faults(e) && !over(f, page->filler, e) &&
		    (!page->fault || over(f, page->fault, e)))
			page->fault = i + 1;
	}
}

void pp_hole_faults_take(struct pp_hole_faults *f, uint32_t i)
{
	const struct pp_event *e = f ? &f->h->events[i] : NULL;
	const struct file *file = f ? file_of(f, e) : NULL;

	if (!file || !e->length_bytes)
		return;
	if (pp_verbs[e->verb].effect == PP_EFFECT_HOLE)
		take_hole(f, file, e);
	else if (pp_model_writes(e))
		take_write(f, file, e, i);
}

uint32_t pp_hole_faults_at(const struct pp_hole_faults *f, uint16_t space, uint64_t offset_bytes,
			   uint64_t now_ns)
{
	size_t page = offset_bytes / PP_PAGE_BYTES;
	uint32_t fault;

	if (!f || space >= f->plan->n_regions || page >= f->of[space].n_pages)
		return PP_NO_EVENT;
	fault = f->of[space].pages[page].fault;
	return fault && end_of(&f->h->events[fault - 1]) > now_ns ? fault - 1 : PP_NO_EVENT;
}

bool pp_hole_faults_met(const struct pp_hole_faults *f, uint32_t i)
{
	const struct pp_event *e = f ? &f->h->events[i] : NULL;
	const struct file *file = f ? file_of(f, e) : NULL;
	uint64_t end = file ? e->offset_bytes + e->length_bytes : 0;

	if (!file || !pp_model_writes(e) || !pp_verbs[e->verb].file)
		return false;
	for (uint64_t at = e->offset_bytes; at < end;
	     at = (at / PP_PAGE_BYTES + 1) * PP_PAGE_BYTES) {
		uint32_t by = pp_hole_faults_at(f, pp_model_space(f->plan, e), at, e->begin_ns);

		if (by != PP_NO_EVENT && f->h->events[by].actor != e->actor)
			return true;
	}
	return false;
}
