/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger from the kernel's text to the verdict: a fake /proc and /sys in which one number
 * changes at a time. Each account has a fault that it shows and no other does.
 */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/oracle.h"
#include "core/words.h"
#include "sys/accounts_parse.h"
#include "tmpdir.h"

#define OWNER 4001
#define HEIR  4002
#define CHILD 4003

/* What the kernel says when nothing is off. */
static const struct {
	const char *file, *text;
} quiet_world[] = {
	{ "proc/sys/vm/stat_refresh", "" },
	{ "proc/vmstat", "nr_free_pages 5000\nnr_inactive_anon 7\nnr_foll_pin_acquired 900\n"
			 "nr_foll_pin_released 800\npgpgin 1\n" },
	{ "proc/self/status", "Name:\tcase\nVmLck:\t       8 kB\nVmPin:\t      64 kB\n" },
	{ "proc/self/fd/0", "" },
	{ "proc/self/fd/1", "" },
	{ "proc/4001/status", "Name:\towner\nVmLck:\t0 kB\nVmPin:\t0 kB\n" },
	{ "proc/4002/status", "Name:\their\nVmLck:\t0 kB\nVmPin:\t0 kB\n" },
	{ "proc/4003/status", "Name:\tchild\nVmLck:\t0 kB\nVmPin:\t0 kB\n" },
	{ "proc/meminfo", "MemTotal: 100 kB\nHugePages_Total:      20\nHugePages_Free:       15\n"
			  "HugePages_Rsvd:        5\nHugepagesize:       2048 kB\n" },
	{ "proc/buddyinfo", "Node 0, zone   Normal      7      1      0 \n"
			    "Node 0, zone  Movable      2      1    249 \n" },
	{ "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "20\n" },
	{ "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "15\n" },
	{ "sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "5\n" },
	{ "sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "3\n" },
	{ "sys/kernel/mm/hugepages/hugepages-1048576kB/resv_hugepages", "1\n" },
	{ "sys/class/infiniband/pp0r/ports/1/counters/port_rcv_packets", "40\n" },
};

/* One thing that the kernel says otherwise, by a file or by netlink. */
struct fault {
	enum pp_account account;
	const char *file, *text; /* NULL: its second name does not count */
	const char *object;      /* by netlink */
	int64_t change;
	enum pp_class cls; /* of the one finding; PP_CLASS_OK: the account is not judged */
	const char *says;  /* words of it */
};

#define VMSTAT(free, acquired, released)                                                           \
	"nr_free_pages " free "\nnr_inactive_anon 7\nnr_foll_pin_acquired " acquired               \
	"\nnr_foll_pin_released " released "\npgpgin 1\n"
#define STATUS(lck, pin) "Name:\tx\nVmLck:\t" lck " kB\nVmPin:\t" pin " kB\n"
#define USUAL_POOL       "sys/kernel/mm/hugepages/hugepages-2048kB/"
#define GIB_POOL         "sys/kernel/mm/hugepages/hugepages-1048576kB/"
#define OBJECT(a, n, leak)                                                                         \
	{                                                                                          \
		.account = PP_ACCOUNT_##a, .object = n, .change = (leak) ? 1 : -1,                 \
		.cls = (leak) ? PP_CLASS_LEAK : PP_CLASS_OVERRELEASE,                              \
		.says = (leak) ? "a leak: of " : "released twice: of "                             \
	}

/* clang-format off */
static const struct fault faults[] = {
	{ PP_ACCOUNT_PINS, "proc/vmstat", VMSTAT("5000", "916", "800"), NULL, 16, PP_CLASS_LEAK, "a leak: of pins" },
	{ PP_ACCOUNT_PINS, "proc/vmstat", VMSTAT("5000", "916", "832"), NULL, -16, PP_CLASS_OVERRELEASE, "released twice: of pins" },
	{ PP_ACCOUNT_VMPIN, "proc/self/status", STATUS("8", "72"), NULL, 2, PP_CLASS_OVERCHARGE, "charged too much: of vmpin" },
	{ PP_ACCOUNT_VMPIN, "proc/self/status", STATUS("8", "60"), NULL, -1, PP_CLASS_UNDERCHARGE, "charged too little: of vmpin" },
	{ PP_ACCOUNT_VMLCK, "proc/self/status", STATUS("16", "64"), NULL, 2, PP_CLASS_LEAK, "a leak: of vmlck" },
	{ PP_ACCOUNT_OWNER_VMPIN, "proc/4001/status", STATUS("0", "64"), NULL, 16, PP_CLASS_OVERCHARGE, "charged too much: of owner-vmpin" },
	{ PP_ACCOUNT_HEIR_VMPIN, "proc/4002/status", STATUS("0", "64"), NULL, 16, PP_CLASS_OVERCHARGE, "charged too much: of heir-vmpin" },
	{ PP_ACCOUNT_CHILD_VMPIN, "proc/4003/status", STATUS("0", "4"), NULL, 1, PP_CLASS_OVERCHARGE, "charged too much: of child-vmpin" },
	{ PP_ACCOUNT_HUGE_TOTAL, USUAL_POOL "nr_hugepages", "19\n", NULL, -1, PP_CLASS_LEAK, "a leak: of huge-total" },
	{ PP_ACCOUNT_HUGE_SPARE, USUAL_POOL "resv_hugepages", "6\n", NULL, -1, PP_CLASS_LEAK, "a leak: of huge-spare" },
	{ PP_ACCOUNT_HUGE_OTHER, GIB_POOL "free_hugepages", "2\n", NULL, -1, PP_CLASS_LEAK, "a leak: of huge-other" },
	{ PP_ACCOUNT_HUGE_OTHER, GIB_POOL "resv_hugepages", "0\n", NULL, 1, PP_CLASS_OVERRELEASE, "released twice: of huge-other" },
	OBJECT(CONTEXTS, "ctx", true), OBJECT(PDS, "pd", true), OBJECT(MRS, "mr", true),
	OBJECT(CQS, "cq", true), OBJECT(QPS, "qp", true), OBJECT(CM_IDS, "cm_id", true), OBJECT(MRS, "mr", false),
	{ PP_ACCOUNT_HUGE_FREE, USUAL_POOL "free_hugepages", "14\n", NULL, -1, PP_CLASS_OK, NULL },
	{ PP_ACCOUNT_FDS, "proc/self/fd/7", "", NULL, 1, PP_CLASS_LEAK, "a leak: of fds" },
	{ PP_ACCOUNT_PACKETS, "sys/class/infiniband/pp0r/ports/1/counters/port_rcv_packets", "47\n", NULL, 7, PP_CLASS_OK, NULL },
	{ PP_ACCOUNT_FREE_PAGES, "proc/vmstat", VMSTAT("4990", "900", "800"), NULL, -10, PP_CLASS_OK, NULL },
	{ PP_ACCOUNT_MOVABLE_PAGES, "proc/buddyinfo", "Node 0, zone  Movable      2      1    224 \n", NULL, -100, PP_CLASS_OK, NULL },
};
/* clang-format on */

/* A free page is taken out of what was reserved: no spare one. */
#define RESERVED_TOO USUAL_POOL "resv_hugepages"

/* In place: whoever has the file open reads the new text. */
static void write_file(struct tmpdir *d, const char *name, const char *text)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", d->path, name);
	for (char *p = strchr(path + strlen(d->path) + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdir(path, 0700);
		*p = '/';
	}
	tmpdir_write(d, name, text, strlen(text));
}

static void make_world(struct tmpdir *d)
{
	tmpdir_make(d);
	for (size_t i = 0; i < PP_ARRAY_LEN(quiet_world); i++)
		write_file(d, quiet_world[i].file, quiet_world[i].text);
}

static const char *before(const char *file)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(quiet_world); i++)
		if (!strcmp(quiet_world[i].file, file))
			return quiet_world[i].text;
	return NULL;
}

static struct pp_accounts *open_world(struct tmpdir *d)
{
	char proc[128], sys[128];
	const struct pp_account_place where = { .proc = proc, .sys = sys, .ibdev = "pp0r" };
	struct pp_accounts *a = NULL;
	struct pp_err err = { "" };

	snprintf(proc, sizeof(proc), "%s/proc", d->path);
	snprintf(sys, sizeof(sys), "%s/sys", d->path);
	CU_ASSERT_EQUAL_FATAL(pp_accounts_open(&where, &a, &err), 0);
	return a;
}

/* No kernel answers for a device that is not there: its objects are told as netlink would. */
static void reading(struct pp_accounts *a, const struct fault *f, int64_t *value)
{
	static const struct pp_account_pids of = {
		.owner = OWNER, .heir = HEIR, .children = { CHILD }, .n_children = 1
	};
	static const char *const names[] = { "ctx", "pd", "mr", "cq", "qp", "cm_id", "srq" };

	CU_ASSERT_EQUAL(pp_accounts_read(a, &of, value, NULL), 0);
	for (size_t i = 0; i < PP_ARRAY_LEN(names); i++)
		pp_accounts_take_object(
			names[i],
			(uint64_t)(5 + (f && f->object && !strcmp(f->object, names[i]) ? f->change
										       : 0)),
			value);
}

static const char plan_text[] =
	"pinproof-plan 1\ncase unit/anon/rxe-mr\nbacking anon\npinner rxe-mr\n"
	"rules O7 O8\nbound 10s\nactor main\nop 1 main own-start\n"
	"op 2 main own-fork\nop 3 main fork\nop 4 main quiet\n";

/* The history of a quiet point at which the accounts have changed by @change; malloc'ed. */
static char *history_of(const int64_t *change)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fprintf(f,
		"pinproof-history 1\nrun 7\n@1-2 main op=1 own-start\n"
		"@3-4 main op=2 own-fork\n@5-6 main op=3 fork\n"
		"@7-8 main op=4 quiet pins=%lld vmpin=%lld packets=%lld",
		(long long)change[PP_ACCOUNT_PINS], (long long)change[PP_ACCOUNT_VMPIN],
		(long long)change[PP_ACCOUNT_PACKETS]);
	/* the child by fork() has a descriptor, by which its end is seen */
	for (int a = PP_ACCOUNT_FIRST_ALONE; a < PP_ACCOUNT_COUNT; a++)
		fprintf(f, " %s=%lld", pp_accounts[a].name,
			(long long)(change[a] + (a == PP_ACCOUNT_FDS)));
	fprintf(f, "\n");
	CU_ASSERT_EQUAL(fclose(f), 0);
	return text;
}

/* The oracle's findings on it. */
static void judge(const int64_t *change, struct pp_findings *out)
{
	static const struct pp_oracle_options modern = { .era = PP_ERA_6_5 };
	char *text = history_of(change);
	struct pp_plan *plan = NULL;
	struct pp_history h;
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL_FATAL(pp_plan_parse(plan_text, strlen(plan_text), &plan, &err), 0);
	if (pp_history_parse(text, strlen(text), plan, &h, &err))
		CU_FAIL_FATAL("the history is not read");
	CU_ASSERT_EQUAL(pp_oracle_run(plan, &h, &modern, out, &err), 0);
	pp_history_free(&h);
	pp_plan_free(plan);
	free(text);
}

static void check_fault(struct pp_accounts *a, const struct fault *f, const int64_t *base)
{
	int64_t value[PP_ACCOUNT_COUNT];
	struct pp_findings found = { 0 };
	bool judged = f->cls != PP_CLASS_OK;

	reading(a, f, value);
	for (int i = 0; i < PP_ACCOUNT_COUNT; i++) {
		value[i] -= base[i];
		CU_ASSERT_EQUAL(value[i], i == (int)f->account ? f->change : 0);
	}
	CU_ASSERT_EQUAL(judged, !pp_accounts[f->account].unjudged);
	judge(value, &found);
	CU_ASSERT_EQUAL_FATAL(found.count, judged);
	if (!judged)
		return;
	CU_ASSERT_EQUAL(found.items[0].cls, f->cls);
	CU_ASSERT_EQUAL(strncmp(found.items[0].text, f->says, strlen(f->says)), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(found.items[0].text, pp_accounts[f->account].name));
	pp_findings_free(&found);
}

static void one_number_at_a_time(void)
{
	int64_t base[PP_ACCOUNT_COUNT], again[PP_ACCOUNT_COUNT];
	bool seen[PP_ACCOUNT_COUNT] = { false };
	struct tmpdir d;
	struct pp_accounts *a;

	make_world(&d);
	a = open_world(&d);
	reading(a, NULL, base);
	for (int i = 0; i < PP_ACCOUNT_COUNT; i++)
		CU_ASSERT_NOT_EQUAL(base[i], PP_ACCOUNT_UNKNOWN);
	for (size_t i = 0; i < PP_ARRAY_LEN(faults); i++) {
		const struct fault *f = &faults[i];

		if (f->file)
			write_file(&d, f->file, f->text);
		if (f->account == PP_ACCOUNT_HUGE_FREE)
			write_file(&d, RESERVED_TOO, "4\n");
		check_fault(a, f, base);
		if (f->account == PP_ACCOUNT_HUGE_FREE)
			write_file(&d, RESERVED_TOO, before(RESERVED_TOO));
		if (f->file && before(f->file))
			write_file(&d, f->file, before(f->file));
		else if (f->file)
			unlink(tmpdir_file(&d, f->file));
		seen[f->account] = true;
	}
	for (int i = 0; i < PP_ACCOUNT_COUNT; i++)
		CU_ASSERT_TRUE(seen[i]);
	reading(a, NULL, again);
	CU_ASSERT_EQUAL(memcmp(base, again, sizeof(base)), 0);
	pp_accounts_close(a);
	tmpdir_remove(&d);
}

/* Whose charge it is decides between too much and the wrong process. */
static void wrong_process(void)
{
	int64_t base[PP_ACCOUNT_COUNT], value[PP_ACCOUNT_COUNT];
	struct pp_findings found = { 0 };
	struct tmpdir d;
	struct pp_accounts *a;

	make_world(&d);
	a = open_world(&d);
	reading(a, NULL, base);
	write_file(&d, "proc/self/status", STATUS("8", "48"));
	write_file(&d, "proc/4002/status", STATUS("0", "16"));
	reading(a, NULL, value);
	for (int i = 0; i < PP_ACCOUNT_COUNT; i++)
		value[i] -= base[i];
	judge(value, &found);
	CU_ASSERT_EQUAL_FATAL(found.count, 1);
	CU_ASSERT_EQUAL(found.items[0].cls, PP_CLASS_MISCHARGE);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(found.items[0].text, "charged to the wrong process: heir-vmpin"));
	pp_findings_free(&found);
	pp_accounts_close(a);
	tmpdir_remove(&d);
}

