/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the history: the text form, both forms there and back, texts that must be refused. */
#include "unit.h"
#include "history_data.h"

/* ---- golden texts ---- */

static void good_texts(void)
{
	static const struct {
		const char *path;
		size_t n_events, n_cells;
	} texts[] = {
		{ DIR "good-normal.txt", 43, 6 },
		{ DIR "good-shorthand.txt", 12, 4 },
		{ DIR "good-spaces.txt", 9, 9 },
		{ DIR "good-empty.txt", 0, 0 },
	};
	struct pp_plan *plan = example_plan();
	struct pp_err err;

	for (size_t i = 0; i < PP_ARRAY_LEN(texts); i++) {
		struct pp_history h = golden(texts[i].path, plan);

		CU_ASSERT_EQUAL(h.n_events, texts[i].n_events);
		CU_ASSERT_EQUAL(h.n_cells, texts[i].n_cells);
		CU_ASSERT_EQUAL(pp_history_check(&h, plan, &err), 0);
		CU_ASSERT_TRUE(text_round_trip(&h, plan, true));
		CU_ASSERT_TRUE(binary_round_trip(&h));
		pp_history_free(&h);
	}
	pp_plan_free(plan);
}

/* The normal form is written as it is read, byte for byte. */
static void normal_form(void)
{
	struct pp_plan *plan = example_plan();
	struct pp_history h = golden(DIR "good-normal.txt", plan);
	char *want = pp_unit_read(DIR "good-normal.txt", NULL);
	char *text = pp_history_print(&h, plan);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	PP_ASSERT_STR(text, want);
	free(text);
	free(want);
	pp_history_free(&h);
	pp_plan_free(plan);
}

/* What the lines of the normal form say in memory, where reading and printing could err alike. */
static void normal_form_in_memory(void)
{
	struct pp_plan *plan = example_plan();
	struct pp_history h = golden(DIR "good-normal.txt", plan);
	const struct pp_event *e = h.events;
	struct pp_quiet q;

	CU_ASSERT_EQUAL(h.run, 0x1234);
	CU_ASSERT_EQUAL(h.start_realtime_ns, 1700000000000000000u);
	/* @400-500 main op=7 rdma-write data 4096+4096 gen=2 */
	CU_ASSERT(e[6].begin_ns == 400 && e[6].end_ns == 500 && e[6].op == 7);
	CU_ASSERT(e[6].offset_bytes == 4096 && e[6].length_bytes == 4096 && e[6].gen == 2);
	CU_ASSERT(e[6].verb == PP_VERB_RDMA_WRITE && e[6].object == 0 && e[6].actor == 0);
	/* @400-420 side op=8 store: the writer is the actor */
	CU_ASSERT(e[7].actor == 1 && e[7].writer == 1 && e[7].gen == 1);
	CU_ASSERT(e[8].seen == PP_SEEN_STAMP && e[8].writer == 1 && e[8].gen == 1);
	CU_ASSERT_EQUAL(e[10].seen, PP_SEEN_ZERO);
	CU_ASSERT_EQUAL(e[11].seen, PP_SEEN_FAULT);
	CU_ASSERT(e[12].seen == PP_SEEN_OTHER && e[12].gen == 0 && h.cells[0][1] == 7);
	CU_ASSERT(e[13].seen == PP_SEEN_OTHER && e[13].gen == PP_NO_CELL);
	CU_ASSERT(e[15].seen == PP_SEEN_FAULT && e[15].result == -EIO);
	CU_ASSERT(e[17].flags == PP_EVENT_OPEN && e[17].end_ns == UINT64_MAX);
	CU_ASSERT(e[18].flags == PP_EVENT_SKIPPED && e[18].gen == 3);
	CU_ASSERT(e[19].flags == PP_EVENT_PARTIAL && e[19].result == -EIO);
	CU_ASSERT_EQUAL(e[20].seen, PP_SEEN_FAULT);
	CU_ASSERT_EQUAL(e[22].result, -3999);
	pp_event_quiet_get(&e[23], &q);
	CU_ASSERT(q.pins == -16 && q.vmpin_pages == 16 && q.packets == UINT32_MAX);
	pp_event_quiet_get(&e[24], &q);
	CU_ASSERT(q.pins == INT64_MIN && q.vmpin_pages == -1 && q.packets == 0);
	/* one line, six events; and an account without the first one */
	CU_ASSERT(pp_event_account(&e[25]) == PP_ACCOUNT_COUNT && e[25].begin_ns == 881);
	CU_ASSERT(pp_event_account(&e[26]) == PP_ACCOUNT_VMLCK && e[26].offset_bytes == 0);
	CU_ASSERT(pp_event_account(&e[27]) == PP_ACCOUNT_OWNER_VMPIN && e[27].offset_bytes == 3);
	CU_ASSERT(pp_event_account(&e[28]) == PP_ACCOUNT_MRS && (int64_t)e[28].offset_bytes == -1);
	CU_ASSERT((int64_t)e[29].offset_bytes == PP_ACCOUNT_UNKNOWN);
	CU_ASSERT((int64_t)e[30].offset_bytes == -4 && e[30].end_ns == 885);
	CU_ASSERT(pp_event_account(&e[31]) == PP_ACCOUNT_FDS && e[31].begin_ns == 886);
	CU_ASSERT(pp_event_continues(&e[29], &e[30]) && !pp_event_continues(&e[30], &e[31]));
	pp_history_free(&h);
	pp_plan_free(plan);
}

