/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drop-caches: pinned pages of a file outlive the caches that are dropped. */
#include <string.h>

#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("ext4", "shared", "rxe-mr-read", PP_TIER_QUICK) },
	{ PP_PINNED_ROW("ext4", "shared", "vmsplice", PP_TIER_FULL) },
	{ PP_PINNED_ROW("xfs", "shared", "rxe-mr-read", PP_TIER_FULL) },
	{ PP_PINNED_ROW("btrfs", "shared", "rxe-mr-read", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("xfs", "shared", "vmsplice", PP_TIER_FULL) },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

/*
 * Clean and in no page table: so nothing but its references keeps a page. The registration reads
 * only, as kernels since 6.5 refuse one that writes; what it reads shows whose page it has.
 */
static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;
	bool memory = !strcmp(r->backing, "memfd");

	(void)seed;
	pp_say(t, "evidence hazards-done >= 4");
	pp_say(t, "evidence pages-kept >= %u", 2 * PP_PINNED_PAGES);
	/* Memory that has no disk behind it is no cache. */
	if (!memory)
		pp_say(t, "evidence frames-moved >= 1");
	pp_pinned_head(r, "", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	if (!memory) {
		pp_op(t, "fsync data");
		pp_op(t, "fsync twin");
	}
	pp_pinned_mark(t);
	pp_say(t, "step \"dropped\"");
	for (int i = 0; i < 2; i++) {
		pp_op(t, "dontneed data hazard");
		pp_op(t, "dontneed twin hazard");
		pp_op(t, "drop-caches hazard");
		pp_op(t, "load data");
		pp_op(t, "load twin");
		pp_pinned_look(t);
	}
	pp_pinned_use(r, t, 0);
	pp_pinned_unpin(r, t);
	pp_op(t, "load data");
	pp_op(t, "pread data");
	if (!memory) {
		pp_op(t, "fsync data");
		pp_op(t, "disk-read data");
	}
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"mm/truncate.c, mapping_evict_folio(): references that nothing accounts for",
	"Documentation/admin-guide/sysctl/vm.rst, drop_caches",
	NULL,
};

const struct pp_scenario pp_scenario_drop_caches = {
	.name = "drop-caches",
	.title = "dropped caches upon pinned pages of files",
	.purpose = "Pages of files that are clean and in no page table are dropped on request; a "
		   "page that a device has must stay, or the file would get a second page for the "
		   "same place, and the device and the file would go on with different ones. The "
		   "pages of data come back on the same frames, those of the twin are read anew.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
