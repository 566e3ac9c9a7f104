/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probes. Anywhere: every fact gets an answer with a sentence, and the era
 * follows from registration results. In a throw-away guest
 * (PINPROOF_TEST_GUEST=1): with a link, the probed era is the version's.
 */
#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/probe.h"
#include "sys/probe_era.h"

static bool in_guest(void)
{
	const char *value = getenv("PINPROOF_TEST_GUEST");

	return value && !strcmp(value, "1");
}

static void eras(void)
{
	static const struct {
		int read_memfd;
		enum pp_era_file file;
		int write_file;
		enum pp_era era;
	} rows[] = {
		{ -EFAULT, PP_ERA_FILE_TRACKED, 0, PP_ERA_5_6 },
		{ -EFAULT, PP_ERA_FILE_NONE, 0, PP_ERA_5_6 },
		{ 0, PP_ERA_FILE_TRACKED, 0, PP_ERA_6_2 },
		{ 0, PP_ERA_FILE_OTHER, 0, PP_ERA_UNKNOWN },
		{ 0, PP_ERA_FILE_NONE, 0, PP_ERA_UNKNOWN },
		{ 0, PP_ERA_FILE_TRACKED, -EFAULT, PP_ERA_6_5 },
		{ 0, PP_ERA_FILE_OTHER, -EFAULT, PP_ERA_6_5 },
		{ 0, PP_ERA_FILE_NONE, -EFAULT, PP_ERA_UNKNOWN },
		{ 0, PP_ERA_FILE_TRACKED, -ENOMEM, PP_ERA_UNKNOWN },
		{ -ENOMEM, PP_ERA_FILE_TRACKED, -EFAULT, PP_ERA_UNKNOWN },
		{ -EPERM, PP_ERA_FILE_TRACKED, 0, PP_ERA_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(pp_era_judge(rows[i].read_memfd, rows[i].file, rows[i].write_file),
				rows[i].era);
}

static void table(void)
{
	CU_ASSERT_TRUE(pp_n_probes > 0);
	CU_ASSERT_TRUE(pp_n_probes <=
		       sizeof(((struct pp_facts *)0)->facts) / sizeof(struct pp_fact));
	for (size_t i = 0; i < pp_n_probes; i++) {
		CU_ASSERT_TRUE(strlen(pp_probes[i].name) < sizeof(((struct pp_fact *)0)->name));
		CU_ASSERT_TRUE(strlen(pp_probes[i].title) > 0);
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(pp_probes[i].name, pp_probes[j].name);
	}
}

static bool fact(const struct pp_facts *f, const char *name)
{
	const struct pp_fact *found = pp_facts_find(f, name);

	return found && found->yes;
}

static void all_answered(const struct pp_facts *f)
{
	CU_ASSERT_EQUAL(f->n_facts, pp_n_probes);
	CU_ASSERT_TRUE(strlen(f->release) > 0);
	for (size_t i = 0; i < f->n_facts; i++) {
		CU_ASSERT_TRUE(strlen(f->facts[i].why) > 0);
		if (getenv("PP_TEST_VERBOSE") || in_guest())
			printf("%-14s %-3s %s\n", f->facts[i].name, f->facts[i].yes ? "yes" : "no",
			       f->facts[i].why);
	}
}

static void without_link(void)
{
	static const char *const absent[] = {
		"rxe",      "rdma-cm", "rxe-odp", "disk0",   "disk1",
		"blockdev", "pmem0",   "pmem1",   "devdax0", "guest"
	};
	struct pp_slots slots = { .count = 0 };
	struct pp_probe_env env = { .slots = &slots, .link_why = "planted reason" };
	struct pp_facts f;

	pp_probe_all(&f, &env);
	all_answered(&f);
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		CU_ASSERT_FALSE(fact(&f, absent[i]));
	CU_ASSERT_PTR_NOT_NULL(strstr(pp_facts_find(&f, "rxe")->why, "planted reason"));
	CU_ASSERT_PTR_NOT_NULL(strstr(pp_facts_find(&f, "rdma-cm")->why, "planted reason"));
	CU_ASSERT_EQUAL(f.era_probed, PP_ERA_UNKNOWN);
	CU_ASSERT_TRUE(fact(&f, "memfd"));
}

/* What witnesses need of the kernel, and only root may have. */
static const struct {
	const char *fact, *says; /* words of one of the reasons, between bars */
} roots[] = {
	{ "root", "user" },
	{ "pin-counters", "stat_refresh|vmstat" },
	{ "page-flags", "no frame numbers|kpageflags|pagemap" },
	{ "tracefs", "trac" },
	{ "dm", "" },
	{ "soft-dirty", "clear_refs|soft-dirty|frame|pagemap|kpage" },
};

static bool says_one_of(const char *why, const char *words)
{
	char word[64];

	for (const char *at = words;; at += strcspn(at, "|") + 1) {
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(at, "|"), at);
		if (strstr(why, word))
			return true;
		if (!at[strcspn(at, "|")])
			return false;
	}
}

/* As nobody: returns the number of the first row that is not told, 0 if all are. */
static int blind_child(void)
{
	struct pp_slots slots = { .count = 0 };
	struct pp_probe_env env = { .slots = &slots, .link_why = "no link" };
	struct pp_facts f;

	if (setresuid(65534, 65534, 65534))
		return 0; /* already nobody */
	pp_probe_all(&f, &env);
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		const struct pp_fact *found = pp_facts_find(&f, roots[i].fact);

		if (!found || found->yes || !says_one_of(found->why, roots[i].says)) {
			fprintf(stderr, "%s: %s\n", roots[i].fact, found ? found->why : "no fact");
			return (int)i + 1;
		}
	}
	return 0;
}

