/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encoding and judging of one 64-byte cell; see stamp.h for the layout. */
#include "core/stamp.h"
#include "core/prng.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STAMP_MAGIC   0x7050u /* "Pp" */
#define AT_MAGIC      0       /* 16 bits magic, 16 bits version */
#define AT_CRC        4       /* of all other bytes */
#define AT_RUN        8
#define AT_OFFSET     16
#define AT_REGION     24
#define AT_WRITER     28
#define AT_GENERATION 32
#define AT_FILLER     36

static void put_le(unsigned char *p, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t get_le(const unsigned char *p, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)p[i] << 8 * i;
	return value;
}

static uint32_t cell_crc(const unsigned char *cell)
{
	uint32_t crc = pp_crc32c(0, cell, AT_CRC);

	return pp_crc32c(crc, cell + AT_RUN, PP_CELL_BYTES - AT_RUN);
}

/*
 * The filler depends on every field and differs from word to word, so that each
 * 8-byte word past the fields tells two stamps apart, even where a device or a
 * filesystem replaces a cell word by word.
 */
static void put_filler(unsigned char *cell, const struct pp_stamp *s)
{
	struct pp_prng prng;
	uint64_t key = pp_prng_child(s->run, s->offset_bytes);

	key = pp_prng_child(key, (uint64_t)s->region << 32 | s->writer);
	pp_prng_seed(&prng, pp_prng_child(key, s->generation));
	put_le(cell + AT_FILLER, pp_prng_next(&prng), 4);
	for (unsigned at = AT_FILLER + 4; at < PP_CELL_BYTES; at += 8)
		put_le(cell + at, pp_prng_next(&prng), 8);
}

void pp_stamp_put(void *cell, const struct pp_stamp *s)
{
	unsigned char *p = cell;

	put_le(p + AT_MAGIC, STAMP_MAGIC | PP_STAMP_VERSION << 16, 4);
	put_le(p + AT_RUN, s->run, 8);
	put_le(p + AT_OFFSET, s->offset_bytes, 8);
	put_le(p + AT_REGION, s->region, 4);
	put_le(p + AT_WRITER, s->writer, 4);
	put_le(p + AT_GENERATION, s->generation, 4);
	put_filler(p, s);
	put_le(p + AT_CRC, cell_crc(p), 4);
}

bool pp_stamp_get(const void *cell, struct pp_stamp *s)
{
	const unsigned char *p = cell;
	unsigned char again[PP_CELL_BYTES];
	struct pp_stamp got = {
		.run = get_le(p + AT_RUN, 8),
		.offset_bytes = get_le(p + AT_OFFSET, 8),
		.region = (uint32_t)get_le(p + AT_REGION, 4),
		.writer = (uint32_t)get_le(p + AT_WRITER, 4),
		.generation = (uint32_t)get_le(p + AT_GENERATION, 4),
	};

	if (get_le(p + AT_MAGIC, 4) != (STAMP_MAGIC | PP_STAMP_VERSION << 16))
		return false;
	if (get_le(p + AT_CRC, 4) != cell_crc(p))
		return false;
	put_filler(again, &got);
	if (memcmp(again + AT_FILLER, p + AT_FILLER, PP_CELL_BYTES - AT_FILLER))
		return false;
	*s = got;
	return true;
}

void pp_stamp_fill(void *buf, size_t length_bytes, const struct pp_stamp *s)
{
	struct pp_stamp cell = *s;

	for (size_t at = 0; at + PP_CELL_BYTES <= length_bytes; at += PP_CELL_BYTES) {
		cell.offset_bytes = s->offset_bytes + at;
		pp_stamp_put((unsigned char *)buf + at, &cell);
	}
}

enum pp_seen pp_stamp_seen(const void *cell, const struct pp_stamp *place, struct pp_stamp *got)
{
	static const unsigned char zeros[PP_CELL_BYTES];
	struct pp_stamp s;

	if (!memcmp(cell, zeros, PP_CELL_BYTES))
		return PP_SEEN_ZERO;
	if (!pp_stamp_get(cell, &s) || s.run != place->run || s.region != place->region ||
	    s.offset_bytes != place->offset_bytes)
		return PP_SEEN_OTHER;
	*got = s;
	return PP_SEEN_STAMP;
}

void pp_stamp_text(const struct pp_stamp *s, char *out, size_t size)
{
	snprintf(out, size,
		 "run=%" PRIu64 " region=%" PRIu32 " offset=%" PRIu64 " writer=%" PRIu32
		 " gen=%" PRIu32,
		 s->run, s->region, s->offset_bytes, s->writer, s->generation);
}
