/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules O7 (pin balance, and every other account) and O8 (no trace of a refusal) at quiet points.
 */
#include <stdlib.h>

#include "core/ledger.h"
#include "core/ledger_fds.h"
#include "core/oracle_rules.h"

/* What an account has gained and lost by all changes up to one moment. */
struct sum {
	uint64_t time_ns;
	int64_t taken, given;
};

/* The changes of one account, by begin and by end, with running sums. */
struct history_of {
	struct sum *begins, *ends;
	size_t n, cap;
};

/* A quiet point at which some accounts may be lower than they must, see pp_ledger_slack(). */
struct slack {
	uint32_t event;
	int64_t of[PP_ACCOUNT_COUNT];
};

struct pp_pin_ledger {
	struct history_of of[PP_ACCOUNT_COUNT];
	struct slack *slacks; /* in order of events */
	size_t n_slacks, cap_slacks;
	uint32_t last_reg;                  /* last registration since the quiet point before */
	int64_t last_off[PP_ACCOUNT_COUNT]; /* how far accounts were off at that quiet point */
	enum pp_rule last_rule;             /* that they broke there */
};

static int cmp_sum(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

static void run_sums(struct sum *sums, size_t n)
{
	if (n)
		qsort(sums, n, sizeof(*sums), cmp_sum);
	for (size_t i = 1; i < n; i++) {
		sums[i].taken += sums[i - 1].taken;
		sums[i].given += sums[i - 1].given;
	}
}

static bool grow(struct history_of *h)
{
	size_t cap = h->cap ? 2 * h->cap : 16;
	struct sum *begins, *ends;

	if (h->n < h->cap)
		return true;
	begins = realloc(h->begins, cap * sizeof(*begins));
	if (begins)
		h->begins = begins;
	ends = realloc(h->ends, cap * sizeof(*ends));
	if (ends)
		h->ends = ends;
	if (!begins || !ends)
		return false;
	h->cap = cap;
	return true;
}

/* One that is open ends at the end of time: no quiet point comes after it. */
static bool add(struct history_of *h, const struct pp_event *e, int64_t change)
{
	struct sum s = { .taken = change > 0 ? change : 0, .given = change < 0 ? -change : 0 };

	if (!change)
		return true;
	if (!grow(h))
		return false;
	s.time_ns = e->begin_ns;
	h->begins[h->n] = s;
	s.time_ns = e->end_ns;
	h->ends[h->n++] = s;
	return true;
}

/* What the ledger shows after an operation that may have changed it; @before becomes @after. */
static bool take(struct pp_pin_ledger *l, const struct pp_ledger *now, const struct pp_event *e,
		 int64_t before[PP_ACCOUNT_COUNT])
{
	bool ok = true;

	for (int a = 0; a < PP_ACCOUNT_COUNT; a++) {
		int64_t after = pp_accounts[a].unjudged ? 0 : pp_ledger_value(now, a);

		ok &= add(&l->of[a], e, after - before[a]);
		before[a] = after;
	}
	return ok;
}

static bool take_slack(struct pp_pin_ledger *l, const struct pp_ledger *now, uint32_t event)
{
	struct slack s = { .event = event }, *more;
	bool any = false;

	for (int a = 0; a < PP_ACCOUNT_COUNT; a++) {
		s.of[a] = pp_ledger_slack(now, a);
		any |= s.of[a] != 0;
	}
	if (!any)
		return true;
	if (l->n_slacks == l->cap_slacks) {
		l->cap_slacks = l->cap_slacks ? 2 * l->cap_slacks : 16;
		more = realloc(l->slacks, l->cap_slacks * sizeof(*more));
		if (!more)
			return false;
		l->slacks = more;
	}
	l->slacks[l->n_slacks++] = s;
	return true;
}

static bool take_event(struct pp_pin_ledger *l, struct pp_ledger *now, uint32_t i,
		       const struct pp_event *e, int64_t before[PP_ACCOUNT_COUNT])
{
	if (pp_verbs[e->verb].kind == PP_KIND_LEDGER)
		return e->writer || take_slack(l, now, i);
	return !pp_ledger_concerns(now, e) || !pp_ledger_apply(now, e) || take(l, now, e, before);
}

/* Do accesses that just worked change an account? Only where the kernel counts some wrongly, or
 * where transfers have failed. */
static bool accesses_count(const struct pp_model *m, const struct pp_ledger *now)
{
	for (size_t k = 0; k < m->notable.n; k++)
		if (pp_ledger_tears(&m->history->events[m->notable.event[k]]))
			return true;
	return pp_ledger_drifts(now);
}

/* The change of the account of descriptors by one event. */
static bool take_fds_of(struct pp_pin_ledger *l, struct pp_fds *f, const struct pp_event *e,
			int64_t *before)
{
	int64_t after;
	bool ok;

	pp_fds_apply(f, e);
	after = pp_fds_open(f);
	ok = add(&l->of[PP_ACCOUNT_FDS], e, after - *before);
	*before = after;
	return ok;
}

/* Descriptors: all events, until nothing is left that is opened when it is first used. */
static bool take_fds(struct pp_pin_ledger *l, const struct pp_model *m)
{
	const struct pp_history *h = m->history;
	struct pp_fds *f = pp_fds_new(m->plan);
	int64_t before = 0;
	bool ok = f != NULL;
	size_t i = 0;

	for (; ok && i < h->n_events && pp_fds_pending(f); i++)
		ok = take_fds_of(l, f, &h->events[i], &before);
	for (size_t k = 0; ok && k < m->notable.n; k++)
		if (m->notable.event[k] >= i)
			ok = take_fds_of(l, f, &h->events[m->notable.event[k]], &before);
	pp_fds_free(f);
	return ok;
}

static bool take_all(struct pp_pin_ledger *l, const struct pp_model *m, enum pp_era era)
{
	const struct pp_history *h = m->history;
	struct pp_ledger *now = pp_ledger_new(m->plan, era);
	int64_t before[PP_ACCOUNT_COUNT] = { 0 };
	bool ok = now != NULL, all = ok && accesses_count(m, now);

	for (size_t k = 0; ok && k < (all ? h->n_events : m->notable.n); k++) {
		uint32_t i = all ? (uint32_t)k : m->notable.event[k];

		ok = take_event(l, now, i, &h->events[i], before);
	}
	pp_ledger_free(now);
	ok = ok && take_fds(l, m);
	for (int a = 0; a < PP_ACCOUNT_COUNT; a++) {
		run_sums(l->of[a].begins, l->of[a].n);
		run_sums(l->of[a].ends, l->of[a].n);
	}
	return ok;
}

struct pp_pin_ledger *pp_pin_ledger_new(const struct pp_model *m, enum pp_era era)
{
	struct pp_pin_ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->last_reg = PP_NO_EVENT;
	if (take_all(l, m, era))
		return l;
	pp_pin_ledger_free(l);
	return NULL;
}

void pp_pin_ledger_free(struct pp_pin_ledger *l)
{
	if (!l)
		return;
	for (int a = 0; a < PP_ACCOUNT_COUNT; a++) {
		free(l->of[a].begins);
		free(l->of[a].ends);
	}
	free(l->slacks);
	free(l);
}

/* Sums of all changes before @time_ns. */
static struct sum sum_before(const struct sum *sums, size_t n, uint64_t time_ns)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (sums[mid].time_ns < time_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? sums[low - 1] : (struct sum){ 0 };
}

/* What one account shows and must show: from @least, to @most where changes overlap the quiet
 * point. */
struct reading {
	int64_t value, least, most;
	int64_t off; /* 0: as it must be, or not known */
};

/* A damaged history may hold any number: what does not fit is as far off as a number can be. */
static int64_t off_by(int64_t value, int64_t least, int64_t most)
{
	const int64_t border = value > most ? most : least;
	int64_t off;

	if (value >= least && value <= most)
		return 0;
	if (__builtin_sub_overflow(value, border, &off))
		off = value < 0 ? INT64_MIN + 1 : INT64_MAX;
	return off;
}

static int64_t slack_at(const struct pp_pin_ledger *l, uint32_t event, int account)
{
	size_t low = 0, high = l->n_slacks;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->slacks[mid].event < event)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->n_slacks && l->slacks[low].event == event ? l->slacks[low].of[account] : 0;
}

