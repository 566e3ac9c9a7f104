/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at page frames: what stands behind a mapping, a child's too, and what became of frames. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "run/exec_state.h"
#include "sys/pages.h"

static size_t pages_of(const struct pp_target_ref *t)
{
	return t->length_bytes / PP_PAGE_LOOK_BYTES;
}

static int look(struct pp_worker *w, const struct pp_target_ref *t, pid_t pid,
		struct pp_page_info *out)
{
	struct pp_pages pages;
	int rc = pp_pages_open(&pages, pid, &w->err);

	if (rc)
		return rc;
	rc = pp_pages_look(&pages, pp_exec_memory_at(w, t), pages_of(t), out, &w->err);
	pp_pages_close(&pages);
	return rc;
}

static int look_page(struct pp_worker *w, const struct pp_target_ref *t, struct pp_page_info *out)
{
	int rc = pp_exec_plant_look(w, t);

	return rc ? rc : look(w, t, 0, out);
}

static int look_child(struct pp_worker *w, const struct pp_target_ref *t, struct pp_page_info *out)
{
	pid_t pid = pp_exec_child_pid(w);

	return pid ? look(w, t, pid, out) : pp_err_set(&w->err, -ECHILD, "this actor has no child");
}

/* Frames are remembered by page of the region, whoever marked them last. */
static int look_mark(struct pp_worker *w, const struct pp_target_ref *t, struct pp_page_info *out)
{
	struct pp_exec_region *r = &w->x->regions[t->region];
	size_t first = t->offset_bytes / PP_PAGE_LOOK_BYTES;
	int rc = look_page(w, t, out);

	pthread_mutex_lock(&w->x->lock);
	if (!rc && !r->frames)
		r->frames = calloc(r->r.def->size_bytes / PP_PAGE_LOOK_BYTES, sizeof(*r->frames));
	if (!rc && !r->frames)
		rc = pp_err_set(&w->err, -ENOMEM, "frames of a region");
	for (size_t i = 0; !rc && i < pages_of(t); i++)
		r->frames[first + i] = out[i].frame;
	pthread_mutex_unlock(&w->x->lock);
	return rc;
}

static int look_frame(struct pp_worker *w, const struct pp_target_ref *t, struct pp_page_info *out)
{
	struct pp_exec_region *r = &w->x->regions[t->region];
	size_t first = t->offset_bytes / PP_PAGE_LOOK_BYTES;
	struct pp_pages pages;
	int rc = pp_pages_open(&pages, 0, &w->err);

	if (rc)
		return rc;
	pthread_mutex_lock(&w->x->lock);
	if (!r->frames)
		rc = pp_err_set(&w->err, -ENODATA, "no page-mark has looked at region %s",
				w->x->plan->regions[t->region].name);
	for (size_t i = 0; !rc && i < pages_of(t); i++)
		out[i] = (struct pp_page_info){ .frame = r->frames[first + i] };
	pthread_mutex_unlock(&w->x->lock);
	if (!rc)
		rc = pp_pages_frames(&pages, out, pages_of(t), &w->err);
	pp_pages_close(&pages);
	return rc;
}

static struct pp_page_run run_of(const struct pp_page_info *page)
{
	return (struct pp_page_run){ .frame = page->frame,
				     .state = page->state,
				     .count = page->count };
}

/* Turns pages into runs of pages in the same state; the open event @at becomes the first. */
static void record_runs(struct pp_worker *w, struct pp_event *at, const struct pp_page_info *pages,
			size_t n, uint64_t end_ns)
{
	const struct pp_event whole = *at;
	uint8_t cell[PP_CELL_BYTES];

	for (size_t first = 0, next; at && first < n; first = next) {
		struct pp_page_run run = run_of(&pages[first]), more;

		for (next = first + 1; next < n; next++) {
			more = run_of(&pages[next]);
			if (!pp_page_run_extend(&run, next - first, &more))
				break;
		}
		if (first)
			at = pp_exec_record(w, &whole);
		if (!at)
			return;
		at->offset_bytes = whole.offset_bytes + first * PP_PAGE_LOOK_BYTES;
		at->length_bytes = (uint32_t)((next - first) * PP_PAGE_LOOK_BYTES);
		pp_page_run_put(cell, &run);
		at->seen = PP_SEEN_OTHER;
		at->gen = pp_record_cell(w->x->setup->recorder, w->actor, cell);
		pp_record_end(at, end_ns, 0);
	}
}

int pp_exec_look(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_page_info *pages = calloc(pages_of(t), sizeof(*pages));
	struct pp_event *at = pages ? pp_exec_publish(w, t) : NULL;
	uint64_t end_ns;
	int rc;

	if (!at) {
		free(pages);
		return pages ? -ENOSPC : pp_err_set(&w->err, -ENOMEM, "a look at pages");
	}
	pp_watch_op_begins(w, t->op->id, t->bound_ms);
	rc = pp_exec_verb(t->op->verb)->look(w, t, pages);
	pp_watch_op_ended(w);
	end_ns = pp_exec_now(w->x);
	if (rc) {
		at->seen = PP_SEEN_FAULT;
		pp_record_end(at, end_ns, rc);
	} else {
		record_runs(w, at, pages, pages_of(t), end_ns);
	}
	free(pages);
	return 0;
}

/* clang-format off */
const struct pp_verb_impl pp_exec_page_verbs[] = {
	{ .verb = PP_VERB_PAGE_LOOK, .look = look_page },
	{ .verb = PP_VERB_PAGE_MARK, .look = look_mark },
	{ .verb = PP_VERB_CHILD_LOOK, .look = look_child },
	{ .verb = PP_VERB_FRAME_LOOK, .look = look_frame },
	{ .verb = PP_VERB_NONE },
};
/* clang-format on */
