/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exported programs compile without a warning, whatever verbs they have; what cannot be exported is
 * refused by name; a mail has what a list expects. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/export.h"
#include "tmpdir.h"

static struct pp_plan *parse(const char *text)
{
	struct pp_plan *plan = NULL;
	struct pp_err err = { 0 };

	CU_ASSERT_EQUAL(pp_plan_parse(text, strlen(text), &plan, &err), 0);
	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
	return plan;
}

#define HEAD "pinproof-plan 1\ncase e/x/y\nbacking ext4\npinner rxe-mr\nrules O1 O2 O12\nbound 9s\n"

static const char disk[] =
	HEAD "fs f0 type=ext4 slot=disk0 block=4096 mount=\"noatime\"\n"
	     "fs x-fs type=xfs slot=pmem0 mkfs=\"-m reflink=0\" mount=\"dax=always\"\n"
	     "region data backing=ext4 fs=f0 size=64K\n"
	     "region d-a.x backing=fsdax-xfs fs=x-fs size=64K share=private\n"
	     "mr m0 region=data range=4K+8K access=lw,rw,rr\nactor main\n"
	     "op 1 main mkfs f0\nop 2 main mount f0\nop 3 main pwrite data gen=1\n"
	     "op 4 main map data\nop 5 main reg m0\nop 6 main rdma-write m0 gen=2\n"
	     "op 7 main fsync data\nop 8 main rdma-read m0\nop 9 main fdatasync data\n"
	     "op 10 main msync data 0+4K\nop 11 main pageout data\nop 12 main load data\n"
	     "op 13 main pread data\nop 14 main truncate data 8K+56K\nop 15 main extend data\n"
	     "op 16 main punch data 0+4K\nop 17 main zero-range data 0+4K\n"
	     "op 18 main dereg m0\nop 19 main disk-read data 4K+8K\nop 20 main quiet\n"
	     "op 21 main mkfs x-fs\nop 22 main mount x-fs\nop 23 main map d-a.x\n"
	     "op 24 main dio-read d-a.x 0+8K gen=3 via=disk1\nop 25 main unmap d-a.x\n"
	     "op 26 main umount x-fs\n";

static const char memory[] =
	HEAD "fs t type=tmpfs\nregion a backing=anon share=private size=64K\n"
	     "region m backing=memfd size=64K prot=r\nregion f backing=tmpfs fs=t size=8K\n"
	     "actor main\nop 1 main map a\nop 2 main store a gen=1\nop 3 main fork\n"
	     "op 4 main vm-write a gen=2\nop 5 main reap\nop 6 main vm-read a\n"
	     "op 7 main fork\nop 8 main kill\nop 9 main dontneed a 0+4K\nop 10 main map m\n"
	     "op 11 main mount t\nop 12 main map f\nop 13 main load a 8K+4K\n";

/* Two threads that wait for each other, over one file that two regions map. */
static const char threads[] =
	HEAD "fs f0 type=xfs slot=disk0\nregion data backing=xfs fs=f0 size=64K touch=yes\n"
	     "region twin backing=xfs fs=f0 of=data size=64K\nmr m region=data\n"
	     "actor main\nactor eye-2\n"
	     "op 1 main mkfs f0\nop 2 main mount f0\nop 3 main map data\n"
	     "op 4 eye-2 map twin after=3\nop 5 main reg m\nop 6 eye-2 rdma-write m gen=1 after=5\n"
	     "op 7 main rdma-read m after=6\nop 8 eye-2 dio-pwrite data 0+4K gen=2\n"
	     "op 9 main dio-pread data 0+4K\nop 10 main self-read data 0+4K\n"
	     "op 11 main self-write data 0+4K expect=any\nop 12 eye-2 splice-hold data 0+8K\n"
	     "op 13 eye-2 splice-drain data 0+8K\nop 14 eye-2 vmsplice data 0+8K\n"
	     "op 15 main dio-write data 0+8K via=disk1\nop 16 main collapse data 0+4K\n"
	     "op 17 main insert data 0+4K\nop 18 main msync-async data 0+4K\n"
	     "op 19 main sync-range data 0+4K\nop 20 main fadvise data 0+4K\n"
	     "op 21 main protect-r data 0+4K\nop 22 main protect-none data 0+4K\n"
	     "op 23 main protect-rw data 0+4K\nop 24 main dereg m\n"
	     "op 25 main uring-read data 0+4K after=14\nop 26 main unmap data\n"
	     "op 27 eye-2 unmap twin\nop 28 main cold-read data 0+12K after=27\n";

