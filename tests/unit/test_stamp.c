/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells: nothing but the whole stamp of the right place is taken for one; the CRC is the right one.
 */
#include "unit.h"

#include "core/prng.h"
#include "core/stamp.h"
#include "sys/crc_choose.h"

#include <string.h>

static const char *const crc_kinds[] = { "table", "instruction" };
static const struct pp_stamp sample = { .run = 0x1122334455667788ull,
					.offset_bytes = 4096,
					.region = 3,
					.writer = 2,
					.generation = 9 };

/* Bit by bit, as the definition says: independent of both implementations. */
static uint32_t crc_by_definition(uint32_t crc, const unsigned char *p, size_t len)
{
	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

/* RFC 3720 (iSCSI) B.4, and the check value of the catalogue of CRCs. */
static void crc_known_vectors(void)
{
	unsigned char zeros[32] = { 0 }, ones[32], up[32], down[32];

	memset(ones, 0xff, sizeof(ones));
	for (unsigned i = 0; i < 32; i++) {
		up[i] = (unsigned char)i;
		down[i] = (unsigned char)(31 - i);
	}
	for (size_t k = 0; k < 2; k++) {
		if (!pp_crc32c_force(crc_kinds[k]))
			continue;
		CU_ASSERT_EQUAL(pp_crc32c(0, "123456789", 9), 0xe3069283u);
		CU_ASSERT_EQUAL(pp_crc32c(0, zeros, 32), 0x8a9136aau);
		CU_ASSERT_EQUAL(pp_crc32c(0, ones, 32), 0x62a8ab43u);
		CU_ASSERT_EQUAL(pp_crc32c(0, up, 32), 0x46dd794eu);
		CU_ASSERT_EQUAL(pp_crc32c(0, down, 32), 0x113fdb5cu);
		CU_ASSERT_EQUAL(pp_crc32c(5, "", 0), 5);
	}
	pp_crc32c_force("table");
}

/* Every length, alignment and split: table, instruction and definition agree. */
static void crc_kinds_agree(void)
{
	unsigned char data[300];
	struct pp_prng prng;

	pp_prng_seed(&prng, 1);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)pp_prng_next(&prng);
	for (size_t k = 0; k < 2; k++) {
		if (!pp_crc32c_force(crc_kinds[k]))
			continue;
		for (size_t len = 0; len + 8 <= sizeof(data); len++) {
			const unsigned char *p = data + len % 8;
			uint32_t want = crc_by_definition(0, p, len);
			uint32_t half = pp_crc32c(0, p, len / 3);

			CU_ASSERT_EQUAL(pp_crc32c(0, p, len), want);
			CU_ASSERT_EQUAL(pp_crc32c(half, p + len / 3, len - len / 3), want);
		}
	}
	pp_crc32c_force("table");
}

static void crc_force(void)
{
	CU_ASSERT_TRUE(pp_crc32c_force("table"));
	CU_ASSERT_FALSE(pp_crc32c_force("fastest"));
	CU_ASSERT_FALSE(pp_crc32c_force(""));
}

static void crc_choose(void)
{
	const char *chosen = pp_crc32c_choose();

	CU_ASSERT(!strcmp(chosen, "table") || !strcmp(chosen, "instruction"));
	CU_ASSERT_EQUAL(pp_crc32c(0, "123456789", 9), 0xe3069283u);
	CU_ASSERT_TRUE(pp_crc32c_force("table"));
}

static void same_stamp(const struct pp_stamp *a, const struct pp_stamp *b)
{
	CU_ASSERT_EQUAL(a->run, b->run);
	CU_ASSERT_EQUAL(a->offset_bytes, b->offset_bytes);
	CU_ASSERT_EQUAL(a->region, b->region);
	CU_ASSERT_EQUAL(a->writer, b->writer);
	CU_ASSERT_EQUAL(a->generation, b->generation);
}

static void round_trip(void)
{
	static const struct pp_stamp all[] = {
		{ 0, 0, 0, 0, 0 },
		{ UINT64_MAX, UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX },
		{ 1, 64, 0, 0, 1 },
	};
	unsigned char cell[PP_CELL_BYTES + 1];
	struct pp_stamp got;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (size_t align = 0; align < 2; align++) {
			pp_stamp_put(cell + align, &all[i]);
			memset(&got, 0xee, sizeof(got));
			CU_ASSERT_TRUE(pp_stamp_get(cell + align, &got));
			same_stamp(&got, &all[i]);
		}
}

