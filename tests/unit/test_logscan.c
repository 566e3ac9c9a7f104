/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each log in tests/golden/logs gives the findings beside it, and needs its pattern to do so. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/logscan.h"

/* Logs without extension; the pattern without which the log's expectation is not met, or NULL. */
static const struct {
	const char *log, *pattern;
} logs[] = {
	{ "panic", "panic" },
	{ "panic-after-bug", "bad-access" },
	{ "kernel-bug", "kernel-bug" },
	{ "bad-access", "bad-access" },
	{ "bad-access-stack", "bad-access" },
	{ "oops", "oops" },
	{ "gpf", "gpf" },
	{ "double-fault", "double-fault" },
	{ "bug", "bug" },
	{ "bug-kasan", "bug" },
	{ "bug-kfence", "bug" },
	{ "bug-kmsan", "bug" },
	{ "bug-kcsan", "bug" },
	{ "bug-atomic", "bug" },
	{ "bug-bad-page", "bug" },
	{ "warning", "warning" },
	{ "warning-lockdep", "warning" },
	{ "warning-harmless", NULL },
	{ "ubsan", "ubsan" },
	{ "refcount", "refcount" },
	{ "list", "list" },
	{ "slab", "slab" },
	{ "memory-leak", "memory-leak" },
	{ "soft-lockup", "soft-lockup" },
	{ "hard-lockup", "hard-lockup" },
	{ "hung-task", "hung-task" },
	{ "rcu-stall", "rcu-stall" },
	{ "irq", "irq" },
	{ "oom", "oom" },
	{ "oom-kill", "oom-kill" },
	{ "ext4", "ext4" },
	{ "jbd2", "jbd2" },
	{ "xfs", "xfs" },
	{ "btrfs-csum", "btrfs-csum" },
	{ "btrfs", "btrfs" },
	{ "fat", "fat" },
	{ "guard", "guard" },
	{ "io-error", "io-error" },
	{ "quiet", NULL },
	{ "empty", NULL },
	{ "prefix-console", "bug" },
	{ "prefix-kmsg", "btrfs" },
	{ "prefix-level", "warning" },
	{ "prefix-none", "warning" },
	/* recorded on stock kernels */
	{ "guest-p61", "warning" },
	{ "guest-p612", "warning" },
	{ "guest-r612", "btrfs" },
	{ "guest-r61b", "guard" },
	{ "guest-s61", "bad-access" },
	{ "guest-s612", "bad-access" },
	{ "guest-v61", "ext4" },
	{ "guest-v612", "btrfs" },
};

static char *read_log(const char *name, const char *ending, size_t *len)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/golden/logs/%s%s", name, ending);
	return pp_unit_read(path, len);
}

/* The findings' sentences, one a line (malloc'ed). */
static char *scan(const struct pp_log_pattern *patterns, size_t n, const char *text, size_t len)
{
	struct pp_findings found = { 0 };
	struct pp_err err = { "" };
	char *lines = NULL;
	size_t size;
	FILE *out = open_memstream(&lines, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL_FATAL(pp_log_scan_with(patterns, n, text, len, &found, &err), 0);
	for (size_t i = 0; i < found.count; i++) {
		CU_ASSERT_EQUAL(found.items[i].rule, PP_O10_QUIET_KERNEL);
		CU_ASSERT_EQUAL(found.items[i].cls, PP_CLASS_SPLAT);
		fprintf(out, "%s\n", found.items[i].text);
	}
	fclose(out);
	pp_findings_free(&found);
	return lines;
}

/* An .expect file: "crash: TITLE" and then the findings. */
static void logs_give_their_findings(void)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(logs); i++) {
		size_t len = 0, expect_len = 0;
		char *text = read_log(logs[i].log, ".log", &len), title[256], crash[300];
		char *expect = read_log(logs[i].log, ".expect", &expect_len), *lines;
		bool died;

		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		CU_ASSERT_PTR_NOT_NULL_FATAL(expect);
		died = pp_log_crash(text, len, title, sizeof(title));
		CU_ASSERT_EQUAL(died, title[0] != '\0');
		snprintf(crash, sizeof(crash), "crash: %s\n", title);
		CU_ASSERT_EQUAL(strncmp(expect, crash, strlen(crash)), 0);
		lines = scan(pp_log_patterns, pp_log_n_patterns, text, len);
		if (strcmp(lines, strchr(expect, '\n') + 1) != 0)
			fprintf(stderr, "%s:\n%s", logs[i].log, lines);
		PP_ASSERT_STR(lines, strchr(expect, '\n') + 1);
		free(lines);
		free(expect);
		free(text);
	}
}

