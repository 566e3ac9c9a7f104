/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the files of a case to its result; see judge.h. */
#include "run/judge.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/logscan.h"
#include "core/oracle.h"
#include "run/rundir.h"
#include "sys/kmsg.h"

#define ENDING_VERSION 1
#define LOG_BEGIN      "pinproof: begin "

static void broken(struct pp_result *r, const char *what, const struct pp_err *err)
{
	r->ending = PP_ENDING_BROKEN;
	snprintf(r->reason, sizeof(r->reason), "%s: %s", what, err->text);
}

/* Taint that no line of the log explains is damage too: the line may have been lost. */
static void judge_taint(const struct pp_ending_record *ending, struct pp_result *r)
{
	unsigned long fresh = ending->taint_after & ~ending->taint_before;
	char names[64];

	if (!fresh)
		return;
	for (size_t i = 0; i < r->findings.count; i++)
		if (r->findings.items[i].cls == PP_CLASS_SPLAT)
			return;
	pp_taint_names(fresh, names, sizeof(names));
	pp_finding_add(&r->findings, PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT,
		       "the kernel became tainted (%s) during the case", names);
}

/* Where the case's own lines begin: what stands in front of its mark came before it. */
static size_t log_before(const char *log, size_t log_len)
{
	const char *mark = memmem(log, log_len, LOG_BEGIN, strlen(LOG_BEGIN));

	return mark ? (size_t)(mark - log) : 0;
}

/* Damage between the cases is told by the next one, which did not do it. */
static int judge_earlier(const char *log, size_t log_len, struct pp_result *r, struct pp_err *err)
{
	struct pp_findings earlier = { 0 };
	int rc = pp_log_scan(log, log_len, &earlier, err);

	for (size_t i = 0; !rc && i < earlier.count; i++)
		pp_finding_add(&r->findings, PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT,
			       "before this case began, not by it: %s", earlier.items[i].text);
	pp_findings_free(&earlier);
	return rc;
}

static int judge_log(const char *log, size_t log_len, struct pp_result *r, struct pp_err *err)
{
	size_t before = log_before(log, log_len);
	int rc = pp_log_scan(log + before, log_len - before, &r->findings, err);

	return rc ? rc : judge_earlier(log, before, r, err);
}

/* Nothing was found, but a witness of the rule saw nothing either. */
static bool blind(struct pp_result *r)
{
	if (r->verdict != PP_VERDICT_PASS && r->verdict != PP_VERDICT_XPASS)
		return false;
	r->verdict = PP_VERDICT_INCONCLUSIVE;
	r->reference[0] = '\0';
	return true;
}

/* A log of which records are missing shows no quiet kernel: nothing found is not nothing there. */
static void judge_log_blind(const struct pp_plan *plan, const char *log, size_t log_len,
			    struct pp_result *r)
{
	const char *why = !log ? "there is no kernel log of the case"
			  : memmem(log, log_len, PP_KMSG_OVERRAN, strlen(PP_KMSG_OVERRAN))
				  ? "the kernel log overran, and lines of it are lost"
				  : NULL;

	if (why && plan->rules & PP_RULE_BIT(PP_O10_QUIET_KERNEL) && blind(r))
		snprintf(r->reason, sizeof(r->reason), "O10 cannot be judged: %s", why);
}

/* Pins for a short time are charged to nobody: without the counters a leak of them is not seen. */
static void judge_pins_blind(const struct pp_plan *plan, const struct pp_facts *facts,
			     struct pp_result *r)
{
	const struct pp_fact *counters = pp_facts_find(facts, "pin-counters");
	uint64_t quiets = r->evidence.count[PP_EV_QUIETS];

	if (!(plan->rules & PP_RULE_BIT(PP_O7_PIN_BALANCE)) || !quiets ||
	    r->evidence.blind_quiets < quiets || !blind(r))
		return;
	r->blind = counters && !counters->yes;
	snprintf(r->reason, sizeof(r->reason),
		 "O7 cannot be judged, as no quiet point could read the pin counters: %s",
		 r->blind ? counters->why : "others hold pins, or take them meanwhile");
}