/* What is not there is not known, and never 0: nothing is judged by it. */
static void blind(void)
{
	static const struct {
		const char *file; /* taken away before anything is opened */
		const char *text; /* or this in its place */
		enum pp_account account;
	} rows[] = {
		{ "proc/sys/vm/stat_refresh", NULL, PP_ACCOUNT_PINS },
		{ "proc/vmstat", "nr_free_pages 5000\n", PP_ACCOUNT_PINS },
		{ "proc/vmstat", "nr_foll_pin_acquired 9\nnr_foll_pin_released 9\n",
		  PP_ACCOUNT_FREE_PAGES },
		{ "proc/buddyinfo", NULL, PP_ACCOUNT_MOVABLE_PAGES },
		{ "proc/buddyinfo", "nothing\n", PP_ACCOUNT_MOVABLE_PAGES },
		{ "proc/4001/status", NULL, PP_ACCOUNT_OWNER_VMPIN },
		{ "proc/4002/status", "Name:\tzombie\n", PP_ACCOUNT_HEIR_VMPIN },
		{ "proc/4003/status", NULL, PP_ACCOUNT_CHILD_VMPIN },
		{ "sys/class/infiniband/pp0r/ports/1/counters/port_rcv_packets", NULL,
		  PP_ACCOUNT_PACKETS },
	};

	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		int64_t value[PP_ACCOUNT_COUNT];
		struct tmpdir d;
		struct pp_accounts *a;

		make_world(&d);
		if (rows[i].text)
			write_file(&d, rows[i].file, rows[i].text);
		else
			unlink(tmpdir_file(&d, rows[i].file));
		a = open_world(&d);
		reading(a, NULL, value);
		for (int k = 0; k < PP_ACCOUNT_COUNT; k++)
			CU_ASSERT_EQUAL(value[k] == PP_ACCOUNT_UNKNOWN, k == (int)rows[i].account);
		pp_accounts_close(a);
		tmpdir_remove(&d);
	}
}

