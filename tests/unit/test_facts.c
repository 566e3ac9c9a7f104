/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What uname's strings mean, and facts.json there and back. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/facts.h"

/* clang-format off */
static const struct {
	const char *release, *uname_version;
	enum pp_flavour flavour;
	struct pp_version version;
	enum pp_era era;
} kernels[] = {
	{ "6.1.0-56-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-10-01)",
	  PP_FLAVOUR_DEBIAN, { 6, 1, 192 }, PP_ERA_5_6 },
	{ "6.12.117+deb12-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.117-1~deb12u1 (2026-09-01)",
	  PP_FLAVOUR_DEBIAN, { 6, 12, 117 }, PP_ERA_6_5 },
	{ "6.1.0-18-cloud-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)",
	  PP_FLAVOUR_DEBIAN, { 6, 1, 76 }, PP_ERA_5_6 },
	{ "6.12.9+bpo-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.9-1~bpo12+1 (2025-01-19)",
	  PP_FLAVOUR_DEBIAN, { 6, 12, 9 }, PP_ERA_6_5 },
	{ "6.13-rc7-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.13~rc7-1~exp1 (2025-01-12)",
	  PP_FLAVOUR_DEBIAN, { 6, 13, 0 }, PP_ERA_6_5 },
	{ "4.19.0-21-amd64", "#1 SMP Debian 4.19.249-2 (2022-06-30)",
	  PP_FLAVOUR_DEBIAN, { 4, 19, 249 }, PP_ERA_UNKNOWN },
	/* Debian's release without Debian's build string: somebody rebuilt it */
	{ "6.1.0-56-amd64", "#1 SMP PREEMPT_DYNAMIC Thu Oct  1 00:00:00 UTC 2026",
	  PP_FLAVOUR_OTHER, { 6, 1, 0 }, PP_ERA_UNKNOWN },
	/* a derivative with an epoch in front of the version */
	{ "6.6.51+rpt-rpi-v8", "#1 SMP PREEMPT Debian 1:6.6.51-1+rpt3 (2024-10-08)",
	  PP_FLAVOUR_OTHER, { 6, 6, 51 }, PP_ERA_UNKNOWN },
	{ "6.1.0", "#1 SMP NotDebian 6.1.0-1", PP_FLAVOUR_MAINLINE, { 6, 1, 0 }, PP_ERA_5_6 },
	{ "6.1.0", "#1 SMP Debian 6.1.192 built here", PP_FLAVOUR_MAINLINE, { 6, 1, 0 }, PP_ERA_5_6 },
	{ "6.1.0", "#1 SMP Debian GNU/Linux", PP_FLAVOUR_MAINLINE, { 6, 1, 0 }, PP_ERA_5_6 },
	{ "6.13.0", "#1 SMP PREEMPT_DYNAMIC Mon Jan 20", PP_FLAVOUR_MAINLINE, { 6, 13, 0 }, PP_ERA_6_5 },
	{ "6.13", "#1", PP_FLAVOUR_MAINLINE, { 6, 13, 0 }, PP_ERA_6_5 },
	{ "6.13.0-rc4", "#1 SMP", PP_FLAVOUR_MAINLINE, { 6, 13, 0 }, PP_ERA_6_5 },
	{ "6.5.0-rc1", "#1 SMP", PP_FLAVOUR_MAINLINE, { 6, 5, 0 }, PP_ERA_6_5 },
	{ "6.4.0", "#1 SMP", PP_FLAVOUR_MAINLINE, { 6, 4, 0 }, PP_ERA_6_2 },
	{ "6.4.16", "#1 SMP", PP_FLAVOUR_STABLE, { 6, 4, 16 }, PP_ERA_6_2 },
	{ "6.2.0", "#1 SMP", PP_FLAVOUR_MAINLINE, { 6, 2, 0 }, PP_ERA_6_2 },
	{ "6.1.119", "#1 SMP", PP_FLAVOUR_STABLE, { 6, 1, 119 }, PP_ERA_5_6 },
	{ "6.12.9", "#1 SMP", PP_FLAVOUR_STABLE, { 6, 12, 9 }, PP_ERA_6_5 },
	{ "5.6.0", "#1 SMP", PP_FLAVOUR_MAINLINE, { 5, 6, 0 }, PP_ERA_5_6 },
	{ "5.5.19", "#1 SMP", PP_FLAVOUR_STABLE, { 5, 5, 19 }, PP_ERA_UNKNOWN },
	{ "7.0.0", "#1 SMP", PP_FLAVOUR_MAINLINE, { 7, 0, 0 }, PP_ERA_6_5 },
	/* anything behind the version: somebody's own kernel */
	{ "6.13.0+", "#1 SMP", PP_FLAVOUR_OTHER, { 6, 13, 0 }, PP_ERA_UNKNOWN },
	{ "6.13.0-rc4+", "#1 SMP", PP_FLAVOUR_OTHER, { 6, 13, 0 }, PP_ERA_UNKNOWN },
	{ "6.13.0-dirty", "#1 SMP", PP_FLAVOUR_OTHER, { 6, 13, 0 }, PP_ERA_UNKNOWN },
	{ "6.13.0-rc4-00012-gabcdef012345", "#1 SMP", PP_FLAVOUR_OTHER, { 6, 13, 0 }, PP_ERA_UNKNOWN },
	{ "6.12.0-rc3-next-20241014", "#1 SMP", PP_FLAVOUR_OTHER, { 6, 12, 0 }, PP_ERA_UNKNOWN },
	{ "6.12.9-rc1", "#1 SMP", PP_FLAVOUR_OTHER, { 6, 12, 9 }, PP_ERA_UNKNOWN },
	{ "6.13.0-rc", "#1 SMP", PP_FLAVOUR_OTHER, { 6, 13, 0 }, PP_ERA_UNKNOWN },
	{ "6.8.0-45-generic", "#45-Ubuntu SMP PREEMPT_DYNAMIC Fri Aug 30 12:02:04 UTC 2024",
	  PP_FLAVOUR_OTHER, { 6, 8, 0 }, PP_ERA_UNKNOWN },
	{ "6.11.4-301.fc41.x86_64", "#1 SMP PREEMPT_DYNAMIC Sun Oct 20 15:02:33 UTC 2024",
	  PP_FLAVOUR_OTHER, { 6, 11, 4 }, PP_ERA_UNKNOWN },
	{ "6.11.5-arch1-1", "#1 SMP PREEMPT_DYNAMIC Tue, 22 Oct 2024 18:31:38 +0000",
	  PP_FLAVOUR_OTHER, { 6, 11, 5 }, PP_ERA_UNKNOWN },
	{ "5.14.0-503.el9.x86_64", "#1 SMP PREEMPT_DYNAMIC", PP_FLAVOUR_OTHER, { 5, 14, 0 }, PP_ERA_UNKNOWN },
	{ "5.15.167.4-microsoft-standard-WSL2", "#1 SMP", PP_FLAVOUR_OTHER, { 5, 15, 167 }, PP_ERA_UNKNOWN },
	/* no version at all */
	{ "", "", PP_FLAVOUR_OTHER, { 0, 0, 0 }, PP_ERA_UNKNOWN },
	{ "6", "#1", PP_FLAVOUR_OTHER, { 0, 0, 0 }, PP_ERA_UNKNOWN },
	{ "6.", "#1", PP_FLAVOUR_OTHER, { 0, 0, 0 }, PP_ERA_UNKNOWN },
	{ "linux", "#1", PP_FLAVOUR_OTHER, { 0, 0, 0 }, PP_ERA_UNKNOWN },
	{ "6.123456789012", "#1", PP_FLAVOUR_OTHER, { 0, 0, 0 }, PP_ERA_UNKNOWN },
};
/* clang-format on */

