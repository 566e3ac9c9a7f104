/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share. A target is LLVMFuzzerTestOneInput(): libFuzzer
 * calls it (scripts/fuzz), and so does tests/fuzz/once.c for files.
 */
#ifndef PP_TESTS_FUZZ_H
#define PP_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/history.h"
#include "core/plan.h"

/* Stands between the plan and the history in an input, as in the golden files. */
#define PP_FUZZ_CUT     "\n---\n"
#define PP_FUZZ_CUT_LEN (sizeof(PP_FUZZ_CUT) - 1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** pp_fuzz_must - a promise of a header; broken, it is a finding: says so and aborts. */
void pp_fuzz_must(bool kept, const char *promise);

/** pp_fuzz_refused - a refusal has the right code, and one sentence that names the place. */
void pp_fuzz_refused(int ret, const struct pp_err *err);

/** pp_fuzz_plan - parse, print, parse again: same text, same CRC. NULL: refused, and rightly said.
 */
struct pp_plan *pp_fuzz_plan(const char *text, size_t len);

/** pp_fuzz_judge - the oracle on what fits together, unless it is too big for a quick answer. */
void pp_fuzz_judge(const struct pp_plan *plan, const struct pp_history *h);

#endif
