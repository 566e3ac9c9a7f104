/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memfd-seal: a memfd that a device may write into cannot be sealed against writes. */
#include "run/plan_pinned.h"

static const struct pp_pinned_row rows[] = {
	{ PP_PINNED_ROW("memfd", "shared", "rxe-mr", PP_TIER_QUICK) },
	{ PP_PINNED_ROW("memfd", "shared", "uring-fixed", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "vmsplice", PP_TIER_FULL) },
	{ PP_PINNED_ROW("memfd", "shared", "dio", PP_TIER_FULL) },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_pinned_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

/* The mapping goes first: a writable one is a refusal of its own, and hides that of the pins. */
static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_pinned_row *r = v->data;

	(void)seed;
	pp_say(t, "evidence hazards-done >= 2");
	pp_say(t, "evidence hazards-refused >= 2");
	pp_pinned_head(r, "", t);
	pp_pinned_setup(r, t);
	pp_pinned_pin(r, t);
	pp_pinned_mark(t);
	pp_pinned_use(r, t, 0);
	pp_pinned_look(t);
	pp_say(t, "step \"twin sealed\"");
	pp_op(t, "unmap twin");
	pp_op(t, "seal-write twin hazard");
	pp_op(t, "pwrite twin 0+64 gen=%u hazard expect=EPERM", pp_gen(t));
	pp_say(t, "step \"refused\"");
	pp_op(t, "unmap data");
	pp_op(t, "seal-write data hazard expect=EBUSY");
	pp_op(t, "frame-look data 0+%u", PP_PINNED_BYTES);
	pp_pinned_write(r, t, 8192);
	pp_op(t, "pread data");
	pp_op(t, "pwrite data %u+64 gen=%u", PP_PINNED_BYTES - 64, pp_gen(t));
	pp_pinned_let_go(r, t);
	pp_say(t, "step \"sealed\"");
	pp_op(t, "seal-write data hazard");
	pp_op(t, "pwrite data %u+64 gen=%u hazard expect=EPERM", PP_PINNED_BYTES - 64, pp_gen(t));
	pp_op(t, "pread data");
	pp_op(t, "pread twin");
	pp_lines_bystander_check(t, r->backing);
}

static const char *const references[] = {
	"fcntl_locking.2 and memfd_create.2, F_SEAL_WRITE",
	"mm/memfd.c, memfd_wait_for_pins()",
	NULL,
};

const struct pp_scenario pp_scenario_memfd_seal = {
	.name = "memfd-seal",
	.title = "F_SEAL_WRITE upon pinned pages of a memfd",
	.purpose =
		"Who gets a memfd that is sealed against writes relies on its content not changing "
		"any more. So the seal is refused (EBUSY) while anybody holds references that "
		"could write: a device, a registered buffer, a pipe. After they are released it is "
		"granted, and holds. The twin, which nobody pins, is sealed at once.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
