/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What op and mix lines have in common: verb, object, range and keys, checked
 * against the verb's row.
 */
#include "core/plan_private.h"
#include "core/stamp.h"

#include <string.h>

#define PAGE_BYTES   4096u
#define ATOMIC_BYTES 8u

const struct pp_limit pp_split_limit = { UINT32_MAX, "a size in bytes, such as 4096 or 4K",
					 .bytes = true };
const struct pp_limit pp_depth_limit = { 1024, "a number of pieces from 1 to 1024", false };
const struct pp_limit pp_sges_limit = { 32, "a number of elements from 1 to 32", false };

/* Keys that belong to some verbs only. */
enum {
	KEY_GEN = 1,
	KEY_VIA = 2,
	KEY_SPLIT = 4,
	KEY_DEPTH = 8,
	KEY_SGES = 16,
	KEY_MODE = 32,
	KEY_TO = 64,
	KEY_OP = 128,
	KEY_LEAST = 256,
	KEY_MEMLOCK = 512,
	KEY_CAPS = 1024
};

static const struct {
	const char *name;
	unsigned bit;
} verb_keys[] = {
	{ "gen", KEY_GEN },         { "via", KEY_VIA },   { "split", KEY_SPLIT },
	{ "depth", KEY_DEPTH },     { "sges", KEY_SGES }, { "mode", KEY_MODE },
	{ "to", KEY_TO },           { "op", KEY_OP },     { "least", KEY_LEAST },
	{ "memlock", KEY_MEMLOCK }, { "caps", KEY_CAPS },
};

static bool is_write(enum pp_verb verb)
{
	return pp_verbs[verb].kind == PP_KIND_WRITE || pp_verbs[verb].kind == PP_KIND_DEVICE_WRITE;
}

static bool is_atomic(enum pp_verb verb)
{
	return verb == PP_VERB_ATOMIC_ADD || verb == PP_VERB_ATOMIC_SWAP;
}

/* Keys that the verb cannot do without. */
static unsigned keys_needed(enum pp_verb verb)
{
	return (is_write(verb) ? KEY_GEN : 0) | (pp_verbs[verb].via ? KEY_VIA : 0) |
	       (verb == PP_VERB_REFLINK ? KEY_TO : 0) | (verb == PP_VERB_AWAIT_ASLEEP ? KEY_OP : 0);
}

/* Keys that the verb also knows. */
static unsigned keys_known(enum pp_verb verb)
{
	switch (verb) {
	case PP_VERB_RDMA_WRITE:
	case PP_VERB_RDMA_WRITE_IMM:
	case PP_VERB_RDMA_SEND:
	case PP_VERB_RDMA_FETCH:
	case PP_VERB_RDMA_READ:
		return KEY_SPLIT | KEY_DEPTH | KEY_SGES;
	case PP_VERB_DIO_READ:
	case PP_VERB_DIO_WRITE:
	case PP_VERB_FIXED_READ:
	case PP_VERB_FIXED_WRITE:
	case PP_VERB_DIO_PWRITE:
	case PP_VERB_DIO_PREAD:
	case PP_VERB_URING_READ:
	case PP_VERB_SELF_READ:
	case PP_VERB_SELF_WRITE:
		return KEY_SPLIT | KEY_DEPTH | KEY_MODE;
	case PP_VERB_AWAIT_BIOS:
		return KEY_OP | KEY_LEAST;
	case PP_VERB_OWN_START:
		return KEY_MEMLOCK | KEY_CAPS;
	default:
		return 0;
	}
}

uint32_t pp_plan_unit(enum pp_verb verb)
{
	if (is_atomic(verb))
		return ATOMIC_BYTES;
	if (pp_verbs[verb].effect == PP_EFFECT_SHIFT || pp_verbs[verb].kind == PP_KIND_LOOK)
		return PAGE_BYTES;
	return pp_verbs[verb].bytes ? 1 : PP_CELL_BYTES;
}

