/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules O7 (pin balance) and O8 (no trace of a refusal) at quiet points. */
#include <stdlib.h>

#include "core/oracle_rules.h"
#include "core/policy.h"

enum { PINS, VMPIN, ACCOUNTS }; /* nr_foll_pin_acquired less released; the process's VmPin */

/* Pages taken and given back by all changes up to one moment. */
struct pin_sum {
	uint64_t time_ns;
	int64_t taken[ACCOUNTS], given[ACCOUNTS];
};

/* Registrations and deregistrations that worked, by begin and by end, with running sums. */
struct pp_pin_ledger {
	struct pin_sum *begins, *ends;
	size_t n_begins, n_ends;
	uint32_t last_reg; /* last registration since the quiet point before, PP_NO_EVENT */
	int64_t last_off[ACCOUNTS]; /* how far pins and VmPin were off at the quiet point before */
	enum pp_rule last_rule;     /* that they broke there */
};

static int cmp_sum(const void *a, const void *b)
{
	const struct pin_sum *x = a, *y = b;

	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

static void run_sums(struct pin_sum *sums, size_t n)
{
	qsort(sums, n, sizeof(*sums), cmp_sum);
	for (size_t i = 1; i < n; i++)
		for (int k = 0; k < ACCOUNTS; k++) {
			sums[i].taken[k] += sums[i - 1].taken[k];
			sums[i].given[k] += sums[i - 1].given[k];
		}
}

static void take(struct pp_pin_ledger *l, const struct pp_plan *plan, const struct pp_event *e,
		 enum pp_era era)
{
	bool reg = pp_verbs[e->verb].kind == PP_KIND_PIN;
	struct pp_policy_pins pins = pp_policy_pins(plan, &plan->mrs[e->object], era);
	struct pin_sum sum = { .time_ns = e->begin_ns };
	int64_t *of = reg ? sum.taken : sum.given;

	of[PINS] = pins.counted_pages;
	of[VMPIN] = pins.vmpin_pages;
	l->begins[l->n_begins++] = sum;
	/* An open one ends at the end of time: no quiet point comes after it. */
	sum.time_ns = e->end_ns;
	l->ends[l->n_ends++] = sum;
}

struct pp_pin_ledger *pp_pin_ledger_new(const struct pp_model *m, enum pp_era era)
{
	const struct pp_history *h = m->history;
	struct pp_pin_ledger *l = calloc(1, sizeof(*l));
	size_t n = 0;

	if (!l)
		return NULL;
	for (size_t i = 0; i < m->notable.n; i++) {
		enum pp_kind kind = pp_verbs[h->events[m->notable.event[i]].verb].kind;

		n += kind == PP_KIND_PIN || kind == PP_KIND_UNPIN;
	}
	l->last_reg = PP_NO_EVENT;
	l->begins = calloc(n + 1, sizeof(*l->begins));
	l->ends = calloc(n + 1, sizeof(*l->ends));
	if (!l->begins || !l->ends) {
		pp_pin_ledger_free(l);
		return NULL;
	}
	for (size_t i = 0; i < m->notable.n; i++) {
		const struct pp_event *e = &h->events[m->notable.event[i]];
		enum pp_kind kind = pp_verbs[e->verb].kind;

		/* What failed changed nothing: a deregistration that fails keeps its pins. */
		if ((kind == PP_KIND_PIN || kind == PP_KIND_UNPIN) && !e->result)
			take(l, m->plan, e, era);
	}
	run_sums(l->begins, l->n_begins);
	run_sums(l->ends, l->n_ends);
	return l;
}

void pp_pin_ledger_free(struct pp_pin_ledger *l)
{
	if (!l)
		return;
	free(l->begins);
	free(l->ends);
	free(l);
}

/* Sums of all changes before @time_ns. */
static struct pin_sum sum_before(const struct pin_sum *sums, size_t n, uint64_t time_ns)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (sums[mid].time_ns < time_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? sums[low - 1] : (struct pin_sum){ 0 };
}

/* A damaged history may hold any number: what does not fit is as far off as a number can be. */
static int64_t off_by(int64_t value, int64_t least, int64_t most)
{
	const int64_t border = value > most ? most : least;
	int64_t off;

	if (value >= least && value <= most)
		return 0;
	if (__builtin_sub_overflow(value, border, &off))
		off = value < 0 ? INT64_MIN : INT64_MAX;
	return off;
}

/* A refusal answers for what was not off before it; what stays off stays with its rule. */
static enum pp_rule rule_of(const struct pp_judge *j, const int64_t off[2])
{
	const struct pp_pin_ledger *l = j->ledger;
	bool refused = l->last_reg != PP_NO_EVENT && j->h->events[l->last_reg].result;

	if (l->last_rule && off[0] == l->last_off[0] && off[1] == l->last_off[1])
		return l->last_rule;
	return refused && (j->plan->rules & PP_RULE_BIT(PP_O8_REFUSAL)) ? PP_O8_REFUSAL
									: PP_O7_PIN_BALANCE;
}

/* What one account must show: from @least, to @most where changes overlap the quiet point. */
struct span {
	int64_t value, least, most;
};

static void report(struct pp_judge *j, uint32_t event, enum pp_rule rule, const int64_t off[2],
		   const struct span spans[ACCOUNTS])
{
	static const char *const counter[ACCOUNTS] = { "pins", "VmPin" };

	for (int k = 0; k < ACCOUNTS; k++) {
		const struct span *s = &spans[k];
		enum pp_class cls = off[k] > 0 ? PP_CLASS_LEAK : PP_CLASS_OVERRELEASE;
		bool both = k == PINS && off[VMPIN] && (off[PINS] > 0) == (off[VMPIN] > 0) &&
			    spans[PINS].least == spans[VMPIN].least;
		uint32_t refused = rule == PP_O8_REFUSAL ? j->ledger->last_reg : PP_NO_EVENT;

		if (!off[k])
			continue;
		pp_judge_op(j, rule, cls, event, refused,
			    "%s%s: the kernel counts %lld pages%s%s, the registrations that hold "
			    "explain %lld%s",
			    counter[k], both ? " and VmPin" : "", (long long)s->value,
			    refused == PP_NO_EVENT ? "" : " after a refused registration",
			    both && off[0] != off[1] ? " (VmPin differs)" : "", (long long)s->least,
			    s->least == s->most ? "" : " or more, as some overlap the quiet point");
		if (both)
			return;
	}
}

static void expect(const struct pp_pin_ledger *l, const struct pp_event *e,
		   struct span spans[ACCOUNTS])
{
	struct pin_sum ended = sum_before(l->ends, l->n_ends, e->begin_ns);
	struct pin_sum begun = sum_before(l->begins, l->n_begins, e->end_ns + 1);

	for (int k = 0; k < ACCOUNTS; k++) {
		int64_t held = ended.taken[k] - ended.given[k];

		spans[k].least = held - (begun.given[k] - ended.given[k]);
		spans[k].most = held + (begun.taken[k] - ended.taken[k]);
	}
}

static void quiet(struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];
	struct pp_pin_ledger *l = j->ledger;
	struct span spans[ACCOUNTS];
	int64_t off[ACCOUNTS];
	struct pp_quiet q;

	if (e->result || (e->flags & PP_EVENT_OPEN))
		return;
	pp_event_quiet_get(e, &q);
	expect(l, e, spans);
	spans[PINS].value = q.pins;
	spans[VMPIN].value = q.vmpin_pages;
	/* INT64_MIN: the counters were not ours to read. */
	for (int k = 0; k < ACCOUNTS; k++)
		off[k] = spans[k].value == INT64_MIN
				 ? 0
				 : off_by(spans[k].value, spans[k].least, spans[k].most);
	if (off[PINS] || off[VMPIN]) {
		enum pp_rule rule = rule_of(j, off);

		report(j, event, rule, off, spans);
		l->last_rule = rule;
	} else {
		l->last_rule = PP_RULE_NONE;
	}
	l->last_off[PINS] = off[PINS];
	l->last_off[VMPIN] = off[VMPIN];
	l->last_reg = PP_NO_EVENT;
}

void pp_rule_pins(struct pp_judge *j, uint32_t event)
{
	if (pp_verbs[j->h->events[event].verb].kind == PP_KIND_LEDGER)
		quiet(j, event);
	else
		j->ledger->last_reg = event;
}