/* A finding about a check gets what the program said, which the executor has left in the log. */
static void tell_check(const char *log, size_t log_len, struct pp_finding *f)
{
	char head[80];
	const char *said, *end = log + log_len, *nl;
	size_t len = strlen(f->text);

	snprintf(head, sizeof(head), PP_LOG_USER PP_KMSG_CHECK, f->op);
	said = memmem(log, log_len, head, strlen(head));
	if (!said)
		return;
	said += strlen(head);
	nl = memchr(said, '\n', (size_t)(end - said));
	snprintf(f->text + len, sizeof(f->text) - len, ": %.*s", (int)((nl ? nl : end) - said),
		 said);
}

static void tell_checks(const struct pp_plan *plan, const char *log, size_t log_len,
			struct pp_result *r)
{
	for (size_t i = 0; log && i < r->findings.count; i++) {
		struct pp_finding *f = &r->findings.items[i];
		const struct pp_op *op = f->op ? pp_plan_op(plan, f->op) : NULL;

		if (op && op->verb == PP_VERB_FSCK)
			tell_check(log, log_len, f);
	}
}

/* Rules of pages need looks that saw some. The first look that failed says why there is none. */
static void judge_pages_blind(const struct pp_plan *plan, const struct pp_history *h,
			      struct pp_result *r)
{
	const unsigned rules = PP_RULE_BIT(PP_O13_PAGES_STAY) | PP_RULE_BIT(PP_O14_DIRTY);
	const struct pp_event *failed = NULL;

	if (!(plan->rules & rules) || r->evidence.count[PP_EV_PAGES_LOOKED] || !blind(r))
		return;
	for (size_t i = 0; i < h->n_events && !failed; i++)
		if (pp_verbs[h->events[i].verb].kind == PP_KIND_LOOK && h->events[i].result)
			failed = &h->events[i];
	r->blind = failed != NULL;
	if (failed)
		snprintf(r->reason, sizeof(r->reason),
			 "O13 and O14 cannot be judged: op %u %s could not look at pages (%s)",
			 failed->op, pp_verbs[failed->verb].name, pp_errno_name(failed->result));
	else
		snprintf(r->reason, sizeof(r->reason),
			 "O13 and O14 cannot be judged: no look at pages has seen a frame");
}

/* Where what is stuck waited: that tells one defect from another. */
static void say_waits(const struct pp_ending_record *ending, struct pp_result *r)
{
	for (size_t i = 0; i < r->findings.count; i++) {
		struct pp_finding *f = &r->findings.items[i];
		size_t len = strlen(f->text);

		for (uint32_t k = 0; f->cls == PP_CLASS_STUCK && k < ending->n_waits; k++) {
			if (ending->waits[k].op != f->op)
				continue;
			snprintf(f->text + len, sizeof(f->text) - len,
				 "; after %u ms it waited in %s", ending->waits[k].ms,
				 ending->waits[k].where);
			break;
		}
	}
}

/* Nobody may take what a planted fault caused for the kernel's, nor a pass beside it for one. */
static void say_planted(const struct pp_ending_record *ending, struct pp_result *r)
{
	char reason[sizeof(r->reason)];

	if (!ending->planted[0])
		return;
	snprintf(reason, sizeof(reason), "%s", r->reason);
	snprintf(r->reason, sizeof(r->reason), "planted (%s): %.*s", ending->planted,
		 (int)(sizeof(r->reason) - sizeof(ending->planted) - 16), reason);
}

void pp_judge(const struct pp_plan *plan, const struct pp_history *h,
	      const struct pp_ending_record *ending, const char *log, size_t log_len,
	      const struct pp_facts *facts, const struct pp_progress *progress,
	      struct pp_result *out)
{
	const struct pp_fact *odp = pp_facts_find(facts, "rxe-odp");
	struct pp_oracle_options opt = { .era = facts->era,
					 .provider_odp = odp && odp->yes,
					 .progress = progress };
	struct pp_err err = { 0 };