/* A verb and the kind of MR it works on; registration and its end do on any. */
static int check_mr(struct pp_parser *p, const struct pp_op *op, const struct pp_span *place)
{
	const enum pp_mr_kind kind = p->plan->mrs[op->object].kind;
	const bool fixed = op->verb == PP_VERB_FIXED_READ || op->verb == PP_VERB_FIXED_WRITE;

	if (pp_verbs[op->verb].kind == PP_KIND_PIN || pp_verbs[op->verb].kind == PP_KIND_UNPIN)
		return 0;
	if (fixed && kind != PP_MR_URING)
		return pp_plan_bad(p, place, "an mr with kind=uring");
	if (!fixed && kind != PP_MR_RXE)
		return pp_plan_bad(p, place, "an mr with kind=rxe");
	/* A buffer is registered with a ring, and each actor has its own. */
	if (fixed && p->registrar[op->object] != PP_NO_INDEX &&
	    p->registrar[op->object] != op->actor)
		return pp_plan_bad(p, place, "a buffer that this actor has registered");
	return 0;
}

/* Does the region have what the verb looks at? */
static int check_file(struct pp_parser *p, const struct pp_op *op, const struct pp_span *place)
{
	const struct pp_verb_info *info = &pp_verbs[op->verb];
	const struct pp_region_def *r = &p->plan->regions[op->object];
	const struct pp_backing_info *backing = &pp_backings[r->backing];

	if (!info->file || (info->kind == PP_KIND_SYNC && backing->has_fd))
		return 0;
	/* A second process can map what can be mapped a second time. */
	if (op->verb == PP_VERB_PEER_LOAD ? !backing->remaps : !backing->has_file)
		return pp_plan_bad(p, place, "a region with a file behind it");
	if (info->durable && !backing->has_disk)
		return pp_plan_bad(p, place, "a region whose file has blocks on a disk");
	if (r->file_space == PP_NO_INDEX)
		return pp_plan_bad(p, place,
				   "a region that owns its file's content (a private mapping needs "
				   "of= a shared region)");
	return 0;
}

static int take_object(struct pp_parser *p, struct pp_op *op)
{
	const struct pp_plan *plan = p->plan;
	const struct pp_span *word;
	int rc;

	op->object = PP_NO_INDEX;
	if (pp_verbs[op->verb].target == PP_TARGET_NONE)
		return 0;
	rc = pp_plan_take_word(p, "the name of what the op acts on", &word);
	if (rc)
		return rc;
	switch (pp_verbs[op->verb].target) {
	case PP_TARGET_FS:
		rc = pp_plan_set_fs(p, word, &op->object, NULL);
		if (!rc && op->verb == PP_VERB_FSCK && !plan->fs[op->object].slot[0])
			rc = pp_plan_bad(p, word, "an fs on a slot");
		return rc;
	case PP_TARGET_GATE:
		return pp_plan_set_gate(p, word, &op->object, NULL);
	case PP_TARGET_REGION:
		rc = pp_plan_set_region(p, word, &op->object, NULL);
		op->length_bytes = rc ? 0 : plan->regions[op->object].size_bytes;
		return rc ? rc : check_file(p, op, word);
	default:
		rc = pp_plan_set_mr(p, word, &op->object, NULL);
		op->length_bytes = rc ? 0 : plan->mrs[op->object].length_bytes;
		return rc ? rc : check_mr(p, op, word);
	}
}

/*
 * Where the range must end. A transfer by the device may leave its MR, up to the end of the region,
 * into neighbours that are registered too; who they are is not known while a storm is drawn.
 */
static uint64_t range_limit(const struct pp_plan *plan, const struct pp_op *op, bool mix)
{
	const struct pp_mr_def *mr;

	if (mix || !(keys_known(op->verb) & KEY_SGES))
		return op->length_bytes;
	mr = &plan->mrs[op->object];
	return plan->regions[mr->region].size_bytes - mr->offset_bytes;
}

/* A range is the one word without '=' that may follow the object, besides "hazard". */
static int take_range(struct pp_parser *p, struct pp_op *op, bool mix)
{
	const struct pp_token *token = &p->line.token[p->next];
	const uint64_t whole = op->length_bytes;
	const uint32_t unit = pp_plan_unit(op->verb);
	struct pp_plan_range range = { 0, whole };
	int rc;

	if (!pp_verbs[op->verb].ranged)
		return 0;
	if (!mix && is_atomic(op->verb))
		range.length = ATOMIC_BYTES;
	if (p->next == p->line.count || token->has_value || pp_span_is(&token->word, "hazard")) {
		rc = pp_plan_check_range(p, &token->word, &range, unit);
	} else {
		pp_plan_take(p);
		rc = pp_plan_read_range(p, &token->word, range_limit(p->plan, op, mix), unit,
					&range);
	}
	if (!rc && op->verb == PP_VERB_TRUNCATE && range.offset + range.length != whole)
		rc = pp_plan_bad(p, &token->word, "a range up to the end of the region");
	if (!rc && !mix && is_atomic(op->verb) && range.length != ATOMIC_BYTES)
		rc = pp_plan_bad(p, &token->word, "a range of 8 bytes");
	op->offset_bytes = range.offset;
	op->length_bytes = range.length;
	return rc;
}