static void kernel_strings(void)
{
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		struct pp_facts f = { .flavour = PP_FLAVOUR_STABLE, .era = PP_ERA_6_2 };
		bool right;

		pp_facts_kernel(&f, kernels[i].release, kernels[i].uname_version);
		right = f.flavour == kernels[i].flavour && f.era == kernels[i].era &&
			pp_version_cmp(f.version, kernels[i].version) == 0;
		if (!right)
			fprintf(stderr, "%s: %s %d.%d.%d era %s\n", kernels[i].release,
				pp_flavour_names[f.flavour], f.version.major, f.version.minor,
				f.version.patch, pp_era_names[f.era]);
		CU_ASSERT_TRUE(right);
		PP_ASSERT_STR(f.release, kernels[i].release);
		PP_ASSERT_STR(f.uname_version, kernels[i].uname_version);
	}
}

static void versions_compare(void)
{
	static const struct pp_version v[] = { { 5, 19, 17 }, { 6, 0, 0 }, { 6, 1, 9 },
					       { 6, 1, 10 },  { 6, 9, 0 }, { 6, 10, 0 } };

	for (int i = 0; i < 6; i++)
		for (int j = 0; j < 6; j++)
			CU_ASSERT_EQUAL(pp_version_cmp(v[i], v[j]), (i > j) - (i < j));
}

