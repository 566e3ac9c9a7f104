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
		/* What changes what others see is a hazard or a write. */
		CU_ASSERT(!i->bytes || i->ranged);
		CU_ASSERT(i->effect == PP_EFFECT_NONE || i->kind == PP_KIND_HAZARD ||
			  i->kind == PP_KIND_WRITE);
		CU_ASSERT((i->kind == PP_KIND_PIN || i->kind == PP_KIND_UNPIN) <=
			  (i->target == PP_TARGET_MR));
	}
}

static bool has(const char *flags, char flag)
{
	return strchr(flags, flag) != NULL;
}

/* Flags: r ranged, b bytes, v via, d durable, p pin, f file, m moves, M machine, n needs a fact,
 * c may write dirty pages back. */
static void meanings(void)
{
	static const struct {
		const char *name;
		enum pp_kind kind;
		enum pp_target target;
		enum pp_effect effect;
		const char *flags;
	} rows[] = {
		{ "mkfs", PP_KIND_SETUP, PP_TARGET_FS, PP_EFFECT_NONE, "" },
		{ "mount", PP_KIND_SETUP, PP_TARGET_FS, PP_EFFECT_NONE, "" },
		{ "umount", PP_KIND_SETUP, PP_TARGET_FS, PP_EFFECT_NONE, "c" },
		{ "map", PP_KIND_SETUP, PP_TARGET_REGION, PP_EFFECT_NONE, "" },
		{ "unmap", PP_KIND_DETACH, PP_TARGET_REGION, PP_EFFECT_NONE, "" },
		{ "reg", PP_KIND_PIN, PP_TARGET_MR, PP_EFFECT_NONE, "" },
		{ "dereg", PP_KIND_UNPIN, PP_TARGET_MR, PP_EFFECT_NONE, "" },
		{ "store", PP_KIND_WRITE, PP_TARGET_REGION, PP_EFFECT_NONE, "rb" },
		{ "pwrite", PP_KIND_WRITE, PP_TARGET_REGION, PP_EFFECT_NONE, "rbf" },
		{ "dio-pwrite", PP_KIND_WRITE, PP_TARGET_REGION, PP_EFFECT_REPLACE, "rfnc" },
		{ "rdma-write", PP_KIND_DEVICE_WRITE, PP_TARGET_MR, PP_EFFECT_NONE, "rb" },
		{ "rdma-write-imm", PP_KIND_DEVICE_WRITE, PP_TARGET_MR, PP_EFFECT_NONE, "rb" },
		{ "rdma-send", PP_KIND_DEVICE_WRITE, PP_TARGET_MR, PP_EFFECT_NONE, "rb" },
		{ "rdma-fetch", PP_KIND_DEVICE_WRITE, PP_TARGET_MR, PP_EFFECT_NONE, "rb" },
		{ "atomic-add", PP_KIND_DEVICE_WRITE, PP_TARGET_MR, PP_EFFECT_NONE, "rb" },
		{ "atomic-swap", PP_KIND_DEVICE_WRITE, PP_TARGET_MR, PP_EFFECT_NONE, "rb" },
		{ "dio-read", PP_KIND_DEVICE_WRITE, PP_TARGET_REGION, PP_EFFECT_NONE, "rv" },
		{ "fixed-read", PP_KIND_DEVICE_WRITE, PP_TARGET_MR, PP_EFFECT_NONE, "rv" },
		{ "vm-write", PP_KIND_DEVICE_WRITE, PP_TARGET_REGION, PP_EFFECT_NONE, "rb" },
		{ "load", PP_KIND_OBSERVE, PP_TARGET_REGION, PP_EFFECT_NONE, "r" },
		{ "peer-load", PP_KIND_OBSERVE, PP_TARGET_REGION, PP_EFFECT_NONE, "rf" },
		{ "pread", PP_KIND_OBSERVE, PP_TARGET_REGION, PP_EFFECT_NONE, "rf" },
		{ "uring-read", PP_KIND_OBSERVE, PP_TARGET_REGION, PP_EFFECT_NONE, "rfn" },
		{ "dio-pread", PP_KIND_OBSERVE, PP_TARGET_REGION, PP_EFFECT_NONE, "rfc" },
		{ "rdma-read", PP_KIND_OBSERVE, PP_TARGET_MR, PP_EFFECT_NONE, "rp" },
		{ "dio-write", PP_KIND_OBSERVE, PP_TARGET_REGION, PP_EFFECT_NONE, "rvp" },
		{ "fixed-write", PP_KIND_OBSERVE, PP_TARGET_MR, PP_EFFECT_NONE, "rvp" },
		{ "vm-read", PP_KIND_OBSERVE, PP_TARGET_REGION, PP_EFFECT_NONE, "rp" },
		{ "vmsplice", PP_KIND_OBSERVE, PP_TARGET_REGION, PP_EFFECT_NONE, "rp" },
		{ "splice-drain", PP_KIND_OBSERVE, PP_TARGET_REGION, PP_EFFECT_NONE, "rp" },
		{ "disk-read", PP_KIND_OBSERVE, PP_TARGET_REGION, PP_EFFECT_NONE, "rdf" },
		{ "cold-read", PP_KIND_OBSERVE, PP_TARGET_REGION, PP_EFFECT_NONE, "rdfc" },
		{ "fsync", PP_KIND_SYNC, PP_TARGET_REGION, PP_EFFECT_NONE, "fc" },
		{ "fdatasync", PP_KIND_SYNC, PP_TARGET_REGION, PP_EFFECT_NONE, "fc" },
		{ "msync", PP_KIND_SYNC, PP_TARGET_REGION, PP_EFFECT_NONE, "rc" },
		{ "msync-async", PP_KIND_SYNC, PP_TARGET_REGION, PP_EFFECT_NONE, "rc" },
		{ "sync-range", PP_KIND_SYNC, PP_TARGET_REGION, PP_EFFECT_NONE, "rfc" },
		{ "syncfs", PP_KIND_SYNC, PP_TARGET_FS, PP_EFFECT_NONE, "c" },
		{ "splice-hold", PP_KIND_HOLD, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "child-hold", PP_KIND_HOLD, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "gate-hold", PP_KIND_WINDOW, PP_TARGET_GATE, PP_EFFECT_NONE, "" },
		{ "gate-open", PP_KIND_WINDOW, PP_TARGET_GATE, PP_EFFECT_NONE, "" },
		{ "await-bios", PP_KIND_WINDOW, PP_TARGET_GATE, PP_EFFECT_NONE, "" },
		{ "await-writeback", PP_KIND_WINDOW, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "await-asleep", PP_KIND_WINDOW, PP_TARGET_NONE, PP_EFFECT_NONE, "" },
		{ "await-huge", PP_KIND_WINDOW, PP_TARGET_REGION, PP_EFFECT_NONE, "r" },
		{ "truncate", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_HOLE, "rfc" },
		{ "extend", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "f" },
		{ "punch", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_HOLE, "rfc" },
		{ "zero-range", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_HOLE, "rfc" },
		{ "collapse", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_SHIFT, "rfc" },
		{ "insert", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_SHIFT, "rfc" },
		{ "reflink", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_CLONE, "fc" },
		{ "dontneed", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_DROP, "r" },
		{ "pageout", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "rc" },
		{ "fadvise", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "rfc" },
		{ "mremap", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "m" },
		{ "fork", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "" },
		{ "reap", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "" },
		{ "kill", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "" },
		{ "migrate", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "compact", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "Mn" },
		{ "drop-caches", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "M" },
		{ "reclaim", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "nc" },
		{ "thp-split", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "ksm", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "rMn" },
		{ "pool-drain", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "Mn" },
		{ "pool-refill", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "Mn" },
		{ "protect-r", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "r" },
		{ "protect-none", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "r" },
		{ "protect-rw", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "r" },
		{ "soft-clean", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "n" },
		{ "uffd-protect", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "uffd-unprotect", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "n" },
		{ "uffd-move", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "madv-free", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_FREE, "r" },
		{ "thp-collapse", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "seal-write", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "f" },
		{ "seal-future", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "f" },
		{ "offline", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "rMn" },
		{ "dax-unbind", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "M" },
		{ "freeze", PP_KIND_HAZARD, PP_TARGET_FS, PP_EFFECT_NONE, "c" },
		{ "thaw", PP_KIND_HAZARD, PP_TARGET_FS, PP_EFFECT_NONE, "" },
		{ "self-read", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_SELF, "rfnc" },
		{ "self-write", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_SELF, "rfnc" },
		{ "link-delete", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "own-start", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "" },
		{ "own-reg", PP_KIND_PIN, PP_TARGET_MR, PP_EFFECT_NONE, "" },
		{ "own-dereg", PP_KIND_UNPIN, PP_TARGET_MR, PP_EFFECT_NONE, "" },
		{ "own-unmap", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "r" },
		{ "own-fork", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "" },
		{ "own-exec", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "" },
		{ "own-exit", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "" },
		{ "own-kill", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "" },
		{ "heir-end", PP_KIND_HAZARD, PP_TARGET_NONE, PP_EFFECT_NONE, "" },
		{ "page-look", PP_KIND_LOOK, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "page-mark", PP_KIND_LOOK, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "child-look", PP_KIND_LOOK, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "frame-look", PP_KIND_LOOK, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "fsck", PP_KIND_CHECK, PP_TARGET_FS, PP_EFFECT_NONE, "" },
		{ "quiet", PP_KIND_LEDGER, PP_TARGET_NONE, PP_EFFECT_NONE, "" },
		{ "numa-balance", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "rn" },
		{ "soft-offline", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_NONE, "rMn" },
		{ "poison", PP_KIND_HAZARD, PP_TARGET_REGION, PP_EFFECT_POISON, "rMn" },
	};

	CU_ASSERT_EQUAL(sizeof(rows) / sizeof(rows[0]), PP_VERB_COUNT - 1);
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		const struct pp_verb_info *i = &pp_verbs[pp_verb_find(rows[r].name)];
		const char *flags = rows[r].flags;

		CU_ASSERT_EQUAL(pp_verb_find(rows[r].name), r + 1);
		CU_ASSERT_EQUAL(i->kind, rows[r].kind);
		CU_ASSERT_EQUAL(i->target, rows[r].target);
		CU_ASSERT_EQUAL(i->effect, rows[r].effect);
		CU_ASSERT_EQUAL(i->ranged, has(flags, 'r'));
		CU_ASSERT_EQUAL(i->bytes, has(flags, 'b'));
		CU_ASSERT_EQUAL(i->via, has(flags, 'v'));
		CU_ASSERT_EQUAL(i->durable, has(flags, 'd'));
		CU_ASSERT_EQUAL(i->pin, has(flags, 'p'));
		CU_ASSERT_EQUAL(i->file, has(flags, 'f'));
		CU_ASSERT_EQUAL(i->moves, has(flags, 'm'));
		CU_ASSERT_EQUAL(i->machine, has(flags, 'M'));
		CU_ASSERT_EQUAL(i->cleans, has(flags, 'c'));
		CU_ASSERT_EQUAL(i->needs != NULL, has(flags, 'n'));
	}
}

static const struct pp_unit_case cases[] = {
	{ "every verb is found by its name", every_verb_is_found },
	{ "rows agree with themselves", rows_are_consistent },
	{ "what each verb means", meanings },
};

PP_UNIT_MAIN("verb", cases)
