/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A case must not use up what the kernel prints for the next one. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "run/log_rest.h"

#define S 1000000000ull

/* @n lines that btrfs prints for a broken checksum, each with other numbers; and what is no damage.
 */
static size_t log_of(unsigned n, char *out, size_t size)
{
	size_t at = (size_t)snprintf(out, size,
				     "[  176.504549] pinproof: begin wb-window/btrfs/rxe-mr\n");

	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(
			out + at, size - at,
			"[  177.0%05u] BTRFS warning (device vda): csum failed root 5 ino 257 "
			"off %u csum 0x%08x expected csum 0x1ff22d72 mirror 1\n",
			i, i * 4096, i * 77777);
	return at;
}

static void note(struct pp_log_rest *r, uint64_t now_ns, unsigned lines)
{
	char text[4096];
	size_t len = log_of(lines, text, sizeof(text));

	pp_log_rest_note(r, now_ns, text, len);
}

static void a_loud_case_is_waited_for(void)
{
	struct pp_log_rest r = { 0 };

	CU_ASSERT_EQUAL(pp_log_rest_ms(&r, 100 * S), 0);
	note(&r, 100 * S, 10);
	CU_ASSERT_EQUAL(pp_log_rest_ms(&r, 100 * S), PP_LOG_INTERVAL_MS);
	CU_ASSERT_EQUAL(pp_log_rest_ms(&r, 101 * S), PP_LOG_INTERVAL_MS - 1000);
	CU_ASSERT_EQUAL(pp_log_rest_ms(&r, 105 * S - 1), 1);
	CU_ASSERT_EQUAL(pp_log_rest_ms(&r, 105 * S), 0);
	/* what says nothing meanwhile does not begin it again */
	note(&r, 103 * S, 0);
	CU_ASSERT_EQUAL(pp_log_rest_ms(&r, 103 * S), PP_LOG_INTERVAL_MS - 3000);
	/* and once only */
	note(&r, 106 * S, 0);
	CU_ASSERT_EQUAL(pp_log_rest_ms(&r, 106 * S), 0);
}

static void quiet_ones_add_up(void)
{
	struct pp_log_rest r = { 0 };

	note(&r, 100 * S, 2);
	CU_ASSERT_EQUAL(pp_log_rest_ms(&r, 100 * S), 0);
	note(&r, 102 * S, 2);
	CU_ASSERT_EQUAL(pp_log_rest_ms(&r, 102 * S), 0);
	/* a case without damage in between changes nothing */
	note(&r, 103 * S, 0);
	note(&r, 104 * S, 1);
	CU_ASSERT_EQUAL(pp_log_rest_ms(&r, 104 * S), PP_LOG_INTERVAL_MS);
	/* a pause does: they are counted anew */
	note(&r, 110 * S, 4);
	CU_ASSERT_EQUAL(pp_log_rest_ms(&r, 110 * S), 0);
}

static void what_is_no_damage_is_not_counted(void)
{
	static const char text[] =
		"[  1.0] rxe0 speed is unknown, defaulting to 1000\n"
		"[  1.1] rxe0 speed is unknown, defaulting to 1000\n"
		"[  1.2] rxe0 speed is unknown, defaulting to 1000\n"
		"[  1.3] rxe0 speed is unknown, defaulting to 1000\n"
		"[  1.4] rxe0 speed is unknown, defaulting to 1000\n"
		"[  1.5] BTRFS warning (device vda): csum failed root 5 ino 257\n";
	struct pp_log_rest r = { 0 };

	pp_log_rest_note(&r, 100 * S, text, strlen(text));
	CU_ASSERT_EQUAL(r.lines, 1);
	pp_log_rest_note(&r, 100 * S, NULL, 0);
	CU_ASSERT_EQUAL(r.lines, 1);
}

static const struct pp_unit_case cases[] = {
	{ "a loud case is waited for", a_loud_case_is_waited_for },
	{ "quiet ones add up", quiet_ones_add_up },
	{ "what is no damage is not counted", what_is_no_damage_is_not_counted },
};

PP_UNIT_MAIN("log_rest", cases)
