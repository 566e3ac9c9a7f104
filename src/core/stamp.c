/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encoding and judging of 64-byte cells; see stamp.h for the layout. */
#include "core/stamp.h"
#include "core/crc_row.h"
#include "core/prng.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STAMP_MAGIC 0x7050u /* "Pp" */
#define WORDS       (PP_CELL_BYTES / sizeof(uint64_t))

/* A cell as eight little-endian words. */
enum { AT_HEAD, AT_RUN, AT_OFFSET, AT_WHO, AT_GENERATION, AT_FILLER };

/* What all cells of one write have in common. */
struct family {
	uint64_t head, run, who, generation; /* words, those that other fields share without them */
	uint64_t key;                        /* of the filler, before the offset */
	uint32_t crc;                        /* of the cell with offset 0 and a filler of zeros */
};

/*
 * A CRC is linear over XOR: that of a cell is its family's, XOR what the offset adds, XOR what the
 * filler adds, and as the filler is one number in several places (filler_words()), eight look-ups
 * do for all of it. Row k: what byte k of the number adds.
 */
/* clang-format off */
static const uint32_t offset_rows[8][256] = {
	{ PP_CRC_ROW(0u, 0x1c291d04u, 0x38523a08u, 0x70a47410u, 0xe148e820u,
		     0xc77da6b1u, 0x8b173b93u, 0x13c201d7u, 0x278403aeu) },
	{ PP_CRC_ROW(0u, 0x4f08075cu, 0x9e100eb8u, 0x39cc6b81u, 0x7398d702u,
		     0xe731ae04u, 0xcb8f2af9u, 0x92f22303u, 0x200830f7u) },
	{ PP_CRC_ROW(0u, 0x401061eeu, 0x8020c3dcu, 0x05adf149u, 0x0b5be292u,
		     0x16b7c524u, 0x2d6f8a48u, 0x5adf1490u, 0xb5be2920u) },
	{ PP_CRC_ROW(0u, 0x6e9024b1u, 0xdd204962u, 0xbface435u, 0x7ab5be9bu,
		     0xf56b7d36u, 0xef3a8c9du, 0xdb996fcbu, 0xb2dea967u) },
	{ PP_CRC_ROW(0u, 0x6051243fu, 0xc0a2487eu, 0x84a8e60du, 0x0cbdbaebu,
		     0x197b75d6u, 0x32f6ebacu, 0x65edd758u, 0xcbdbaeb0u) },
	{ PP_CRC_ROW(0u, 0x925b2b91u, 0x215a21d3u, 0x42b443a6u, 0x8568874cu,
		     0x0f3d7869u, 0x1e7af0d2u, 0x3cf5e1a4u, 0x79ebc348u) },
	{ PP_CRC_ROW(0u, 0xf3d78690u, 0xe2437bd1u, 0xc16a8153u, 0x87397457u,
		     0x0b9e9e5fu, 0x173d3cbeu, 0x2e7a797cu, 0x5cf4f2f8u) },
	{ PP_CRC_ROW(0u, 0xb9e9e5f0u, 0x763fbd11u, 0xec7f7a22u, 0xdd1282b5u,
		     0xbfc9739bu, 0x7a7e91c7u, 0xf4fd238eu, 0xec1631edu) },
};
static const uint32_t filler_rows[8][256] = {
	{ PP_CRC_ROW(0u, 0x845a85d5u, 0x0d597d5bu, 0x1ab2fab6u, 0x3565f56cu,
		     0x6acbead8u, 0xd597d5b0u, 0xaec3dd91u, 0x586bcdd3u) },
	{ PP_CRC_ROW(0u, 0xb0d79ba6u, 0x644341bdu, 0xc886837au, 0x94e17005u,
		     0x2c2e96fbu, 0x585d2df6u, 0xb0ba5becu, 0x6498c129u) },
	{ PP_CRC_ROW(0u, 0xc9318252u, 0x978f7255u, 0x2af2925bu, 0x55e524b6u,
		     0xabca496cu, 0x1b44990fu, 0x3689321eu, 0x6d12643cu) },
	{ PP_CRC_ROW(0u, 0xda24c878u, 0xb1a5e601u, 0x66a7baf3u, 0xcd4f75e6u,
		     0x9f729d3du, 0x3b094c8bu, 0x76129916u, 0xec25322cu) },
	{ PP_CRC_ROW(0u, 0x67e9d027u, 0xcfd3a04eu, 0x9a4b366du, 0x317a1a2bu,
		     0x62f43456u, 0xc5e868acu, 0x8e3ca7a9u, 0x199539a3u) },
	{ PP_CRC_ROW(0u, 0x332a7346u, 0x6654e68cu, 0xcca9cd18u, 0x278f9c18u,
		     0x4f1f3830u, 0x9e3e7060u, 0x39909631u, 0x73212c62u) },
	{ PP_CRC_ROW(0u, 0xe64258c4u, 0xc968c779u, 0x973df803u, 0x2b9786f7u,
		     0x572f0deeu, 0xae5e1bdcu, 0x59504149u, 0xb2a08292u) },
	{ PP_CRC_ROW(0u, 0x60ad73d5u, 0xc15ae7aau, 0x8759b9a5u, 0x0b5f05bbu,
		     0x16be0b76u, 0x2d7c16ecu, 0x5af82dd8u, 0xb5f05bb0u) },
};
/* clang-format on */

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

