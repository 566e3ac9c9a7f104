/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memlock: RLIMIT_MEMLOCK bounds what may be pinned, unless the process may lock as it likes. */
#include <string.h>

#include "run/plan_owner.h"

#define SIZE 65536u

static const struct pp_owner_row rows[] = {
	{ "anon", "private", "rxe-mr", PP_TIER_QUICK },
	{ "memfd", "shared", "rxe-mr", PP_TIER_FULL },
	{ "anon", "private", "uring-fixed", PP_TIER_QUICK },
	{ "memfd", "shared", "uring-fixed", PP_TIER_FULL },
};

/* A life under a limit: what the first registration gets, and one of a page behind it. */
static const struct limit {
	const char *name, *words;
	const char *first[2], *second[2]; /* of rxe-mr, of uring-fixed; NULL: not tried */
} limits[] = {
	{ "a page less", "memlock=61440 caps=none", { "ENOMEM", "ENOMEM" }, { "ok", "ok" } },
	{ "just enough", "memlock=65536 caps=none", { "ok", "ok" }, { "ENOMEM", "ENOMEM" } },
	{ "a page more", "memlock=69632 caps=none", { "ok", "ok" }, { "ok", "ok" } },
	{ "no limit", "caps=none", { "ok", "ok" }, { "ok", "ok" } },
	/* can_do_mlock() asks for the limit itself before anything is counted */
	{ "nothing", "memlock=0 caps=none", { "EPERM", "ENOMEM" }, { "EPERM", "ENOMEM" } },
	{ "nothing, with CAP_IPC_LOCK", "memlock=0", { "ok", "ok" }, { "ok", "ok" } },
	{ "a page less, with CAP_IPC_LOCK", "memlock=61440", { "ok", "ok" }, { "ok", "ok" } },
};

static bool variant(size_t index, struct pp_variant *out)
{
	return pp_owner_variant(rows, PP_ARRAY_LEN(rows), index, out);
}

static void life(struct pp_plan_text *t, const struct limit *l, bool uring)
{
	pp_say(t, "step \"%s\"", l->name);
	pp_op(t, "own-start %s hazard", l->words);
	pp_op(t, "own-reg m0 expect=%s hazard", l->first[uring]);
	pp_op(t, "quiet");
	pp_op(t, "own-reg m1 expect=%s hazard", l->second[uring]);
	pp_op(t, "quiet");
	if (!strcmp(l->first[uring], "ok"))
		pp_op(t, "own-dereg m0 hazard");
	pp_op(t, "quiet");
	pp_op(t, "own-exit hazard");
	pp_op(t, "quiet");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_owner_row *r = v->data;
	bool uring = !strcmp(r->pinner, "uring-fixed");
	const char *words = uring ? "kind=uring" : "access=lw,rw,rr";

	(void)seed;
	pp_say(t, "rules O1 O4 O7 O8 O9 O10 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence device-writes-seen >= 1");
	pp_say(t, "evidence hazards-done >= %u", (unsigned)(2 * PP_ARRAY_LEN(limits)));
	pp_say(t, "evidence registrations >= %u", (unsigned)(2 * PP_ARRAY_LEN(limits)));
	pp_say(t, "evidence refusals >= 4");
	pp_say(t, "evidence pins-counted >= %u", (unsigned)(4 * PP_ARRAY_LEN(limits)));
	pp_lines_place(t, r->backing);
	pp_say(t, "need pin-counters rdma-objects%s", uring ? " io-uring" : "");
	pp_say(t, "region data backing=%s share=%s prot=rw size=%u", r->backing, r->share,
	       SIZE + 4096);
	pp_lines_control_objects(t);
	pp_say(t, "mr m0 region=data range=0+%u %s", SIZE, words);
	pp_say(t, "mr m1 region=data range=%u+4096 %s", SIZE, words);
	pp_say(t, "actor main");
	pp_lines_control(t, pp_gen(t));
	for (size_t i = 0; i < PP_ARRAY_LEN(limits); i++)
		life(t, &limits[i], uring);
}

static const char *const references[] = {
	"drivers/infiniband/core/umem.c, ib_umem_get(): can_do_mlock(), pinned_vm and the limit",
	"io_uring/rsrc.c, __io_account_mem(): the user's locked_vm and the limit",
	"getrlimit(2), RLIMIT_MEMLOCK",
	NULL,
};

const struct pp_scenario pp_scenario_memlock = {
	.name = "memlock",
	.title = "registrations at, below and above RLIMIT_MEMLOCK, with and without CAP_IPC_LOCK",
	.purpose =
		"A process without CAP_IPC_LOCK may pin up to its limit and not a page more: what "
		"goes beyond is refused with the right errno and leaves no pin and no charge; with "
		"the capability the limit does not count.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