/* Without what every kernel has, nothing can be said at all. */
static void broken_proc(void)
{
	static const char *const needed[] = { "proc/vmstat", "proc/self/status", "proc/meminfo" };
	static const struct pp_account_pids nobody = { 0 };
	int64_t value[PP_ACCOUNT_COUNT];
	struct pp_err err = { "" };
	struct pp_accounts *a = NULL;
	struct tmpdir d;
	char proc[128];

	for (size_t i = 0; i < PP_ARRAY_LEN(needed); i++) {
		make_world(&d);
		unlink(tmpdir_file(&d, needed[i]));
		snprintf(proc, sizeof(proc), "%s/proc", d.path);
		CU_ASSERT_EQUAL(
			pp_accounts_open(&(struct pp_account_place){ .proc = proc }, &a, &err),
			-ENOENT);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, needed[i]));
		tmpdir_remove(&d);
	}
	make_world(&d);
	write_file(&d, "proc/self/status", "Name:\tx\n");
	a = open_world(&d);
	CU_ASSERT_EQUAL(pp_accounts_read(a, &nobody, value, &err), -EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no VmPin or VmLck"));
	pp_accounts_close(a);
	tmpdir_remove(&d);
}

/* Only the begin of vmstat is read after the first time: what moves away is found again. */
static void a_number_moves(void)
{
	static const struct pp_account_pids nobody = { 0 };
	int64_t value[PP_ACCOUNT_COUNT];
	char text[4096];
	struct tmpdir d;
	struct pp_accounts *a;

	make_world(&d);
	a = open_world(&d);
	CU_ASSERT_EQUAL(pp_accounts_read(a, &nobody, value, NULL), 0);
	CU_ASSERT_EQUAL(value[PP_ACCOUNT_PINS], 100);
	/* lines in between, and names that end as others do */
	for (int between = 0; between < 3000; between += 300) {
		snprintf(text, sizeof(text),
			 "x_nr_free_pages 1\nnr_free_pages 6000\nnr_foll_pin_acquired 800\n%0*d\n"
			 "not_nr_foll_pin_released 3\nnr_foll_pin_released 793\nlast 1\n",
			 between + 1, 0);
		write_file(&d, "proc/vmstat", text);
		CU_ASSERT_EQUAL(pp_accounts_read(a, &nobody, value, NULL), 0);
		CU_ASSERT_EQUAL(value[PP_ACCOUNT_PINS], 7);
		CU_ASSERT_EQUAL(value[PP_ACCOUNT_FREE_PAGES], 6000);
	}
	write_file(&d, "proc/vmstat", "nr_free_pages 5\nnr_foll_pin_acquired 3\n");
	CU_ASSERT_EQUAL(pp_accounts_read(a, &nobody, value, NULL), 0);
	CU_ASSERT_EQUAL(value[PP_ACCOUNT_PINS], PP_ACCOUNT_UNKNOWN);
	CU_ASSERT_EQUAL(value[PP_ACCOUNT_FREE_PAGES], 5);
	pp_accounts_close(a);
	tmpdir_remove(&d);
}