static size_t without(const char *name, struct pp_log_pattern *out)
{
	size_t n = 0;

	for (size_t i = 0; i < pp_log_n_patterns; i++)
		if (strcmp(pp_log_patterns[i].name, name) != 0)
			out[n++] = pp_log_patterns[i];
	return n;
}

/* What a reader sees of a log: the findings, and whether the crash would be called fatal. */
static bool same_without(const char *pattern, const char *log)
{
	struct pp_log_pattern *rest = calloc(pp_log_n_patterns, sizeof(*rest));
	size_t len = 0, n;
	char *text = read_log(log, ".log", &len), *lines, *expected;
	bool same;

	CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	n = without(pattern, rest);
	CU_ASSERT_EQUAL(n, pp_log_n_patterns - 1);
	lines = scan(rest, n, text, len);
	expected = scan(pp_log_patterns, pp_log_n_patterns, text, len);
	same = strcmp(lines, expected) == 0;
	free(expected);
	free(lines);
	free(text);
	free(rest);
	return same;
}

/* Of these, the generic "BUG:" also finds the line; what they add is that the kernel died of it. */
static bool only_fatal(const char *pattern)
{
	return strcmp(pattern, "bad-access") == 0;
}

static void every_pattern_is_needed(void)
{
	for (size_t p = 0; p < pp_log_n_patterns; p++) {
		const char *name = pp_log_patterns[p].name;
		size_t n = 0;

		for (size_t i = 0; i < PP_ARRAY_LEN(logs); i++) {
			if (!logs[i].pattern || strcmp(logs[i].pattern, name) != 0)
				continue;
			n++;
			if (same_without(name, logs[i].log) != only_fatal(name))
				fprintf(stderr, "%s in %s\n", name, logs[i].log);
			CU_ASSERT_EQUAL(same_without(name, logs[i].log), only_fatal(name));
		}
		CU_ASSERT(n > 0);
	}
}

/* A fatal line is the crash even if damage follows; the logs of fatal patterns end in such damage.
 */
static void fatal_lines_name_the_crash(void)
{
	for (size_t p = 0; p < pp_log_n_patterns; p++) {
		size_t len = 0;
		char *text, title[256], *last, last_title[256];

		if (!pp_log_patterns[p].fatal)
			continue;
		text = read_log(pp_log_patterns[p].name, ".log", &len);
		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		CU_ASSERT_TRUE(pp_log_crash(text, len, title, sizeof(title)));
		text[len - 1] = '\0';
		last = strrchr(text, '\n') + 1;
		pp_log_title(last, strlen(last), last_title, sizeof(last_title));
		CU_ASSERT_STRING_NOT_EQUAL(title, last_title);
		free(text);
	}
}

static void titles(void)
{
	static const struct {
		const char *line, *title;
	} lines[] = {
		{ "[   94.643978] WARNING: CPU: 0 PID: 371 at fs/dax.c:390 f+0x86/0xb0",
		  "WARNING: CPU: N PID: N at fs/dax.c:N f+N/N" },
		{ "<4>[   94.643978][  T371] BUG: x", "BUG: x" },
		{ "[   94.643978][    C0] BUG: x", "BUG: x" },
		{ "<4>BUG: x\r", "BUG: x" },
		{ "4,17,94643978,-,caller=T1;BUG: x", "BUG: x" },
		{ "sh: [12.5] BUG: x", "BUG: x" },
		{ "a 4k page of ext4_write in dm-12 at ffc257bd05808008 and deadbeef",
		  "a Nk page of ext4_write in dm-N at N and N" },
		{ "[not a stamp] x", "[not a stamp] x" },
		{ "[12] x", "[N] x" },
		{ "", "" },
	};
	char title[256];

	for (size_t i = 0; i < PP_ARRAY_LEN(lines); i++) {
		pp_log_title(lines[i].line, strlen(lines[i].line), title, sizeof(title));
		PP_ASSERT_STR(title, lines[i].title);
	}
	pp_log_title("abcdefgh", 8, title, 4);
	PP_ASSERT_STR(title, "abc");
}

