/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Self-identifying cells: every 64-byte cell of test data says who wrote it,
 * where it belongs and which generation it is, under a CRC-32C.
 *
 * Layout, little-endian: 0 magic "Pp" and version (2 x 16 bits), 4 CRC-32C of all other bytes, 8
 * run, 16 offset (64 bits each), 24 region, 28 writer, 32 generation (32 bits each), 36 filler: a
 * 64-bit number that follows from the fields (36: its low half, 40: it, 48 and 56: rotated left by
 * 21 and 43), so that each 8-byte word from 32 on tells any two stamps apart.
 */
#ifndef PP_CORE_STAMP_H
#define PP_CORE_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PP_CELL_BYTES    64u
#define PP_STAMP_VERSION 2u

/* What a cell says. */
struct pp_stamp {
	uint64_t run;          /* one execution of one case */
	uint64_t offset_bytes; /* of the cell in its region; a multiple of PP_CELL_BYTES */
	uint32_t region;     /* index of the data space (struct pp_region_def.space) in the plan */
	uint32_t writer;     /* actor index in the plan */
	uint32_t generation; /* counts one writer's write operations, from 1 */
};

enum pp_seen {
	PP_SEEN_STAMP, /* whole, of this run, this region and this offset */
	PP_SEEN_ZERO,  /* 64 zero bytes */
	PP_SEEN_OTHER, /* anything else: misplaced, foreign, torn, garbage; raw bytes are kept */
	PP_SEEN_FAULT, /* the access raised SIGBUS/SIGSEGV or an I/O error: no bytes */
	PP_SEEN_COUNT
};

/**
 * pp_crc32c - Castagnoli CRC over @len bytes, start with @crc = 0
 *
 * A part after another: pass the CRC of the first part as @crc. Uses an 8-way table until
 * pp_crc32c_force() chooses otherwise; which of the two is faster is for a caller with a clock to
 * measure. Same result either way; thread-safe.
 */
uint32_t pp_crc32c(uint32_t crc, const void *data, size_t len);

/** pp_crc32c_force - choose an implementation: "table", "instruction" (SSE4.2); false, and nothing
 *  changed, if there is no such or this CPU lacks it. Thread-safe. */
bool pp_crc32c_force(const char *which);

/** pp_stamp_put - write the 64 bytes of @s to @cell (any alignment). */
void pp_stamp_put(void *cell, const struct pp_stamp *s);

/** pp_stamp_get - decode @cell; false unless magic, version, filler and CRC are right. */
bool pp_stamp_get(const void *cell, struct pp_stamp *s);

/** pp_stamp_fill - stamp all cells of [offset, offset+length) of a region into @buf (its first byte
 *  is at @s->offset_bytes; @s is the template; length a multiple of PP_CELL_BYTES). */
void pp_stamp_fill(void *buf, size_t length_bytes, const struct pp_stamp *s);

/** pp_stamp_seen - what one cell shows at the place that @place names (run, region, offset used);
 *  @got gets the decoded stamp for PP_SEEN_STAMP. */
enum pp_seen pp_stamp_seen(const void *cell, const struct pp_stamp *place, struct pp_stamp *got);

/**
 * pp_stamp_run - how far the cells from the first one on show the same
 * @cells: @length_bytes of them, a multiple of PP_CELL_BYTES and at least one
 * @place: where the first cell lies (run, region, offset used)
 * @seen: what all these cells show
 * @got: gets the first cell's stamp for PP_SEEN_STAMP; the others differ by their offsets only
 *
 * Returns bytes: of neighbouring zeros, of neighbouring stamps of one writer and generation, or of
 * the first cell alone for PP_SEEN_OTHER. Several times as quick as looking at each cell.
 */
size_t pp_stamp_run(const void *cells, size_t length_bytes, const struct pp_stamp *place,
		    enum pp_seen *seen, struct pp_stamp *got);

/** pp_stamp_text - "run=.. region=.. offset=.. writer=.. gen=.." into @out (>= 128 bytes). */
void pp_stamp_text(const struct pp_stamp *s, char *out, size_t size);

#endif
