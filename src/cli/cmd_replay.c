/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sub-commands that execute: run, and of plans replay and shrink, here or in a guest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "core/result.h"
#include "run/bundle.h"
#include "run/rundir.h"
#include "run/suite.h"

/* Which kernel --kernel means: "same" is the one that the bundle names. */
static int kernel_of(const struct pp_config *cfg, char *out, size_t size, struct pp_err *err)
{
	char dir[PP_PATH_MAX];
	int rc;

	snprintf(out, size, "%s", cfg->kernel);
	if (strcmp(cfg->kernel, "same"))
		return 0;
	rc = pp_bundle_open(cfg->patterns[0], dir, sizeof(dir), err);
	if (rc)
		return rc;
	rc = pp_bundle_kernel(dir, out, size, err);
	if (!rc && !out[0])
		rc = pp_err_set(err, -EINVAL, "%s names no kernel: say which by --kernel.",
				cfg->patterns[0]);
	pp_bundle_close(dir);
	return rc;
}

/* The same options for `vm run`, but for the kernel, and the plan, which is an option there. */
static int in_guest(const struct pp_config *cfg, int argc, char **typed)
{
	static char run_word[] = "run", kernel_word[] = "--kernel", plan_word[] = "--plan",
		    shrink_word[] = "--shrink", rule_word[] = "--rule";
	char **words = calloc((size_t)argc + 12, sizeof(*words)), kernel[PP_PATH_MAX];
	struct pp_err err = { 0 };
	int n = 0;

	if (!words)
		return 99;
	if (cfg->n_patterns != 1)
		pp_err_set(&err, -EINVAL, "with --kernel there is one plan and nothing behind it.");
	else
		kernel_of(cfg, kernel, sizeof(kernel), &err);
	if (err.text[0]) {
		free(words);
		return pp_cmd_complain(&err);
	}
	words[n++] = run_word;
	words[n++] = kernel_word;
	words[n++] = kernel;
	words[n++] = plan_word;
	words[n++] = (char *)(uintptr_t)cfg->patterns[0];
	if (cfg->shrink)
		words[n++] = shrink_word;
	if (cfg->rule) {
		words[n++] = rule_word;
		words[n++] = (char *)(uintptr_t)cfg->rule;
	}
	for (int i = 2; i < argc; i++) {
		if (!strcmp(typed[i], "--kernel") || !strcmp(typed[i], "--rule"))
			i++;
		else if (strncmp(typed[i], "--kernel=", 9) && strncmp(typed[i], "--rule=", 7) &&
			 typed[i] != cfg->patterns[0])
			words[n++] = typed[i];
	}
	n = pp_vm_hand_over(words);
	free(words);
	return n;
}

/* The rule that a bundle or a case directory speaks of; NULL: it speaks of none. */
static const char *rule_in(const char *path)
{
	char dir[PP_PATH_MAX], case_dir[PP_PATH_MAX];
	const char *rule = NULL;
	struct pp_result r;
	struct pp_err ignored = { 0 };
	bool bundle = pp_bundle_is(path);
	size_t len;
	char *text;

	snprintf(case_dir, sizeof(case_dir), "%s", path);
	if (bundle && pp_bundle_open(path, dir, sizeof(dir), &ignored))
		return NULL;
	if ((!bundle || !pp_bundle_case(dir, case_dir, sizeof(case_dir), &ignored)) &&
	    !pp_file_read(case_dir, "result.json", &text, &len, NULL)) {
		if (!pp_result_parse(text, len, &r, &ignored)) {
			for (size_t i = r.findings.count; i-- > 0;)
				if (!rule || r.findings.items[i].defect < 0)
					rule = pp_rule_words[r.findings.items[i].rule].name;
			pp_result_free(&r);
		}
		free(text);
	}
	if (bundle)
		pp_bundle_close(dir);
	return rule;
}

enum what { RUN, REPLAY, SHRINK };

static int execute(const struct pp_command *c, int argc, char **argv, enum what what)
{
	/* argv is reordered by the parser; the command file wants it as typed. */
	char **typed = calloc((size_t)argc + 1, sizeof(*typed));
	struct pp_config cfg;
	int code;

	if (!typed)
		return 99;
	memcpy(typed, argv, (size_t)argc * sizeof(*typed));
	code = pp_cmd_parse(&cfg, c, argc, argv, what == SHRINK ? 1 : PP_AT_LEAST(what == REPLAY));
	cfg.replay = what != RUN;
	cfg.shrink = what == SHRINK;
	/* Hundreds of executions, of which the smallest is executed again by whoever wants to see.
	 */
	cfg.no_trace |= cfg.shrink && !cfg.trace;
	if (!code && cfg.shrink && !cfg.rule)
		cfg.rule = rule_in(cfg.patterns[0]);
	if (!code && cfg.shrink && cfg.need > cfg.runs) {
		fprintf(stderr, "pinproof: --need %u of --runs %u can never be.\n", cfg.need,
			cfg.runs);
		code = PP_EXIT_USAGE;
	}
	if (!code && cfg.kernel)
		code = in_guest(&cfg, argc, typed);
	else if (!code)
		code = cfg.replay && (cfg.names || cfg.guests) ? pp_suite_list(&cfg)
							       : pp_suite_run(&cfg, argc, typed);
	free(typed);
	return code;
}

int pp_cmd_run(const struct pp_command *c, int argc, char **argv)
{
	return execute(c, argc, argv, RUN);
}

int pp_cmd_replay(const struct pp_command *c, int argc, char **argv)
{
	return execute(c, argc, argv, REPLAY);
}

int pp_cmd_shrink(const struct pp_command *c, int argc, char **argv)
{
	return execute(c, argc, argv, SHRINK);
}