/* The finaliser of SplitMix64, one to one: every bit of the offset changes half of the filler. */
static uint64_t filler_key(const struct family *f, uint64_t offset)
{
	uint64_t z = f->key + offset;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint32_t offset_crc(uint64_t offset)
{
	uint32_t crc = 0;

	for (unsigned i = 0; offset; i++, offset >>= 8)
		crc ^= offset_rows[i][offset & 0xff];
	return crc;
}

static uint32_t filler_crc(uint64_t key)
{
	return filler_rows[0][key & 0xff] ^ filler_rows[1][key >> 8 & 0xff] ^
	       filler_rows[2][key >> 16 & 0xff] ^ filler_rows[3][key >> 24 & 0xff] ^
	       filler_rows[4][key >> 32 & 0xff] ^ filler_rows[5][key >> 40 & 0xff] ^
	       filler_rows[6][key >> 48 & 0xff] ^ filler_rows[7][key >> 56];
}

/* The words of the family's cell at @offset, in the order of bytes of the disk. */
static void make_words(const struct family *f, uint64_t offset, uint64_t words[WORDS])
{
	uint64_t key = filler_key(f, offset);
	uint32_t crc = f->crc ^ offset_crc(offset) ^ filler_crc(key);

	words[AT_HEAD] = htole64(f->head | (uint64_t)crc << 32);
	words[AT_RUN] = htole64(f->run);
	words[AT_OFFSET] = htole64(offset);
	words[AT_WHO] = htole64(f->who);
	words[AT_GENERATION] = htole64(f->generation | key << 32);
	words[AT_FILLER] = htole64(key);
	words[AT_FILLER + 1] = htole64(rotate(key, 21));
	words[AT_FILLER + 2] = htole64(rotate(key, 43));
}

static void make_family(struct family *f, const struct pp_stamp *s)
{
	uint64_t words[WORDS] = { 0 };
	uint32_t crc;

	f->head = STAMP_MAGIC | (uint64_t)PP_STAMP_VERSION << 16;
	f->run = s->run;
	f->who = s->region | (uint64_t)s->writer << 32;
	f->generation = s->generation;
	f->key = pp_prng_child(pp_prng_child(f->run, f->who), f->generation);
	words[AT_HEAD] = htole64(f->head);
	words[AT_RUN] = htole64(f->run);
	words[AT_WHO] = htole64(f->who);
	words[AT_GENERATION] = htole64(f->generation);
	/* all bytes but those of the CRC itself, which are the second half of the first word */
	crc = pp_crc32c(0, words, 4);
	f->crc = pp_crc32c(crc, words + 1, PP_CELL_BYTES - sizeof(words[0]));
}

/* Is this the family's cell at @offset? */
static bool same_words(const unsigned char *cell, const struct family *f, uint64_t offset)
{
	uint64_t want[WORDS], found[WORDS], differ = 0;

	make_words(f, offset, want);
	memcpy(found, cell, sizeof(found));
	for (unsigned i = 0; i < WORDS; i++)
		differ |= want[i] ^ found[i];
	return !differ;
}

static bool all_zero(const unsigned char *cell)
{
	uint64_t words[WORDS], any = 0;

	memcpy(words, cell, sizeof(words));
	for (unsigned i = 0; i < WORDS; i++)
		any |= words[i];
	return !any;
}

void pp_stamp_put(void *cell, const struct pp_stamp *s)
{
	pp_stamp_fill(cell, PP_CELL_BYTES, s);
}

/* Everything follows from the fields: take them, make the cell again, compare. */
static bool get_family(const unsigned char *cell, struct pp_stamp *s, struct family *f)
{
	uint64_t words[WORDS];

	memcpy(words, cell, sizeof(words));
	if ((uint32_t)le64toh(words[AT_HEAD]) != (STAMP_MAGIC | PP_STAMP_VERSION << 16))
		return false;
	s->run = le64toh(words[AT_RUN]);
	s->offset_bytes = le64toh(words[AT_OFFSET]);
	s->region = (uint32_t)le64toh(words[AT_WHO]);
	s->writer = (uint32_t)(le64toh(words[AT_WHO]) >> 32);
	s->generation = (uint32_t)le64toh(words[AT_GENERATION]);
	make_family(f, s);
	return same_words(cell, f, s->offset_bytes);
}

bool pp_stamp_get(const void *cell, struct pp_stamp *s)
{
	struct pp_stamp got;
	struct family f;

	if (!get_family(cell, &got, &f))
		return false;
	*s = got;
	return true;
}

void pp_stamp_fill(void *buf, size_t length_bytes, const struct pp_stamp *s)
{
	uint64_t words[WORDS];
	struct family f;

	make_family(&f, s);
	for (size_t at = 0; at + PP_CELL_BYTES <= length_bytes; at += PP_CELL_BYTES) {
		make_words(&f, s->offset_bytes + at, words);
		memcpy((unsigned char *)buf + at, words, sizeof(words));
	}
}

size_t pp_stamp_run(const void *cells, size_t length_bytes, const struct pp_stamp *place,
		    enum pp_seen *seen, struct pp_stamp *got)
{
	const unsigned char *p = cells;
	size_t at = PP_CELL_BYTES;
	struct pp_stamp s;
	struct family f;

	if (all_zero(p)) {
		*seen = PP_SEEN_ZERO;
		while (at + PP_CELL_BYTES <= length_bytes && all_zero(p + at))
			at += PP_CELL_BYTES;
		return at;
	}
	if (!get_family(p, &s, &f) || s.run != place->run || s.region != place->region ||
	    s.offset_bytes != place->offset_bytes) {
		*seen = PP_SEEN_OTHER;
		return at;
	}
	*seen = PP_SEEN_STAMP;
	*got = s;
	while (at + PP_CELL_BYTES <= length_bytes && same_words(p + at, &f, s.offset_bytes + at))
		at += PP_CELL_BYTES;
	return at;
}

enum pp_seen pp_stamp_seen(const void *cell, const struct pp_stamp *place, struct pp_stamp *got)
{
	enum pp_seen seen;

	pp_stamp_run(cell, PP_CELL_BYTES, place, &seen, got);
	return seen;
}

void pp_stamp_text(const struct pp_stamp *s, char *out, size_t size)
{
	snprintf(out, size,
		 "run=%" PRIu64 " region=%" PRIu32 " offset=%" PRIu64 " writer=%" PRIu32
		 " gen=%" PRIu32,
		 s->run, s->region, s->offset_bytes, s->writer, s->generation);
}