/* Kernels without huge pages have empty pools, those that do not tell have unknown ones. */
static void without_huge_pages(void)
{
	static const struct pp_account_pids nobody = { 0 };
	static const int pools[] = { PP_ACCOUNT_HUGE_TOTAL, PP_ACCOUNT_HUGE_FREE,
				     PP_ACCOUNT_HUGE_SPARE, PP_ACCOUNT_HUGE_OTHER };
	int64_t value[PP_ACCOUNT_COUNT];

	for (int none = 0; none < 2; none++) {
		char proc[128];
		struct pp_account_place where = { .proc = proc, .sys = "/nonexistent" };
		struct pp_accounts *a = NULL;
		struct tmpdir d;

		make_world(&d);
		snprintf(proc, sizeof(proc), "%s/proc", d.path);
		if (none)
			write_file(&d, "proc/meminfo", "MemTotal: 100 kB\n");
		CU_ASSERT_EQUAL_FATAL(pp_accounts_open(&where, &a, NULL), 0);
		CU_ASSERT_EQUAL(pp_accounts_read(a, &nobody, value, NULL), 0);
		for (size_t i = 0; i < PP_ARRAY_LEN(pools); i++)
			CU_ASSERT_EQUAL(value[pools[i]], none ? 0 : PP_ACCOUNT_UNKNOWN);
		pp_accounts_close(a);
		tmpdir_remove(&d);
	}
}

