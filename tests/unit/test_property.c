/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle against a simulated machine: what it shows is right, so the oracle
 * must be silent; then one thing is changed that no machine could show, and the
 * right rule must say so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/oracle.h"
#include "machine.h"
#include "unit.h"

#define MACHINES 600 /* PP_PROPERTY_MACHINES=N: others; PP_PROPERTY_SEED=N: begin there */

static void judge(struct machine *m, const struct pp_plan *plan, struct pp_findings *f,
		  struct record *r)
{
	const struct pp_oracle_options opt = { .era = PP_ERA_6_5 };
	struct pp_err err = { "" };

	machine_record(m, r);
	*f = (struct pp_findings){ 0 };
	CU_ASSERT_EQUAL_FATAL(pp_history_check(&r->h, plan, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pp_oracle_run(plan, &r->h, &opt, f, &err), 0);
}

static void record_free(struct record *r)
{
	free(r->h.events);
	free(r->cells);
}

static void complain(uint64_t seed, const char *what, const struct pp_findings *f,
		     const struct pp_plan *plan, const struct record *r)
{
	char *text = getenv("PP_PROPERTY_SEED") ? pp_history_print(&r->h, plan) : NULL;

	fprintf(stderr, "seed %llu: %s: %zu findings\n", (unsigned long long)seed, what, f->count);
	for (size_t i = 0; i < f->count && i < 3; i++)
		fprintf(stderr, "  %s %s: %s\n", pp_rule_words[f->items[i].rule].name,
			pp_class_words[f->items[i].cls].name, f->items[i].text);
	if (text)
		fprintf(stderr, "%s", text);
	free(text);
}

static bool caught(const struct pp_findings *f, const struct target *t)
{
	for (size_t i = 0; i < f->count; i++)
		if ((f->items[i].rule == t->rule || f->items[i].rule == t->also) &&
		    (t->classes & (1u << f->items[i].cls)))
			return true;
	return false;
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static void a_machine_is_right(void)
{
	unsigned long first = setting("PP_PROPERTY_SEED", 1);
	unsigned long n = setting("PP_PROPERTY_MACHINES", MACHINES), wrong = 0;

	for (uint64_t seed = first; seed < first + n && wrong < 5; seed++) {
		struct machine m;
		struct pp_plan *plan;
		struct pp_findings f;
		struct record r;

		machine_run(&m, seed);
		plan = machine_plan(&m);
		judge(&m, plan, &f, &r);
		if (f.count + f.dropped) {
			complain(seed, "a right machine", &f, plan, &r);
			wrong++;
		}
		pp_findings_free(&f);
		record_free(&r);
		pp_plan_free(plan);
		machine_free(&m);
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

/* false: the change was not caught; @made counts those that could be made. */
static bool one_change(uint64_t seed, const struct change *c, unsigned *made)
{
	struct machine m;
	struct target t = { .m = &m };
	struct pp_plan *plan;
	bool ok = true;

	machine_run(&m, seed);
	plan = machine_plan(&m);
	/* The change draws from its own numbers, so that the machine is the same for all. */
	if (c->make(&t)) {
		struct pp_findings f;
		struct record r;

		judge(&m, plan, &f, &r);
		ok = caught(&f, &t);
		if (!ok) {
			fprintf(stderr, "op %d, cell %u, rule %s\n", (int)(t.a - m.acts) + 1,
				t.cell, pp_rule_words[t.rule].name);
			complain(seed, c->name, &f, plan, &r);
		}
		(*made)++;
		pp_findings_free(&f);
		record_free(&r);
	}
	pp_plan_free(plan);
	machine_free(&m);
	return ok;
}

static void every_change_is_caught(void)
{
	unsigned long first = setting("PP_PROPERTY_SEED", 1);
	unsigned long n = setting("PP_PROPERTY_MACHINES", MACHINES);

	for (size_t k = 0; k < machine_n_changes; k++) {
		unsigned made = 0, missed = 0;

		for (uint64_t seed = first; seed < first + n && missed < 3; seed++)
			missed += !one_change(seed, &machine_changes[k], &made);
		if (getenv("PP_PROPERTY_COUNT"))
			fprintf(stderr, "%s: %u\n", machine_changes[k].name, made);
		CU_ASSERT_EQUAL(missed, 0);
		/* A change that can hardly ever be made proves nothing. */
		CU_ASSERT(n < MACHINES || made >= 10);
	}
}

static const struct pp_unit_case cases[] = {
	{ "a right machine is right", a_machine_is_right },
	{ "every change is caught", every_change_is_caught },
};

PP_UNIT_MAIN("property", cases)
