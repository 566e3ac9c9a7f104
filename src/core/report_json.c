/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results.json: a whole run as JSON and back; docs/results.schema.json describes it. */
#include "core/report.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define FORMAT "pinproof-results"

static json_t *results_json(const struct pp_result *results, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < count; i++)
		if (json_array_append_new(list, pp_result_to_json(&results[i], NULL))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* "counts": {"fail": 1, ...}: every verdict, in lower case, so that readers need not count. */
static json_t *counts_json(const struct pp_result *results, size_t count, bool strict)
{
	json_t *j = json_object();
	struct pp_counts n;

	pp_report_count(results, count, strict, &n);
	for (int v = 0; j && v < PP_VERDICT_COUNT; v++) {
		char name[32];
		size_t i;

		for (i = 0; i < sizeof(name) - 1 && pp_verdict_words[v].name[i]; i++)
			name[i] = (char)tolower((unsigned char)pp_verdict_words[v].name[i]);
		name[i] = '\0';
		if (json_object_set_new(j, name, json_integer((json_int_t)n.by[v]))) {
			json_decref(j);
			return NULL;
		}
	}
	return j;
}

static const char *worst_name(const struct pp_result *results, size_t count)
{
	enum pp_verdict worst = PP_VERDICT_SKIP;

	for (size_t i = 0; i < count; i++)
		worst = pp_verdict_worst(worst, results[i].verdict);
	return pp_verdict_words[worst].name;
}

char *pp_report_json(const struct pp_run_info *info, const struct pp_facts *facts,
		     const struct pp_result *results, size_t count)
{
	char seed[24], *out;
	json_t *root;

	snprintf(seed, sizeof(seed), "%" PRIu64, info->seed);
	root = json_pack("{s:s, s:i, s:s, s:s, s:s, s:I, s:b, s:b, s:I, s:o, s:o}", "format",
			 FORMAT, "version", PP_RESULT_VERSION, "kernel", info->kernel, "command",
			 info->command, "seed", seed, "planned", (json_int_t)info->planned,
			 "strict", info->strict, "interrupted", info->interrupted, "duration_ms",
			 (json_int_t)info->duration_ms, "counts",
			 counts_json(results, count, info->strict), "results",
			 results_json(results, count));
	if (!root)
		return NULL;
	if (count)
		json_object_set_new(root, "worst", json_string(worst_name(results, count)));
	if (facts)
		json_object_set_new(root, "facts", pp_facts_to_json(facts));
	out = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	return out;
}

static int parse_info(json_t *root, struct pp_run_info *info, json_t **list, struct pp_err *err)
{
	const char *format, *kernel, *command, *seed;
	json_int_t planned, duration;
	int version, strict, interrupted;
	json_error_t why;

	if (json_unpack_ex(root, &why, 0, "{s:s, s:i, s:s, s:s, s:s, s:I, s:b, s:b, s:I, s:o}",
			   "format", &format, "version", &version, "kernel", &kernel, "command",
			   &command, "seed", &seed, "planned", &planned, "strict", &strict,
			   "interrupted", &interrupted, "duration_ms", &duration, "results", list))
		return pp_err_set(err, -EINVAL, "results: %s.", why.text);
	if (strcmp(format, FORMAT) != 0 || version != PP_RESULT_VERSION)
		return pp_err_set(err, -EINVAL, "results: not %s version %d.", FORMAT,
				  PP_RESULT_VERSION);
	if (!json_is_array(*list))
		return pp_err_set(err, -EINVAL, "results: \"results\" is not a list.");
	if ((size_t)snprintf(info->kernel, sizeof(info->kernel), "%s", kernel) >=
		    sizeof(info->kernel) ||
	    (size_t)snprintf(info->command, sizeof(info->command), "%s", command) >=
		    sizeof(info->command))
		return pp_err_set(err, -EINVAL, "results: \"kernel\" or \"command\" is too long.");
	info->seed = strtoull(seed, NULL, 10);
	info->planned = (size_t)planned;
	info->duration_ms = (uint64_t)duration;
	info->strict = strict;
	info->interrupted = interrupted;
	return 0;
}

static int parse_list(const json_t *list, struct pp_result **results, size_t *count,
		      struct pp_err *err)
{
	size_t n = json_array_size(list);
	struct pp_result *items = calloc(n ? n : 1, sizeof(*items));
	int ret;

	if (!items)
		return pp_err_set(err, -ENOMEM, "results: %zu results", n);
	for (size_t i = 0; i < n; i++) {
		ret = pp_result_from_json(json_array_get(list, i), &items[i], err);
		if (ret) {
			while (i--)
				pp_result_free(&items[i]);
			free(items);
			return ret;
		}
	}
	*results = items;
	*count = n;
	return 0;
}

int pp_report_parse(const char *json, size_t len, struct pp_run_info *info,
		    struct pp_result **results, size_t *count, struct pp_err *err)
{
	json_error_t why;
	json_t *root = json_loadb(json, len, 0, &why), *list;
	int ret;

	memset(info, 0, sizeof(*info));
	*results = NULL;
	*count = 0;
	if (!root)
		return pp_err_set(err, -EINVAL, "results: line %d column %d: %s.", why.line,
				  why.column, why.text);
	ret = parse_info(root, info, &list, err);
	if (!ret)
		ret = parse_list(list, results, count, err);
	json_decref(root);
	return ret;
}