static void blocks_of_all_orders(void)
{
	static const struct {
		const char *text;
		bool found;
		int64_t pages;
	} rows[] = {
		{ "Node 0, zone      DMA      1      1 \nNode 0, zone   Normal 7 \n", true, 0 },
		{ "Node 0, zone  Movable      1      1      1      0      2 \n", true, 39 },
		{ "Node 0, zone  Movable      5 \nNode 1, zone  Movable      0      3 \n", true,
		  11 },
		{ "Node 0, zone  Movable \nNode 0, zone   Device 9 \n", true, 0 },
		{ "Node 0, zone  MovableToo 9 \n", true, 0 },
		{ "", false, 0 },
	};
	int64_t pages;

	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		pages = -1;
		CU_ASSERT_EQUAL(pp_accounts_parse_buddyinfo(rows[i].text, &pages), rows[i].found);
		CU_ASSERT_EQUAL(pages, rows[i].pages);
	}
}

/* What is printed at once may still be longer than the buffer of the first reading. */
static void a_long_status(void)
{
	static const struct pp_account_pids nobody = { 0 };
	int64_t value[PP_ACCOUNT_COUNT];
	char *text = malloc(70000);
	struct tmpdir d;
	struct pp_accounts *a;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	make_world(&d);
	a = open_world(&d);
	for (int before = 16000; before < 68000; before += 64) {
		snprintf(text, 70000, "Name:\t%0*d\nVmLck:\t       8 kB\nVmPin:\t      64 kB\n",
			 before, 0);
		write_file(&d, "proc/self/status", text);
		value[PP_ACCOUNT_VMPIN] = -1;
		CU_ASSERT_EQUAL(pp_accounts_read(a, &nobody, value, NULL), 0);
		CU_ASSERT_EQUAL(value[PP_ACCOUNT_VMPIN], 16);
	}
	pp_accounts_close(a);
	tmpdir_remove(&d);
	free(text);
}