static bool cell_says(const uint8_t *cell, struct pp_stamp want)
{
	struct pp_stamp got;

	return pp_stamp_get(cell, &got) && got.run == want.run && got.region == want.region &&
	       got.offset_bytes == want.offset_bytes && got.writer == want.writer &&
	       got.generation == want.generation;
}

static void shorthand_cells(void)
{
	struct pp_stamp front = { .run = 4660, .offset_bytes = 192, .writer = 0, .generation = 2 };
	struct pp_stamp back = { .run = 4660, .offset_bytes = 192, .writer = 1, .generation = 3 };
	struct pp_plan *plan = example_plan();
	struct pp_history h = golden(DIR "good-shorthand.txt", plan);
	uint8_t cell[PP_CELL_BYTES];

	CU_ASSERT_EQUAL_FATAL(h.n_cells, 4);
	CU_ASSERT_TRUE(cell_says(h.cells[0], (struct pp_stamp){ .run = 4660, .generation = 3 }));
	CU_ASSERT_TRUE(cell_says(h.cells[1], (struct pp_stamp){ .run = 4660,
								.region = 1,
								.offset_bytes = 128,
								.writer = 1,
								.generation = 3 }));
	CU_ASSERT_TRUE(cell_says(h.cells[2], (struct pp_stamp){ .run = 0x99,
								.region = 7,
								.offset_bytes = 128,
								.writer = 9,
								.generation = 4 }));
	pp_stamp_put(cell, &front);
	CU_ASSERT_EQUAL(memcmp(h.cells[3], cell, 32), 0);
	pp_stamp_put(cell, &back);
	CU_ASSERT_EQUAL(memcmp(h.cells[3] + 32, cell + 32, 32), 0);
	pp_history_free(&h);
	pp_plan_free(plan);
}

/* region= and what a text leaves out mean the data space, which several regions may share. */
static void spaces_of_cells(void)
{
	/* of each cell: the space (data is 0, the private mapping 3) */
	static const uint32_t spaces[] = { 0, 0, 0, 3, 3, 0, 3, 0, 3 };
	struct pp_plan *plan = example_plan();
	struct pp_history h = golden(DIR "good-spaces.txt", plan);

	CU_ASSERT_EQUAL_FATAL(h.n_cells, PP_ARRAY_LEN(spaces));
	for (size_t i = 0; i < PP_ARRAY_LEN(spaces); i++) {
		struct pp_stamp front = { .run = 4660,
					  .region = spaces[i],
					  .offset_bytes = h.events[i].offset_bytes,
					  .generation = 2 };
		struct pp_stamp whole = front, got;
		uint8_t cell[PP_CELL_BYTES];

		whole.generation = 3;
		pp_stamp_put(cell, &front);
		if (pp_stamp_get(h.cells[i], &got)) {
			CU_ASSERT_TRUE(cell_says(h.cells[i], whole));
		} else {
			CU_ASSERT_EQUAL(memcmp(h.cells[i], cell, 32), 0);
		}
	}
	pp_history_free(&h);
	pp_plan_free(plan);
}

