/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pinproof list` and `pinproof doctor`: what there is, and what this machine can run. */
#include <stdlib.h>
#include <string.h>

#include "run/machine.h"
#include "run/select.h"
#include "run/suite.h"

static void print_scenario(const struct pp_scenario *s)
{
	if (!s) {
		printf("plans of reports:\n");
		return;
	}
	printf("%s: %s\n", s->name, s->title);
	for (const char *const *ref = s->references; ref && *ref; ref++)
		printf("  see %s\n", *ref);
}

/* What its guest has to be, for whoever boots it: nothing for the plain one that it may share. */
static void print_guest(const struct pp_case *k, const char *before)
{
	struct pp_case known;
	const struct pp_variant *v = &k->variant;

	/* A plan from a file has no variant of its own, unless its name is that of a case. */
	if (!k->scenario && !v->guest && !v->destructive && !pp_case_find(k->name, &known))
		v = &known.variant;
	if (v->guest || v->destructive)
		printf("%s%s%s", before, v->guest ? v->guest : "plain",
		       v->destructive ? " alone" : "");
}

int pp_suite_list(const struct pp_config *c)
{
	struct pp_config all = *c;
	struct pp_selection s;
	struct pp_err err = { 0 };
	const struct pp_scenario *last = NULL;
	bool names = c->names || c->guests;
	int rc;

	/* The names are the same on every machine; without --tier all of them are shown. */
	if (!c->tier_given && !names)
		all.tier = PP_TIER_SOAK;
	rc = c->replay ? pp_select_replay(c, &s, &err) : pp_select(&all, &s, &err);
	if (rc) {
		fprintf(stderr, "pinproof: %s\n", err.text);
		return 2;
	}
	for (size_t i = 0; i < s.count; i++) {
		const struct pp_case *k = &s.cases[i];

		if (names) {
			printf("%s", k->label);
			if (c->guests)
				print_guest(k, " ");
			putchar('\n');
			continue;
		}
		if (!i || k->scenario != last)
			print_scenario(k->scenario);
		last = k->scenario;
		printf("  %-48s %s", k->label, pp_tier_names[k->variant.tier]);
		print_guest(k, "  guest: ");
		putchar('\n');
	}
	if (!names)
		printf("%zu cases\n", s.count);
	pp_selection_free(&s);
	return 0;
}

int pp_suite_doctor(const struct pp_config *c)
{
	struct pp_machine *m = calloc(1, sizeof(*m));
	struct pp_err err = { 0 };
	size_t len;
	int rc;

	if (!m)
		return 99;
	rc = pp_machine_open(m, c, c->guest, &err);
	if (rc) {
		fprintf(stderr, "pinproof: %s\n", err.text);
		free(m);
		return 2;
	}
	printf("kernel %s\n  upstream %d.%d.%d, policy era %s (probed: %s)\n", m->facts.release,
	       m->facts.version.major, m->facts.version.minor, m->facts.version.patch,
	       pp_era_names[m->facts.era], pp_era_names[m->facts.era_probed]);
	for (size_t i = 0; i < m->facts.n_facts; i++)
		printf("%-4s %-14s %s\n", m->facts.facts[i].yes ? "yes" : "no",
		       m->facts.facts[i].name, m->facts.facts[i].why);
	for (size_t i = 0; i < m->slots.count; i++)
		printf("slot %-14s %s, %llu MiB\n", m->slots.items[i].name, m->slots.items[i].dev,
		       (unsigned long long)m->slots.items[i].size_bytes >> 20);
	if (!c->guest)
		printf("Outside a throw-away guest only cases that touch nothing but their own "
		       "objects "
		       "run;\nwhat disturbs the machine needs --i-may-lose-this-machine.\n");
	printf("rxe is a copy by the CPU inside the kernel: it shows no IOMMU, no PCIe ordering "
	       "and "
	       "no lost\nCPU caches on emulated persistent memory.\n");
	free(pp_machine_close(m, &len, &err));
	if (err.text[0])
		fprintf(stderr, "pinproof: %s\n", err.text);
	free(m);
	return 0;
}