/* Most machines have no such zone: then nobody asks again, and there is nothing in it. */
static void without_movable(void)
{
	static const struct pp_account_pids nobody = { 0 };
	int64_t value[PP_ACCOUNT_COUNT];
	struct tmpdir d;
	struct pp_accounts *a;

	make_world(&d);
	write_file(&d, "proc/buddyinfo", "Node 0, zone   Normal      7      1      0 \n");
	a = open_world(&d);
	unlink(tmpdir_file(&d, "proc/buddyinfo"));
	CU_ASSERT_EQUAL(pp_accounts_read(a, &nobody, value, NULL), 0);
	CU_ASSERT_EQUAL(value[PP_ACCOUNT_MOVABLE_PAGES], 0);
	pp_accounts_close(a);
	tmpdir_remove(&d);
}

static int64_t listed_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int64_t n = -3; /* ".", "..", and that of this directory */

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* By the directory's size where the kernel tells it (6.2), else one by one: the same number. */
static void descriptors(void)
{
	static const struct pp_account_pids nobody = { 0 };
	int64_t value[PP_ACCOUNT_COUNT];
	struct pp_accounts *a = NULL;
	int fds[70];

	CU_ASSERT_EQUAL_FATAL(pp_accounts_open(&(struct pp_account_place){ 0 }, &a, NULL), 0);
	for (size_t n = 0; n <= PP_ARRAY_LEN(fds); n++) {
		CU_ASSERT_EQUAL(pp_accounts_read(a, &nobody, value, NULL), 0);
		CU_ASSERT_EQUAL(value[PP_ACCOUNT_FDS], listed_fds());
		if (n < PP_ARRAY_LEN(fds))
			fds[n] = dup(0);
	}
	for (size_t n = 0; n < PP_ARRAY_LEN(fds); n++)
		close(fds[n]);
	CU_ASSERT_EQUAL(pp_accounts_read(a, &nobody, value, NULL), 0);
	CU_ASSERT_EQUAL(value[PP_ACCOUNT_FDS], listed_fds());
	pp_accounts_close(a);
}