	memset(out, 0, sizeof(*out));
	snprintf(out->case_name, sizeof(out->case_name), "%s", plan->case_name);
	snprintf(out->reason, sizeof(out->reason), "%s", ending->reason);
	out->seed = plan->seed;
	out->ending = ending->ending;
	out->duration_ms = ending->duration_ms;
	out->attempts = ending->attempts;
	out->has_counted = ending->has_counted;
	out->counted = ending->counted;
	out->trace = ending->trace;
	if (pp_history_check(h, plan, &err))
		broken(out, "the history does not fit the plan", &err);
	else if (pp_oracle_run(plan, h, &opt, &out->findings, &err))
		broken(out, "the oracle", &err);
	else
		pp_evidence_count(plan, h, progress, &out->evidence);
	tell_checks(plan, log, log_len, out);
	say_waits(ending, out);
	if (plan->rules & PP_RULE_BIT(PP_O10_QUIET_KERNEL)) {
		if (log && judge_log(log, log_len, out, &err))
			broken(out, "the log", &err);
		judge_taint(ending, out);
	}
	pp_result_decide(out, plan, facts);
	judge_log_blind(plan, log, log_len, out);
	judge_pins_blind(plan, facts, out);
	judge_pages_blind(plan, h, out);
	say_planted(ending, out);
}

/* Absent where no trace was asked for, and in files of earlier versions. */
static json_t *trace_json(const struct pp_trace_account *t)
{
	if (!t->asked)
		return json_null();
	return json_pack("{s:I, s:I, s:s}", "events", (json_int_t)t->events, "lost",
			 (json_int_t)t->lost, "blind", t->blind);
}

static int trace_fill(const json_t *j, struct pp_trace_account *t)
{
	json_int_t events, lost;
	const char *blind;

	if (!j || json_is_null(j))
		return 0;
	if (json_unpack((json_t *)j, "{s:I, s:I, s:s}", "events", &events, "lost", &lost, "blind",
			&blind))
		return -EINVAL;
	t->asked = true;
	t->events = (uint64_t)events;
	t->lost = (uint64_t)lost;
	snprintf(t->blind, sizeof(t->blind), "%s", blind);
	return 0;
}

static json_t *waits_json(const struct pp_ending_record *e)
{
	json_t *all = json_array();

	for (uint32_t i = 0; all && i < e->n_waits; i++)
		json_array_append_new(
			all, json_pack("{s:I, s:I, s:s}", "op", (json_int_t)e->waits[i].op, "ms",
				       (json_int_t)e->waits[i].ms, "where", e->waits[i].where));
	return all;
}

static int waits_fill(const json_t *all, struct pp_ending_record *e, struct pp_err *err)
{
	size_t n = json_array_size(all);

	for (size_t i = 0; i < n && i < PP_EXEC_WAITS_MAX; i++) {
		json_int_t op = 0, ms = 0;
		const char *where = "";

		if (json_unpack(json_array_get(all, i), "{s:I, s:I, s:s}", "op", &op, "ms", &ms,
				"where", &where))
			return pp_err_set(err, -EINVAL, "ending.json has a bad wait.");
		e->waits[i].op = (uint32_t)op;
		e->waits[i].ms = (uint32_t)ms;
		snprintf(e->waits[i].where, sizeof(e->waits[i].where), "%s", where);
		e->n_waits++;
	}
	return 0;
}

int pp_ending_save(const char *dir, const struct pp_ending_record *e, struct pp_err *err)
{
	json_t *j = json_pack("{s:i, s:s, s:s, s:I, s:i, s:b, s:s, s:I, s:I, s:I, s:o, s:o}",
			      "version", ENDING_VERSION, "ending", pp_ending_words[e->ending].name,
			      "reason", e->reason, "duration_ms", (json_int_t)e->duration_ms,
			      "attempts", e->attempts, "dropped", e->dropped, "planted", e->planted,
			      "taint_before", (json_int_t)e->taint_before, "taint_after",
			      (json_int_t)e->taint_after, "mark_ns", (json_int_t)e->mark_ns,
			      "trace", trace_json(&e->trace), "waits", waits_json(e));
	char *text;
	int rc;

	if (j && e->has_counted)
		json_object_set_new(j, "counted", json_integer((json_int_t)e->counted));
	text = j ? json_dumps(j, JSON_INDENT(1)) : NULL;
	rc = pp_file_text(dir, "ending.json", text, err);

	free(text);
	json_decref(j);
	return rc;
}

