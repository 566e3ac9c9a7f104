/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cases that must end in each verdict, faults planted, without root and without RDMA.
 *
 *	selftest [OPTION...] [CASE...]   runs them, like a scenario's own program
 *	selftest judge [OPTION...] DIR   judges a run of theirs again, by the same rows
 *
 * tests/selftest/run drives it. The kernel is a made-up one (SELFTEST_RELEASE), so that the ranges
 * of the made-up known defects are conclusive on every machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/defect.h"
#include "run/suite.h"

#define RUN_OPTIONS                                                                                \
	"tier out seed repeat shuffle strict bisect timeout disk cases-from trace no-trace "       \
	"coverage drop-hazard "                                                                    \
	"drop-device-writes plant guest i-may-lose-this-machine stream ktap no-color names"
#define JUDGE_OPTIONS "strict bisect seed ktap no-color"

#define DEFECT_RANGE       .since = { 6, 13, 0 }, .before = { 6, 14, 0 }
#define DEFECT_AT(variant) .scenario = "self", .backings = variant, .steps = "*", .pinners = "*"

/* Instead of the library's. plan.backing is the variant's name here: rows match by it. */
const struct pp_defect pp_defects[] = {
	{
		DEFECT_AT("xfail xpass xfail-two"),
		DEFECT_RANGE,
		.name = "selftest-write-lost",
		.rule = PP_O1_COHERENCE,
		.classes = 1u << PP_CLASS_ZERO | 1u << PP_CLASS_STALE,
		.reference = "selftest report 1",
		.title = "a planted loss of a write",
	},
	{
		DEFECT_AT("xfail-hang"),
		DEFECT_RANGE,
		.name = "selftest-hang",
		.rule = PP_O9_LIVENESS,
		.classes = 1u << PP_CLASS_STUCK,
		.reference = "selftest report 2",
		.title = "a planted hang",
	},
	{
		DEFECT_AT("xfail-crash"),
		DEFECT_RANGE,
		.name = "selftest-crash",
		.rule = PP_O10_QUIET_KERNEL,
		.classes = 1u << PP_CLASS_SPLAT,
		.log = "signal 6",
		.reference = "selftest report 3",
		.title = "a planted crash",
	},
	{
		/* The case tears a cell, which is of another class: it must stay a FAIL. */
		DEFECT_AT("other-class"),
		DEFECT_RANGE,
		.name = "selftest-other-class",
		.rule = PP_O4_IDENTITY,
		.classes = 1u << PP_CLASS_MISPLACED,
		.reference = "selftest report 4",
		.title = "a planted misplaced write",
	},
	{
		/* Repaired before the made-up kernel: it explains nothing. */
		DEFECT_AT("repaired"),
		.since = { 5, 6, 0 },
		.before = { 6, 13, 0 },
		.name = "selftest-repaired",
		.rule = PP_O1_COHERENCE,
		.classes = 1u << PP_CLASS_ZERO | 1u << PP_CLASS_STALE,
		.reference = "selftest report 5",
		.title = "a planted loss of a write, long repaired",
	},
};
const size_t pp_n_defects = PP_ARRAY_LEN(pp_defects);

struct row {
	const char *name;
	const char *region; /* words of the region's line */
	enum pp_plant plant;
	const char *more; /* another line of the plan's head */
	enum pp_tier tier;
};

#define MEMFD "backing=memfd share=shared"
#define ANON  "backing=anon share=private"

/* clang-format off */
static const struct row rows[] = {
	{ "pass",         MEMFD, PP_PLANT_NONE,   "",                      PP_TIER_QUICK },
	{ "pass-anon",    ANON,  PP_PLANT_NONE,   "",                      PP_TIER_QUICK },
	{ "drop",         MEMFD, PP_PLANT_DROP,   "",                      PP_TIER_QUICK },
	{ "shift",        MEMFD, PP_PLANT_SHIFT,  "",                      PP_TIER_QUICK },
	{ "tear",         MEMFD, PP_PLANT_TEAR,   "",                      PP_TIER_QUICK },
	{ "refuse",       MEMFD, PP_PLANT_REFUSE, "",                      PP_TIER_QUICK },
	{ "hang",         MEMFD, PP_PLANT_HANG,   "",                      PP_TIER_QUICK },
	{ "crash",        MEMFD, PP_PLANT_CRASH,  "",                      PP_TIER_QUICK },
	{ "skip",         MEMFD, PP_PLANT_NONE,   "need no-such-fact",     PP_TIER_QUICK },
	{ "needs-root",   MEMFD, PP_PLANT_NONE,   "need root",             PP_TIER_QUICK },
	{ "inconclusive", MEMFD, PP_PLANT_NONE,   "evidence packets >= 3", PP_TIER_QUICK },
	{ "xfail",        MEMFD, PP_PLANT_DROP,   "",                      PP_TIER_QUICK },
	{ "xfail-hang",   MEMFD, PP_PLANT_HANG,   "",                      PP_TIER_QUICK },
	{ "xfail-crash",  MEMFD, PP_PLANT_CRASH,  "",                      PP_TIER_QUICK },
	{ "xpass",        MEMFD, PP_PLANT_NONE,   "",                      PP_TIER_QUICK },
	{ "other-class",  MEMFD, PP_PLANT_TEAR,   "",                      PP_TIER_QUICK },
	{ "repaired",     MEMFD, PP_PLANT_DROP,   "",                      PP_TIER_QUICK },
	{ "moved",        ANON,  PP_PLANT_MOVE,   "need io-uring page-flags", PP_TIER_FULL },
	{ "stays",        ANON,  PP_PLANT_NONE,   "need io-uring page-flags", PP_TIER_FULL },
	{ "twice",        MEMFD, PP_PLANT_NONE,   "",                      PP_TIER_FULL },
	{ "storm",        MEMFD, PP_PLANT_NONE,   "",                      PP_TIER_FULL },
	{ "storm-hang",   MEMFD, PP_PLANT_HANG,   "",                      PP_TIER_FULL },
	{ "storm-crash",  MEMFD, PP_PLANT_CRASH,  "",                      PP_TIER_FULL },
	{ "full",         MEMFD, PP_PLANT_NONE,   "",                      PP_TIER_FULL },
	{ "soak",         MEMFD, PP_PLANT_NONE,   "",                      PP_TIER_SOAK },
};
/* clang-format on */

