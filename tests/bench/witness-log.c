/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the log witness costs a case: its two marks in the kernel log, reading what was said before
 * and during it, the taint word twice. The least time of all rounds is printed.
 *
 * Usage: witness-log ROUNDS
 */
#include <stdio.h>
#include <stdlib.h>

#include "sys/clock.h"
#include "sys/kmsg.h"

/* As pp_attempt_run() does it. */
static uint64_t one_case(struct pp_kmsg *k)
{
	uint64_t began = pp_now_ns();
	size_t len;

	free(pp_kmsg_drain(k, &len));
	pp_kmsg_mark("begin bench");
	pp_taint_read();
	pp_kmsg_mark("end bench");
	pp_taint_read();
	free(pp_kmsg_drain(k, &len));
	return pp_now_ns() - began;
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 50;
	struct pp_err err = { 0 };
	uint64_t least = UINT64_MAX;
	struct pp_kmsg k;

	if (pp_kmsg_open(&k, &err)) {
		printf("skip log %s\n", err.text);
		return 0;
	}
	for (unsigned long i = 0; i < rounds; i++) {
		uint64_t ns = one_case(&k);

		least = ns < least ? ns : least;
	}
	pp_kmsg_close(&k);
	printf("value log-case %lu us\n", (unsigned long)(least / 1000));
	return 0;
}