static void expect(const struct pp_judge *j, uint32_t event, int account, struct reading *r)
{
	const struct pp_pin_ledger *l = j->ledger;
	const struct pp_event *e = &j->h->events[event];
	const struct history_of *of = &l->of[account];
	struct sum ended = sum_before(of->ends, of->n, e->begin_ns);
	struct sum begun = sum_before(of->begins, of->n, e->end_ns + 1);
	int64_t held = ended.taken - ended.given;

	r->least = held - (begun.given - ended.given) - slack_at(l, event, account);
	r->most = held + (begun.taken - ended.taken);
	r->off = r->value == PP_ACCOUNT_UNKNOWN ? 0 : off_by(r->value, r->least, r->most);
}

/* All accounts that the events of one quiet point tell. */
static void read_all(const struct pp_judge *j, uint32_t event, struct reading r[PP_ACCOUNT_COUNT])
{
	const struct pp_event *first = &j->h->events[event];
	struct pp_quiet q;

	pp_event_quiet_get(first, &q);
	for (int a = 0; a < PP_ACCOUNT_COUNT; a++)
		r[a] = (struct reading){ .value = PP_ACCOUNT_UNKNOWN };
	r[PP_ACCOUNT_PINS].value = q.pins;
	r[PP_ACCOUNT_VMPIN].value = q.vmpin_pages;
	for (uint32_t i = event + 1; i < j->h->n_events; i++) {
		enum pp_account a = pp_event_account(&j->h->events[i]);

		if (!pp_event_continues(&j->h->events[i - 1], &j->h->events[i]) ||
		    a == PP_ACCOUNT_COUNT)
			break;
		r[a].value = (int64_t)j->h->events[i].offset_bytes;
	}
	for (int a = 0; a < PP_ACCOUNT_COUNT; a++)
		if (!pp_accounts[a].unjudged)
			expect(j, event, a, &r[a]);
}

