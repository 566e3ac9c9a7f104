/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was seen along one path of observers, for each cell: runs of cells of a
 * page that were always seen alike. Internal to oracle_rules_order.c.
 */
#ifndef PP_CORE_ORACLE_ORDER_H
#define PP_CORE_ORACLE_ORDER_H

#include "core/oracle_model.h"

/* A value and an observation that saw it, by their events. */
struct pp_sight {
	uint32_t write; /* PP_NO_EVENT: initial content */
	uint32_t event; /* PP_NO_EVENT: none */
};

struct pp_order_run {
	uint8_t first, end; /* cells of the page, half-open */
	struct pp_sight latest, other;
};

struct pp_order_pages;

/** pp_order_pages_new - nothing seen yet; NULL without memory. Of a model that is built. */
struct pp_order_pages *pp_order_pages_new(const struct pp_model *m);
void pp_order_pages_free(struct pp_order_pages *p);

/** pp_order_pages_get - the runs of a page in order of their cells, @n of them. */
const struct pp_order_run *pp_order_pages_get(const struct pp_order_pages *p, uint16_t space,
					      size_t page, size_t *n);

/** pp_order_pages_put - @s was seen in [@from, @to): @settle adds it to what is known of a run,
 * which may be nothing. 0 or -ENOMEM. */
int pp_order_pages_put(struct pp_order_pages *p, uint16_t space, uint64_t from, uint64_t to,
		       struct pp_sight s,
		       void (*settle)(const void *arg, struct pp_order_run *r, struct pp_sight s),
		       const void *arg);

#endif
