/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One result as JSON and back; docs/results.schema.json describes it. */
#include "core/result.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* 64-bit identities (seeds, run ids) are strings: JSON readers lose bits of large numbers. */
static json_t *identity(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return json_string(text);
}

static json_t *text(const char *s)
{
	json_t *j = json_string(s);

	return j ? j : json_string("(not UTF-8)");
}

static json_t *count(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *stamp_json(const struct pp_stamp *s, bool has)
{
	if (!has)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "run", identity(s->run), "offset_bytes",
			 count(s->offset_bytes), "region", count(s->region), "writer",
			 count(s->writer), "generation", count(s->generation));
}

static json_t *ops_json(const struct pp_finding *x)
{
	json_t *ops = json_array();

	for (size_t i = 0; ops && i < x->n_ops; i++)
		if (json_array_append_new(ops, count(x->ops[i]))) {
			json_decref(ops);
			return NULL;
		}
	return ops;
}

static json_t *marks_json(unsigned marks)
{
	json_t *list = json_array();

	for (int i = 0; list && i < PP_MARK_COUNT; i++)
		if ((marks & 1u << i) &&
		    json_array_append_new(list, json_string(pp_mark_words[i].name))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *story_json(const struct pp_finding *x)
{
	json_t *story = json_array();

	for (size_t i = 0; story && i < x->n_lines; i++) {
		const struct pp_finding_line *line = &x->lines[i];
		json_t *j =
			json_pack("{s:o, s:o, s:o, s:o, s:i, s:o}", "op", count(line->op), "what",
				  text(line->what), "begin_ns", count(line->begin_ns), "end_ns",
				  line->end_ns == UINT64_MAX ? json_null() : count(line->end_ns),
				  "result", (int)line->result, "marks", marks_json(line->marks));

		if (json_array_append_new(story, j)) {
			json_decref(story);
			return NULL;
		}
	}
	return story;
}

static json_t *near_json(const struct pp_finding *x)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < x->n_near; i++)
		if (json_array_append_new(list, json_pack("{s:o, s:o}", "time_ns",
							  count(x->near[i].time_ns), "what",
							  text(x->near[i].what)))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *finding_json(const struct pp_finding *x, const struct pp_plan *plan)
{
	bool known = x->defect >= 0 && (size_t)x->defect < pp_n_defects;
	bool region = x->region != PP_NO_INDEX;
	json_t *j = json_pack(
		"{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "rule",
		pp_rule_words[x->rule].name, "class", pp_class_words[x->cls].name, "step",
		text(x->step), "op", count(x->op), "region",
		region ? count(x->region) : json_null(), "offset_bytes", count(x->offset_bytes),
		"length_bytes", count(x->length_bytes), "expected",
		stamp_json(&x->expected, x->has_expected), "found",
		stamp_json(&x->found, x->has_found), "ops", ops_json(x), "story", story_json(x),
		"defect", known ? text(pp_defects[x->defect].name) : json_null(), "text",
		text(x->text));

	if (j && x->n_near)
		json_object_set_new(j, "kernel", near_json(x));
	if (j && region && plan && x->region < plan->n_regions)
		json_object_set_new(j, "region_name", text(plan->regions[x->region].name));
	return j;
}

static json_t *findings_json(const struct pp_findings *f, const struct pp_plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < f->count; i++)
		if (json_array_append_new(list, finding_json(&f->items[i], plan))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *evidence_json(const struct pp_evidence *ev)
{
	json_t *j = json_object();

	for (int i = 0; j && i < PP_EV_COUNT; i++)
		if (json_object_set_new(j, pp_evidence_defs[i].name, count(ev->count[i]))) {
			json_decref(j);
			return NULL;
		}
	return j;
}

static json_t *trace_json(const struct pp_trace_account *t)
{
	if (!t->asked)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "events", count(t->events), "lost", count(t->lost),
			 "blind", t->blind[0] ? text(t->blind) : json_null());
}

json_t *pp_result_to_json(const struct pp_result *r, const struct pp_plan *plan)
{
	json_t *j = json_pack(
		"{s:i, s:o, s:s, s:o, s:o, s:o, s:o, s:i, s:s, s:b, s:o, s:o, s:o, s:o}", "version",
		PP_RESULT_VERSION, "case", text(r->case_name), "verdict",
		pp_verdict_words[r->verdict].name, "reason", text(r->reason), "reference",
		text(r->reference), "seed", identity(r->seed), "duration_ms", count(r->duration_ms),
		"attempts", r->attempts, "ending", pp_ending_words[r->ending].name, "refused",
		r->evidence.refused, "evidence", evidence_json(&r->evidence), "findings",
		findings_json(&r->findings, plan), "findings_dropped", count(r->findings.dropped),
		"trace", trace_json(&r->trace));

	if (j && r->has_counted)
		json_object_set_new(j, "counted", count(r->counted));
	return j;
}

char *pp_result_json(const struct pp_result *r, const struct pp_plan *plan)
{
	json_t *root = pp_result_to_json(r, plan);
	char *out = root ? json_dumps(root, JSON_INDENT(1)) : NULL;

	json_decref(root);
	return out;
}

/* What is being read: one error sentence for whichever member is wrong first. */
struct reader {
	struct pp_err *err;
	int ret;
};

static void wrong(struct reader *in, const char *member)
{
	if (!in->ret)
		in->ret =
			pp_err_set(in->err, -EINVAL, "result: \"%s\" is missing or wrong.", member);
}

static void get_text(struct reader *in, const json_t *j, const char *member, char *out, size_t size)
{
	const char *s = json_string_value(json_object_get(j, member));

	if (!s || (size_t)snprintf(out, size, "%s", s) >= size)
		wrong(in, member);
}

static uint64_t get_count(struct reader *in, const json_t *j, const char *member)
{
	const json_t *value = json_object_get(j, member);

	if (!json_is_integer(value))
		wrong(in, member);
	return (uint64_t)json_integer_value(value);
}

static uint64_t get_identity(struct reader *in, const json_t *j, const char *member)
{
	const char *s = json_string_value(json_object_get(j, member));
	char *end = NULL;
	uint64_t value = 0;

	errno = 0;
	if (s && *s >= '0' && *s <= '9')
		value = strtoull(s, &end, 10);
	if (!end || *end || errno)
		wrong(in, member);
	return value;
}

static int get_word(struct reader *in, const json_t *j, const char *member,
		    const struct pp_word *table, int n)
{
	const char *s = json_string_value(json_object_get(j, member));
	int i = s ? pp_word_find(table, n, s) : -1;

	if (i < 0)
		wrong(in, member);
	return i < 0 ? 0 : i;
}

static bool get_stamp(struct reader *in, const json_t *j, const char *member, struct pp_stamp *s)
{
	const json_t *value = json_object_get(j, member);

	if (json_is_null(value))
		return false;
	if (!json_is_object(value))
		wrong(in, member);
	s->run = get_identity(in, value, "run");
	s->offset_bytes = get_count(in, value, "offset_bytes");
	s->region = (uint32_t)get_count(in, value, "region");
	s->writer = (uint32_t)get_count(in, value, "writer");
	s->generation = (uint32_t)get_count(in, value, "generation");
	return true;
}

static void get_ops(struct reader *in, const json_t *j, struct pp_finding *x)
{
	const json_t *ops = json_object_get(j, "ops");

	if (!json_is_array(ops) || json_array_size(ops) > PP_FINDING_OPS) {
		wrong(in, "ops");
		return;
	}
	x->n_ops = json_array_size(ops);
	for (size_t i = 0; i < x->n_ops; i++)
		x->ops[i] = (uint32_t)json_integer_value(json_array_get(ops, i));
}

static unsigned get_marks(const json_t *list)
{
	unsigned marks = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		int mark = name ? pp_word_find(pp_mark_words, PP_MARK_COUNT, name) : -1;

		if (mark >= 0)
			marks |= 1u << mark;
	}
	return marks;
}

/* Results of earlier versions have no story. */
static void get_story(struct reader *in, const json_t *j, struct pp_finding *x)
{
	const json_t *story = json_object_get(j, "story");

	if (!story)
		return;
	if (!json_is_array(story) || json_array_size(story) > PP_FINDING_OPS) {
		wrong(in, "story");
		return;
	}
	x->n_lines = json_array_size(story);
	for (size_t i = 0; i < x->n_lines; i++) {
		const json_t *from = json_array_get(story, i);
		struct pp_finding_line *line = &x->lines[i];

		line->op = (uint32_t)get_count(in, from, "op");
		get_text(in, from, "what", line->what, sizeof(line->what));
		line->begin_ns = get_count(in, from, "begin_ns");
		line->end_ns = json_is_null(json_object_get(from, "end_ns"))
				       ? UINT64_MAX
				       : get_count(in, from, "end_ns");
		line->result = (int32_t)get_count(in, from, "result");
		line->marks = get_marks(json_object_get(from, "marks"));
	}
}

/* Only of cases with a trace. */
static void get_near(struct reader *in, const json_t *j, struct pp_finding *x)
{
	const json_t *list = json_object_get(j, "kernel");

	if (!list)
		return;
	if (!json_is_array(list) || json_array_size(list) > PP_FINDING_NEAR) {
		wrong(in, "kernel");
		return;
	}
	x->n_near = json_array_size(list);
	for (size_t i = 0; i < x->n_near; i++) {
		const json_t *from = json_array_get(list, i);

		x->near[i].time_ns = get_count(in, from, "time_ns");
		get_text(in, from, "what", x->near[i].what, sizeof(x->near[i].what));
	}
}

static void get_finding(struct reader *in, const json_t *j, struct pp_findings *out)
{
	struct pp_finding *x = pp_finding_add(out, PP_RULE_NONE, PP_CLASS_OK, "%s", "");

	if (!x) {
		if (!in->ret)
			in->ret = pp_err_set(in->err, -ENOMEM, "result: findings");
		return;
	}
	x->rule = (enum pp_rule)get_word(in, j, "rule", pp_rule_words, PP_RULE_COUNT);
	x->cls = (enum pp_class)get_word(in, j, "class", pp_class_words, PP_CLASS_COUNT);
	get_text(in, j, "step", x->step, sizeof(x->step));
	get_text(in, j, "text", x->text, sizeof(x->text));
	x->op = (uint32_t)get_count(in, j, "op");
	if (!json_is_null(json_object_get(j, "region")))
		x->region = (uint16_t)get_count(in, j, "region");
	x->offset_bytes = get_count(in, j, "offset_bytes");
	x->length_bytes = get_count(in, j, "length_bytes");
	x->has_expected = get_stamp(in, j, "expected", &x->expected);
	x->has_found = get_stamp(in, j, "found", &x->found);
	get_ops(in, j, x);
	get_story(in, j, x);
	get_near(in, j, x);
	x->defect = pp_defect_index(json_string_value(json_object_get(j, "defect")));
}

static void get_evidence(struct reader *in, const json_t *j, struct pp_evidence *ev)
{
	const json_t *object = json_object_get(j, "evidence");

	/* A counter that the writer did not know is 0; one that we do not know is of no use. */
	for (int i = 0; i < PP_EV_COUNT; i++)
		if (json_object_get(object, pp_evidence_defs[i].name))
			ev->count[i] = get_count(in, object, pp_evidence_defs[i].name);
	if (!json_is_object(object))
		wrong(in, "evidence");
	ev->refused = json_is_true(json_object_get(j, "refused"));
}

/* Results without a trace, and those of earlier versions, have none. */
static void get_trace(struct reader *in, const json_t *j, struct pp_trace_account *t)
{
	const json_t *trace = json_object_get(j, "trace");

	if (!trace || json_is_null(trace))
		return;
	t->asked = true;
	t->events = get_count(in, trace, "events");
	t->lost = get_count(in, trace, "lost");
	if (!json_is_null(json_object_get(trace, "blind")))
		get_text(in, trace, "blind", t->blind, sizeof(t->blind));
}

int pp_result_from_json(const json_t *j, struct pp_result *r, struct pp_err *err)
{
	struct reader in = { .err = err };
	const json_t *list = json_object_get(j, "findings");

	memset(r, 0, sizeof(*r));
	if (get_count(&in, j, "version") != PP_RESULT_VERSION && !in.ret)
		in.ret = pp_err_set(err, -EINVAL, "result: another version than %d.",
				    PP_RESULT_VERSION);
	get_text(&in, j, "case", r->case_name, sizeof(r->case_name));
	get_text(&in, j, "reason", r->reason, sizeof(r->reason));
	get_text(&in, j, "reference", r->reference, sizeof(r->reference));
	r->verdict =
		(enum pp_verdict)get_word(&in, j, "verdict", pp_verdict_words, PP_VERDICT_COUNT);
	r->ending = (enum pp_ending)get_word(&in, j, "ending", pp_ending_words, PP_ENDING_COUNT);
	r->seed = get_identity(&in, j, "seed");
	r->duration_ms = get_count(&in, j, "duration_ms");
	r->attempts = (int)get_count(&in, j, "attempts");
	r->has_counted = json_object_get(j, "counted") != NULL;
	if (r->has_counted)
		r->counted = get_count(&in, j, "counted");
	get_evidence(&in, j, &r->evidence);
	get_trace(&in, j, &r->trace);
	if (!json_is_array(list))
		wrong(&in, "findings");
	for (size_t i = 0; i < json_array_size(list); i++)
		get_finding(&in, json_array_get(list, i), &r->findings);
	r->findings.dropped = get_count(&in, j, "findings_dropped");
	if (in.ret)
		pp_result_free(r);
	return in.ret;
}

int pp_result_parse(const char *json, size_t len, struct pp_result *r, struct pp_err *err)
{
	json_error_t why;
	json_t *root = json_loadb(json, len, 0, &why);
	int ret;

	memset(r, 0, sizeof(*r));
	if (!root)
		return pp_err_set(err, -EINVAL, "result: line %d column %d: %s.", why.line,
				  why.column, why.text);
	ret = pp_result_from_json(root, r, err);
	json_decref(root);
	return ret;
}
