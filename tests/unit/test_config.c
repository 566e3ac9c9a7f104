/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option table and its parser: each kind of option, each mistake, help and completion. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/config.h"
#include "unit.h"

#define MAX_ARGS 24

/* Words of @line, separated by '|', as argv. @line is cut up. */
static int parse(char *line, const char *allowed, struct pp_config *c, char **argv,
		 struct pp_err *err)
{
	int argc = 0;

	while (line && argc < MAX_ARGS)
		argv[argc++] = strsep(&line, "|");
	err->text[0] = '\0';
	return pp_config_parse(c, argc, argv, allowed, err);
}

static void defaults(void)
{
	struct pp_config c;
	struct pp_err err;

	CU_ASSERT_EQUAL(pp_config_parse(&c, 0, NULL, "*", &err), 0);
	CU_ASSERT_EQUAL(c.seed, 1);
	CU_ASSERT_EQUAL(c.repeat, 1);
	CU_ASSERT_EQUAL(c.tier, PP_TIER_QUICK);
	CU_ASSERT_EQUAL(c.n_patterns, 0);
	CU_ASSERT_EQUAL(c.n_disks, 0);
	CU_ASSERT_EQUAL(c.timeout_s, 0);
	CU_ASSERT(!c.tier_given && !c.seed_given && !c.shuffle && !c.strict && !c.bisect);
	CU_ASSERT(!c.guest && !c.drop_hazard && !c.drop_device_writes && !c.names);
	CU_ASSERT(!c.lose_machine && !c.no_color);
	CU_ASSERT(!c.out && !c.stream && !c.ktap && !c.cases_from && !c.repeat_with && !c.device);
}

static void every_kind(void)
{
	char line[] =
		"--tier|full|mr-*|--out=dir|--seed=0xffffffffffffffff|--repeat|20|--disk|/dev/a|"
		"--disk=/dev/b|--shuffle|x/y|--timeout=5|--device|mlx5_0|--|--strict|-";
	char *argv[MAX_ARGS];
	struct pp_config c;
	struct pp_err err;

	CU_ASSERT_EQUAL(parse(line, "*", &c, argv, &err), 0);
	CU_ASSERT(c.tier == PP_TIER_FULL && c.tier_given);
	PP_ASSERT_STR(c.out, "dir");
	CU_ASSERT(c.seed == UINT64_MAX && c.seed_given);
	CU_ASSERT_EQUAL(c.repeat, 20);
	CU_ASSERT_EQUAL(c.timeout_s, 5);
	PP_ASSERT_STR(c.device, "mlx5_0");
	CU_ASSERT(c.shuffle && !c.strict);
	CU_ASSERT_EQUAL_FATAL(c.n_disks, 2);
	PP_ASSERT_STR(c.disks[0], "/dev/a");
	PP_ASSERT_STR(c.disks[1], "/dev/b");
	CU_ASSERT_EQUAL_FATAL(c.n_patterns, 4);
	PP_ASSERT_STR(c.patterns[0], "mr-*");
	PP_ASSERT_STR(c.patterns[1], "x/y");
	PP_ASSERT_STR(c.patterns[2], "--strict");
	PP_ASSERT_STR(c.patterns[3], "-");
}

/* Each row of the table sets a member of its own and no other option's. */
static void each_option_alone(void)
{
	static const char *const values[] = {
		[PP_OPT_TEXT] = "text",    [PP_OPT_NUMBER] = "7",      [PP_OPT_SEED] = "7",
		[PP_OPT_TIER] = "soak",    [PP_OPT_DISK] = "/dev/sdx", [PP_OPT_TIME] = "90s",
		[PP_OPT_PLANT] = "tear:4", [PP_OPT_RULE] = "O2"
	};
	struct pp_config plain;
	struct pp_err err;

	CU_ASSERT_EQUAL(pp_config_parse(&plain, 0, NULL, "*", &err), 0);
	for (size_t i = 0; i < pp_n_options; i++) {
		const struct pp_option *o = &pp_options[i];
		char line[128], *argv[MAX_ARGS];
		struct pp_config c;

		snprintf(line, sizeof(line), o->kind == PP_OPT_FLAG ? "--%s" : "--%s=%s", o->name,
			 o->kind == PP_OPT_FLAG ? "" : values[o->kind]);
		CU_ASSERT_EQUAL(parse(line, o->name, &c, argv, &err), 0);
		CU_ASSERT_NOT_EQUAL(((char *)&c)[o->offset], ((char *)&plain)[o->offset]);
		for (size_t k = 0; k < pp_n_options; k++)
			CU_ASSERT(k == i || pp_options[k].offset != o->offset);
		CU_ASSERT_EQUAL(o->argument == NULL, o->kind == PP_OPT_FLAG);
		snprintf(line, sizeof(line), "--%s=x", o->name);
		CU_ASSERT_EQUAL(parse(line, "none", &c, argv, &err), -EINVAL);
	}
}

