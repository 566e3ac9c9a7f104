/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the history's checks: damaged images, wrong headers, wrong events. */
#include "unit.h"
#include "history_data.h"

/* ---- damage to the binary form ---- */

static uint8_t *small_image(size_t *len)
{
	struct pp_plan *plan = example_plan();
	struct pp_history h = golden(DIR "good-shorthand.txt", plan);
	uint8_t *image = pp_history_encode(&h, len);

	pp_history_free(&h);
	pp_plan_free(plan);
	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	return image;
}

static int decode(const void *data, size_t len, struct pp_err *err)
{
	struct pp_history h;
	void *copy = exact(data, len);
	int ret = pp_history_decode(copy, len, &h, err);

	free(copy);
	if (ret) {
		CU_ASSERT(!h.events && !h.cells);
	} else {
		pp_history_free(&h);
	}
	return ret;
}

/* The error must be a sentence that names a byte of the image, or its end. */
static bool names_a_byte(const struct pp_err *err, size_t len)
{
	size_t at;

	return sscanf(err->text, "Byte %zu of the history: ", &at) == 1 && at <= len;
}

static void every_byte_matters(void)
{
	size_t len, undetected = 0, silent = 0;
	uint8_t *image = small_image(&len);

	CU_ASSERT_EQUAL(len, HEADER_SIZE + 12 * EVENT_SIZE + 4 * PP_CELL_BYTES + 4);
	CU_ASSERT_EQUAL(decode(image, len, NULL), 0);
	for (size_t i = 0; i < len; i++) {
		for (unsigned flip = 1; flip < 256; flip++) {
			struct pp_err err = { "" };

			image[i] ^= (uint8_t)flip;
			undetected += !decode(image, len, &err);
			silent += !names_a_byte(&err, len);
			image[i] ^= (uint8_t)flip;
		}
	}
	CU_ASSERT_EQUAL(undetected, 0);
	CU_ASSERT_EQUAL(silent, 0);
	free(image);
}

static void every_length_matters(void)
{
	size_t len, undetected = 0, silent = 0;
	uint8_t *image = small_image(&len);
	uint8_t *longer = calloc(1, len + 100);

	CU_ASSERT_PTR_NOT_NULL_FATAL(longer);
	memcpy(longer, image, len);
	for (size_t cut = 0; cut < len + 100; cut++) {
		struct pp_err err = { "" };

		if (cut == len)
			continue;
		undetected += decode(longer, cut, &err) != -EINVAL;
		silent += !names_a_byte(&err, cut);
	}
	CU_ASSERT_EQUAL(undetected, 0);
	CU_ASSERT_EQUAL(silent, 0);
	free(longer);
	free(image);
}

static void put32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void seal_header(uint8_t *image)
{
	put32(image + 68, pp_crc32c(0, image, 68));
}

/* A header that is wrong though its CRC is right. Offsets as docs/history-format.md gives them. */
static void forged_headers(void)
{
	static const struct {
		size_t at;
		uint32_t value;
		int ret;
		const char *says;
	} forged[] = {
		{ 8, 2, -EPROTO, "Byte 8 of the history: version 2 is not version 3, " },
		{ 8, 4, -EPROTO, "Byte 8 of the history: version 4 is not version 3, " },
		{ 12, 80, -EINVAL, "Byte 12 of the history: the header has another size" },
		{ 16, 56, -EINVAL, "Byte 16 of the history: an event has another size" },
		{ 20, 32, -EINVAL, "Byte 20 of the history: a raw cell has another size" },
		{ 24, 1, -EINVAL, "Byte 24 of the history: a CRC block has another size" },
		{ 48, 13, -EINVAL, "Byte 908 of the history: the file ends before" },
		{ 48, 11, -EINVAL, "Byte 860 of the history: there are bytes after" },
		{ 52, 0x80000000, -EINVAL, "Byte 908 of the history: the file ends before" },
		{ 56, 3, -EINVAL, "Byte 844 of the history: there are bytes after" },
		{ 56, PP_NO_CELL, -EINVAL, "Byte 56 of the history: too many raw cells" },
		{ 60, 1, -EINVAL, "Byte 56 of the history: too many raw cells" },
		{ 64, 1, -EINVAL, "Byte 64 of the history: a reserved field" },
	};
	size_t len;
	uint8_t *image = small_image(&len), *copy;

	for (size_t i = 0; i < PP_ARRAY_LEN(forged); i++) {
		struct pp_err err = { "" };

		copy = exact(image, len);
		put32(copy + forged[i].at, forged[i].value);
		seal_header(copy);
		CU_ASSERT_EQUAL(decode(copy, len, &err), forged[i].ret);
		if (strncmp(err.text, forged[i].says, strlen(forged[i].says)))
			fprintf(stderr, "header %zu: %s\n", i, err.text);
		CU_ASSERT_EQUAL(strncmp(err.text, forged[i].says, strlen(forged[i].says)), 0);
		free(copy);
	}
	free(image);
}

