/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was seen along one path of observers: a sorted list of runs for each page. */
#include "core/oracle_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The runs of one page: they do not overlap, and two that meet differ. */
struct page_runs {
	uint8_t n, cap;
	struct pp_order_run run[];
};

struct pp_order_pages {
	const struct pp_model *m;
	struct page_runs ***of; /* of each space, of each page; NULL: nothing seen */
};

static const struct pp_order_run nothing = {
	.latest = { PP_NO_EVENT, PP_NO_EVENT },
	.other = { PP_NO_EVENT, PP_NO_EVENT },
};

struct pp_order_pages *pp_order_pages_new(const struct pp_model *m)
{
	struct pp_order_pages *p = calloc(1, sizeof(*p));

	if (p) {
		p->m = m;
		p->of = calloc(m->plan->n_regions + 1, sizeof(*p->of));
	}
	if (p && !p->of) {
		free(p);
		return NULL;
	}
	return p;
}

void pp_order_pages_free(struct pp_order_pages *p)
{
	if (!p)
		return;
	for (size_t r = 0; r < p->m->plan->n_regions; r++) {
		for (size_t i = 0; p->of[r] && i < p->m->spaces[r].n_pages; i++)
			free(p->of[r][i]);
		free(p->of[r]);
	}
	free(p->of);
	free(p);
}

const struct pp_order_run *pp_order_pages_get(const struct pp_order_pages *p, uint16_t space,
					      size_t page, size_t *n)
{
	const struct page_runs *runs = p->of[space] ? p->of[space][page] : NULL;

	*n = runs ? runs->n : 0;
	return runs ? runs->run : NULL;
}

static bool alike(const struct pp_sight *a, const struct pp_sight *b)
{
	return a->write == b->write && a->event == b->event;
}

/* A page's runs while they are made anew. */
struct draft {
	struct pp_order_run run[PP_CELLS_PER_PAGE];
	size_t n;
};

static void add(struct draft *d, const struct pp_order_run *r, size_t first, size_t end)
{
	struct pp_order_run *last = d->n ? &d->run[d->n - 1] : NULL;

	if (first >= end)
		return;
	if (last && last->end == first && alike(&last->latest, &r->latest) &&
	    alike(&last->other, &r->other)) {
		last->end = (uint8_t)end;
		return;
	}
	d->run[d->n] = *r;
	d->run[d->n].first = (uint8_t)first;
	d->run[d->n++].end = (uint8_t)end;
}

static int keep(struct page_runs **at, const struct draft *d)
{
	struct page_runs *runs = *at;
	size_t cap = runs ? runs->cap : 0;

	if (d->n > cap) {
		cap = d->n + cap / 2 < PP_CELLS_PER_PAGE ? d->n + cap / 2 : PP_CELLS_PER_PAGE;
		runs = realloc(runs, sizeof(*runs) + cap * sizeof(runs->run[0]));
		if (!runs)
			return -ENOMEM;
		*at = runs;
		runs->cap = (uint8_t)cap;
	}
	memcpy(runs->run, d->run, d->n * sizeof(runs->run[0]));
	runs->n = (uint8_t)d->n;
	return 0;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t most(size_t a, size_t b)
{
	return a > b ? a : b;
}

int pp_order_pages_put(struct pp_order_pages *p, uint16_t space, uint64_t from, uint64_t to,
		       struct pp_sight s,
		       void (*settle)(const void *arg, struct pp_order_run *r, struct pp_sight s),
		       const void *arg)
{
	size_t n_pages = p->m->spaces[space].n_pages;

	if (!p->of[space])
		p->of[space] = calloc(n_pages, sizeof(*p->of[space]));
	if (!p->of[space])
		return -ENOMEM;
	for (size_t page = from / PP_PAGE_BYTES; page < n_pages && page * PP_PAGE_BYTES < to;
	     page++) {
		uint64_t base = page * PP_PAGE_BYTES;
		size_t first = from > base ? (from - base) / PP_CELL_BYTES : 0;
		size_t end =
			to < base + PP_PAGE_BYTES ? (to - base) / PP_CELL_BYTES : PP_CELLS_PER_PAGE;
		size_t at = first; /* seen up to here */
		const struct page_runs *old = p->of[space][page];
		struct draft d;

		d.n = 0;
		for (size_t i = 0; old && i < old->n; i++) {
			const struct pp_order_run *r = &old->run[i];
			struct pp_order_run now = nothing;

			if (r->first > at && at < end) {
				settle(arg, &now, s);
				add(&d, &now, at, least(r->first, end));
				at = least(r->first, end);
			}
			add(&d, r, r->first, least(r->end, first));
			now = *r;
			if (r->first < end && r->end > first) {
				settle(arg, &now, s);
				add(&d, &now, most(r->first, first), least(r->end, end));
				at = least(r->end, end);
			}
			add(&d, r, most(r->first, end), r->end);
		}
		if (at < end) {
			struct pp_order_run now = nothing;

			settle(arg, &now, s);
			add(&d, &now, at, end);
		}
		if (keep(&p->of[space][page], &d))
			return -ENOMEM;
	}
	return 0;
}
