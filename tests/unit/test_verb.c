/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of verbs agrees with itself. */
#include "unit.h"

#include "core/verb.h"

#include <string.h>

static void every_verb_is_found(void)
{
	for (int v = PP_VERB_NONE + 1; v < PP_VERB_COUNT; v++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(pp_verbs[v].name);
		CU_ASSERT_EQUAL((int)pp_verb_find(pp_verbs[v].name), v);
		CU_ASSERT_PTR_NOT_NULL_FATAL(pp_verbs[v].title);
		CU_ASSERT(strlen(pp_verbs[v].title) > 0);
	}
	CU_ASSERT_EQUAL(pp_verb_find("none"), PP_VERB_NONE);
	CU_ASSERT_EQUAL(pp_verb_find("rdma"), PP_VERB_NONE);
	CU_ASSERT_EQUAL(pp_verb_find(""), PP_VERB_NONE);
}

/* What the parser and the oracle take for granted about a row. */
static void rows_are_consistent(void)
{
	for (int v = PP_VERB_NONE + 1; v < PP_VERB_COUNT; v++) {
		const struct pp_verb_info *i = &pp_verbs[v];
		int data = i->kind == PP_KIND_WRITE || i->kind == PP_KIND_DEVICE_WRITE ||
			   i->kind == PP_KIND_OBSERVE;

		/* Data has a place. */
		CU_ASSERT(!data || i->ranged);
		CU_ASSERT(!i->ranged || i->target == PP_TARGET_REGION || i->target == PP_TARGET_MR);
		CU_ASSERT(!i->via || data);
		/* Only what looks at the file can be a witness of what is on disk. */
		CU_ASSERT(!i->durable || (i->file && i->kind == PP_KIND_OBSERVE));
		/* The parser asks the region itself for its file. */
		CU_ASSERT(!i->file || i->target == PP_TARGET_REGION);
		CU_ASSERT((i->kind == PP_KIND_PIN || i->kind == PP_KIND_UNPIN) <=
			  (i->target == PP_TARGET_MR));
	}
}

static void meanings(void)
{
	static const struct {
		const char *name;
		enum pp_kind kind;
		enum pp_target target;
		int ranged, via, durable, file;
	} rows[] = {
		{ "mkfs", PP_KIND_SETUP, PP_TARGET_FS, 0, 0, 0, 0 },
		{ "map", PP_KIND_SETUP, PP_TARGET_REGION, 0, 0, 0, 0 },
		{ "unmap", PP_KIND_DETACH, PP_TARGET_REGION, 0, 0, 0, 0 },
		{ "reg", PP_KIND_PIN, PP_TARGET_MR, 0, 0, 0, 0 },
		{ "dereg", PP_KIND_UNPIN, PP_TARGET_MR, 0, 0, 0, 0 },
		{ "store", PP_KIND_WRITE, PP_TARGET_REGION, 1, 0, 0, 0 },
		{ "pwrite", PP_KIND_WRITE, PP_TARGET_REGION, 1, 0, 0, 1 },
		{ "rdma-write", PP_KIND_DEVICE_WRITE, PP_TARGET_MR, 1, 0, 0, 0 },
		{ "dio-read", PP_KIND_DEVICE_WRITE, PP_TARGET_REGION, 1, 1, 0, 0 },
		{ "vm-write", PP_KIND_DEVICE_WRITE, PP_TARGET_REGION, 1, 0, 0, 0 },
		{ "load", PP_KIND_OBSERVE, PP_TARGET_REGION, 1, 0, 0, 0 },
		{ "pread", PP_KIND_OBSERVE, PP_TARGET_REGION, 1, 0, 0, 1 },
		{ "rdma-read", PP_KIND_OBSERVE, PP_TARGET_MR, 1, 0, 0, 0 },
		{ "dio-write", PP_KIND_OBSERVE, PP_TARGET_REGION, 1, 1, 0, 0 },
		{ "vm-read", PP_KIND_OBSERVE, PP_TARGET_REGION, 1, 0, 0, 0 },
		{ "vmsplice", PP_KIND_OBSERVE, PP_TARGET_REGION, 1, 0, 0, 0 },
		{ "disk-read", PP_KIND_OBSERVE, PP_TARGET_REGION, 1, 0, 1, 1 },
		{ "cold-read", PP_KIND_OBSERVE, PP_TARGET_REGION, 1, 0, 1, 1 },
		{ "fsync", PP_KIND_SYNC, PP_TARGET_REGION, 0, 0, 0, 1 },
		{ "msync", PP_KIND_SYNC, PP_TARGET_REGION, 1, 0, 0, 0 },
		{ "quiet", PP_KIND_LEDGER, PP_TARGET_NONE, 0, 0, 0, 0 },
	};

	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		const struct pp_verb_info *i = &pp_verbs[pp_verb_find(rows[r].name)];

		CU_ASSERT_EQUAL(i->kind, rows[r].kind);
		CU_ASSERT_EQUAL(i->target, rows[r].target);
		CU_ASSERT_EQUAL(i->ranged, rows[r].ranged);
		CU_ASSERT_EQUAL(i->via, rows[r].via);
		CU_ASSERT_EQUAL(i->durable, rows[r].durable);
		CU_ASSERT_EQUAL(i->file, rows[r].file);
	}
}

static const struct pp_unit_case cases[] = {
	{ "every verb is found by its name", every_verb_is_found },
	{ "rows agree with themselves", rows_are_consistent },
	{ "what each verb means", meanings },
};

PP_UNIT_MAIN("verb", cases)