static int ending_fill(json_t *j, struct pp_ending_record *e, struct pp_err *err)
{
	const char *ending = NULL, *reason = NULL, *planted = "";
	json_int_t duration = 0, before = 0, after = 0, mark = 0;
	const json_t *counted = json_object_get(j, "counted");
	int version = 0, dropped = 0, found;
	json_t *waits = NULL;

	if (json_unpack(j, "{s:i, s:s, s:s, s:I, s:i, s:b, s?s, s:I, s:I, s?I, s?o}", "version",
			&version, "ending", &ending, "reason", &reason, "duration_ms", &duration,
			"attempts", &e->attempts, "dropped", &dropped, "planted", &planted,
			"taint_before", &before, "taint_after", &after, "mark_ns", &mark, "waits",
			&waits))
		return pp_err_set(err, -EINVAL, "ending.json lacks a field.");
	if (version != ENDING_VERSION)
		return pp_err_set(err, -EPROTO, "ending.json is of version %d, not %d.", version,
				  ENDING_VERSION);
	found = pp_word_find(pp_ending_words, PP_ENDING_STARTED + 1, ending);
	if (found < 0)
		return pp_err_set(err, -EINVAL, "ending.json has an unknown ending '%.40s'.",
				  ending);
	e->ending = (enum pp_ending)found;
	snprintf(e->reason, sizeof(e->reason), "%s", reason);
	e->duration_ms = (uint64_t)duration;
	e->dropped = dropped;
	snprintf(e->planted, sizeof(e->planted), "%s", planted);
	e->taint_before = (unsigned long)before;
	e->taint_after = (unsigned long)after;
	e->has_counted = json_is_integer(counted);
	e->counted = (uint64_t)json_integer_value(counted);
	e->mark_ns = (uint64_t)mark;
	if (trace_fill(json_object_get(j, "trace"), &e->trace))
		return pp_err_set(err, -EINVAL, "ending.json: \"trace\" is wrong.");
	return waits_fill(waits, e, err);
}

int pp_ending_load(const char *dir, struct pp_ending_record *e, struct pp_err *err)
{
	json_error_t where;
	size_t len;
	char *text;
	json_t *j;
	int rc;

	memset(e, 0, sizeof(*e));
	rc = pp_file_read(dir, "ending.json", &text, &len, err);
	if (rc)
		return rc;
	j = json_loadb(text, len, 0, &where);
	if (j)
		rc = ending_fill(j, e, err);
	else
		rc = pp_err_set(err, -EINVAL, "ending.json: %s in line %d.", where.text,
				where.line);
	json_decref(j);
	free(text);
	return rc;
}

int pp_facts_load(const char *run, struct pp_facts *facts, struct pp_err *err)
{
	size_t len;
	char *text;
	int rc = pp_file_read(run, "facts.json", &text, &len, err);

	if (rc)
		return rc;
	rc = pp_facts_parse(text, len, facts, err);
	free(text);
	if (rc)
		pp_err_prefix(err, "facts.json");
	return rc;
}

int pp_case_save(const char *dir, const struct pp_plan *plan, const struct pp_history *h,
		 const struct pp_ending_record *ending, const char *log, size_t log_len,
		 struct pp_err *err)
{
	char *text = pp_plan_print(plan);
	int rc = pp_file_text(dir, "plan", text, err);
	size_t len;
	void *image;

	free(text);
	if (rc)
		return rc;
	image = pp_history_encode(h, &len);
	if (!image)
		return pp_err_set(err, -ENOMEM, "history");
	rc = pp_file_write(dir, "history.bin", image, len, err);
	free(image);
	/* A log that could not be kept is no empty log. */
	if (!rc && log)
		rc = pp_file_write(dir, "kmsg.log", log, log_len, err);
	return rc ? rc : pp_ending_save(dir, ending, err);
}