int pp_plan_take_action(struct pp_parser *p, struct pp_op *op, bool mix)
{
	static const char expected[] = "a verb, such as map, reg, rdma-write or fsync";
	const struct pp_span *word;
	int rc = pp_plan_take_word(p, expected, &word);

	if (rc)
		return rc;
	for (int v = PP_VERB_NONE + 1; v < PP_VERB_COUNT; v++)
		if (pp_span_is(word, pp_verbs[v].name))
			op->verb = (enum pp_verb)v;
	if (op->verb == PP_VERB_NONE)
		return pp_plan_bad(p, word, expected);
	rc = take_object(p, op);
	return rc ? rc : take_range(p, op, mix);
}

/* The file of to= is overwritten as a whole, so that it must be another one's and as large. */
static int check_clone(struct pp_parser *p, const struct pp_op *op)
{
	const struct pp_region_def *to = &p->plan->regions[op->to];
	const struct pp_region_def *from = &p->plan->regions[op->object];
	const struct pp_span *place = pp_plan_place_of(p, "to");

	if (to->fs == PP_NO_INDEX || to->fs != from->fs)
		return pp_plan_bad(p, place, "a region on the same fs");
	if (to->file_space != op->to || to->file_space == from->file_space)
		return pp_plan_bad(p, place, "a region with a file of its own");
	if (to->size_bytes != p->plan->regions[from->file_space].size_bytes)
		return pp_plan_bad(p, place, "a region of the same size");
	return 0;
}

/* A file on a filesystem takes what is written from memory: nobody has filled it to be read. */
static int check_via(struct pp_parser *p, const struct pp_op *op)
{
	const uint16_t fs = pp_plan_via_fs(p->plan, op);

	if (fs == PP_NO_INDEX)
		return 0;
	if (pp_verbs[op->verb].kind != PP_KIND_OBSERVE)
		return pp_plan_bad(p, pp_plan_place_of(p, "via"), "a slot or gate for this verb");
	if (!p->plan->fs[fs].slot[0])
		return pp_plan_bad(p, pp_plan_place_of(p, "via"), "an fs on a slot");
	return 0;
}

static int check_values(struct pp_parser *p, struct pp_op *op)
{
	int rc = check_via(p, op);

	if (rc)
		return rc;
	if (op->split_bytes % pp_plan_unit(op->verb))
		return pp_plan_bad(p, pp_plan_place_of(p, "split"), "a multiple of 64 bytes");
	if (op->verb == PP_VERB_REFLINK)
		return check_clone(p, op);
	if (op->verb == PP_VERB_AWAIT_ASLEEP && pp_plan_op(p->plan, op->of)->actor == op->actor)
		return pp_plan_bad(p, pp_plan_place_of(p, "op"), "an op of another actor");
	if (op->verb == PP_VERB_AWAIT_BIOS && !op->least_bytes)
		op->least_bytes = 1;
	return 0;
}

int pp_plan_check_keys(struct pp_parser *p, struct pp_op *op, bool mix)
{
	const unsigned needed = keys_needed(op->verb) & ~(mix ? KEY_GEN : 0u);
	const unsigned known = needed | keys_known(op->verb);
	char expected[32];

	for (size_t i = 0; i < PP_ARRAY_LEN(verb_keys); i++) {
		const char *name = verb_keys[i].name;
		const bool present = pp_plan_has_key(p, name);
		const struct pp_span *place = pp_plan_place_of(p, name);

		snprintf(expected, sizeof(expected),
			 present ? "no %s= for this verb" : "%s=", name);
		if (present ? !(known & verb_keys[i].bit) : !!(needed & verb_keys[i].bit))
			return pp_plan_bad(p, place, expected);
	}
	/* The policy table speaks of registrations only. */
	if ((op->expect == PP_EXPECT_ERA || op->expect == PP_EXPECT_POLICY) &&
	    pp_verbs[op->verb].kind != PP_KIND_PIN)
		return pp_plan_bad(p, pp_plan_place_of(p, "expect"),
				   "era and policy for registrations only");
	return check_values(p, op);
}