/* A refusal answers for what was not off before it; what stays off stays with its rule. */
static enum pp_rule rule_of(const struct pp_judge *j, const struct reading r[PP_ACCOUNT_COUNT])
{
	const struct pp_pin_ledger *l = j->ledger;
	bool refused = l->last_reg != PP_NO_EVENT && j->h->events[l->last_reg].result;
	bool same = l->last_rule != PP_RULE_NONE;

	for (int a = 0; a < PP_ACCOUNT_COUNT; a++)
		same &= r[a].off == l->last_off[a];
	if (same)
		return l->last_rule;
	return refused && (j->plan->rules & PP_RULE_BIT(PP_O8_REFUSAL)) ? PP_O8_REFUSAL
									: PP_O7_PIN_BALANCE;
}

static enum pp_class class_of(int account, int64_t off)
{
	const struct pp_account_info *info = &pp_accounts[account];
	bool more = (off > 0) != info->pool;

	if (info->charge)
		return more ? PP_CLASS_OVERCHARGE : PP_CLASS_UNDERCHARGE;
	return more ? PP_CLASS_LEAK : PP_CLASS_OVERRELEASE;
}

/* How a sentence begins, by class. */
static const char *lead(enum pp_class cls)
{
	switch (cls) {
	case PP_CLASS_LEAK:
		return "a leak";
	case PP_CLASS_OVERRELEASE:
		return "released twice";
	case PP_CLASS_OVERCHARGE:
		return "charged too much";
	default:
		return "charged too little";
	}
}

static uint32_t refusal_of(const struct pp_judge *j, enum pp_rule rule)
{
	return rule == PP_O8_REFUSAL ? j->ledger->last_reg : PP_NO_EVENT;
}

