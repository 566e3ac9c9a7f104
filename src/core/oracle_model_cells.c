/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The oracle's model: newest writes of many cells at once, and of the bytes of a cell. */
#include <stdlib.h>
#include <string.h>

#include "core/oracle_model_private.h"

/* Four cells at a time: what every 64-bit processor has registers for. */
#define LANES 4
typedef int32_t lanes __attribute__((vector_size(LANES * sizeof(int32_t)), aligned(4), may_alias));
typedef int64_t halves __attribute__((vector_size(LANES * sizeof(int32_t))));

static inline lanes greater(lanes a, lanes b)
{
	lanes more = a > b;

	return (a & more) | (b & ~more);
}

static inline lanes less(lanes a, lanes b)
{
	lanes more = a > b;

	return (b & more) | (a & ~more);
}

static void raise_plain(int32_t *cells, size_t n, int32_t v)
{
	const lanes all = { v, v, v, v };
	size_t i = 0;

	for (; i + LANES <= n; i += LANES) {
		lanes *at = (lanes *)(cells + i);

		*at = greater(*at, all);
	}
	for (; i < n; i++)
		cells[i] = cells[i] < v ? v : cells[i];
}

static void fill(int32_t *cells, size_t n, int32_t v)
{
	const lanes all = { v, v, v, v };
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		*(lanes *)(cells + i) = all;
	for (; i < n; i++)
		cells[i] = v;
}

bool pp_cells_are(const int32_t *cells, size_t n, int32_t v)
{
	const lanes all = { v, v, v, v };
	lanes other = { 0 };
	size_t i = 0;
	halves any;

	for (; i + LANES <= n; i += LANES)
		other |= *(const lanes *)(cells + i) ^ all;
	for (; i < n; i++)
		if (cells[i] != v)
			return false;
	any = (halves)other;
	return !(any[0] | any[1]);
}

void pp_cells_range(const int32_t *cells, size_t n, int32_t *least, int32_t *most)
{
	int32_t lo = cells[0], hi = cells[0];
	size_t whole = n - n % LANES;

	if (whole) {
		lanes low = *(const lanes *)cells, high = low;

		for (size_t i = LANES; i < whole; i += LANES) {
			lanes v = *(const lanes *)(cells + i);

			low = less(low, v);
			high = greater(high, v);
		}
		for (int k = 0; k < LANES; k++) {
			lo = low[k] < lo ? low[k] : lo;
			hi = high[k] > hi ? high[k] : hi;
		}
	}
	for (size_t i = whole; i < n; i++) {
		lo = cells[i] < lo ? cells[i] : lo;
		hi = cells[i] > hi ? cells[i] : hi;
	}
	*least = lo;
	*most = hi;
}

/* A block for a cell of @v; -1 - number of it, or @v where memory has run out. */
static int32_t split(struct pp_split_pool *pool, int32_t v)
{
	size_t at;

	if (pool->unused) {
		at = (size_t)pool->unused - 1;
		pool->unused = pool->block[at][0];
	} else {
		if (pool->n == pool->cap) {
			size_t cap = pool->cap ? pool->cap * 2 : 64;
			void *more = realloc(pool->block, cap * sizeof(*pool->block));

			if (!more) {
				pool->failed = true;
				return v;
			}
			pool->block = more;
			pool->cap = cap;
		}
		at = pool->n++;
	}
	for (size_t i = 0; i < PP_CELL_BYTES; i++)
		pool->block[at][i] = v;
	return -1 - (int32_t)at;
}

static void unite(struct pp_split_pool *pool, int32_t name)
{
	pool->block[-1 - name][0] = pool->unused;
	pool->unused = -name;
}

/* Bytes [from, to) of one cell. */
static void raise_part(struct pp_split_pool *pool, struct pp_cells *c, size_t cell, unsigned from,
		       unsigned to, int32_t v)
{
	int32_t *at = &c->newest[cell], least, most;

	if (*at >= 0) {
		if (v <= *at)
			return;
		if (to - from == PP_CELL_BYTES) {
			*at = v;
			return;
		}
		*at = split(pool, *at);
		if (*at >= 0)
			return;
		c->splits[cell / PP_CELLS_PER_PAGE]++;
	}
	raise_plain(pool->block[-1 - *at] + from, to - from, v);
	pp_cells_range(pool->block[-1 - *at], PP_CELL_BYTES, &least, &most);
	if (least == most) {
		unite(pool, *at);
		*at = least;
		c->splits[cell / PP_CELLS_PER_PAGE]--;
	}
}

/* What lies in one page. */
static void raise_in_page(struct pp_split_pool *pool, struct pp_cells *c, uint64_t from,
			  uint64_t to, int32_t v)
{
	bool plain = !c->splits[from / PP_PAGE_BYTES];
	int32_t *most = &c->most[from / PP_PAGE_BYTES];
	bool newest = v >= *most;

	/* What ends last began last, mostly. */
	*most = newest ? v : *most;

	while (from < to) {
		uint64_t next = (from / PP_CELL_BYTES + 1) * PP_CELL_BYTES;

		if (plain && from % PP_CELL_BYTES == 0 && next <= to) {
			next = to / PP_CELL_BYTES * PP_CELL_BYTES;
			(newest ? fill : raise_plain)(c->newest + from / PP_CELL_BYTES,
						      (next - from) / PP_CELL_BYTES, v);
		} else {
			next = next < to ? next : to;
			raise_part(pool, c, from / PP_CELL_BYTES, from % PP_CELL_BYTES,
				   (unsigned)((next - 1) % PP_CELL_BYTES) + 1, v);
		}
		from = next;
	}
}