/* Without root no witness is there, and each says why: cases that need one are SKIP. */
static void without_root(void)
{
	pid_t child;
	int status = -1;

	fflush(NULL);
	child = fork();
	if (!child)
		_exit(blind_child());
	CU_ASSERT_FATAL(child > 0);
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_EQUAL(status, 0);
}

static void slots_are_facts(void)
{
	struct pp_slots slots = { .items = { { "disk1", "/dev/planted", 64u << 20, 512 } },
				  .count = 1 };
	struct pp_probe_env env = { .slots = &slots, .guest = 1 };
	struct pp_facts f;

	pp_probe_all(&f, &env);
	CU_ASSERT_FALSE(fact(&f, "disk0"));
	CU_ASSERT_TRUE(fact(&f, "disk1"));
	CU_ASSERT_TRUE(fact(&f, "blockdev"));
	CU_ASSERT_TRUE(fact(&f, "guest"));
	PP_ASSERT_STR(pp_facts_find(&f, "disk1")->why, "/dev/planted has 64 MiB.");
}

static void with_link(void)
{
	struct pp_slots slots = { .count = 0 };
	struct pp_link link;
	struct pp_probe_env env = { .slots = &slots, .link = &link, .guest = 1 };
	struct pp_err err = { "" };
	struct pp_facts f;
	uint64_t start;

	CU_ASSERT_EQUAL_FATAL(pp_link_make(&link, &err), 0);
	CU_ASSERT_EQUAL(pp_slots_probe(&slots, NULL, 0, true, &err), 0);
	start = pp_now_ns();
	pp_probe_all(&f, &env);
	printf("%s: era %s, probed %s, in %u ms\n", f.release, pp_era_names[f.era],
	       pp_era_names[f.era_probed], (unsigned)((pp_now_ns() - start) / 1000000));
	all_answered(&f);
	CU_ASSERT_TRUE(fact(&f, "rxe"));
	CU_ASSERT_TRUE(fact(&f, "rdma-cm"));
	CU_ASSERT_TRUE(fact(&f, "pin-counters"));
	if (slots.count || f.era == PP_ERA_5_6)
		CU_ASSERT_EQUAL(f.era_probed, f.era);
	/* Nothing is left: the disks are free and unmarked by others, the link can go. */
	for (size_t i = 0; i < slots.count; i++)
		if (!strncmp(slots.items[i].name, "disk", 4))
			CU_ASSERT_EQUAL(pp_device_usable(slots.items[i].dev, &err), 0);
	CU_ASSERT_EQUAL(pp_link_remove(&link, &err), 0);
}

/* The era is seen by a file on disk0, by disk1 alone, and not at all without either (in a RAM
 * filesystem). */
static void era_by_each_way(void)
{
	struct pp_slots all = { .count = 0 }, some;
	struct pp_link link;
	struct pp_probe_env env = { .slots = &some, .link = &link, .guest = 1 };
	struct pp_probe_verbs v;
	struct pp_err err = { "" };
	const struct pp_slot *slot;

	CU_ASSERT_EQUAL_FATAL(pp_link_make(&link, &err), 0);
	CU_ASSERT_EQUAL(pp_slots_probe(&all, NULL, 0, true, &err), 0);
	for (int way = 0; way < 3; way++) {
		slot = way < 2 ? pp_slots_find(&all, way ? "disk1" : "disk0") : NULL;
		some.count = slot ? 1 : 0;
		if (slot)
			some.items[0] = *slot;
		pp_probe_verbs(&env, &v);
		CU_ASSERT_EQUAL(v.fabric, 0);
		printf("way %d: %s: memfd %d file %d: %s\n", way, v.file_what, v.read_memfd,
		       v.write_file, pp_era_names[v.era]);
		if (slot) {
			CU_ASSERT_EQUAL(v.file, PP_ERA_FILE_TRACKED);
			CU_ASSERT_NOT_EQUAL(v.era, PP_ERA_UNKNOWN);
			CU_ASSERT_PTR_NOT_NULL(strstr(v.file_what, slot->dev));
		} else {
			CU_ASSERT_TRUE(v.era == PP_ERA_5_6 || v.era == PP_ERA_UNKNOWN ||
				       v.write_file == -EFAULT);
		}
	}
	CU_ASSERT_EQUAL(pp_link_remove(&link, &err), 0);
}

static const struct pp_unit_case anywhere[] = {
	{ "eras", eras },
	{ "table", table },
	{ "without a link", without_link },
	{ "without root", without_root },
	{ "slots are facts", slots_are_facts },
};

static const struct pp_unit_case guest[] = {
	{ "eras", eras },
	{ "table", table },
	{ "without a link", without_link },
	{ "slots are facts", slots_are_facts },
	{ "with a link", with_link },
	{ "era by each way", era_by_each_way },
};

int main(void)
{
	if (in_guest())
		return pp_unit_main("probe", guest, sizeof(guest) / sizeof(guest[0]));
	return pp_unit_main("probe", anywhere, sizeof(anywhere) / sizeof(anywhere[0]));
}