static void report_one(struct pp_judge *j, uint32_t event, enum pp_rule rule, int account,
		       const struct reading *r, const char *also)
{
	const struct pp_account_info *info = &pp_accounts[account];
	enum pp_class cls = class_of(account, r->off);
	uint32_t refused = refusal_of(j, rule);

	pp_judge_op(j, rule, cls, event, refused,
		    "%s: of %s%s the kernel counts %lld %s%s, the plan explains %lld%s", lead(cls),
		    info->name, also, (long long)r->value, info->title,
		    refused == PP_NO_EVENT ? "" : " after a refused registration",
		    (long long)r->least,
		    r->least == r->most ? "" : " or more, as not all of it is certain");
}

/* What one process is charged too much and another too little is charged to the wrong one. */
static bool report_wrong_mm(struct pp_judge *j, uint32_t event, enum pp_rule rule,
			    const struct reading r[PP_ACCOUNT_COUNT])
{
	int over = -1, under = -1;
	int64_t sum = 0;

	for (int a = 0; a < PP_ACCOUNT_COUNT; a++) {
		if (!pp_accounts[a].charge || !r[a].off ||
		    __builtin_add_overflow(sum, r[a].off, &sum))
			continue;
		*(r[a].off > 0 ? &over : &under) = a;
	}
	if (over < 0 || under < 0 || sum)
		return false;
	pp_judge_op(
		j, rule, PP_CLASS_MISCHARGE, event, refusal_of(j, rule),
		"charged to the wrong process: %s counts %lld pages, the plan explains %lld; %s "
		"counts %lld, the plan explains %lld",
		pp_accounts[over].name, (long long)r[over].value, (long long)r[over].least,
		pp_accounts[under].name, (long long)r[under].value, (long long)r[under].least);
	return true;
}

/* Pins that stay with their charge are one finding. */
static bool together(const struct reading *pins, const struct reading *charge)
{
	return pins->off && charge->off && (pins->off > 0) == (charge->off > 0) &&
	       pins->least == charge->least;
}

static void report(struct pp_judge *j, uint32_t event, enum pp_rule rule,
		   const struct reading r[PP_ACCOUNT_COUNT])
{
	const struct reading *pins = &r[PP_ACCOUNT_PINS], *charge = &r[PP_ACCOUNT_VMPIN];
	bool both = together(pins, charge), moved = report_wrong_mm(j, event, rule, r);

	if (moved)
		both = false;
	for (int a = 0; a < PP_ACCOUNT_COUNT; a++) {
		bool told = (moved && pp_accounts[a].charge) || (both && a == PP_ACCOUNT_VMPIN);

		if (r[a].off && !told)
			report_one(j, event, rule, a, &r[a],
				   !both || a != PP_ACCOUNT_PINS ? ""
				   : pins->off == charge->off    ? " and vmpin"
								 : " and vmpin (which differs)");
	}
}

static void quiet(struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];
	struct pp_pin_ledger *l = j->ledger;
	struct reading r[PP_ACCOUNT_COUNT];
	bool off = false;

	if (e->result || e->flags & PP_EVENT_OPEN || e->writer)
		return;
	read_all(j, event, r);
	for (int a = 0; a < PP_ACCOUNT_COUNT; a++)
		off |= r[a].off != 0;
	if (off) {
		enum pp_rule rule = rule_of(j, r);

		report(j, event, rule, r);
		l->last_rule = rule;
	} else {
		l->last_rule = PP_RULE_NONE;
	}
	for (int a = 0; a < PP_ACCOUNT_COUNT; a++)
		l->last_off[a] = r[a].off;
	l->last_reg = PP_NO_EVENT;
}

void pp_rule_pins(struct pp_judge *j, uint32_t event)
{
	const struct pp_event *e = &j->h->events[event];

	if (pp_verbs[e->verb].kind == PP_KIND_LEDGER)
		quiet(j, event);
	else
		j->ledger->last_reg = event;
}