/* A case of bad.txt: "=== SENTENCE" and the text that must give it. */
static void check_bad(const struct pp_plan *plan, const char *at, size_t len)
{
	const char *line_end = memchr(at, '\n', len);
	struct pp_history h;
	struct pp_err err = { "" };
	size_t sentence;
	int ret;

	CU_ASSERT_PTR_NOT_NULL_FATAL(line_end);
	sentence = (size_t)(line_end - at);
	ret = parse(line_end + 1, len - sentence - 1, plan, &h, &err);
	CU_ASSERT_EQUAL(ret, memmem(at, sentence, "version 2", 9) ? -EPROTO : -EINVAL);
	if (strlen(err.text) != sentence || memcmp(err.text, at, sentence))
		fprintf(stderr, "want %.*s\ngot  %s\n", (int)sentence, at, err.text);
	CU_ASSERT_EQUAL(strlen(err.text), sentence);
	CU_ASSERT_EQUAL(memcmp(err.text, at, sentence), 0);
	CU_ASSERT(!h.events && !h.cells && !h.n_events && !h.n_cells);
}

static void bad_texts(void)
{
	struct pp_plan *plan = example_plan();
	char *text = pp_unit_read(DIR "bad.txt", NULL);
	const char *at = strstr(text, "\n=== "), *next;
	size_t cases = 0;

	for (; at; at = next) {
		at += strlen("\n=== ");
		/* One newline belongs to the case and to the mark behind it. */
		next = strstr(at, "\n=== ");
		check_bad(plan, at, next ? (size_t)(next - at) + 1 : strlen(at));
		cases++;
	}
	CU_ASSERT_EQUAL(cases, 109);
	free(text);
	pp_plan_free(plan);
}

/* Bytes that no text file should have. */
static void bad_bytes(void)
{
	static const char *const ends[] = { "\r", "\x7f", "\x01", "\xc3\xa4", "\v" };
	struct pp_plan *plan = example_plan();
	struct pp_history h;
	struct pp_err err = { "" };
	char text[64];
	int len;

	for (size_t i = 0; i < PP_ARRAY_LEN(ends); i++) {
		len = snprintf(text, sizeof(text), "pinproof-history 1%s\nrun 1\n", ends[i]);
		CU_ASSERT_EQUAL(parse(text, (size_t)len, plan, &h, &err), -EINVAL);
		PP_ASSERT_STR(err.text, "line 1 column 19: expected printable ASCII.");
	}
	CU_ASSERT_EQUAL(parse("pinproof-history 1\0\nrun 1\n", 26, plan, &h, &err), -EINVAL);
	PP_ASSERT_STR(err.text, "line 1 column 19: expected printable ASCII.");
	CU_ASSERT_EQUAL(parse("pinproof-history 1\nrun 1", 24, plan, &h, NULL), 0);
	pp_history_free(&h);
	pp_plan_free(plan);
}

static void random_round_trips(void)
{
	struct pp_plan *plan = example_plan();
	struct pp_err err = { "" };

	for (uint64_t seed = 0; seed < 300; seed++) {
		struct pp_history h = random_history(seed, plan, seed);
		bool ok = !pp_history_check(&h, plan, &err) && binary_round_trip(&h) &&
			  text_round_trip(&h, plan, true);

		if (!ok)
			fprintf(stderr, "seed %" PRIu64 ": %s\n", seed, err.text);
		CU_ASSERT_TRUE(ok);
		pp_history_free(&h);
		if (!ok)
			break; /* the others would only repeat it, on many pages */
	}
	pp_plan_free(plan);
}

/* The verbs up to the last with their numbers, and the stamps in raw cells: what numbers of the
 * binary form mean. */
static uint32_t meaning(uint8_t last)
{
	const uint32_t stamp = PP_STAMP_VERSION;
	uint32_t crc = pp_crc32c(0, &stamp, sizeof(stamp));

	for (uint8_t v = PP_VERB_NONE + 1; v <= last; v++) {
		crc = pp_crc32c(crc, &v, sizeof(v));
		crc = pp_crc32c(crc, pp_verbs[v].name, strlen(pp_verbs[v].name) + 1);
	}
	return crc;
}

