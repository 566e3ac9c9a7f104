/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of gates, the refusal to sweep what is not ours, and the states of pages. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/words.h"
#include "sys/gate.h"
#include "sys/gate_trace.h"
#include "sys/pages.h"
#include "unit.h"

#define PAGES 4u

static void prefixes_come_from_the_work_directory(void)
{
	static const struct {
		const char *workdir, *prefix;
	} rows[] = {
		{ "/tmp/pinproof.AbCdEf", "pinproof-AbCdEf-" },
		{ "/var/tmp/a.b/pinproof.Xy", "pinproof-Xy-" },
		{ "/tmp/a.b/work", "pinproof-work-" },
		{ "work", "pinproof-work-" },
	};
	char out[PP_GATE_PREFIX_MAX], small[12];

	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		pp_gate_prefix(rows[i].workdir, out, sizeof(out));
		CU_ASSERT_STRING_EQUAL(out, rows[i].prefix);
	}
	pp_gate_prefix("/tmp/pinproof.AbCdEf", small, sizeof(small));
	CU_ASSERT_EQUAL(strlen(small), sizeof(small) - 1);
}

/* A prefix that fits devices of others must never get as far as removing them. */
static void foreign_prefixes_are_refused(void)
{
	static const char *const bad[] = { "", "p", "vg0-", "pinproof", "pinproof-" };
	struct pp_err err;

	for (size_t i = 0; i < PP_ARRAY_LEN(bad); i++) {
		err.text[0] = '\0';
		CU_ASSERT_EQUAL(pp_gates_sweep(bad[i], &err), -EINVAL);
		CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
	}
	/* Nobody has such gates, with or without device-mapper. */
	CU_ASSERT(pp_gates_sweep("pinproof-unit-test-of-nobody-", &err) <= 0);
}

static void a_gate_needs_a_block_device(void)
{
	struct pp_err err = { "" };
	struct pp_gate *g = NULL;

	if (pp_gate_possible(&err)) {
		CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
		return;
	}
	CU_ASSERT_EQUAL(pp_gate_make(&g, "pinproof-unit-", "g0", "/dev/null", &err), -ENOTBLK);
	CU_ASSERT_PTR_NULL(g);
	CU_ASSERT_EQUAL(pp_gate_make(&g, "pinproof-unit-", "g0", "/nowhere", &err), -ENOENT);
	CU_ASSERT_PTR_NULL(g);
}

static void traces_say_why_not(void)
{
	struct pp_err err = { "" };
	struct pp_gate_trace *t = NULL;

	if (!pp_gate_trace_possible(&err))
		return;
	CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
	err.text[0] = '\0';
	CU_ASSERT(pp_gate_trace_start(&t, "pinproof-unit-t", 0, &err) < 0);
	CU_ASSERT_PTR_NULL(t);
	CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
}

