/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the input is the text of a plan. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy that ends where the text ends: a read behind it is seen. */
	char *text = malloc(size ? size : 1);
	struct pp_plan *plan;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	plan = pp_fuzz_plan(text, size);
	free(text);
	pp_plan_free(plan);
	return 0;
}
