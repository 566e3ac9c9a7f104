/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of scenarios in which a process of its own registers memory; see plan_owner.h. */
#include "run/plan_owner.h"

#include <stdio.h>
#include <string.h>

bool pp_owner_variant(const struct pp_owner_row *rows, size_t n, size_t index,
		      struct pp_variant *out)
{
	if (index >= n)
		return false;
	snprintf(out->name, sizeof(out->name), "%s", rows[index].backing);
	snprintf(out->backing, sizeof(out->backing), "%s", rows[index].backing);
	snprintf(out->pinner, sizeof(out->pinner), "%s", rows[index].pinner);
	out->tier = rows[index].tier;
	out->data = &rows[index];
	return true;
}

void pp_owner_head(const struct pp_owner_row *r, struct pp_plan_text *t)
{
	const struct pp_place_lines *place = pp_place_of(r->backing);
	bool uring = !strcmp(r->pinner, "uring-fixed");
	unsigned long long size =
		place->page_bytes > PP_OWNER_BYTES ? place->page_bytes : PP_OWNER_BYTES;

	pp_say(t, "rules O1 O4 O7 O8 O9 O10 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence device-writes-seen >= 1");
	pp_lines_place(t, r->backing);
	pp_say(t, "need pin-counters rdma-objects%s", uring ? " io-uring" : "");
	pp_say(t, "region data backing=%s%s share=%s prot=rw size=%llu", r->backing, place->words,
	       r->share, size);
	pp_lines_control_objects(t);
	pp_say(t, "mr m0 region=data range=0+%u %s", PP_OWNER_BYTES,
	       uring ? "kind=uring" : "access=lw,rw,rr");
	pp_say(t, "actor main");
}
