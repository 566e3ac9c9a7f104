/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold for any input: sentences, round trips, findings that can be read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/oracle.h"
#include "fuzz.h"

/* Beyond these the oracle is right to take its time. */
#define JUDGE_EVENTS 256u
#define JUDGE_OPS    256u
#define JUDGE_BYTES  (1u << 20)

void pp_fuzz_must(bool kept, const char *promise)
{
	if (kept)
		return;
	fprintf(stderr, "fuzz: this does not hold: %s\n", promise);
	abort();
}

void pp_fuzz_refused(int ret, const struct pp_err *err)
{
	size_t len = strlen(err->text);

	pp_fuzz_must(ret == -EINVAL || ret == -EPROTO || ret == -ENOMEM,
		     "a refusal is EINVAL, EPROTO or ENOMEM");
	if (ret == -ENOMEM)
		return;
	pp_fuzz_must(len && err->text[len - 1] == '.', "a refusal is a sentence");
	pp_fuzz_must(!strchr(err->text, '\n'), "a refusal is one line");
	pp_fuzz_must(strstr(err->text, "line ") || strstr(err->text, "Byte "),
		     "a refusal names the place");
}

struct pp_plan *pp_fuzz_plan(const char *text, size_t len)
{
	struct pp_plan *plan = NULL, *again = NULL;
	struct pp_err err = { "" };
	char *once, *twice;
	int ret = pp_plan_parse(text, len, &plan, &err);

	if (ret) {
		pp_fuzz_refused(ret, &err);
		return NULL;
	}
	once = pp_plan_print(plan);
	pp_fuzz_must(once != NULL, "a plan can be printed");
	ret = pp_plan_parse(once, strlen(once), &again, &err);
	if (ret)
		fprintf(stderr, "%s\n%s\n", err.text, once);
	pp_fuzz_must(!ret, "a printed plan is a plan");
	twice = pp_plan_print(again);
	pp_fuzz_must(twice && !strcmp(once, twice), "a plan printed twice is the same text");
	pp_fuzz_must(pp_plan_crc(plan) == pp_plan_crc(again), "the same plan has the same CRC");
	free(once);
	free(twice);
	pp_plan_free(again);
	return plan;
}

static bool quickly_judged(const struct pp_plan *plan, const struct pp_history *h)
{
	uint64_t bytes = 0;

	if (h->n_events > JUDGE_EVENTS || plan->n_ops > JUDGE_OPS)
		return false;
	for (size_t i = 0; i < plan->n_regions; i++) {
		if (plan->regions[i].size_bytes > JUDGE_BYTES)
			return false;
		bytes += plan->regions[i].size_bytes;
	}
	return bytes <= JUDGE_BYTES;
}

static void check_finding(const struct pp_plan *plan, const struct pp_finding *f)
{
	bool own = !f->op;

	pp_fuzz_must(f->text[0] && !strchr(f->text, '\n'), "a finding is told in one line");
	pp_fuzz_must(f->n_ops <= PP_FINDING_OPS, "a finding names so many operations");
	for (size_t i = 0; i < f->n_ops; i++) {
		pp_fuzz_must(pp_plan_op(plan, f->ops[i]) != NULL,
			     "a finding names operations of the plan");
		own |= f->ops[i] == f->op;
	}
	pp_fuzz_must(own, "a finding's own operation is among those it names");
}

void pp_fuzz_judge(const struct pp_plan *plan, const struct pp_history *h)
{
	const struct pp_oracle_options opt = { .era = PP_ERA_6_5 };
	struct pp_findings f = { 0 };
	struct pp_err err = { "" };
	int ret;

	if (!quickly_judged(plan, h))
		return;
	ret = pp_oracle_run(plan, h, &opt, &f, &err);
	pp_fuzz_must(!ret || ret == -EOPNOTSUPP || ret == -ENOMEM, "the oracle judges what fits");
	for (size_t i = 0; i < f.count; i++)
		check_finding(plan, &f.items[i]);
	pp_findings_free(&f);
}
