/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts about the machine that a judgement depends on: the kernel's version and
 * kind, its policy era, and named yes/no facts with the sentence that explains
 * each. Filled by src/sys/probe.c, kept as facts.json beside the results.
 */
#ifndef PP_CORE_FACTS_H
#define PP_CORE_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

/* Who made the kernel: only for the first three is an upstream range conclusive. */
enum pp_flavour {
	PP_FLAVOUR_MAINLINE,
	PP_FLAVOUR_STABLE,
	PP_FLAVOUR_DEBIAN,
	PP_FLAVOUR_OTHER,
	PP_FLAVOUR_COUNT
};
extern const char *const pp_flavour_names[PP_FLAVOUR_COUNT];

/* Upstream version; 6.1 is {6,1,0}. */
struct pp_version {
	int major, minor, patch;
};
int pp_version_cmp(struct pp_version a, struct pp_version b);

enum pp_era {             /* of long-term pin policy: docs/policy.md */
	      PP_ERA_5_6, /* 5.6 to 6.1: always FOLL_WRITE, FOLL_FORCE for read-only MRs */
	      PP_ERA_6_2, /* 6.2 to 6.4: FOLL_WRITE only if writable */
	      PP_ERA_6_5, /* 6.5 on: no writable long-term pin of shared filesystem mappings */
	      PP_ERA_COUNT,
	      PP_ERA_UNKNOWN = PP_ERA_COUNT
};
extern const char
	*const pp_era_names[PP_ERA_COUNT + 1]; /* "5.6-6.1", "6.2-6.4", "6.5+", "unknown" */

struct pp_fact {
	char name[32];
	bool yes;
	char why[256]; /* one sentence, always filled */
};

struct pp_facts {
	char release[128];       /* uname -r */
	char uname_version[256]; /* uname -v */
	enum pp_flavour flavour;
	struct pp_version version;
	enum pp_era era; /* to judge by: from the version where it is conclusive, else probed */
	enum pp_era era_probed; /* what a few registrations showed, PP_ERA_UNKNOWN if not probed */
	struct pp_fact facts[64];
	size_t n_facts;
};

/**
 * pp_facts_kernel - fill flavour, version and (where conclusive) era from uname's two strings
 *
 * Debian: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-..)" in uname -v says the upstream
 * version. Mainline "6.13.0", "6.13.0-rc4", stable "6.12.9": release is digits (and -rcN) only,
 * optionally a
 * "+" or -g<hash> makes it OTHER. Pure.
 */
void pp_facts_kernel(struct pp_facts *f, const char *release, const char *uname_version);

/** pp_facts_set - set or replace a named fact; one that finds no room in the table stays unprobed.
 */
void pp_facts_set(struct pp_facts *f, const char *name, bool yes, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
const struct pp_fact *pp_facts_find(const struct pp_facts *f,
				    const char *name); /* NULL: not probed */

/** pp_facts_json - facts.json (malloc'ed), NULL without memory. */
char *pp_facts_json(const struct pp_facts *f);
/** pp_facts_parse - facts.json back. Returns 0, or -EINVAL naming the member that is wrong. */
int pp_facts_parse(const char *json, size_t len, struct pp_facts *f, struct pp_err *err);

/* pp_facts_to_json - the same for a writer that embeds facts: a new reference of jansson's json_t.
 */
struct json_t;
struct json_t *pp_facts_to_json(const struct pp_facts *f);

#endif
