/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option table and its parser; see config.h. */
#include "run/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/words.h"

#define AT(member) offsetof(struct pp_config, member)

/* clang-format off */
const struct pp_option pp_options[] = {
	{ "tier", PP_OPT_TIER, AT(tier), "TIER", "largest tier to run: quick (default), full or soak" },
	{ "out", PP_OPT_TEXT, AT(out), "DIR", "directory for the results; must be absent or empty" },
	{ "seed", PP_OPT_SEED, AT(seed), "N", "seed of plans and of the order (default: 1)" },
	{ "repeat", PP_OPT_NUMBER, AT(repeat), "N", "run each case N times; repeats are named CASE~2, CASE~3, ..." },
	{ "shuffle", PP_OPT_FLAG, AT(shuffle), NULL, "run the cases in an order drawn from the seed" },
	{ "strict", PP_OPT_FLAG, AT(strict), NULL, "a known defect that does not show (XPASS) fails the run" },
	{ "bisect", PP_OPT_FLAG, AT(bisect), NULL, "exit 125 where nothing could be told (77 or 99)" },
	{ "timeout", PP_OPT_NUMBER, AT(timeout_s), "SECONDS", "bound of one case instead of the plan's" },
	{ "disk", PP_OPT_DISK, AT(disks), "DEV", "block device that may be overwritten: fills disk0, disk1, ... (repeatable)" },
	{ "device", PP_OPT_TEXT, AT(device), "NAME", "existing RDMA device to run on, which is not changed, instead of an rxe link of our own" },
	{ "cases-from", PP_OPT_TEXT, AT(cases_from), "FILE", "read case names from FILE, one a line (- is standard input)" },
	{ "reports", PP_OPT_TEXT, AT(reports), "FILE", "a text of reports, of which the plans are cases too" },
	{ "counter", PP_OPT_TEXT, AT(counter), "FILE", "file with a number: how much it grew during each case is in its result" },
	{ "drop-hazard", PP_OPT_FLAG, AT(drop_hazard), NULL, "leave out the hazards: every case must end INCONCLUSIVE" },
	{ "drop-device-writes", PP_OPT_FLAG, AT(drop_device_writes), NULL, "leave out the device writes: no case may PASS" },
	{ "plant", PP_OPT_PLANT, AT(plant), "FAULT[:N]", "one device write (or look at pages) of each case goes wrong: drop, shift, tear, delay, repeat (move, clean): the case must FAIL" },
	{ "storm-time", PP_OPT_TIME, AT(storm_s), "TIME", "how long each storm lasts, such as 60s or 10m, instead of the plan's time" },
	{ "trace", PP_OPT_FLAG, AT(trace), NULL, "record events of the kernel for each case (in a guest that is so anyway)" },
	{ "no-trace", PP_OPT_FLAG, AT(no_trace), NULL, "do not" },
	{ "coverage", PP_OPT_FLAG, AT(coverage), NULL, "record which functions of the kernel each case enters: pinproof coverage" },
	{ "guest", PP_OPT_FLAG, AT(guest), NULL, "this is a throw-away guest: its blank disks and pmem may be used" },
	{ "i-may-lose-this-machine", PP_OPT_FLAG, AT(lose_machine), NULL, "also run what disturbs the whole machine" },
	{ "stream", PP_OPT_TEXT, AT(stream), "FILE", "append each case's results to FILE as a tar stream" },
	{ "ktap", PP_OPT_TEXT, AT(ktap), "FILE", "write KTAP to FILE instead of standard output" },
	{ "repeat-with", PP_OPT_TEXT, AT(repeat_with), "TEXT", "command that a reader repeats a case with (default: pinproof run; of replay: all in front of /cases/CASE)" },
	{ "kernel", PP_OPT_TEXT, AT(kernel), "KERNEL", "in a guest with this kernel, as pinproof vm run has it; same: the one that the bundle names" },
	{ "rule", PP_OPT_RULE, AT(rule), "RULE", "the rule that has to break again, such as O2 (default: the first that does)" },
	{ "runs", PP_OPT_NUMBER, AT(runs), "M", "execute a plan up to M times (default: 3)" },
	{ "need", PP_OPT_NUMBER, AT(need), "N", "take a plan if it breaks the rule in N of them (default: 1)" },
	{ "budget", PP_OPT_TIME, AT(budget_s), "TIME", "stop after this time, such as 10m, with what there is" },
	{ "c", PP_OPT_FLAG, AT(as_c), NULL, "a stand-alone C program that shows the failure" },
	{ "mail", PP_OPT_FLAG, AT(as_mail), NULL, "a draft of a report to a kernel list" },
	{ "expand", PP_OPT_NUMBER, AT(expand), "N", "write the storm out, with N operations of each actor" },
	{ "names", PP_OPT_FLAG, AT(names), NULL, "print only the case names" },
	{ "guests", PP_OPT_FLAG, AT(guests), NULL, "print the case names, each with the profile of its guest where that is not plain, and 'alone' where it needs one for itself" },
	{ "no-color", PP_OPT_FLAG, AT(no_color), NULL, "no colours, also on a terminal" },
};
/* clang-format on */
const size_t pp_n_options = PP_ARRAY_LEN(pp_options);

