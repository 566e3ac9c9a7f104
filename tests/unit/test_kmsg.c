/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of /dev/kmsg as lines, taint letters, and a marker that is read back. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/kmsg.h"
#include "sys/kmsg_record.h"

static void records(void)
{
	static const struct {
		const char *record, *text;
	} rows[] = {
		{ "6,339,5140900,-;NET: Registered PF_INET6\n",
		  "[    5.140900] NET: Registered PF_INET6\n" },
		{ "4,1,0,-;a;b,c\n", "[    0.000000] a;b,c\n" },
		{ "6,2,98765432100,c;long up\n", "[98765.432100] long up\n" },
		{ "6,340,5690716,-,caller=T1;udevd: one\n SUBSYSTEM=acpi\n "
		  "DEVICE=+acpi:PNP0A03:00\n",
		  "[    5.690716] udevd: one\n" },
		{ "3,5,1000000,-;one\\x0atwo\n", "[    1.000000] one\n[    1.000000] two\n" },
		{ "3,5,1000000,-;tab\\x09back\\x5cslash esc\\x1b[0m\n",
		  "[    1.000000] tab\tback\\slash esc\\x1b[0m\n" },
		{ "3,5,1000000,-;cut \\x0", "[    1.000000] cut \\x0\n" },
		/* facility 1, user: what a program wrote is none of the kernel's damage */
		{ "12,9,1000000,-;WARNING: full disk\\x0atwo\n",
		  "[    1.000000] user: WARNING: full disk\n[    1.000000] user: two\n" },
		{ "30,9,1000000,-;systemd[1]: BUG: x\n",
		  "[    1.000000] user: systemd[1]: BUG: x\n" },
		{ "14,9,1000000,-;pinproof: begin a/b\n", "[    1.000000] pinproof: begin a/b\n" },
		{ "14,9,1000000,-;pin\n", "[    1.000000] user: pin\n" },
		{ "no header\n", "no header\n" },
		{ "a;b\n", "a;b\n" },
		{ "", "\n" },
	};
	char out[256];
	size_t len;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		len = pp_kmsg_record(rows[i].record, strlen(rows[i].record), out, sizeof(out));
		PP_ASSERT_STR(out, rows[i].text);
		CU_ASSERT_EQUAL(len, strlen(rows[i].text));
	}
}

static void record_fits_its_buffer(void)
{
	static const char record[] = "6,1,1000000,-;0123456789\n";
	char out[32];

	for (size_t size = 1; size <= sizeof(out); size++) {
		memset(out, '#', sizeof(out));
		CU_ASSERT_TRUE(pp_kmsg_record(record, strlen(record), out, size) < size);
		CU_ASSERT_TRUE(strlen(out) < size);
		CU_ASSERT_TRUE(size == sizeof(out) || out[size] == '#');
	}
}

static void taint_letters(void)
{
	static const struct {
		unsigned long mask;
		const char *letters;
	} rows[] = {
		{ 0, "" },
		{ 1ul << 0, "P" },
		{ 1ul << 7, "D" },
		{ 1ul << 9, "W" },
		{ 1ul << 12 | 1ul << 13, "OE" },
		{ 1ul << 14, "L" },
		{ 1ul << 18, "N" },
		{ 1ul << 40 | 1ul << 9, "W?" },
	};
	char out[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pp_taint_names(rows[i].mask, out, sizeof(out));
		PP_ASSERT_STR(out, rows[i].letters);
	}
	pp_taint_names(~0ul, out, 4);
	PP_ASSERT_STR(out, "PFS");
}

static void marker_comes_back(void)
{
	struct pp_kmsg k;
	struct pp_err err = { "" };
	char mark[64], want[96], *text;
	size_t len;

	if (pp_kmsg_open(&k, &err)) {
		CU_ASSERT_EQUAL(k.fd, -1);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/dev/kmsg"));
		return;
	}
	snprintf(mark, sizeof(mark), "unit test %d", (int)getpid());
	snprintf(want, sizeof(want), "] pinproof: %s\n", mark);
	free(pp_kmsg_drain(&k, &len));
	text = pp_kmsg_drain(&k, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NULL(strstr(text, want));
	free(text);
	if (!pp_kmsg_mark(mark)) {
		text = pp_kmsg_drain(&k, &len);
		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, want));
		CU_ASSERT_EQUAL(len, strlen(text));
		free(text);
	}
	pp_kmsg_close(&k);
	CU_ASSERT_EQUAL(k.fd, -1);
}

static void unreadable_log_is_empty(void)
{
	struct pp_kmsg k = { -1 };
	size_t len = 1;
	char *text = pp_kmsg_drain(&k, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	PP_ASSERT_STR(text, "");
	CU_ASSERT_EQUAL(len, 0);
	free(text);
}

static const struct pp_unit_case cases[] = {
	{ "records", records },
	{ "a record fits its buffer", record_fits_its_buffer },
	{ "taint letters", taint_letters },
	{ "a marker comes back", marker_comes_back },
	{ "an unreadable log is empty", unreadable_log_is_empty },
};

PP_UNIT_MAIN("kmsg", cases)