/* The bytes are a format that other versions and machines read: they must not drift. */
static void layout_is_fixed(void)
{
	static const unsigned char head[36] = {
		0x50, 0x70, 2,    0,    0, 0,    0, 0, 0x88, 0x77, 0x66, 0x55,
		0x44, 0x33, 0x22, 0x11, 0, 0x10, 0, 0, 0,    0,    0,    0,
		3,    0,    0,    0,    2, 0,    0, 0, 9,    0,    0,    0,
	};
	unsigned char cell[PP_CELL_BYTES];

	pp_stamp_put(cell, &sample);
	CU_ASSERT_EQUAL(pp_crc32c(0, cell, sizeof(cell)), 0x2ad6c8f1u);
	memset(cell + 4, 0, 4);
	CU_ASSERT_EQUAL(memcmp(cell, head, sizeof(head)), 0);
}

static void every_bit_counts(void)
{
	unsigned char cell[PP_CELL_BYTES];
	struct pp_stamp got;

	pp_stamp_put(cell, &sample);
	for (unsigned bit = 0; bit < PP_CELL_BYTES * 8; bit++) {
		cell[bit / 8] ^= (unsigned char)(1u << bit % 8);
		CU_ASSERT_FALSE(pp_stamp_get(cell, &got));
		CU_ASSERT_EQUAL(pp_stamp_seen(cell, &sample, &got), PP_SEEN_OTHER);
		cell[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	CU_ASSERT_TRUE(pp_stamp_get(cell, &got));
}

/* The CRC is put together from parts (stamp.c); it must be that of the other bytes. */
static void crc_is_that_of_the_cell(void)
{
	unsigned char cell[PP_CELL_BYTES];
	struct pp_prng prng;

	pp_prng_seed(&prng, 3);
	for (unsigned i = 0; i < 1000; i++) {
		struct pp_stamp s = {
			.run = pp_prng_next(&prng),
			.offset_bytes = pp_prng_next(&prng) >> i % 64,
			.region = (uint32_t)pp_prng_next(&prng),
			.writer = (uint32_t)pp_prng_next(&prng),
			.generation = (uint32_t)pp_prng_next(&prng),
		};
		uint32_t found;

		pp_stamp_put(cell, &s);
		found = (uint32_t)cell[4] | (uint32_t)cell[5] << 8 | (uint32_t)cell[6] << 16 |
			(uint32_t)cell[7] << 24;
		CU_ASSERT_EQUAL(found, pp_crc32c(pp_crc32c(0, cell, 4), cell + 8, 56));
	}
}

/* A cell whose CRC was made right again, as a copy in two halves under one checksum would do. */
static void filler_counts_by_itself(void)
{
	unsigned char cell[PP_CELL_BYTES];
	struct pp_stamp got;

	for (unsigned at = 8; at < PP_CELL_BYTES; at++) {
		uint32_t crc;

		pp_stamp_put(cell, &sample);
		cell[at] ^= 0x40;
		crc = pp_crc32c(pp_crc32c(0, cell, 4), cell + 8, PP_CELL_BYTES - 8);
		for (unsigned i = 0; i < 4; i++)
			cell[4 + i] = (unsigned char)(crc >> 8 * i);
		CU_ASSERT_FALSE(pp_stamp_get(cell, &got));
	}
}

static void mixtures_are_no_stamps(void)
{
	static const struct pp_stamp others[] = {
		{ 0x1122334455667788ull, 4096, 3, 2, 10 }, /* next generation */
		{ 0x1122334455667788ull, 4096, 3, 1, 9 },  /* another writer */
		{ 0x1122334455667788ull, 4160, 3, 2, 9 },  /* the neighbour */
		{ 0x1122334455667788ull, 4096, 4, 2, 9 },  /* another region */
		{ 0x1122334455667789ull, 4096, 3, 2, 9 },  /* another run */
	};
	unsigned char a[PP_CELL_BYTES], b[PP_CELL_BYTES], mix[PP_CELL_BYTES];
	struct pp_stamp got;

	pp_stamp_put(a, &sample);
	for (size_t o = 0; o < sizeof(others) / sizeof(others[0]); o++) {
		pp_stamp_put(b, &others[o]);
		/* From the generation on, each 8-byte word tells the two apart. */
		for (unsigned at = 32; at < PP_CELL_BYTES; at += 8)
			CU_ASSERT_NOT_EQUAL(memcmp(a + at, b + at, 8), 0);
		/* Each of the 2^8 ways to take words from either. */
		for (unsigned mask = 1; mask < 255; mask++) {
			for (unsigned w = 0; w < 8; w++)
				memcpy(mix + 8 * w, (mask & 1u << w ? b : a) + 8 * w, 8);
			if (!memcmp(mix, a, sizeof(a)) || !memcmp(mix, b, sizeof(b)))
				continue;
			CU_ASSERT_FALSE(pp_stamp_get(mix, &got));
		}
	}
}

static void half_written_over_zeros(void)
{
	unsigned char a[PP_CELL_BYTES], mix[PP_CELL_BYTES];
	struct pp_stamp got;

	pp_stamp_put(a, &sample);
	for (unsigned cut = 1; cut < PP_CELL_BYTES; cut++) {
		memset(mix, 0, sizeof(mix));
		memcpy(mix, a, cut);
		CU_ASSERT_EQUAL(pp_stamp_seen(mix, &sample, &got), PP_SEEN_OTHER);
		memcpy(mix, a, sizeof(a));
		memset(mix, 0, cut);
		CU_ASSERT_EQUAL(pp_stamp_seen(mix, &sample, &got), PP_SEEN_OTHER);
	}
}

static void seen_depends_on_the_place(void)
{
	unsigned char cell[PP_CELL_BYTES];
	struct pp_stamp place = sample, got;

	pp_stamp_put(cell, &sample);
	/* The place does not say who wrote, nor which generation. */
	place.writer = 77;
	place.generation = 78;
	CU_ASSERT_EQUAL(pp_stamp_seen(cell, &place, &got), PP_SEEN_STAMP);
	same_stamp(&got, &sample);
	place.offset_bytes += PP_CELL_BYTES;
	CU_ASSERT_EQUAL(pp_stamp_seen(cell, &place, &got), PP_SEEN_OTHER);
	place = sample;
	place.region++;
	CU_ASSERT_EQUAL(pp_stamp_seen(cell, &place, &got), PP_SEEN_OTHER);
	place = sample;
	place.run++;
	CU_ASSERT_EQUAL(pp_stamp_seen(cell, &place, &got), PP_SEEN_OTHER);
	memset(cell, 0, sizeof(cell));
	CU_ASSERT_EQUAL(pp_stamp_seen(cell, &sample, &got), PP_SEEN_ZERO);
	CU_ASSERT_FALSE(pp_stamp_get(cell, &got));
	for (unsigned at = 0; at < PP_CELL_BYTES; at++) {
		cell[at] = 1;
		CU_ASSERT_EQUAL(pp_stamp_seen(cell, &sample, &got), PP_SEEN_OTHER);
		cell[at] = 0;
	}
	memset(cell, 0xff, sizeof(cell));
	CU_ASSERT_EQUAL(pp_stamp_seen(cell, &sample, &got), PP_SEEN_OTHER);
}

static void fill_stamps_each_cell(void)
{
	unsigned char buf[5 * PP_CELL_BYTES];
	struct pp_stamp got, want = sample;

	memset(buf, 0xaa, sizeof(buf));
	pp_stamp_fill(buf, 4 * PP_CELL_BYTES, &sample);
	for (unsigned c = 0; c < 4; c++) {
		want.offset_bytes = sample.offset_bytes + c * PP_CELL_BYTES;
		CU_ASSERT_EQUAL(pp_stamp_seen(buf + c * PP_CELL_BYTES, &want, &got), PP_SEEN_STAMP);
		same_stamp(&got, &want);
	}
	for (unsigned i = 4 * PP_CELL_BYTES; i < sizeof(buf); i++)
		CU_ASSERT_EQUAL(buf[i], 0xaa);
	/* The same stamps by the other implementation of the CRC. */
	if (pp_crc32c_force("instruction")) {
		want.offset_bytes = sample.offset_bytes;
		CU_ASSERT_EQUAL(pp_stamp_seen(buf, &want, &got), PP_SEEN_STAMP);
	}
	pp_crc32c_force("table");
}

/* What pp_stamp_run() must say of the first cell and those behind it, by looking at each alone. */
static size_t run_by_cells(const unsigned char *p, size_t length, const struct pp_stamp *place)
{
	struct pp_stamp here = *place, first = { 0 }, got = { 0 };
	enum pp_seen seen = pp_stamp_seen(p, &here, &first);
	size_t at = PP_CELL_BYTES;

	if (seen == PP_SEEN_OTHER)
		return at;
	for (; at < length; at += PP_CELL_BYTES) {
		here.offset_bytes = place->offset_bytes + at;
		got = first;
		if (pp_stamp_seen(p + at, &here, &got) != seen || got.writer != first.writer ||
		    got.generation != first.generation)
			break;
	}
	return at;
}

static void a_run_is_what_its_cells_are(void)
{
	enum { CELLS = 24 };
	unsigned char buf[CELLS * PP_CELL_BYTES];
	struct pp_prng prng;

	pp_prng_seed(&prng, 5);
	for (unsigned round = 0; round < 500; round++) {
		struct pp_stamp s = sample, place = sample, got;
		enum pp_seen seen;
		size_t n;

		for (unsigned c = 0; c < CELLS; c++) {
			unsigned char *cell = buf + c * PP_CELL_BYTES;
			uint64_t draw = pp_prng_below(&prng, 12);

			s.offset_bytes = sample.offset_bytes + c * PP_CELL_BYTES;
			/* mostly as the cell before; else another writer, generation, kind */
			s.writer = draw == 1 ? s.writer + 1 : s.writer;
			s.generation = draw == 2 ? s.generation + 1 : s.generation;
			pp_stamp_put(cell, &s);
			if (draw == 3 || (draw > 9 && c && !cell[-1]))
				memset(cell, 0, PP_CELL_BYTES);
			if (draw == 4)
				cell[pp_prng_below(&prng, PP_CELL_BYTES)] ^= 1;
		}
		for (unsigned c = 0; c < CELLS; c++) {
			place.offset_bytes = sample.offset_bytes + c * PP_CELL_BYTES;
			n = pp_stamp_run(buf + c * PP_CELL_BYTES, sizeof(buf) - c * PP_CELL_BYTES,
					 &place, &seen, &got);
			CU_ASSERT_EQUAL(n, run_by_cells(buf + c * PP_CELL_BYTES,
							sizeof(buf) - c * PP_CELL_BYTES, &place));
			if (seen == PP_SEEN_STAMP)
				CU_ASSERT_EQUAL(got.offset_bytes, place.offset_bytes);
		}
	}
}

static void text(void)
{
	char out[128];

	pp_stamp_text(&sample, out, sizeof(out));
	PP_ASSERT_STR(out, "run=1234605616436508552 region=3 offset=4096 writer=2 gen=9");
	pp_stamp_text(
		&(struct pp_stamp){ UINT64_MAX, UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX },
		out, sizeof(out));
	PP_ASSERT_STR(out, "run=18446744073709551615 region=4294967295 "
			   "offset=18446744073709551615 writer=4294967295 gen=4294967295");
}

static const struct pp_unit_case cases[] = {
	{ "CRC: published vectors", crc_known_vectors },
	{ "CRC: both kinds follow the definition", crc_kinds_agree },
	{ "CRC: choosing a kind", crc_force },
	{ "CRC: the faster kind is one of the two", crc_choose },
	{ "a stamp comes back as it was put", round_trip },
	{ "the layout is fixed", layout_is_fixed },
	{ "every bit of a cell counts", every_bit_counts },
	{ "the CRC is that of all other bytes", crc_is_that_of_the_cell },
	{ "the filler counts without the CRC", filler_counts_by_itself },
	{ "a mixture of two stamps is no stamp", mixtures_are_no_stamps },
	{ "a half-written cell is no stamp", half_written_over_zeros },
	{ "what is seen depends on the place", seen_depends_on_the_place },
	{ "fill stamps each cell and no more", fill_stamps_each_cell },
	{ "a run of cells is what its cells are", a_run_is_what_its_cells_are },
	{ "stamp as text", text },
};

PP_UNIT_MAIN("stamp", cases)
