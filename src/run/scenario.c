/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a scenario's variant to its parsed plan. */
#include "run/scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

const char *const pp_tier_names[PP_TIER_COUNT] = {
	[PP_TIER_QUICK] = "quick",
	[PP_TIER_FULL] = "full",
	[PP_TIER_SOAK] = "soak",
};

int pp_scenario_plan(const struct pp_scenario *s, const struct pp_variant *v, uint64_t seed,
		     struct pp_plan **out, struct pp_err *err)
{
	struct pp_plan_text t = { 0 };
	int rc;

	pp_say(&t, "pinproof-plan %d", PP_PLAN_VERSION);
	pp_say(&t, "case %s/%s/%s", s->name, v->name, v->pinner);
	pp_say(&t, "backing %s", v->backing);
	pp_say(&t, "pinner %s", v->pinner);
	pp_say(&t, "seed 0x%" PRIx64, seed);
	s->plan(v, seed, &t);
	if (t.failed) {
		rc = pp_err_set(err, t.failed, "no memory for the plan of %s/%s", s->name, v->name);
	} else {
		rc = pp_plan_parse(t.text, t.len, out, err);
		if (rc)
			pp_err_prefix(err, "plan of %s/%s/%s", s->name, v->name, v->pinner);
	}
	free(t.text);
	return rc;
}