int pp_case_load_plan(const char *dir, struct pp_plan **plan, struct pp_err *err)
{
	size_t len;
	char *text;
	int rc = pp_file_read(dir, "plan", &text, &len, err);

	if (rc)
		return rc;
	rc = pp_plan_parse(text, len, plan, err);
	free(text);
	if (rc)
		pp_err_prefix(err, "plan");
	return rc;
}

int pp_case_load_history(const char *dir, const struct pp_plan *plan, struct pp_history *h,
			 struct pp_err *err)
{
	size_t len;
	char *image;
	int rc = pp_file_read(dir, "history.bin", &image, &len, err);

	if (rc)
		return rc;
	rc = pp_history_decode(image, len, h, err);
	free(image);
	if (rc) {
		pp_err_prefix(err, "history.bin");
		return rc;
	}
	if (h->plan_crc && h->plan_crc != pp_plan_crc(plan))
		rc = pp_err_set(err, -EINVAL, "the history belongs to another plan.");
	else
		rc = pp_history_check(h, plan, err);
	if (rc) {
		pp_history_free(h);
		pp_err_prefix(err, "history.bin");
	}
	return rc;
}

/* A trace that is damaged tells nothing; what needs it says so: pinproof timeline. */
static void tell_near(const char *dir, struct pp_result *r)
{
	struct pp_trace trace;
	struct pp_err err = { "" };
	size_t len;
	char *text;

	if (!r->findings.count || pp_file_read(dir, "trace", &text, &len, &err))
		return;
	if (!pp_trace_parse(text, len, &trace, &err)) {
		for (size_t i = 0; i < r->findings.count; i++)
			pp_trace_tell(&trace, &r->findings.items[i]);
		pp_trace_free(&trace);
	}
	free(text);
}

int pp_case_tell(const char *dir, const char *label, const struct pp_plan *plan,
		 struct pp_result *r, struct pp_err *err)
{
	char *json;
	int rc;

	tell_near(dir, r);
	snprintf(r->case_name, sizeof(r->case_name), "%s", label);
	json = pp_result_json(r, plan);
	rc = pp_file_text(dir, "result.json", json, err);
	free(json);
	return rc;
}

int pp_case_judge_dir(const char *dir, const char *label, const struct pp_facts *facts,
		      const struct pp_progress *progress, struct pp_result *out,
		      struct pp_plan **plan, struct pp_err *err)
{
	struct pp_ending_record ending;
	struct pp_history h = { 0 };
	char *log = NULL;
	size_t log_len = 0;
	bool begun;
	int rc;

	*plan = NULL;
	rc = pp_ending_load(dir, &ending, err);
	begun = !rc;
	if (!rc)
		rc = pp_case_load_plan(dir, plan, err);
	/* A case that never got to run has no history: its ending says all. */
	if (!rc && (ending.ending == PP_ENDING_DONE || ending.ending == PP_ENDING_TIMEOUT))
		rc = pp_case_load_history(dir, *plan, &h, err);
	else if (!rc && pp_case_load_history(dir, *plan, &h, &(struct pp_err){ "" }))
		memset(&h, 0, sizeof(h));
	/* -ENOENT is for a case that has not begun; this one has, and lost a file. */
	if (rc == -ENOENT && begun)
		rc = -EINVAL;
	if (!rc && pp_file_read(dir, "kmsg.log", &log, &log_len, &(struct pp_err){ "" }))
		log = NULL;
	if (!rc) {
		pp_judge(*plan, &h, &ending, log, log_len, facts, progress, out);
		rc = pp_case_tell(dir, label, *plan, out, err);
		if (rc)
			pp_result_free(out);
	}
	if (rc) {
		pp_err_prefix(err, "case %s", label);
		pp_plan_free(*plan);
		*plan = NULL;
	}
	free(log);
	pp_history_free(&h);
	return rc;
}