static bool variant(size_t index, struct pp_variant *out)
{
	if (index >= PP_ARRAY_LEN(rows))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", rows[index].name);
	snprintf(out->backing, sizeof(out->backing), "%s", rows[index].name);
	snprintf(out->pinner, sizeof(out->pinner), "vm-write");
	out->tier = rows[index].tier;
	out->plant = rows[index].plant;
	out->data = &rows[index];
	return true;
}

/* What was drawn must be known also of a child that hangs or dies while it draws. */
static void storm_lines(struct pp_plan_text *t)
{
	pp_say(t, "step \"storm\"");
	pp_storm_line(t, "for=500ms ops=300");
	/* Few writes and many looks, so that a planted fault is seen. */
	pp_mix(t, "main", "vm-write data weight=1 length=1..4K align=1");
	pp_mix(t, "main", "msync data weight=5 hazard");
	pp_mix(t, "main", "fork weight=5 hazard");
	pp_mix(t, "other", "vm-read data weight=1");
	pp_say(t, "step \"after\"");
	pp_op(t, "load data");
	pp_op(t, "vm-read data");
	pp_op(t, "vmsplice data");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct row *r = v->data;

	(void)seed;
	/* Not O7: others on the machine may pin meanwhile, and this must not depend on them. */
	pp_say(t, "rules O1 O4 O8 O10 O12%s", strstr(r->more, "page-flags") ? " O13" : "");
	pp_say(t, "bound %ds", r->plant == PP_PLANT_HANG ? 1 : 20);
	pp_say(t, "need memfd process-vm vmsplice");
	pp_say(t, "%s", r->more);
	pp_say(t, "evidence device-writes-seen >= 1");
	pp_say(t, "evidence pin-reads >= 2");
	pp_say(t, "evidence syncs >= 1");
	pp_say(t, "region data %s prot=rw size=16384", r->region);
	if (strstr(r->more, "page-flags"))
		pp_say(t, "mr m0 region=data kind=uring");
	pp_say(t, "actor main");
	pp_say(t, "actor other");
	pp_say(t, "step \"set-up\"");
	pp_op(t, "map data");
	pp_op(t, "store data gen=1");
	if (!strncmp(r->name, "storm", 5)) {
		storm_lines(t);
		return;
	}
	pp_say(t, "step \"write and look\"");
	pp_op(t, "load data");
	pp_op(t, "vm-write data 4096+8192 gen=2");
	if (strstr(r->more, "page-flags")) {
		pp_op(t, "reg m0");
		pp_op(t, "page-mark data");
		pp_op(t, "page-look data");
	}
	pp_op(t, "vm-read data");
	pp_op(t, "msync data hazard");
	if (!strcmp(r->region, MEMFD))
		pp_op(t, "fsync data hazard");
	pp_op_by(t, "other", "load data after=%u", pp_op(t, "vmsplice data"));
	if (!strcmp(r->name, "twice")) {
		pp_op(t, "vm-write data 8192+4100 gen=3");
		pp_op(t, "vm-read data");
		pp_op(t, "load data");
	}
	if (strstr(r->more, "page-flags")) {
		pp_op(t, "frame-look data");
		pp_op(t, "dereg m0");
	}
	pp_op(t, "quiet");
}

const struct pp_scenario pp_scenario_self;
const struct pp_scenario pp_scenario_self = {
	.name = "self",
	.title = "every verdict, planted",
	.purpose = "Shows that the runner reports each verdict when there is reason to.",
	.variant = variant,
	.plan = plan,
};

const struct pp_scenario *const pp_scenarios[] = { &pp_scenario_self, NULL };

/* Found before the C library's: a kernel whose defects are the table's above. */
int uname(struct utsname *u)
{
	const char *release = getenv("SELFTEST_RELEASE");

	memset(u, 0, sizeof(*u));
	snprintf(u->sysname, sizeof(u->sysname), "Linux");
	snprintf(u->release, sizeof(u->release), "%s", release ? release : "6.13.0");
	snprintf(u->version, sizeof(u->version), "#1 SMP");
	return 0;
}

int main(int argc, char **argv)
{
	char **typed = calloc((size_t)argc + 1, sizeof(*typed));
	bool judge = argc > 1 && !strcmp(argv[1], "judge");
	int skip = judge ? 2 : 1;
	struct pp_err err = { 0 };
	struct pp_config c;
	int code = 2;

	if (!typed)
		return 99;
	memcpy(typed, argv, (size_t)argc * sizeof(*typed));
	if (pp_config_parse(&c, argc - skip, argv + skip, judge ? JUDGE_OPTIONS : RUN_OPTIONS,
			    &err)) {
		fprintf(stderr, "pinproof: %s\n", err.text);
	} else {
		c.repeat_with = "selftest";
		if (!judge)
			code = c.names ? pp_suite_list(&c) : pp_suite_run(&c, argc, typed);
		else if (c.n_patterns == 1)
			code = pp_suite_judge(&c, c.patterns[0]);
	}
	free(typed);
	return code;
}