/* A history would be read with wrong verbs if their numbers changed under the same version. A verb
 * that comes behind the last changes none: who does not know it refuses the file. */
static void version_pins_numbers(void)
{
	static const struct {
		uint32_t version, meaning;
	} pinned[] = { { 1, 0xbc0af5e9 }, { 2, 0x3194f61f }, { 3, 0x13c11b65 } };
	size_t last = PP_ARRAY_LEN(pinned) - 1;
	uint32_t is = meaning(PP_VERB_QUIET);

	if (pinned[last].version != PP_HISTORY_VERSION || pinned[last].meaning != is)
		fprintf(stderr,
			"verbs or stamps have other numbers than in version %u: raise "
			"PP_HISTORY_VERSION, and append { VERSION, 0x%08x } here\n",
			pinned[last].version, is);
	CU_ASSERT_EQUAL(pinned[last].version, PP_HISTORY_VERSION);
	CU_ASSERT_EQUAL(pinned[last].meaning, is);
	for (size_t i = 0; i < last; i++) {
		CU_ASSERT(pinned[i].version < pinned[i + 1].version);
		CU_ASSERT_NOT_EQUAL(pinned[i].meaning, is);
	}
}

/* ---- mutations: nothing may crash, and what is accepted must round-trip ---- */

static size_t mutate(struct pp_prng *p, char *text, size_t len, size_t cap)
{
	static const char spice[] = " \n\t@-?+=:#0189xaf";

	for (uint32_t n = 1 + below(p, 2); n; n--) {
		size_t at = below(p, (uint32_t)len), span = 1 + below(p, 9);

		if (span > len - at)
			span = len - at;
		switch (below(p, 4)) {
		case 0: /* another byte */
			text[at] = spice[below(p, sizeof(spice) - 1)];
			break;
		case 1: /* any byte */
			text[at] = (char)pp_prng_next(p);
			break;
		case 2: /* some bytes less */
			memmove(text + at, text + at + span, len - at - span);
			len -= span;
			break;
		default: /* some bytes twice */
			if (len + span > cap)
				break;
			memmove(text + at + span, text + at, len - at);
			len += span;
			break;
		}
		if (!len)
			break;
	}
	return len;
}

static void mutated_texts(void)
{
	static const char *const paths[] = { DIR "good-normal.txt", DIR "good-shorthand.txt" };
	struct pp_plan *plan = example_plan();
	size_t accepted = 0, refused = 0, silent = 0, unstable = 0;
	size_t lens[2];
	char *good[2] = { pp_unit_read(paths[0], &lens[0]), pp_unit_read(paths[1], &lens[1]) };
	struct pp_prng p;

	pp_prng_seed(&p, 42);
	for (size_t i = 0; i < 20000; i++) {
		struct pp_history h;
		struct pp_err err = { "" };
		char text[8192];
		size_t len = lens[i % 2];

		memcpy(text, good[i % 2], len);
		len = mutate(&p, text, len, sizeof(text));
		if (parse(text, len, plan, &h, &err)) {
			refused++;
			silent += strncmp(err.text, "line ", 5) != 0;
			continue;
		}
		accepted++;
		unstable += pp_history_check(&h, plan, &err) && !h.plan_crc;
		unstable += !text_round_trip(&h, plan, true) || !binary_round_trip(&h);
		pp_history_free(&h);
	}
	CU_ASSERT(accepted > 1000 && refused > 1000);
	CU_ASSERT_EQUAL(silent, 0);
	CU_ASSERT_EQUAL(unstable, 0);
	free(good[0]);
	free(good[1]);
	pp_plan_free(plan);
}

static const struct pp_unit_case cases[] = {
	{ "region= means a data space", spaces_of_cells },
	{ "good texts are read and go round", good_texts },
	{ "the normal form is printed byte for byte", normal_form },
	{ "the normal form in memory", normal_form_in_memory },
	{ "shorthand makes the right raw cells", shorthand_cells },
	{ "bad texts give line, column and sentence", bad_texts },
	{ "bytes that are no text", bad_bytes },
	{ "random histories go round in both forms", random_round_trips },
	{ "a version means one set of numbers", version_pins_numbers },
	{ "mutated texts", mutated_texts },
};

PP_UNIT_MAIN("history", cases)