/* A body of several blocks: damage is found in the block where it is. */
static void many_blocks(void)
{
	struct pp_plan *plan = example_plan();
	struct pp_history h = random_history(7, plan, 50000);
	struct pp_err err = { "" };
	uint8_t *image;
	size_t len;

	CU_ASSERT_TRUE(binary_round_trip(&h));
	image = pp_history_encode(&h, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	image[HEADER_SIZE + (1u << 20) + 5] ^= 1;
	CU_ASSERT_EQUAL(decode(image, len, &err), -EINVAL);
	PP_ASSERT_STR(err.text, "Byte 1048648 of the history: this block does not match its CRC.");
	free(image);
	pp_history_free(&h);
	pp_plan_free(plan);
}

/* ---- wrong events: the same table for decode, check and merge ---- */

static void spoil_verb(struct pp_event *e)
{
	e->verb = PP_VERB_COUNT;
}
static void spoil_verb_none(struct pp_event *e)
{
	e->verb = PP_VERB_NONE;
}
static void spoil_flags(struct pp_event *e)
{
	e->flags |= 8;
}
static void spoil_end(struct pp_event *e)
{
	e->end_ns = e->begin_ns - 1;
}
static void spoil_open(struct pp_event *e)
{
	e->end_ns = UINT64_MAX;
}
static void spoil_end_of_open(struct pp_event *e)
{
	e->flags |= PP_EVENT_OPEN;
}
static void spoil_result(struct pp_event *e)
{
	e->result = 1;
}
static void spoil_result_low(struct pp_event *e)
{
	e->result = INT32_MIN;
}
static void spoil_seen(struct pp_event *e)
{
	e->seen = PP_SEEN_COUNT;
}
static void spoil_wrap(struct pp_event *e)
{
	e->offset_bytes = UINT64_MAX - 62;
}
static void spoil_cell(struct pp_event *e)
{
	e->seen = PP_SEEN_OTHER;
	e->gen = 6; /* the history has six */
}
static void spoil_order(struct pp_event *e)
{
	e->begin_ns = 0;
}
static void spoil_op(struct pp_event *e)
{
	e->op = 21;
}
static void spoil_op_zero(struct pp_event *e)
{
	e->op = 0;
}
static void spoil_actor(struct pp_event *e)
{
	e->actor = 1;
}
static void spoil_actor_far(struct pp_event *e)
{
	e->actor = 2;
}
static void spoil_other_verb(struct pp_event *e)
{
	e->verb = PP_VERB_PREAD;
}
static void spoil_object(struct pp_event *e)
{
	e->object = 1;
}
static void spoil_object_far(struct pp_event *e)
{
	e->object = PP_NO_INDEX;
}
static void spoil_room(struct pp_event *e)
{
	e->offset_bytes = 65536;
}
static void spoil_room_by_one(struct pp_event *e)
{
	e->offset_bytes = 65536 - 64;
	e->length_bytes = 65;
}
static void spoil_alignment(struct pp_event *e)
{
	e->offset_bytes = 63;
}
static void spoil_part(struct pp_event *e)
{
	e->length_bytes = 4095;
}
static void spoil_writer(struct pp_event *e)
{
	e->writer = 1;
}
static void spoil_seen_writer(struct pp_event *e)
{
	e->seen = PP_SEEN_STAMP;
	e->writer = 2;
}
static void spoil_generation(struct pp_event *e)
{
	e->gen = 0;
}

/* Events of good-normal.txt. */
enum { MKFS = 0, REG = 5, RDMA_WRITE = 6, LOAD = 12, ACCOUNT = 26, LOOK = 34 };

/* clang-format off */
static const struct {
	void (*spoil)(struct pp_event *e);
	size_t event;
	int field; /* byte in the event that decode must name; -1: only the plan shows it */
	const char *why;
} spoils[] = {
	{ spoil_verb,        LOAD,       45, "has an unknown verb." },
	{ spoil_verb_none,   LOAD,       45, "has an unknown verb." },
	{ spoil_flags,       LOAD,       47, "has an unknown flag." },
	{ spoil_end,         LOAD,        8, "ends before it begins." },
	{ spoil_open,        LOAD,        8, "is open but has an end, or has none and is not open." },
	{ spoil_end_of_open, LOAD,        8, "is open but has an end, or has none and is not open." },
	{ spoil_result,      LOAD,       36, "has a result that is neither 0 nor a negative errno." },
	{ spoil_result_low,  LOAD,       36, "has a result that is neither 0 nor a negative errno." },
	{ spoil_seen,        LOAD,       46, "has an unknown kind of sight." },
	{ spoil_wrap,        LOAD,       16, "has a range that wraps around." },
	{ spoil_cell,        LOAD,       32, "names a raw cell that the history does not have." },
	{ spoil_order,       LOAD,        0, "begins before " },
	{ spoil_op,          LOAD,       -1, "names an operation that the plan does not have." },
	{ spoil_op_zero,     LOAD,       -1, "names an operation that the plan does not have." },
	{ spoil_actor,       LOAD,       -1, "has another actor than its operation in the plan." },
	{ spoil_actor_far,   LOAD,       -1, "has another actor than its operation in the plan." },
	{ spoil_other_verb,  LOAD,       -1, "has another verb than its operation in the plan." },
	{ spoil_object,      LOAD,       -1, "has another operand than its operation in the plan." },
	{ spoil_object_far,  LOAD,       -1, "has another operand than its operation in the plan." },
	{ spoil_object,      MKFS,       -1, "has another operand than its operation in the plan." },
	{ spoil_object_far,  REG,        -1, "has another operand than its operation in the plan." },
	{ spoil_object,      RDMA_WRITE, -1, "has another operand than its operation in the plan." },
	{ spoil_room,        LOAD,       -1, "reaches beyond the end of its region." },
	{ spoil_room_by_one, LOAD,       -1, "reaches beyond the end of its region." },
	{ spoil_room_by_one, RDMA_WRITE, -1, "reaches beyond the end of its region." },
	{ spoil_room_by_one, REG,        -1, "reaches beyond the end of its region." },
	{ spoil_alignment,   LOAD,       -1, "observes from the middle of a cell." },
	{ spoil_part,        LOOK,       -1, "looks at a part of a page." },
	{ spoil_cell,        LOOK,       32, "names a raw cell that the history does not have." },
	{ spoil_writer,      ACCOUNT,    40, "is a quiet point's of an account that there is not." },
	{ spoil_part,        ACCOUNT,    40, "is a quiet point's of an account that there is not." },
	{ spoil_writer,      RDMA_WRITE, -1, "writes in the name of another actor." },
	{ spoil_seen_writer, LOAD,       -1, "saw a writer that the plan does not have." },
	{ spoil_generation,  RDMA_WRITE, -1, "writes without a generation." },
};
/* clang-format on */

/* Is @text "@head (op N) @why..."? */
static bool says(const char *text, const char *head, const char *why)
{
	const char *tail = strstr(text, ") ");
	bool ok =
		!strncmp(text, head, strlen(head)) && tail && !strncmp(tail + 2, why, strlen(why));

	if (!ok)
		fprintf(stderr, "want %s ... %s\ngot  %s\n", head, why, text);
	return ok;
}

static void check_spoiled(const struct pp_history *h, size_t i, const struct pp_plan *plan)
{
	struct pp_err err = { "" };
	char head[64];

	snprintf(head, sizeof(head), "Event %zu (op ", spoils[i].event);
	CU_ASSERT_EQUAL(pp_history_check(h, plan, &err), -EINVAL);
	CU_ASSERT_TRUE(says(err.text, head, spoils[i].why));
}

static void decode_spoiled(const struct pp_history *h, size_t i)
{
	struct pp_err err = { "" };
	char head[64];
	size_t len = 0;
	void *image = pp_history_encode(h, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	if (spoils[i].field < 0) {
		CU_ASSERT_EQUAL(decode(image, len, &err), 0);
	} else {
		snprintf(head, sizeof(head), "Byte %zu of the history: event %zu (op ",
			 HEADER_SIZE + spoils[i].event * EVENT_SIZE + (size_t)spoils[i].field,
			 spoils[i].event);
		CU_ASSERT_EQUAL(decode(image, len, &err), -EINVAL);
		CU_ASSERT_TRUE(says(err.text, head, spoils[i].why));
	}
	free(image);
}

static void merge_spoiled(const struct pp_history *h, size_t i)
{
	struct pp_history out;
	int ret = pp_history_merge(h, 1, &out, NULL);
	/* A merge mends the half of an end that a recorder left when it was killed. */
	bool mended = spoils[i].spoil == spoil_end_of_open;

	CU_ASSERT_EQUAL(ret, spoils[i].field < 0 || mended ? 0 : -EINVAL);
	pp_history_free(&out);
}

static void wrong_events(void)
{
	struct pp_plan *plan = example_plan();
	struct pp_err err;

	for (size_t i = 0; i < PP_ARRAY_LEN(spoils); i++) {
		struct pp_history h = golden(DIR "good-normal.txt", plan);
		char *text;

		CU_ASSERT_EQUAL(pp_history_check(&h, plan, &err), 0);
		spoils[i].spoil(&h.events[spoils[i].event]);
		check_spoiled(&h, i, plan);
		decode_spoiled(&h, i);
		merge_spoiled(&h, i);
		/* A wrong history can be shown all the same. */
		text = pp_history_print(&h, plan);
		CU_ASSERT_PTR_NOT_NULL(text);
		free(text);
		pp_history_free(&h);
	}
	pp_plan_free(plan);
}

static void another_plan(void)
{
	struct pp_plan *plan = example_plan();
	struct pp_history h = golden(DIR "good-normal.txt", plan);
	struct pp_err err = { "" };

	h.plan_crc = pp_plan_crc(plan);
	CU_ASSERT_NOT_EQUAL_FATAL(h.plan_crc, 0);
	CU_ASSERT_EQUAL(pp_history_check(&h, plan, &err), 0);
	CU_ASSERT_TRUE(text_round_trip(&h, plan, true));
	h.plan_crc ^= 1;
	CU_ASSERT_EQUAL(pp_history_check(&h, plan, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "belongs to another plan"));
	pp_history_free(&h);
	pp_plan_free(plan);
}

/* Damage under a right CRC reaches the checks behind it. */
static void mutated_images(void)
{
	struct pp_plan *plan = example_plan();
	size_t len, accepted = 0, refused = 0, unstable = 0;
	uint8_t *image = small_image(&len);
	struct pp_prng p;

	pp_prng_seed(&p, 43);
	for (size_t i = 0; i < 50000; i++) {
		uint8_t *copy = exact(image, len);
		struct pp_history h;
		char *text;

		for (uint32_t n = 1 + below(&p, 3); n; n--)
			copy[8 + below(&p, (uint32_t)len - 8)] = (uint8_t)pp_prng_next(&p);
		seal_header(copy);
		put32(copy + len - 4, pp_crc32c(0, copy + HEADER_SIZE, len - HEADER_SIZE - 4));
		if (pp_history_decode(copy, len, &h, NULL)) {
			refused++;
		} else {
			accepted++;
			unstable += !binary_round_trip(&h);
			pp_history_check(&h, plan, NULL);
			text = pp_history_print(&h, plan);
			unstable += !text;
			free(text);
			pp_history_free(&h);
		}
		free(copy);
	}
	CU_ASSERT(accepted > 1000 && refused > 1000);
	CU_ASSERT_EQUAL(unstable, 0);
	free(image);
	pp_plan_free(plan);
}

static const struct pp_unit_case cases[] = {
	{ "every changed byte is found", every_byte_matters },
	{ "every wrong length is found", every_length_matters },
	{ "wrong headers under a right CRC", forged_headers },
	{ "damage is found in its block", many_blocks },
	{ "wrong events: decode, check and merge say so", wrong_events },
	{ "a history of another plan", another_plan },
	{ "mutated images under a right CRC", mutated_images },
};

PP_UNIT_MAIN("history_damage", cases)
