/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parsers of the pin ledger on recorded text, and one reading of the real thing. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/pins_parse.h"

#define VMSTAT                                                                                     \
	"nr_free_pages 866219\n"                                                                   \
	"nr_foll_pin_acquired 1088\n"                                                              \
	"nr_foll_pin_released 1024\n"                                                              \
	"pgpgin 3045\n"

static void vmstat(void)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{ VMSTAT, true },
		{ "nr_foll_pin_acquired 1\nnr_foll_pin_released 2", true },
		{ "", false },
		{ "nr_free_pages 866219\npgpgin 3045\n", false },
		{ "nr_foll_pin_acquired 1088\n", false },
		{ "nr_foll_pin_acquired x\nnr_foll_pin_released 2\n", false },
		{ "xnr_foll_pin_acquired 1\nxnr_foll_pin_released 2\n", false },
	};
	struct pp_pins p = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(pp_pins_parse_vmstat(rows[i].text, &p), rows[i].ok);
	CU_ASSERT_TRUE(pp_pins_parse_vmstat(VMSTAT, &p));
	CU_ASSERT_EQUAL(p.acquired, 1088);
	CU_ASSERT_EQUAL(p.released, 1024);
}

static void status(void)
{
	static const char text[] = "Name:\tVmPin: 7 kB\nVmPeak:\t    3128 kB\nVmLck:\t       8 kB\n"
				   "VmPin:\t      64 kB\nVmHWM:\t 1024 kB\n";
	struct pp_pins p = { 0 };

	CU_ASSERT_TRUE(pp_pins_parse_status(text, 4096, &p));
	CU_ASSERT_EQUAL(p.vmpin_pages, 16);
	CU_ASSERT_EQUAL(p.vmlck_pages, 2);
	CU_ASSERT_TRUE(pp_pins_parse_status(text, 16384, &p));
	CU_ASSERT_EQUAL(p.vmpin_pages, 4);
	CU_ASSERT_FALSE(pp_pins_parse_status("VmLck:\t 8 kB\n", 4096, &p));
	CU_ASSERT_FALSE(pp_pins_parse_status("VmPin:\t 8 kB\n", 4096, &p));
}

static void meminfo(void)
{
	static const char text[] = "MemTotal:        4012345 kB\nHugePages_Total:       8\n"
				   "HugePages_Free:        6\nHugePages_Rsvd:        1\n"
				   "HugePages_Surp:        0\nHugepagesize:       2048 kB\n";
	struct pp_pins p = { .huge_total = 99, .huge_free = 99, .huge_reserved = 99 };

	CU_ASSERT_TRUE(pp_pins_parse_meminfo(text, &p));
	CU_ASSERT_EQUAL(p.huge_total, 8);
	CU_ASSERT_EQUAL(p.huge_free, 6);
	CU_ASSERT_EQUAL(p.huge_reserved, 1);
	CU_ASSERT_FALSE(pp_pins_parse_meminfo("MemTotal: 4012345 kB\n", &p));
	CU_ASSERT_EQUAL(p.huge_total, 0);
	CU_ASSERT_EQUAL(p.huge_free, 0);
}

static void reading_sees_mlock(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct pp_pins before, during, after;
	struct pp_err err = { "" };
	void *mem = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(mem, MAP_FAILED);
	CU_ASSERT_EQUAL_FATAL(pp_pins_read(&before, &err), 0);
	/* The system calls themselves: under AddressSanitizer the functions do nothing. */
	CU_ASSERT_EQUAL_FATAL(syscall(SYS_mlock, mem, page), 0);
	CU_ASSERT_EQUAL(pp_pins_read(&during, &err), 0);
	CU_ASSERT_EQUAL(syscall(SYS_munlock, mem, page), 0);
	CU_ASSERT_EQUAL(pp_pins_read(&after, &err), 0);
	CU_ASSERT_EQUAL(during.vmlck_pages - before.vmlck_pages, 1);
	CU_ASSERT_EQUAL(after.vmlck_pages, before.vmlck_pages);
	munmap(mem, page);
}

static const struct pp_unit_case cases[] = {
	{ "vmstat", vmstat },
	{ "status", status },
	{ "meminfo", meminfo },
	{ "a reading sees mlock", reading_sees_mlock },
};

PP_UNIT_MAIN("pins", cases)
