/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The error sentence and the names of errno values. */
#include "unit.h"

#include "core/err.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static void appends_the_reason(void)
{
	struct pp_err err = { 0 };

	CU_ASSERT_EQUAL(pp_err_set(&err, -ENOENT, "cannot open %s", "x"), -ENOENT);
	PP_ASSERT_STR(err.text, "cannot open x: No such file or directory");
	pp_err_set(&err, -ENOENT, "line %d is wrong.", 3);
	PP_ASSERT_STR(err.text, "line 3 is wrong.");
	pp_err_set(&err, -4000, "odd");
	PP_ASSERT_STR(err.text, "odd: E?4000");
	pp_err_set(&err, INT_MIN, "odd");
	PP_ASSERT_STR(err.text, "odd: E?2147483648");
	CU_ASSERT_EQUAL(pp_err_set(NULL, -EIO, "nobody asks"), -EIO);
}

static void stays_one_line(void)
{
	struct pp_err err = { 0 };

	pp_err_set(&err, -EIO, "a\nb\tc\x7f.");
	PP_ASSERT_STR(err.text, "a b c .");
	pp_err_set(&err, -EIO, "%s said\n.", "kernel");
	PP_ASSERT_STR(err.text, "kernel said .");
}

static void prefixes(void)
{
	struct pp_err err = { 0 };

	pp_err_set(&err, -EINVAL, "no such key.");
	pp_err_prefix(&err, "plan %s", "p");
	pp_err_prefix(&err, "case %d", 7);
	PP_ASSERT_STR(err.text, "case 7: plan p: no such key.");
	/* The sentence may be an argument of its own successor. */
	pp_err_set(&err, -EINVAL, "again: %s.", err.text);
	PP_ASSERT_STR(err.text, "again: case 7: plan p: no such key..");
	pp_err_prefix(NULL, "nobody");
}

static void never_overflows(void)
{
	struct {
		struct pp_err err;
		char guard[16];
	} box;
	char text[2000];

	memset(&box, 'g', sizeof(box));
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	pp_err_set(&box.err, -EIO, "%s", text);
	CU_ASSERT_EQUAL(strlen(box.err.text), sizeof(box.err.text) - 1);
	pp_err_prefix(&box.err, "%s", text);
	CU_ASSERT_EQUAL(strlen(box.err.text), sizeof(box.err.text) - 1);
	CU_ASSERT_EQUAL(memcmp(box.guard, "gggggggggggggggg", 16), 0);
	/* A full front keeps its colon: what follows is cut, not the separator. */
	PP_ASSERT_STR(box.err.text + sizeof(box.err.text) - 4, "x: ");
}

static void names_errno(void)
{
	PP_ASSERT_STR(pp_errno_name(EFAULT), "EFAULT");
	PP_ASSERT_STR(pp_errno_name(-EFAULT), "EFAULT");
	PP_ASSERT_STR(pp_errno_name(EOPNOTSUPP), "EOPNOTSUPP");
	PP_ASSERT_STR(pp_errno_name(-EUCLEAN), "EUCLEAN");
	PP_ASSERT_STR(pp_errno_name(0), "ok");
	PP_ASSERT_STR(pp_errno_name(3000), "E?3000");
	CU_ASSERT_EQUAL(pp_errno_value("EFAULT"), EFAULT);
	CU_ASSERT_EQUAL(pp_errno_value("ok"), 0);
	CU_ASSERT_EQUAL(pp_errno_value("EFALUT"), -1);
	CU_ASSERT_EQUAL(pp_errno_value("efault"), -1);
	CU_ASSERT_EQUAL(pp_errno_value(""), -1);
	/* "0" is what strerrorname_np() calls zero; the word of the plan is "ok". */
	CU_ASSERT_EQUAL(pp_errno_value("0"), -1);
}

static void round_trips_every_errno(void)
{
	unsigned known = 0;

	for (int code = 1; code < 4096; code++) {
		const char *name = pp_errno_name(code);

		if (strncmp(name, "E?", 2)) {
			known++;
			CU_ASSERT_EQUAL(pp_errno_value(name), code);
		} else {
			CU_ASSERT_EQUAL(pp_errno_value(name), -1);
		}
	}
	CU_ASSERT(known > 120);
}

static const struct pp_unit_case cases[] = {
	{ "the reason is appended unless the sentence ends", appends_the_reason },
	{ "control characters become blanks", stays_one_line },
	{ "context goes in front", prefixes },
	{ "long text is cut", never_overflows },
	{ "errno names", names_errno },
	{ "every errno round-trips", round_trips_every_errno },
};

PP_UNIT_MAIN("err", cases)
