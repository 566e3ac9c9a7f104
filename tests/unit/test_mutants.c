/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the files that pinproof mutate leaves, and of what is read from them. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/report.h"
#include "run/mutants.h"
#include "tmpdir.h"

#define DECLARATION                                                                                \
	"name=pin-leak\ndescription=a pin is forgotten\nmutant_family=pins\n"                      \
	"mutant_reference=somewhere\nmutant_function=gup_put_folio\nmutant_rules=O7\n"             \
	"mutant_may_die=1\nseconds=3\n"

static void make_dirs(struct tmpdir *d, const char *dir)
{
	char part[256];

	for (size_t i = 0; i <= strlen(dir); i++) {
		if (dir[i] && dir[i] != '/')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, dir);
		mkdir(tmpdir_file(d, part), 0700);
	}
}

/* The results of a run of one case, without findings. */
static void write_results(struct tmpdir *d, const char *dir, const char *name, bool died)
{
	struct pp_run_info info = { .kernel = "k", .command = "c", .planned = 1, .seed = 1 };
	struct pp_result r = { .attempts = 1 };
	char path[256], *json;

	snprintf(r.case_name, sizeof(r.case_name), "%s", name);
	snprintf(r.reason, sizeof(r.reason), "because");
	r.verdict = died ? PP_VERDICT_CRASH : PP_VERDICT_PASS;
	r.ending = died ? PP_ENDING_CRASH : PP_ENDING_DONE;
	r.has_counted = !died;
	make_dirs(d, dir);
	json = pp_report_json(&info, NULL, &r, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	snprintf(path, sizeof(path), "%s/results.json", dir);
	tmpdir_write(d, path, json, strlen(json));
	free(json);
	pp_result_free(&r);
}

#define WRITE(d, name, text) tmpdir_write(d, name, text, strlen(text))

/* The directory of a mutant whose guest died in its second run, on a console that tells. */
static void from_files(void)
{
	struct pp_mutants all;
	struct pp_err err = { 0 };
	struct tmpdir d;

	tmpdir_make(&d);
	CU_ASSERT_EQUAL(pp_mutants_load(d.path, NULL, &all, &err), -ENOENT);
	write_results(&d, "baseline/1", "s/a/p", false);
	write_results(&d, "mutants/pin-leak/1", "s/b/p", false);
	write_results(&d, "mutants/pin-leak/2", "s/a/p", true);
	WRITE(&d, "kernel", "debian-6.1\n");
	WRITE(&d, "list", "pin-leak\n");
	WRITE(&d, "mutants/pin-leak/declaration", DECLARATION);
	CU_ASSERT_EQUAL_FATAL(pp_mutants_load(d.path, NULL, &all, &err), 0);
	CU_ASSERT_EQUAL(all.verdicts[0].outcome, PP_MUTANT_DID_NOT_FIRE);
	pp_mutants_free(&all);
	make_dirs(&d, "mutants/pin-leak/2/out/cases/s.a.p");
	WRITE(&d, "mutants/pin-leak/2/out/cases/s.a.p/kmsg.log",
	      "pinproof-mutant pin_leak: fired 1\n");
	CU_ASSERT_EQUAL_FATAL(pp_mutants_load(d.path, "pin-leak", &all, &err), 0);
	CU_ASSERT_EQUAL(all.count, 1);
	CU_ASSERT_EQUAL(all.verdicts[0].outcome, PP_MUTANT_KILLED);
	CU_ASSERT(all.verdicts[0].kill.guest_died);
	CU_ASSERT_EQUAL(pp_mutants_median(&all), 3);
	CU_ASSERT_EQUAL(pp_mutants_save(d.path, &all, &err), 0);
	pp_mutants_free(&all);
	CU_ASSERT_EQUAL(pp_mutants_load(d.path, "other", &all, &err), -ENOENT);
	WRITE(&d, "mutants/pin-leak/2/results.json", "{");
	CU_ASSERT(pp_mutants_load(d.path, NULL, &all, &err) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "mutant pin-leak"));
	tmpdir_remove(&d);
}

static const struct pp_unit_case cases[] = {
	{ "from files", from_files },
};
PP_UNIT_MAIN("mutants", cases)
