/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What recording costs a writer: the same loop of stamped device writes
 * (process_vm_writev into a shared file mapping) with each operation recorded as
 * the executor records it, and without. Both take turns in every round.
 *
 * Usage: record ROUNDS OPERATIONS
 */
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "core/stamp.h"
#include "run/recorder.h"
#include "sys/clock.h"
#include "sys/crc_choose.h"
#include "sys/pinio.h"

#define REGION_BYTES (4u << 20)

static const char plan_text[] = "pinproof-plan 1\n"
				"case bench/memfd/vm-write\n"
				"backing memfd\n"
				"pinner vm-write\n"
				"rules O1\n"
				"bound 60s\n"
				"region data backing=memfd size=4M\n"
				"actor main\n"
				"op 1 main map data\n";

static unsigned char *memory;
static unsigned char *buffer;

static int one_write(struct pp_recorder *r, size_t bytes, uint32_t i)
{
	const uint64_t offset = (uint64_t)i * bytes % REGION_BYTES;
	const struct pp_stamp s = { .run = 7, .offset_bytes = offset, .generation = i + 1 };
	struct pp_event e = {
		.offset_bytes = offset,
		.length_bytes = (uint32_t)bytes,
		.op = i + 1,
		.gen = i + 1,
		.verb = PP_VERB_VM_WRITE,
	};
	struct pp_event *at = NULL;
	int64_t n;

	pp_stamp_fill(buffer, bytes, &s);
	if (r) {
		e.begin_ns = pp_now_ns() - r->start_ns;
		at = pp_record_begin(r, 0, &e);
		if (!at)
			return 1;
	}
	n = pp_pinio_vm_write(memory + offset, buffer, bytes, NULL);
	if (r)
		pp_record_end(at, pp_now_ns() - r->start_ns, 0);
	return n != (int64_t)bytes;
}

/* Nanoseconds of one operation; 0: it failed. */
static double round_of(const struct pp_plan *plan, bool record, size_t bytes, uint32_t ops)
{
	struct pp_recorder r;
	uint64_t start;
	int bad = 0;

	if (record && pp_recorder_open(&r, plan, 7, NULL))
		return 0;
	start = pp_bench_now_ns();
	for (uint32_t i = 0; i < ops && !bad; i++)
		bad = one_write(record ? &r : NULL, bytes, i);
	start = pp_bench_now_ns() - start;
	if (record)
		pp_recorder_close(&r);
	return bad ? 0 : (double)start / ops;
}

/* One round: without, with, with, without; a drift of the machine falls on both. */
static int measure(const struct pp_plan *plan, size_t bytes, uint32_t ops)
{
	static const bool turns[] = { false, true, true, false };
	double ns[2] = { 0, 0 };
	char name[32];

	for (unsigned i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		double one = round_of(plan, turns[i], bytes, ops);

		if (one <= 0)
			return 1;
		ns[turns[i]] += one / 2;
	}
	snprintf(name, sizeof(name), "record-off-%zu", bytes);
	pp_bench_value(name, ns[0], "ns");
	snprintf(name, sizeof(name), "record-on-%zu", bytes);
	pp_bench_value(name, ns[1], "ns");
	return 0;
}

int main(int argc, char **argv)
{
	const unsigned long rounds = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	const uint32_t ops = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	const int fd = memfd_create("bench", MFD_CLOEXEC);
	struct pp_plan *plan = NULL;
	struct pp_err err = { "" };
	int bad = 0;

	if (!rounds || !ops || fd < 0 || ftruncate(fd, REGION_BYTES) ||
	    pp_plan_parse(plan_text, sizeof(plan_text) - 1, &plan, &err)) {
		fprintf(stderr, "record: %s\n",
			err.text[0] ? err.text : "usage: record ROUNDS OPERATIONS");
		return 2;
	}
	memory = mmap(NULL, REGION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	buffer = aligned_alloc(4096, REGION_BYTES);
	if (memory == MAP_FAILED || !buffer)
		return 2;
	memset(memory, 0, REGION_BYTES);
	memset(buffer, 0, REGION_BYTES);
	pp_crc32c_choose();
	for (unsigned long i = 0; i < rounds && !bad; i++)
		bad = measure(plan, 4096, ops) || measure(plan, 65536, ops / 8 + 1);
	pp_plan_free(plan);
	free(buffer);
	close(fd);
	if (bad)
		fprintf(stderr, "record: a write failed\n");
	return bad;
}