/* Buffers that are registered with a ring, beside memory that is registered for RDMA. */
static const char buffers[] =
	HEAD "region data backing=memfd size=64K\nmr b-0 region=data range=4K+8K kind=uring\n"
	     "mr m region=data\nactor main\nactor other\n"
	     "op 1 main map data\nop 2 main load data\nop 3 main reg b-0\n"
	     "op 4 main fixed-read b-0 0+4K via=disk1 gen=2\nop 5 main fixed-write b-0 via=disk1\n"
	     "op 6 main dereg b-0\nop 7 main pageout data\nop 8 main load data\n"
	     "op 9 other reg m after=8\nop 10 other rdma-read m\nop 11 other dereg m\n";

/* The sentence ends no comment early. */
static void finding_at(struct pp_result *r, uint32_t op, enum pp_rule rule, enum pp_class cls)
{
	struct pp_finding *x;

	memset(r, 0, sizeof(*r));
	x = pp_finding_add(&r->findings, rule, cls, "op %u shows */ nothing /* of it", op);
	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
	x->op = op;
	x->defect = -1;
	x->offset_bytes = 8192;
	x->length_bytes = 4096;
	x->has_expected = true;
	x->expected.generation = 2;
}

/* Does the compiler take it without a word? */
static bool compiles(const char *text)
{
	char command[512];
	struct tmpdir d;
	bool good;

	tmpdir_make(&d);
	tmpdir_write(&d, "repro.c", text, strlen(text));
	snprintf(command, sizeof(command), "cc -O1 -Wall -Wextra -Werror -fsyntax-only %s/repro.c",
		 d.path);
	good = !system(command);
	tmpdir_remove(&d);
	return good;
}

static char *program(const char *text, uint32_t op, enum pp_rule rule, enum pp_class cls)
{
	struct pp_plan *p = parse(text);
	struct pp_err err = { 0 };
	struct pp_result r;
	char *out;

	finding_at(&r, op, rule, cls);
	CU_ASSERT_EQUAL(pp_export_c(p, &r, "6.1.0-56-amd64", &out, &err), 0);
	PP_ASSERT_STR(err.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	pp_result_free(&r);
	pp_plan_free(p);
	return out;
}

static void programs_compile(void)
{
	char *text = program(disk, 19, PP_O2_DURABILITY, PP_CLASS_STALE);

	CU_ASSERT(compiles(text));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, "symptom_unless(\"op 19 disk-read\", buf + 4096, 8192, 4096, 6)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "-libverbs -luring"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "pmem0=/dev/..."));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "umount2(x_fs_dir, MNT_DETACH)"));
	free(text);
	text = program(memory, 13, PP_O1_COHERENCE, PP_CLASS_ZERO);
	CU_ASSERT(compiles(text));
	CU_ASSERT_PTR_NULL(strstr(text, "verbs.h"));
	CU_ASSERT_PTR_NULL(strstr(text, "liburing.h"));
	free(text);
	text = program(disk, 9, PP_O12_EXPLAINED, PP_CLASS_ERRNO);
	CU_ASSERT(compiles(text));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, "symptom_if_fails(\"op 9 fdatasync\", fdatasync(data_fd))"));
	free(text);
}

