/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the input is a plan, a line "---" and a history, as text or in
 * the binary form. Without that line all of it is a binary history. What the
 * CRCs would refuse is looked at again with its header and CRCs mended.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/stamp.h"
#include "fuzz.h"

/* Of docs/history-format.md. */
#define HEAD_BYTES    72u
#define AT_VERSION    8u
#define AT_SIZES      12u
#define AT_PLAN_CRC   28u
#define AT_EVENTS     48u
#define AT_CELLS      56u
#define AT_RESERVED   64u
#define AT_HEADER_CRC 68u
#define CRC_BYTES     4u

static void put32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* The numbers of a header that fits what follows it, and the CRCs; the new length, 0: too short. */
static size_t mend(uint8_t *image, size_t size)
{
	static const uint32_t sizes[] = { HEAD_BYTES, sizeof(struct pp_event), PP_CELL_BYTES,
					  1u << 20 };
	size_t body, cells, events;

	if (size < HEAD_BYTES + CRC_BYTES)
		return 0;
	body = size - HEAD_BYTES - CRC_BYTES;
	cells = image[AT_CELLS] % 4;
	if (cells * PP_CELL_BYTES > body)
		cells = 0;
	events = (body - cells * PP_CELL_BYTES) / sizeof(struct pp_event);
	body = events * sizeof(struct pp_event) + cells * PP_CELL_BYTES;
	if (!body || body > 1u << 20)
		return 0;
	memcpy(image, "PPHIST\r\n", 8);
	put32(image + AT_VERSION, PP_HISTORY_VERSION);
	for (size_t i = 0; i < PP_ARRAY_LEN(sizes); i++)
		put32(image + AT_SIZES + 4 * i, sizes[i]);
	put32(image + AT_PLAN_CRC, 0);
	memset(image + AT_EVENTS, 0, AT_RESERVED + 4 - AT_EVENTS);
	put32(image + AT_EVENTS, (uint32_t)events);
	put32(image + AT_CELLS, (uint32_t)cells);
	put32(image + AT_HEADER_CRC, pp_crc32c(0, image, AT_HEADER_CRC));
	put32(image + HEAD_BYTES + body, pp_crc32c(0, image + HEAD_BYTES, body));
	return HEAD_BYTES + body + CRC_BYTES;
}

static void look_at(const struct pp_history *h, const struct pp_plan *plan)
{
	struct pp_err err = { "" };
	char *text;

	if (!plan)
		return;
	text = pp_history_print(h, plan);
	pp_fuzz_must(text != NULL, "any history can be printed");
	free(text);
	if (!pp_history_check(h, plan, &err))
		pp_fuzz_judge(plan, h);
}

/* A history that was taken is written again byte by byte. */
static void binary(const uint8_t *image, size_t size, const struct pp_plan *plan)
{
	struct pp_history h;
	struct pp_err err = { "" };
	size_t len = 0;
	void *again;
	int ret = pp_history_decode(image, size, &h, &err);

	if (ret) {
		pp_fuzz_refused(ret, &err);
		return;
	}
	again = pp_history_encode(&h, &len);
	pp_fuzz_must(again && len == size && !memcmp(again, image, len),
		     "a history that was decoded is encoded to the same bytes");
	free(again);
	look_at(&h, plan);
	pp_history_free(&h);
}

/* Text, parsed, printed, parsed and printed: the second print is the first. */
static void text(const char *in, size_t size, const struct pp_plan *plan)
{
	struct pp_history h, again;
	struct pp_err err = { "" };
	char *once, *twice;
	int ret = pp_history_parse(in, size, plan, &h, &err);

	if (ret) {
		pp_fuzz_refused(ret, &err);
		return;
	}
	pp_fuzz_must(h.plan_crc || !pp_history_check(&h, plan, &err),
		     "a history that was parsed fits its plan");
	once = pp_history_print(&h, plan);
	pp_fuzz_must(once && !pp_history_parse(once, strlen(once), plan, &again, &err),
		     "a printed history is a history");
	twice = pp_history_print(&again, plan);
	pp_fuzz_must(twice && !strcmp(once, twice), "a history printed twice is the same text");
	free(once);
	free(twice);
	pp_history_free(&again);
	look_at(&h, plan);
	pp_history_free(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = memmem(data, size, PP_FUZZ_CUT, PP_FUZZ_CUT_LEN);
	struct pp_plan *plan = NULL;
	uint8_t *rest;

	if (cut) {
		/* the plan's last line keeps its newline */
		plan = pp_fuzz_plan((const char *)data, (size_t)(cut - data) + 1);
		if (!plan)
			return 0;
		size -= (size_t)(cut - data) + PP_FUZZ_CUT_LEN;
		data = cut + PP_FUZZ_CUT_LEN;
	}
	/* A copy that ends where the input ends: a read behind it is seen. */
	rest = malloc(size ? size : 1);
	pp_fuzz_must(rest != NULL, "there is memory");
	if (size)
		memcpy(rest, data, size);
	if (!plan || (size >= 2 && !memcmp(rest, "PP", 2))) {
		binary(rest, size, plan);
		size = mend(rest, size);
		if (size)
			binary(rest, size, plan);
	} else {
		text((const char *)rest, size, plan);
	}
	free(rest);
	pp_plan_free(plan);
	return 0;
}
