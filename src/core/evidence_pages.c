/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence of looks at page frames: that what was done to pinned pages works on those that nobody
 * pins. Of the pinned ones page_track.h tells.
 */
#include "core/evidence_pages.h"

#include <stdlib.h>

#include "core/page_run.h"

struct pp_frames_seen {
	const struct pp_plan *plan;
	const struct pp_history *h;
	bool *pinned; /* of each region: some operation of the plan takes its pages */
	uint64_t **
		mark; /* of each region: frames by page as page-mark found them; NULL: it did not */
};

static bool takes_pages(enum pp_verb verb)
{
	return pp_verbs[verb].kind == PP_KIND_HOLD || pp_verbs[verb].via;
}

static void find_pinned(struct pp_frames_seen *f)
{
	const struct pp_plan *p = f->plan;

	for (size_t i = 0; i < p->n_mrs; i++)
		f->pinned[p->mrs[i].region] = true;
	for (size_t i = 0; i < p->n_ops; i++)
		if (takes_pages(p->ops[i].verb) &&
		    pp_verbs[p->ops[i].verb].target == PP_TARGET_REGION)
			f->pinned[p->ops[i].object] = true;
}

struct pp_frames_seen *pp_frames_seen_new(const struct pp_plan *plan, const struct pp_history *h)
{
	struct pp_frames_seen *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->plan = plan;
	f->h = h;
	f->pinned = calloc(plan->n_regions + 1, sizeof(*f->pinned));
	f->mark = calloc(plan->n_regions + 1, sizeof(*f->mark));
	if (!f->pinned || !f->mark) {
		pp_frames_seen_free(f);
		return NULL;
	}
	find_pinned(f);
	return f;
}

void pp_frames_seen_free(struct pp_frames_seen *f)
{
	if (!f)
		return;
	for (size_t i = 0; f->mark && i < f->plan->n_regions; i++)
		free(f->mark[i]);
	free(f->mark);
	free(f->pinned);
	free(f);
}

/* The frames that were marked, made if this is the first mark; NULL: none, or no memory. */
static uint64_t *marks_of(struct pp_frames_seen *f, const struct pp_event *e)
{
	uint64_t **mark = &f->mark[e->object];

	if (!*mark && e->verb == PP_VERB_PAGE_MARK)
		*mark = calloc(f->plan->regions[e->object].size_bytes / PP_PAGE_LOOK_BYTES + 1,
			       sizeof(**mark));
	return *mark;
}

/*
 * What the state alone says, of pages that nobody pins. Of a merged page there are several
 * mappings: the flag alone says nothing, as 6.12 shows it for every anonymous page
 * (stable_page_flags() in fs/proc/page.c asks for any of two bits).
 */
static void count_state(uint32_t state, uint32_t mappings, uint64_t n, uint64_t *count)
{
	static const struct {
		uint32_t bits, without, mappings;
		enum pp_evidence_id id;
	} states[] = {
		{ PP_PAGE_SWAPPED, PP_PAGE_PRESENT, 0, PP_EV_PAGES_SWAPPED },
		{ PP_PAGE_PRESENT | PP_PAGE_KSM, 0, 2, PP_EV_PAGES_MERGED },
		{ PP_PAGE_PRESENT | PP_PAGE_THP, 0, 0, PP_EV_PAGES_HUGE },
		{ PP_PAGE_PRESENT, PP_PAGE_SOFTDIRTY, 0, PP_EV_PAGES_CLEAN },
	};

	for (size_t i = 0; i < PP_ARRAY_LEN(states); i++)
		if ((state & states[i].bits) == states[i].bits && !(state & states[i].without) &&
		    mappings >= states[i].mappings)
			count[states[i].id] += n;
}

/* One page of which the frame was marked. */
static void count_frame(enum pp_verb verb, bool pinned, uint64_t was, uint64_t is, uint64_t *count)
{
	if (!was)
		return;
	if (verb == PP_VERB_CHILD_LOOK && is)
		count[PP_EV_FRAMES_SHARED] += was == is;
	if (verb == PP_VERB_PAGE_MARK)
		count[PP_EV_FRAMES_REPLACED] += is && was != is;
	if (verb != PP_VERB_PAGE_LOOK || pinned)
		return;
	if (is)
		count[PP_EV_FRAMES_MOVED] += was != is;
	else
		count[PP_EV_PAGES_GONE]++;
}

void pp_frames_seen_count(struct pp_frames_seen *f, const struct pp_event *e, uint64_t *count)
{
	uint64_t *mark = marks_of(f, e), n = e->length_bytes / PP_PAGE_LOOK_BYTES;
	size_t first = e->offset_bytes / PP_PAGE_LOOK_BYTES;
	bool pinned = f->pinned[e->object];
	struct pp_page_run run;

	if (e->seen != PP_SEEN_OTHER || e->gen >= f->h->n_cells ||
	    !pp_page_run_get(f->h->cells[e->gen], &run))
		return;
	if (!pinned && e->verb == PP_VERB_PAGE_LOOK)
		count_state(run.state, run.count, n, count);
	if (pinned && e->verb == PP_VERB_PAGE_LOOK && (run.state & PP_PAGE_SOFTDIRTY))
		count[PP_EV_PAGES_KEPT_DIRTY] += n;
	if (e->verb == PP_VERB_FRAME_LOOK && (run.state & PP_PAGE_HWPOISON))
		count[PP_EV_FRAMES_BAD] += n;
	for (size_t i = 0; mark && i < n; i++) {
		uint64_t frame = pp_page_run_frame(&run, i);

		count_frame(e->verb, pinned, mark[first + i], frame, count);
		if (e->verb == PP_VERB_PAGE_MARK)
			mark[first + i] = frame;
	}
}