static void threads_compile(void)
{
	static const char *const words[] = {
		"cc -O2 -Wall -o repro repro.c -pthread -libverbs -luring",
		"static void *actor_eye_2(void *unused)",
		"wait_for(&ended[2]); /* op 3 */",
		"has_ended(&ended[4]);",
		"mmap(NULL, twin_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, data_fd, 0)",
		"may_fail(\"op 11 self-write\", direct_io(data_fd, 1, data + 0, 4096, 0))",
		"symptom_unless(\"op 28 cold-read\", buf + 8192, 8192, 4096, 8)",
		"pthread_create(&threads[1], NULL, actor_eye_2, NULL)",
	};
	struct pp_plan *p = parse(threads);
	struct pp_err err = { 0 };
	struct pp_result r;
	char *text;

	finding_at(&r, 28, PP_O2_DURABILITY, PP_CLASS_STALE);
	r.findings.items[0].expected.writer = 1;
	CU_ASSERT_EQUAL(pp_export_c(p, &r, "k", &text, &err), 0);
	PP_ASSERT_STR(err.text, "");
	CU_ASSERT(compiles(text));
	for (size_t i = 0; i < PP_ARRAY_LEN(words); i++)
		if (!strstr(text, words[i]))
			PP_ASSERT_STR("missing", words[i]);
	/* nobody waits for what its own thread did before */
	CU_ASSERT_PTR_NULL(strstr(text, "has_ended(&ended[0])"));
	free(text);
	/* a write that nobody in the plan has done */
	r.findings.items[0].expected.generation = 77;
	CU_ASSERT_EQUAL(pp_export_c(p, &r, "k", &text, &err), -EOPNOTSUPP);
	pp_result_free(&r);
	pp_plan_free(p);
}

/* What the kernel says, accepts or refuses is a symptom too. */
static void other_symptoms(void)
{
	struct pp_plan *p = parse(disk);
	struct pp_err err = { 0 };
	struct pp_result r;
	char *text;

	finding_at(&r, 0, PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT);
	snprintf(r.findings.items[0].text, sizeof(r.findings.items[0].text), "%s",
		 "WARNING: CPU: N PID: N at \"fs\"/dax.c:N (3 times)");
	CU_ASSERT_EQUAL(pp_export_c(p, &r, "k", &text, &err), 0);
	CU_ASSERT(compiles(text));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, "symptom_in_log(\"WARNING: CPU: N PID: N at \\\"fs\\\"/dax.c:N\");"));
	free(text);
	pp_result_free(&r);
	finding_at(&r, 5, PP_O8_REFUSAL, PP_CLASS_ACCEPTED);
	CU_ASSERT_EQUAL(pp_export_c(p, &r, "k", &text, &err), 0);
	CU_ASSERT(compiles(text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "symptom(\"op 5 reg\", \"accepted\");"));
	free(text);
	r.findings.items[0].cls = PP_CLASS_REFUSED;
	CU_ASSERT_EQUAL(pp_export_c(p, &r, "k", &text, &err), 0);
	CU_ASSERT(compiles(text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "symptom(\"op 5 reg\", strerror(errno));"));
	free(text);
	pp_result_free(&r);
	pp_plan_free(p);
}

static void buffers_compile(void)
{
	static const char *const words[] = {
		"static struct io_uring *b_0;",
		"static struct ibv_mr *m;",
		"b_0 = buffer_register(data + 4096, 8192);",
		"\tif (!b_0)\n\t\tcannot(\"registration\");",
		"dio_read(b_0, disk1, 0, data + 4096, 4096, 4096, 4);",
		"dio_write(b_0, disk1, 0, data + 4096, buf, 8192);",
		"buffer_unregister(b_0);",
	};
	char *text = program(buffers, 8, PP_O1_COHERENCE, PP_CLASS_ZERO);
	const char *other;

	CU_ASSERT(compiles(text));
	for (size_t i = 0; i < PP_ARRAY_LEN(words); i++) {
		CU_ASSERT_PTR_NOT_NULL(strstr(text, words[i]));
		if (!strstr(text, words[i]))
			printf("no %s\n", words[i]);
	}
	/* Only who moves data by RDMA has queue pairs. */
	other = strstr(text, "actor_other(void");
	CU_ASSERT_PTR_NOT_NULL_FATAL(other);
	CU_ASSERT(strstr(text, "\trdma_connect();") > other);
	free(text);
}

