/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pinproof reports`: the catalogue, and what `pinproof repro` left; `repro` and `bisect` hand over
 * to their stages of scripts/vm. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "core/words.h"
#include "run/bugs.h"
#include "run/rundir.h"
#include "run/select.h"

int pp_cmd_stage(const struct pp_command *c, int argc, char **argv)
{
	(void)c;
	(void)argc;
	return pp_vm_hand_over(argv + 1);
}

/* Is every case that a report names one of this program? */
static int check_cases(const struct pp_bugs *bugs, struct pp_err *err)
{
	struct pp_case known;

	for (size_t i = 0; i < bugs->count; i++)
		for (size_t n = 0; n < bugs->items[i]->n_cases; n++)
			if (pp_case_find(bugs->items[i]->cases[n], &known))
				return pp_err_set(err, -EINVAL,
						  "report %s: no case is called '%s': see "
						  "'pinproof list'.",
						  bugs->items[i]->name, bugs->items[i]->cases[n]);
	return 0;
}

/* The reports that the words name, the whole catalogue if there are none. */
static int gather(char **words, int count, struct pp_bugs *bugs, struct pp_err *err)
{
	int rc = count ? 0 : pp_bugs_add_all(bugs, err);

	for (int i = 0; !rc && i < count; i++)
		rc = pp_bugs_add(bugs, words[i], err);
	return rc ? rc : check_cases(bugs, err);
}

static int list(char **words, int count, struct pp_bugs *bugs)
{
	(void)words;
	for (size_t i = 0; !count && i < bugs->count; i++)
		printf("%-34s %s\n", bugs->items[i]->name, bugs->items[i]->title);
	for (size_t i = 0; count && i < bugs->count; i++) {
		printf("%s", i ? "\n" : "");
		pp_bug_print(stdout, bugs->items[i]);
	}
	return 0;
}

static int text(char **words, int count, struct pp_bugs *bugs)
{
	(void)words;
	(void)count;
	for (size_t i = 0; i < bugs->count; i++)
		fputs(bugs->texts[i], stdout);
	return 0;
}

static int cases(char **words, int count, struct pp_bugs *bugs)
{
	const char *name;

	(void)words;
	(void)count;
	for (size_t i = 0; i < bugs->count; i++)
		for (size_t n = 0; (name = pp_bug_case(bugs->items[i], n)); n++)
			printf("%s\n", name);
	return 0;
}

static int rows(char **words, int count, struct pp_bugs *bugs)
{
	(void)words;
	(void)count;
	printf("/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
	       "/* Known defects that the plans of reports show: rows of defect_table.c, printed "
	       "by\n"
	       " * 'pinproof reports --rows' from scenarios/bugs. */\n"
	       "/* clang-format off */\n");
	for (size_t i = 0; i < bugs->count; i++)
		pp_bug_rows(stdout, bugs->items[i]);
	return 0;
}

static int judged(const char *dir, struct pp_bugs *bugs, struct pp_bug_table *table)
{
	struct pp_err err = { "" };

	return pp_bugs_judge(dir, bugs, table, &err) ? pp_cmd_complain(&err) : 0;
}

static int judge(const char *dir, bool all)
{
	struct pp_bug_table table;
	struct pp_bugs bugs;
	struct pp_err err = { "" };
	int code = judged(dir, &bugs, &table);
	size_t n;
	char *json;

	if (code)
		return code;
	n = table.n_kernels * table.n_bugs;
	pp_bug_table_print(stdout, &table, all);
	code = all ? pp_bug_exit_all(table.verdicts, n) : pp_bug_exit(table.verdicts, n);
	json = pp_bug_table_json(&table);
	if (pp_file_text(dir, "repro.json", json, &err))
		code = pp_cmd_complain(&err);
	free(json);
	pp_bugs_table_free(&table);
	pp_bugs_free(&bugs);
	return code;
}

/* Without a run the text about each report. */
static int markdown(const char *dir)
{
	struct pp_bug_table table = { 0 };
	struct pp_bugs bugs = { 0 };
	struct pp_err err = { "" };

	if (dir && judged(dir, &bugs, &table))
		return PP_EXIT_USAGE;
	if (!dir && pp_bugs_add_all(&bugs, &err))
		return pp_cmd_complain(&err);
	table.bugs = bugs.items;
	table.n_bugs = bugs.count;
	pp_bug_table_markdown(stdout, &table);
	pp_bugs_table_free(&table);
	pp_bugs_free(&bugs);
	return 0;
}

static const struct form {
	const char *option;
	int (*main)(char **words, int count, struct pp_bugs *bugs);
	const char *operands, *title;
} forms[] = {
	{ "", list, "[REPORT...]", "list the catalogue, or print reports for people" },
	{ "--text", text, "[REPORT...]", "print the text of reports, as it was written" },
	{ "--cases", cases, "[REPORT...]", "print the names of their cases" },
	{ "--rows", rows, "[REPORT...]", "print the rows of known defects that their plans show" },
	{ "--judge", NULL, "DIR", "the verdicts again of what 'pinproof repro' left in DIR" },
	{ "--judge-all", NULL, "DIR", "the same, against what the reports say of each kernel" },
	{ "--markdown", NULL, "[DIR]", "the text of docs/bugs.md, with the table of DIR" },
};

static int usage(FILE *out)
{
	fprintf(out, "usage: pinproof reports ...\n");
	for (size_t i = 0; i < PP_ARRAY_LEN(forms); i++)
		fprintf(out, "  %-12s %-12s %s\n", forms[i].option, forms[i].operands,
			forms[i].title);
	fprintf(out,
		"REPORT is a name of the catalogue or a file; docs/reports.md says how to write "
		"one.\n");
	return out == stdout ? 0 : PP_EXIT_USAGE;
}

static int run_form(const struct form *form, char **words, int count)
{
	struct pp_bugs bugs = { 0 };
	struct pp_err err = { "" };
	int code = gather(words, count, &bugs, &err) ? pp_cmd_complain(&err)
						     : form->main(words, count, &bugs);

	pp_bugs_free(&bugs);
	return code;
}

int pp_cmd_reports(const struct pp_command *c, int argc, char **argv)
{
	const char *option = argc > 2 && argv[2][0] == '-' ? argv[2] : "";
	char **words = argv + 2 + !!option[0];
	int count = argc - 2 - !!option[0];
	size_t i = 0;

	(void)c;
	if (!strcmp(option, "--help") || !strcmp(option, "-h"))
		return usage(stdout);
	while (i < PP_ARRAY_LEN(forms) && strcmp(option, forms[i].option))
		i++;
	for (int n = 0; n < count; n++)
		if (words[n][0] == '-')
			i = PP_ARRAY_LEN(forms);
	if (i == PP_ARRAY_LEN(forms))
		return usage(stderr);
	if (forms[i].main)
		return run_form(&forms[i], words, count);
	if (!strcmp(option, "--markdown") && count < 2)
		return markdown(count ? words[0] : NULL);
	if (strcmp(option, "--markdown") && count == 1)
		return judge(words[0], !strcmp(option, "--judge-all"));
	return usage(stderr);
}