static void named_facts(void)
{
	struct pp_facts f = { 0 };
	char name[32];

	CU_ASSERT_PTR_NULL(pp_facts_find(&f, "rxe"));
	pp_facts_set(&f, "rxe", true, "device %s", "rxe0");
	pp_facts_set(&f, "btrfs", false, "no module");
	CU_ASSERT_EQUAL(f.n_facts, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pp_facts_find(&f, "rxe"));
	CU_ASSERT_TRUE(pp_facts_find(&f, "rxe")->yes);
	PP_ASSERT_STR(pp_facts_find(&f, "rxe")->why, "device rxe0");
	pp_facts_set(&f, "rxe", false, "gone");
	CU_ASSERT_EQUAL(f.n_facts, 2);
	CU_ASSERT_FALSE(pp_facts_find(&f, "rxe")->yes);
	for (int i = 0; i < 70; i++) {
		snprintf(name, sizeof(name), "fact-%d", i);
		pp_facts_set(&f, name, true, "filler");
	}
	CU_ASSERT_EQUAL(f.n_facts, 64);
	CU_ASSERT_PTR_NOT_NULL(pp_facts_find(&f, "fact-61"));
	CU_ASSERT_PTR_NULL(pp_facts_find(&f, "fact-62"));
}

static void json_round_trip(void)
{
	struct pp_facts f = { .era_probed = PP_ERA_6_5 }, g;
	struct pp_err err = { "" };
	char *json, *again;

	pp_facts_kernel(&f, "6.1.0-56-amd64", "#1 SMP Debian 6.1.192-2 (2026-10-01)");
	pp_facts_set(&f, "rxe", true, "device \"rxe0\" on d0");
	pp_facts_set(&f, "btrfs", false, "modprobe: not found\nsecond line");
	json = pp_facts_json(&f);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	CU_ASSERT_EQUAL_FATAL(pp_facts_parse(json, strlen(json), &g, &err), 0);
	CU_ASSERT_EQUAL(memcmp(&f.version, &g.version, sizeof(f.version)), 0);
	CU_ASSERT_EQUAL(g.flavour, PP_FLAVOUR_DEBIAN);
	CU_ASSERT_EQUAL(g.era, PP_ERA_5_6);
	CU_ASSERT_EQUAL(g.era_probed, PP_ERA_6_5);
	CU_ASSERT_EQUAL(g.n_facts, 2);
	CU_ASSERT_FALSE(g.facts[1].yes);
	PP_ASSERT_STR(g.facts[1].why, f.facts[1].why);
	again = pp_facts_json(&g);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	PP_ASSERT_STR(again, json);
	free(again);
	free(json);
}

#define HEAD "{\"release\":\"6.1.0\",\"uname_version\":\"#1\",\"flavour\":"
#define MID  ",\"version\":[6,1,0],\"era\":\"5.6-6.1\",\"era_probed\":"
#define FACT "{\"name\":\"rxe\",\"yes\":true,\"why\":\"w\"}"
#define LONG "0123456789012345678901234567890123456789"

static void json_faults(void)
{
	static const struct {
		const char *json, *error; /* NULL: right */
	} texts[] = {
		{ HEAD "\"stable\"" MID "\"unknown\",\"facts\":[" FACT "]}", NULL },
		{ "", "line 1" },
		{ "[]", "Expected object" },
		{ HEAD "\"plan9\"" MID "\"unknown\",\"facts\":[]}", "unknown name" },
		{ HEAD "\"stable\"" MID "\"9.9\",\"facts\":[]}", "unknown name" },
		{ HEAD "\"stable\"" MID "\"unknown\",\"facts\":{}}", "not a list" },
		{ HEAD "\"stable\"" MID "\"unknown\"}", "facts" },
		{ HEAD "\"stable\"" MID "\"unknown\",\"facts\":[1]}", "entry 0" },
		{ HEAD "\"stable\"" MID "\"unknown\",\"facts\":[" FACT ",{\"name\":\"x\"}]}",
		  "entry 1" },
		{ HEAD "\"stable\"" MID "\"unknown\",\"facts\":[{\"name\":\"" LONG
		       "\",\"yes\":true,\"why\":\"w\"}]}",
		  "longer than 31" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct pp_err err = { "" };
		struct pp_facts f;
		int ret = pp_facts_parse(texts[i].json, strlen(texts[i].json), &f, &err);

		CU_ASSERT_EQUAL(ret, texts[i].error ? -EINVAL : 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, texts[i].error ? texts[i].error : ""));
	}
}

static const struct pp_unit_case cases[] = {
	{ "kernel strings", kernel_strings },
	{ "versions compare", versions_compare },
	{ "named facts", named_facts },
	{ "JSON round trip", json_round_trip },
	{ "faulty JSON is refused", json_faults },
};
PP_UNIT_MAIN("facts", cases)