static void what_is_refused(void)
{
	static const struct {
		const char *ops;
		const char *words;
	} rows[] = {
		{ "op 1 main map data\nstorm ops=3\nmix main load data weight=1\n",
		  "a storm; shrink it first" },
		{ "op 1 main map data\nop 2 main ksm data\n", "verb ksm" },
		{ "region h backing=hugetlb size=2M\nop 1 main map h\n", "backing hugetlb" },
		{ "fs f type=xfs slot=disk0\nop 1 main map data\nop 2 main dio-write data via=f\n",
		  "transfer with filesystem f" },
		{ "gate g slot=disk1\nop 1 main map data\nop 2 main gate-hold g\n", "gate g" },
		{ "op 1 main map data\nop 2 main store data gen=1\n", "a finding of O1, stale" },
	};
	char text[1024], *out;

	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		struct pp_err err = { 0 };
		struct pp_plan *p;
		struct pp_result r;

		snprintf(text, sizeof(text), "%sregion data backing=anon size=64K\nactor main\n%s",
			 HEAD, rows[i].ops);
		p = parse(text);
		finding_at(&r, 2, PP_O1_COHERENCE, PP_CLASS_STALE);
		CU_ASSERT_EQUAL(pp_export_c(p, &r, "k", &out, &err), -EOPNOTSUPP);
		CU_ASSERT_PTR_NULL(out);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].words));
		if (!strstr(err.text, rows[i].words))
			printf("%s\n", err.text);
		pp_result_free(&r);
		pp_plan_free(p);
	}
}

static void nothing_found(void)
{
	struct pp_plan *p = parse(memory);
	struct pp_result r = { 0 };
	struct pp_facts facts = { 0 };
	struct pp_err err = { 0 };
	char *out;

	CU_ASSERT_EQUAL(pp_export_c(p, &r, "k", &out, &err), -ENOENT);
	CU_ASSERT_EQUAL(pp_export_mail(p, &r, &facts, NULL, &out, &err), -ENOENT);
	CU_ASSERT_PTR_NULL(out);
	pp_plan_free(p);
}

/* A known defect is reported only if there is nothing else. */
static void which_finding(void)
{
	struct pp_result r;

	finding_at(&r, 5, PP_O1_COHERENCE, PP_CLASS_STALE);
	r.findings.items[0].defect = 0;
	CU_ASSERT_EQUAL(pp_export_finding(&r)->op, 5);
	pp_finding_add(&r.findings, PP_O4_IDENTITY, PP_CLASS_TORN, "torn")->defect = -1;
	CU_ASSERT_EQUAL(pp_export_finding(&r)->rule, PP_O4_IDENTITY);
	pp_result_free(&r);
}

static void mails(void)
{
	struct pp_facts facts = { .release = "6.1.0-56-amd64", .version = { 6, 1, 192 } };
	struct pp_plan *p = parse(disk);
	struct pp_err err = { 0 };
	struct pp_result r;
	char *out;

	finding_at(&r, 19, PP_O2_DURABILITY, PP_CLASS_STALE);
	CU_ASSERT_EQUAL(
		pp_export_mail(p, &r, &facts, "[ 1.0] one\n[ 2.0] \x1b[31mtwo\n", &out, &err), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_PTR_EQUAL(strstr(out, "Subject: [BUG] durability on ext4"), out);
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "on 6.1.0-56-amd64 (upstream 6.1.192)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "    op 19 main disk-read data 4096+8192\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "Since when:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "What this does not show:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "    [ 2.0]  [31mtwo\n")); /* no escape code gets out */
	free(out);
	pp_result_free(&r);
	pp_plan_free(p);
}

static const struct pp_unit_case cases[] = {
	{ "programs compile", programs_compile },
	{ "threads compile", threads_compile },
	{ "registered buffers compile", buffers_compile },
	{ "other symptoms", other_symptoms },
	{ "what is refused", what_is_refused },
	{ "nothing found", nothing_found },
	{ "which finding", which_finding },
	{ "mails", mails },
};

PP_UNIT_MAIN("export", cases)