static bool option_allowed(const char *allowed, const char *name)
{
	size_t len = strlen(name);

	if (!strcmp(allowed, "*"))
		return true;
	for (const char *at = allowed; (at = strstr(at, name)); at += len)
		if ((at == allowed || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static const struct pp_option *option_find(const char *name, size_t len, const char *allowed)
{
	for (size_t i = 0; i < pp_n_options; i++)
		if (strlen(pp_options[i].name) == len && !memcmp(pp_options[i].name, name, len) &&
		    option_allowed(allowed, pp_options[i].name))
			return &pp_options[i];
	return NULL;
}

static int parse_number(const char *text, uint64_t most, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	/* strtoull() takes blanks and signs, which no number of ours has. */
	return errno || *end || text[0] < '0' || text[0] > '9' || *out > most ? -EINVAL : 0;
}

/* The storm's time stands in the plan in ms, in 32 bits. */
#define MAX_TIME_S 1000000u

static int parse_time(const char *text, unsigned *out)
{
	char *end;
	unsigned long s = strtoul(text, &end, 10);
	unsigned unit = !strcmp(end, "m") ? 60 : !strcmp(end, "h") ? 3600 : 1;

	if (text[0] < '0' || text[0] > '9' || (unit == 1 && *end && strcmp(end, "s")) || !s ||
	    s > MAX_TIME_S / unit)
		return -EINVAL;
	*out = (unsigned)s * unit;
	return 0;
}

static int set_tier(struct pp_config *c, const char *value, struct pp_err *err)
{
	for (int i = 0; i < PP_TIER_COUNT; i++) {
		if (strcmp(value, pp_tier_names[i]))
			continue;
		c->tier = (enum pp_tier)i;
		c->tier_given = true;
		return 0;
	}
	return pp_err_set(err, -EINVAL, "unknown tier '%s': there are quick, full and soak.",
			  value);
}

static int option_set(struct pp_config *c, const struct pp_option *o, const char *value,
		      struct pp_err *err)
{
	char *member = (char *)c + o->offset;
	uint64_t number;

	switch (o->kind) {
	case PP_OPT_FLAG:
		*(bool *)(void *)member = true;
		return 0;
	case PP_OPT_TEXT:
		*(const char **)(void *)member = value;
		return 0;
	case PP_OPT_NUMBER:
		if (parse_number(value, 1000000, &number) || !number)
			return pp_err_set(err, -EINVAL,
					  "--%s takes a number from 1 to 1000000, not '%s'.",
					  o->name, value);
		*(unsigned *)(void *)member = (unsigned)number;
		return 0;
	case PP_OPT_SEED:
		if (parse_number(value, UINT64_MAX, &number))
			return pp_err_set(err, -EINVAL, "--%s takes a number, not '%s'.", o->name,
					  value);
		*(uint64_t *)(void *)member = number;
		c->seed_given = true;
		return 0;
	case PP_OPT_TIER:
		return set_tier(c, value, err);
	case PP_OPT_DISK:
		if (c->n_disks == PP_MAX_DISKS)
			return pp_err_set(err, -EINVAL, "--disk can be given %d times at most.",
					  PP_MAX_DISKS);
		c->disks[c->n_disks++] = value;
		return 0;
	case PP_OPT_TIME:
		if (parse_time(value, (unsigned *)(void *)member))
			return pp_err_set(err, -EINVAL,
					  "--%s takes a time such as 90s or 10m, not '%s'.",
					  o->name, value);
		return 0;
	case PP_OPT_RULE:
		if (pp_word_find(pp_rule_words, PP_RULE_COUNT, value) <= PP_RULE_NONE)
			return pp_err_set(err, -EINVAL, "--%s takes a rule such as O2, not '%s'.",
					  o->name, value);
		*(const char **)(void *)member = value;
		return 0;
	case PP_OPT_PLANT:
		return pp_plant_parse(value, (struct pp_plant_spec *)(void *)member, err);
	}
	return -EINVAL;
}

/* One argument that starts with "--"; *used counts a value taken from the next argument. */
static int parse_option(struct pp_config *c, const char *arg, const char *next, const char *allowed,
			int *used, struct pp_err *err)
{
	const char *name = arg + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct pp_option *o = option_find(name, len, allowed);
	const char *value = equals ? equals + 1 : NULL;

	*used = 0;
	if (!o)
		return pp_err_set(err, -EINVAL, "unknown option '%.*s': see --help.",
				  (int)(len + 2), arg);
	if (o->kind == PP_OPT_FLAG) {
		if (value)
			return pp_err_set(err, -EINVAL, "--%s takes no value.", o->name);
		return option_set(c, o, NULL, err);
	}
	if (!value) {
		value = next;
		*used = 1;
	}
	if (!value || !value[0])
		return pp_err_set(err, -EINVAL, "--%s needs a value: %s.", o->name, o->argument);
	return option_set(c, o, value, err);
}

int pp_config_parse(struct pp_config *c, int argc, char **argv, const char *allowed,
		    struct pp_err *err)
{
	int operands = 0, used, rc;

	memset(c, 0, sizeof(*c));
	c->seed = 1;
	c->repeat = 1;
	c->runs = 3;
	c->need = 1;
	c->tier = PP_TIER_QUICK;
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--")) {
			while (++i < argc)
				argv[operands++] = argv[i];
			break;
		}
		if (strncmp(argv[i], "--", 2)) {
			if (argv[i][0] == '-' && argv[i][1])
				return pp_err_set(err, -EINVAL, "unknown option '%s': see --help.",
						  argv[i]);
			argv[operands++] = argv[i];
			continue;
		}
		rc = parse_option(c, argv[i], i + 1 < argc ? argv[i + 1] : NULL, allowed, &used,
				  err);
		if (rc)
			return rc;
		i += used;
	}
	c->patterns = (const char *const *)argv;
	c->n_patterns = (size_t)operands;
	return 0;
}

void pp_config_help(FILE *out, const char *allowed)
{
	char left[64];

	for (size_t i = 0; i < pp_n_options; i++) {
		const struct pp_option *o = &pp_options[i];

		if (!option_allowed(allowed, o->name))
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->argument ? " " : "",
			 o->argument ? o->argument : "");
		fprintf(out, "  %-26s %s\n", left, o->help);
	}
}