static const struct {
	const char *line, *allowed, *says;
} mistakes[] = {
	{ "--nonsense", "*", "unknown option '--nonsense'" },
	{ "--see", "*", "unknown option '--see'" },
	{ "--seed=1", "tier out", "unknown option '--seed'" },
	{ "--repeat=3", "repeat-with", "unknown option '--repeat'" },
	{ "--out=x", "timeout", "unknown option '--out'" },
	{ "--drop", "drop-hazard", "unknown option '--drop'" },
	{ "-v", "*", "unknown option '-v'" },
	{ "--=1", "*", "unknown option '--'" },
	{ "--shuffle=yes", "*", "--shuffle takes no value" },
	{ "--out", "*", "--out needs a value: DIR" },
	{ "--out=", "*", "--out needs a value: DIR" },
	{ "--tier=fast", "*", "unknown tier 'fast'" },
	{ "--tier|", "*", "--tier needs a value" },
	{ "--repeat=0", "*", "from 1 to 1000000, not '0'" },
	{ "--repeat=1000001", "*", "not '1000001'" },
	{ "--repeat=-1", "*", "not '-1'" },
	{ "--repeat=5x", "*", "not '5x'" },
	{ "--timeout=x", "*", "--timeout takes a number" },
	{ "--seed=0x10000000000000000", "*", "--seed takes a number" },
	{ "--seed=1.5", "*", "not '1.5'" },
	{ "--seed=-1", "*", "not '-1'" },
	{ "--seed= -1", "*", "not ' -1'" },
	{ "--repeat= -1", "*", "not ' -1'" },
	{ "--storm-time=0", "*", "such as 90s or 10m, not '0'" },
	{ "--storm-time=s", "*", "not 's'" },
	{ "--storm-time=-1s", "*", "not '-1s'" },
	{ "--storm-time=10ms", "*", "not '10ms'" },
	{ "--storm-time=10 m", "*", "not '10 m'" },
	{ "--storm-time=1000001", "*", "not '1000001'" },
	{ "--storm-time=300h", "*", "not '300h'" },
	{ "--plant=tears", "*", "unknown fault 'tears'" },
	{ "--plant=crash", "*", "unknown fault 'crash'" },
	{ "--plant=drop:", "*", "from 1 to 1000000, not ''" },
	{ "--plant=drop:0", "*", "not '0'" },
	{ "--plant=drop:-1", "*", "not '-1'" },
	{ "--plant=drop:1x", "*", "not '1x'" },
	{ "--disk=a|--disk=a|--disk=a|--disk=a|--disk=a|--disk=a|--disk=a|--disk=a|--disk=a", "*",
	  "--disk can be given 8 times at most" },
};

static void times(void)
{
	static const struct {
		const char *text;
		unsigned s;
	} rows[] = { { "1", 1 }, { "90s", 90 }, { "10m", 600 }, { "277h", 997200 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[64], *argv[MAX_ARGS];
		struct pp_config c;
		struct pp_err err;

		snprintf(line, sizeof(line), "--storm-time=%s", rows[i].text);
		CU_ASSERT_EQUAL(parse(line, "*", &c, argv, &err), 0);
		CU_ASSERT_EQUAL(c.storm_s, rows[i].s);
	}
}

static void mistakes_are_told(void)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		char line[256], *argv[MAX_ARGS];
		struct pp_config c;
		struct pp_err err;

		snprintf(line, sizeof(line), "%s", mistakes[i].line);
		CU_ASSERT_EQUAL(parse(line, mistakes[i].allowed, &c, argv, &err), -EINVAL);
		if (!strstr(err.text, mistakes[i].says))
			fprintf(stderr, "%s: %s\n", mistakes[i].line, err.text);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, mistakes[i].says));
	}
}

static void help_lists_what_is_allowed(void)
{
	static const char allowed[] = "seed drop-hazard";
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	pp_config_help(f, allowed);
	fclose(f);
	CU_ASSERT_PTR_EQUAL(strstr(text, "  --seed N "), text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n  --drop-hazard "));
	CU_ASSERT_PTR_NULL(strstr(text, "--drop-device-writes"));
	CU_ASSERT_PTR_NULL(strstr(text, "--repeat"));
	free(text);
}

static const struct pp_unit_case cases[] = {
	{ "without options", defaults },
	{ "every kind of option, operands, --", every_kind },
	{ "each option sets its own member", each_option_alone },
	{ "times in seconds, minutes, hours", times },
	{ "mistakes are told", mistakes_are_told },
	{ "help lists what is allowed", help_lists_what_is_allowed },
};

PP_UNIT_MAIN("config", cases)
