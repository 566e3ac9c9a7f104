/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quiet points: the accounts against the case's begin, once what is released late is released. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "run/exec_state.h"
#include "sys/accounts.h"
#include "sys/clock.h"

/* Releases are deferred to work queues; a leak is called one only after this long. */
#define SETTLE_MS 2000
#define POLL_MS   2
/* A machine on which the counters move while we do nothing has other pinners. */
#define WATCH_MS 200

static enum pp_era era_now(void)
{
	struct pp_facts facts = { 0 };
	struct utsname u;

	if (uname(&u))
		return PP_ERA_UNKNOWN;
	pp_facts_kernel(&facts, u.release, u.version);
	return facts.era;
}

static void pids_of(struct pp_exec *x, struct pp_account_pids *of)
{
	*of = (struct pp_account_pids){ .owner = atomic_load(&x->owner_pid),
					.heir = atomic_load(&x->heir_pid) };
	for (size_t i = 0; i < x->plan->n_actors && i < PP_ACCOUNT_CHILDREN; i++) {
		pid_t child = atomic_load(&x->workers[i].child_pid);

		if (child)
			of->children[of->n_children++] = child;
	}
}

/* What begins with nothing is not compared with what was before. */
static bool absolute(int account)
{
	return account == PP_ACCOUNT_OWNER_VMPIN || account == PP_ACCOUNT_HEIR_VMPIN ||
	       account == PP_ACCOUNT_CHILD_VMPIN;
}

/* A device of others, and what the whole machine shares, say nothing of us alone. */
static bool ours(const struct pp_exec *x, int account)
{
	switch (pp_accounts[account].scope) {
	case PP_SCOPE_DEVICE:
		return pp_accounts[account].unjudged ||
		       (x->setup->link && x->setup->link->made_ibdev);
	case PP_SCOPE_MACHINE:
		return x->setup->quiet_machine || pp_accounts[account].unjudged ||
		       (account == PP_ACCOUNT_PINS && !x->pins_foreign);
	case PP_SCOPE_PROCESS:
		break;
	}
	return true;
}

/* One reading, as differences to the case's begin. */
static int read_accounts(struct pp_exec *x, int64_t *value, struct pp_err *err)
{
	struct pp_account_pids of;
	int rc;

	pids_of(x, &of);
	rc = pp_accounts_read(x->accounts, &of, value, err);
	for (int a = 0; !rc && a < PP_ACCOUNT_COUNT; a++) {
		if (!ours(x, a) || (!absolute(a) && x->base[a] == PP_ACCOUNT_UNKNOWN))
			value[a] = PP_ACCOUNT_UNKNOWN;
		if (value[a] != PP_ACCOUNT_UNKNOWN && !absolute(a))
			value[a] -= x->base[a];
	}
	return rc;
}

/* As the plan wants it? What is not known is not waited for. */
static bool settled(struct pp_exec *x, const int64_t *value)
{
	bool ok = true;

	pthread_mutex_lock(&x->lock);
	for (int a = 0; a < PP_ACCOUNT_COUNT; a++) {
		int64_t most = pp_ledger_value(x->ledger, a);

		/* Nobody gives a descriptor back late, and the ledger here does not count them. */
		ok &= pp_accounts[a].unjudged || a == PP_ACCOUNT_FDS ||
		      value[a] == PP_ACCOUNT_UNKNOWN ||
		      (value[a] <= most && value[a] >= most - pp_ledger_slack(x->ledger, a));
	}
	pthread_mutex_unlock(&x->lock);
	return ok;
}

static int settle(struct pp_exec *x, int64_t *value, struct pp_err *err)
{
	uint64_t deadline = pp_deadline_ns(SETTLE_MS);

	for (;;) {
		int rc = read_accounts(x, value, err);

		if (rc || settled(x, value) || pp_now_ns() >= deadline)
			return rc;
		pp_pause_ms(POLL_MS);
	}
}

/* Pins that are not as expected may be others': do the counters move while we do nothing? */
static void doubt(struct pp_exec *x, int64_t *value)
{
	int64_t later[PP_ACCOUNT_COUNT];
	bool expected;

	pthread_mutex_lock(&x->lock);
	expected = value[PP_ACCOUNT_PINS] == pp_ledger_value(x->ledger, PP_ACCOUNT_PINS);
	pthread_mutex_unlock(&x->lock);
	if (expected || value[PP_ACCOUNT_PINS] == PP_ACCOUNT_UNKNOWN || x->setup->quiet_machine)
		return;
	pp_pause_ms(WATCH_MS);
	if (!read_accounts(x, later, NULL) && later[PP_ACCOUNT_PINS] == value[PP_ACCOUNT_PINS])
		return;
	x->pins_foreign = true;
	value[PP_ACCOUNT_PINS] = PP_ACCOUNT_UNKNOWN;
}

/* Who is in the midst of an operation may have files open for it. */
static bool others_work(const struct pp_worker *w)
{
	for (size_t i = 0; i < w->x->plan->n_actors; i++)
		if (i != w->actor && atomic_load(&w->x->workers[i].working))
			return true;
	return false;
}

static int act_quiet(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	struct pp_exec *x = w->x;
	struct pp_quiet q = { 0 };
	bool worked = others_work(w);
	int rc = settle(x, w->accounts, &w->err);

	(void)t;
	if (rc)
		return rc;
	if (worked || others_work(w))
		w->accounts[PP_ACCOUNT_FDS] = PP_ACCOUNT_UNKNOWN;
	doubt(x, w->accounts);
	q.pins = w->accounts[PP_ACCOUNT_PINS];
	q.vmpin_pages = (int32_t)w->accounts[PP_ACCOUNT_VMPIN];
	if (w->accounts[PP_ACCOUNT_PACKETS] != PP_ACCOUNT_UNKNOWN)
		q.packets = (uint32_t)w->accounts[PP_ACCOUNT_PACKETS];
	pp_event_quiet_put(e, &q);
	return 0;
}

int pp_exec_accounts_open(struct pp_exec *x, struct pp_err *err)
{
	struct pp_account_place where = { .ibdev = x->setup->link ? x->setup->link->ibdev : NULL };
	struct pp_account_pids of;
	int rc;

	x->ledger = pp_ledger_new(x->plan, era_now());
	if (!x->ledger)
		return pp_err_set(err, -ENOMEM, "the ledger");
	rc = pp_accounts_open(&where, &x->accounts, err);
	if (rc)
		return rc;
	pids_of(x, &of);
	rc = pp_accounts_read(x->accounts, &of, x->base, err);
	if (rc)
		return rc;
	/* Somebody (KVM, vfio, io_uring) holds pins: theirs may go at any moment. */
	x->pins_foreign = !x->setup->quiet_machine && x->base[PP_ACCOUNT_PINS] != 0;
	return 0;
}

void pp_exec_accounts_close(struct pp_exec *x)
{
	pp_accounts_close(x->accounts);
	x->accounts = NULL;
	pp_ledger_free(x->ledger);
	x->ledger = NULL;
}

void pp_exec_accounts_note(struct pp_exec *x, const struct pp_event *e)
{
	if (!pp_ledger_concerns(x->ledger, e))
		return;
	pthread_mutex_lock(&x->lock);
	pp_ledger_apply(x->ledger, e);
	pthread_mutex_unlock(&x->lock);
}

const struct pp_verb_impl pp_exec_quiet_verbs[] = {
	{ .verb = PP_VERB_QUIET, .act = act_quiet },
	{ .verb = PP_VERB_NONE },
};