/* Damage far behind a splat is damage of its own. */
static void folding_ends(void)
{
	char text[2048] = "[ 1.0] refcount_t: underflow; use-after-free.\n";
	char *lines;

	for (int i = 0; i < 3; i++)
		strncat(text, "[ 1.1]  some_function+0x1/0x2\n", 64);
	strncat(text, "[ 1.2] WARNING: near\n", 64);
	lines = scan(pp_log_patterns, pp_log_n_patterns, text, strlen(text));
	PP_ASSERT_STR(lines, "refcount_t: underflow; use-after-free.\n");
	free(lines);
	for (int i = 0; i < 9; i++)
		strncat(text, "[ 1.3]  some_function+0x1/0x2\n", 64);
	strncat(text, "[ 1.4] WARNING: far\n", 64);
	lines = scan(pp_log_patterns, pp_log_n_patterns, text, strlen(text));
	PP_ASSERT_STR(lines, "refcount_t: underflow; use-after-free.\nWARNING: far\n");
	free(lines);
}

/* The line with the scissors begins a splat of its own, however near the last one is. */
static void scissors_begin_another(void)
{
	static const char text[] = "[ 1.0] refcount_t: underflow; use-after-free.\n"
				   "[ 1.1] ------------[ cut here ]------------\n"
				   "[ 1.1] WARNING: near\n";
	char *lines = scan(pp_log_patterns, pp_log_n_patterns, text, strlen(text));

	PP_ASSERT_STR(lines, "refcount_t: underflow; use-after-free.\nWARNING: near\n");
	free(lines);
}

/* A byte of zero, which a console may carry, hides nothing of its line. */
static void zero_bytes_hide_nothing(void)
{
	static const char text[] = "[ 1.0] sdb\0: GUARD check failed on sector 8\n";
	char *lines = scan(pp_log_patterns, pp_log_n_patterns, text, sizeof(text) - 1);

	PP_ASSERT_STR(lines, "sdb : GUARD check failed on sector N\n");
	free(lines);
}

/* Lines that end without newline, hold NUL bytes or are cut anywhere: no crash, no false alarm. */
static void any_bytes(void)
{
	size_t len = 0;
	char *text = read_log("guest-s61", ".log", &len), *lines;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (size_t i = 0; i < len; i += 37)
		text[i] = (char)(i * 7);
	for (size_t cut = 0; cut < 200; cut++) {
		char *copy = malloc(cut ? cut : 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, text + 1200, cut);
		lines = scan(pp_log_patterns, pp_log_n_patterns, copy, cut);
		free(lines);
		free(copy);
	}
	free(text);
}

/* The kernel's limit is one for each place that prints; a title may end in parentheses. */
static void the_most_of_one_kind(void)
{
#define CSUM       "[ 1.0] BTRFS warning (device vda): csum failed root 5 ino 257\n"
#define EXT4       "[ 1.0] EXT4-fs error (device vdb): ext4_lookup:1 (comm cat)\n"
#define MOST(text) pp_log_most(text, sizeof(text) - 1)
	CU_ASSERT_EQUAL(MOST(""), 0);
	CU_ASSERT_EQUAL(MOST("[ 1.0] rxe0 speed is unknown\n"), 0);
	CU_ASSERT_EQUAL(MOST(EXT4), 1);
	CU_ASSERT_EQUAL(MOST(EXT4 CSUM EXT4 CSUM CSUM), 3);
}

static const struct pp_unit_case cases[] = {
	{ "logs give the findings beside them", logs_give_their_findings },
	{ "every pattern is needed", every_pattern_is_needed },
	{ "fatal lines name the crash", fatal_lines_name_the_crash },
	{ "titles", titles },
	{ "folding ends", folding_ends },
	{ "scissors begin another", scissors_begin_another },
	{ "zero bytes hide nothing", zero_bytes_hide_nothing },
	{ "any bytes", any_bytes },
	{ "the most of one kind", the_most_of_one_kind },
};
PP_UNIT_MAIN("logscan", cases)