/* The real thing: what the kernel tells of this process moves with what it does. */
static void real(void)
{
	static const struct pp_account_pids nobody = { 0 };
	int64_t before_it[PP_ACCOUNT_COUNT], value[PP_ACCOUNT_COUNT];
	struct pp_accounts *a = NULL;
	int fd;

	CU_ASSERT_EQUAL_FATAL(pp_accounts_open(&(struct pp_account_place){ 0 }, &a, NULL), 0);
	CU_ASSERT_EQUAL(pp_accounts_read(a, &nobody, before_it, NULL), 0);
	fd = dup(0);
	CU_ASSERT_EQUAL(pp_accounts_read(a, &nobody, value, NULL), 0);
	CU_ASSERT_EQUAL(value[PP_ACCOUNT_FDS] - before_it[PP_ACCOUNT_FDS], fd >= 0);
	CU_ASSERT_TRUE(value[PP_ACCOUNT_FREE_PAGES] > 0);
	CU_ASSERT_EQUAL(value[PP_ACCOUNT_MRS], PP_ACCOUNT_UNKNOWN);
	close(fd);
	pp_accounts_close(a);
	pp_accounts_close(NULL);
}

static const struct pp_unit_case cases[] = {
	{ "one number at a time", one_number_at_a_time },
	{ "charged to the wrong process", wrong_process },
	{ "what is not there is not known", blind },
	{ "without what every kernel has", broken_proc },
	{ "a number moves", a_number_moves },
	{ "without huge pages", without_huge_pages },
	{ "blocks of all orders", blocks_of_all_orders },
	{ "a long status", a_long_status },
	{ "without movable memory", without_movable },
	{ "descriptors are counted as they are", descriptors },
	{ "the real thing", real },
};

PP_UNIT_MAIN("accounts", cases)
