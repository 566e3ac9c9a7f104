/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd: userfaultfd and pinned pages: protection does not reach the device, and nothing is moved
 * away. */
#include <string.h>

#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_QUICK) },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "rxe-mr", PP_TIER_FULL), .word = "move" },
	{ PP_PINNED_ROW("anon", "private", "uring-fixed", PP_TIER_FULL), .word = "move" },
	{ PP_PINNED_ROW("anon", "private", "vmsplice", PP_TIER_FULL), .word = "move" },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL) },
	{ PP_PINNED_ROW("anon", "private", "dio", PP_TIER_FULL), .word = "move" },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

/* A store faults; so does who pins only now. Who has the page already does not ask. */
static void protection(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"protected\"");
	pp_op(t, "uffd-protect twin 0+%u hazard", PP_PINNED_BYTES);
	pp_op(t, "uffd-protect data 0+%u hazard", PP_PINNED_BYTES);
	pp_op(t, "store twin 0+64 gen=%u hazard expect=EFAULT", pp_gen(t));
	pp_op(t, "store data %u+64 gen=%u hazard expect=EFAULT", PP_PINNED_BYTES - 64, pp_gen(t));
	pp_op(t, "vm-write data %u+64 gen=%u hazard expect=EFAULT", PP_PINNED_BYTES - 64,
	      pp_gen(t));
	pp_pinned_write(r, t, 8192);
	pp_op(t, "load data 0+%u", PP_PINNED_BYTES);
	pp_pinned_look(t);
	pp_op(t, "uffd-unprotect hazard");
}

/* A reference that is no pin goes with its page. */
static void moving(const struct pp_pinned_row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"moved\"");
	pp_op(t, "uffd-move data 0+%u hazard%s", PP_PINNED_BYTES,
	      strcmp(r->pinner, "vmsplice") ? " expect=EBUSY" : "");
	pp_op(t, "uffd-move twin 0+%u hazard", PP_PINNED_BYTES);
	pp_pinned_look(t);
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;
	bool move = pp_pinned_has(r, "move"), held = !strcmp(r->pinner, "vmsplice");

	(void)seed;
	pp_say(t, "evidence hazards-done >= %u", move && !held ? 1 : 2);
	if (!move)
		pp_say(t, "evidence access-faults >= 2");
	else if (!held)
		pp_say(t, "evidence hazards-refused >= 1");
	pp_say(t, "evidence pages-kept >= %u", 2 * PP_PINNED_PAGES);
	pp_pinned_head(r, move ? "uffd-move" : "uffd-wp process-vm", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_pinned_use(r, t, 0);
	if (move)
		moving(r, t);
	else
		protection(r, t);
	pp_say(t, "step \"afterwards\"");
	pp_pinned_use(r, t, 16384);
	pp_op(t, "store twin gen=%u", pp_gen(t));
	pp_pinned_look(t);
	pp_pinned_use(r, t, 24576);
	pp_pinned_unpin(r, t);
	pp_op(t, "load data");
	pp_op(t, "load twin");
	pp_pinned_end(r, t);
}

static const char *const references[] = {
	"Documentation/admin-guide/mm/userfaultfd.rst",
	"commit adef440691ba (userfaultfd: UFFDIO_MOVE uABI, 6.8)",
	"mm/userfaultfd.c, move_present_pte(): folio_maybe_dma_pinned()",
	NULL,
};

const struct pp_scenario pp_scenario_uffd = {
	.name = "uffd",
	.title = "write protection and moving by userfaultfd upon pinned pages",
	.purpose = "Documented behaviour, and no finding: write protection by userfaultfd is a "
		   "matter of page tables, so it stops the CPU and whoever pins only now, but not "
		   "a device that has the pages: what it writes arrives, and the monitor does not "
		   "hear of it. The protection must not part device and process when it ends "
		   "either: the next store has to reuse the page. UFFDIO_MOVE (6.8) refuses pages "
		   "that are pinned with EBUSY; references that are no pins (vmsplice) stay with "
		   "their page, wherever it is mapped. The twin's pages are moved away and back.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
