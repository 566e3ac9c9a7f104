/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast cells are stamped and looked at, and which CRC-32C is the faster one
 * here. All variants take turns in every round, so that a slow moment of the
 * machine hits all of them.
 *
 * Usage: stamp [MIB]
 */
#include <string.h>

#include "bench.h"
#include "core/stamp.h"

static unsigned char *buffer;
static size_t bytes;
static uint64_t wrong;

static void do_crc(void)
{
	wrong += pp_crc32c(0, buffer, bytes) == 1;
}

/* As cells are: short pieces. */
static void do_crc_cells(void)
{
	for (size_t at = 0; at < bytes; at += PP_CELL_BYTES)
		wrong += pp_crc32c(0, buffer + at, PP_CELL_BYTES) == 1;
}

static void do_fill(void)
{
	static uint32_t generation;
	struct pp_stamp s = { .run = 7, .region = 1, .writer = 2, .generation = ++generation };

	pp_stamp_fill(buffer, bytes, &s);
}

static void do_seen(void)
{
	struct pp_stamp place = { .run = 7, .region = 1 }, got;
	enum pp_seen seen;

	wrong += pp_stamp_run(buffer, bytes, &place, &seen, &got) != bytes;
	wrong += seen != PP_SEEN_STAMP;
}

static void do_copy(void)
{
	memcpy(buffer + bytes, buffer, bytes);
}

static const struct {
	const char *name, *crc;
	void (*run)(void);
} variants[] = {
	{ "copy", "table", do_copy },
	{ "crc-table", "table", do_crc },
	{ "crc-instruction", "instruction", do_crc },
	{ "crc-cells-table", "table", do_crc_cells },
	{ "crc-cells-instruction", "instruction", do_crc_cells },
	{ "stamp-fill-table", "table", do_fill },
	{ "stamp-seen-table", "table", do_seen },
	{ "stamp-fill-instruction", "instruction", do_fill },
	{ "stamp-seen-instruction", "instruction", do_seen },
};

int main(int argc, char **argv)
{
	bytes = (argc > 1 ? strtoul(argv[1], NULL, 10) : 4) << 20;
	buffer = aligned_alloc(4096, 2 * bytes);
	if (!bytes || !buffer)
		return 2;
	memset(buffer, 0, 2 * bytes);
	do_fill();
	for (unsigned round = 0; round < PP_BENCH_ROUNDS; round++) {
		for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
			uint64_t start;

			if (!pp_crc32c_force(variants[i].crc))
				continue;
			start = pp_bench_now_ns();
			variants[i].run();
			pp_bench_value(variants[i].name,
				       (double)bytes * 1000 / (double)(pp_bench_now_ns() - start),
				       "MB/s");
		}
	}
	free(buffer);
	if (wrong)
		fprintf(stderr, "stamp: %" PRIu64 " cells were not what was stamped\n", wrong);
	return wrong != 0;
}