static void pages_are_seen_as_they_come(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = PAGES * page;
	struct pp_err err = { "" };
	struct pp_pages p;
	unsigned all, any;
	struct pp_page_info look[PAGES], again[PAGES];
	char *mem;

	if (pp_pages_possible(&err)) {
		CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
		return;
	}
	CU_ASSERT_EQUAL_FATAL(pp_pages_open(&p, 0, &err), 0);
	mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_NOT_EQUAL_FATAL(mem, MAP_FAILED);
	CU_ASSERT_EQUAL(pp_pages_state(&p, mem, bytes, &all, &any, &err), 0);
	CU_ASSERT_EQUAL(all | any, 0);
	madvise(mem, bytes, MADV_NOHUGEPAGE);
	mem[page] = 1;
	CU_ASSERT_EQUAL(pp_pages_state(&p, mem, bytes, &all, &any, &err), 0);
	CU_ASSERT_EQUAL(all, 0);
	CU_ASSERT(any & PP_PAGE_PRESENT);
	/* A range that only touches a page asks for all of it. */
	CU_ASSERT_EQUAL(pp_pages_state(&p, mem + page - 1, 2, &all, &any, &err), 0);
	CU_ASSERT_EQUAL(all, 0);
	CU_ASSERT(any & PP_PAGE_PRESENT);
	CU_ASSERT_EQUAL(pp_pages_state(&p, mem + page + 1, 1, &all, &any, &err), 0);
	CU_ASSERT(all & PP_PAGE_PRESENT);
	CU_ASSERT_EQUAL(all & PP_PAGE_WRITEBACK, 0);
	mem[2 * page] = 1;
	CU_ASSERT_EQUAL(pp_pages_look(&p, mem, PAGES, look, &err), 0);
	CU_ASSERT(look[1].frame && look[2].frame && look[1].frame != look[2].frame);
	CU_ASSERT(look[1].state & PP_PAGE_ANON && look[1].count == 1);
	CU_ASSERT(!look[0].frame && !look[0].state && !look[0].count);
	/* The same frames again, by their numbers; and once they are not ours any more. */
	for (size_t i = 0; i < PAGES; i++)
		again[i] = (struct pp_page_info){ .frame = look[i].frame };
	CU_ASSERT_EQUAL(pp_pages_frames(&p, again, PAGES, &err), 0);
	CU_ASSERT(again[1].state & PP_PAGE_ANON && !(again[1].state & PP_PAGE_PRESENT));
	CU_ASSERT_EQUAL(again[0].state, 0);
	CU_ASSERT_EQUAL(again[1].count, 1);
	munmap(mem, bytes);
	pp_pages_close(&p);
	CU_ASSERT_EQUAL(p.pagemap, -1);
}

#define ENTRY_PRESENT (1ull << 63)
#define FLAG_ANON     (1ull << 12) /* KPF_ANON */
#define FRAME         7u

static int table(uint64_t at, uint64_t entry)
{
	int fd = memfd_create("table", MFD_CLOEXEC);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(pwrite(fd, &entry, sizeof(entry), (off_t)(at * sizeof(entry))),
			sizeof(entry));
	return fd;
}

/* The kernel hides what it does not grant, or a file is there and empty: each is told. */
static void blind_pages_are_told(void)
{
	static const struct {
		uint64_t map, flags, count;
		int code;
		const char *says;
	} rows[] = {
		{ ENTRY_PRESENT | FRAME, FLAG_ANON, 1, 0, "" },
		{ ENTRY_PRESENT, FLAG_ANON, 1, -EPERM, "no frame numbers" },
		{ 0, FLAG_ANON, 1, -ENODATA, "pagemap" },
		{ ENTRY_PRESENT | FRAME, 0, 1, -ENODATA, "kpageflags" },
		{ ENTRY_PRESENT | FRAME, FLAG_ANON, 0, -ENODATA, "kpagecount" },
	};
	char *page = aligned_alloc(4096, 4096);

	CU_ASSERT_PTR_NOT_NULL_FATAL(page);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pp_err err = { "" };
		struct pp_pages p = { .pagemap = -1 };

		p.kpageflags = table(FRAME, rows[i].flags);
		p.kpagecount = table(FRAME, rows[i].count);
		p.pagemap = table((uintptr_t)page / 4096, rows[i].map);
		CU_ASSERT_EQUAL(pp_pages_try(&p, page, &err), rows[i].code);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].says));
		pp_pages_close(&p);
	}
	free(page);
}

static const struct pp_unit_case cases[] = {
	{ "blind pages are told", blind_pages_are_told },
	{ "prefixes come from the work directory", prefixes_come_from_the_work_directory },
	{ "foreign prefixes are refused", foreign_prefixes_are_refused },
	{ "a gate needs a block device", a_gate_needs_a_block_device },
	{ "traces say why not", traces_say_why_not },
	{ "pages are seen as they come", pages_are_seen_as_they_come },
};

PP_UNIT_MAIN("gate", cases)