void pp_cells_raise(struct pp_split_pool *pool, struct pp_cells *c, uint64_t from, uint64_t to,
		    int32_t v)
{
	while (from < to) {
		uint64_t page_end = (from / PP_PAGE_BYTES + 1) * PP_PAGE_BYTES;
		uint64_t stop = to < page_end ? to : page_end;

		raise_in_page(pool, c, from, stop, v);
		from = stop;
	}
}

bool pp_cells_bytes(const struct pp_split_pool *pool, const struct pp_cells *c, size_t cell,
		    int32_t *out)
{
	int32_t v = c->newest ? c->newest[cell] : 0;

	if (v < 0) {
		memcpy(out, pool->block[-1 - v], sizeof(pool->block[0]));
		return false;
	}
	for (size_t i = 0; i < PP_CELL_BYTES; i++)
		out[i] = v;
	return true;
}

int32_t pp_cells_least(const struct pp_split_pool *pool, const struct pp_cells *c, size_t cell)
{
	int32_t v = c->newest[cell], most;

	if (v < 0)
		pp_cells_range(pool->block[-1 - v], PP_CELL_BYTES, &v, &most);
	return v;
}

void pp_cells_set(struct pp_split_pool *pool, struct pp_cells *c, size_t first, size_t n, int32_t v)
{
	for (size_t i = first; i < first + n; i++) {
		if (c->newest[i] < 0) {
			unite(pool, c->newest[i]);
			c->splits[i / PP_CELLS_PER_PAGE]--;
		}
		c->newest[i] = v;
		if (c->most[i / PP_CELLS_PER_PAGE] < v)
			c->most[i / PP_CELLS_PER_PAGE] = v;
	}
}

void pp_cells_copy(struct pp_split_pool *pool, const struct pp_cells *c, size_t page, int32_t *out)
{
	const int32_t *in = c->newest + page * PP_CELLS_PER_PAGE;

	memcpy(out, in, PP_CELLS_PER_PAGE * sizeof(*out));
	for (size_t i = 0; c->splits[page] && i < PP_CELLS_PER_PAGE; i++) {
		if (in[i] >= 0)
			continue;
		out[i] = split(pool, 0);
		if (out[i] < 0)
			memcpy(pool->block[-1 - out[i]], pool->block[-1 - in[i]],
			       sizeof(pool->block[0]));
	}
}

/* Is any cell of a page split? */
static bool any_split(const int32_t *in)
{
	lanes any = { 0 };

	for (size_t i = 0; i < PP_CELLS_PER_PAGE; i += LANES)
		any |= *(const lanes *)(in + i);
	for (int k = 0; k < LANES; k++)
		if (any[k] < 0)
			return true;
	return false;
}

static bool merge_plain(int32_t *cells, const int32_t *in)
{
	if (any_split(in))
		return false;
	for (size_t i = 0; i < PP_CELLS_PER_PAGE; i += LANES) {
		lanes *at = (lanes *)(cells + i);

		*at = greater(*at, *(const lanes *)(in + i));
	}
	return true;
}

void pp_cells_merge(struct pp_split_pool *pool, struct pp_cells *c, size_t page, const int32_t *in)
{
	uint64_t from = (uint64_t)page * PP_PAGE_BYTES;

	c->most[page] = INT32_MAX; /* not looked for */
	if (!c->splits[page] && merge_plain(c->newest + page * PP_CELLS_PER_PAGE, in))
		return;
	for (size_t i = 0; i < PP_CELLS_PER_PAGE; i++, from += PP_CELL_BYTES) {
		size_t cell = from / PP_CELL_BYTES;

		for (unsigned k = 0, n; in[i] < 0 && k < PP_CELL_BYTES; k = n) {
			int32_t v = pool->block[-1 - in[i]][k];

			for (n = k + 1; n < PP_CELL_BYTES; n++)
				if (pool->block[-1 - in[i]][n] != v)
					break;
			raise_part(pool, c, cell, k, n, v);
		}
		if (in[i] > 0)
			raise_part(pool, c, cell, 0, PP_CELL_BYTES, in[i]);
	}
}

bool pp_cells_take_over(struct pp_cells *c, const struct pp_cells *from, size_t page)
{
	if (c->splits[page] || from->splits[page])
		return false;
	memcpy(c->newest + page * PP_CELLS_PER_PAGE, from->newest + page * PP_CELLS_PER_PAGE,
	       PP_CELLS_PER_PAGE * sizeof(*c->newest));
	c->most[page] = from->most[page];
	return true;
}

void pp_cells_drop(struct pp_split_pool *pool, int32_t *v)
{
	if (*v < 0)
		unite(pool, *v);
	*v = 0;
}

void pp_cells_move(struct pp_cells *c, size_t to, size_t from, size_t n)
{
	memmove(c->newest + to, c->newest + from, n * sizeof(*c->newest));
	memset(c->newest + (to < from ? to + n : from), 0,
	       (to < from ? from - to : to - from) * sizeof(*c->newest));
}

void pp_cells_recount(struct pp_cells *c, size_t first_page, size_t n_pages)
{
	for (size_t p = first_page; p < n_pages; p++) {
		c->splits[p] = 0;
		c->most[p] = INT32_MAX;
		for (size_t i = 0; i < PP_CELLS_PER_PAGE; i++)
			c->splits[p] += c->newest[p * PP_CELLS_PER_PAGE + i] < 0;
	}
}

void pp_cells_give(struct pp_split_pool *pool, int32_t *copy)
{
	if (!any_split(copy))
		return;
	for (size_t i = 0; i < PP_CELLS_PER_PAGE; i++)
		pp_cells_drop(pool, &copy[i]);
}
