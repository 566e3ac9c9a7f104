/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan's statements that define objects: gates, filesystems, regions, MRs. */
#include "core/plan_private.h"
#include "core/stamp.h"

#include <string.h>

int pp_plan_append_def(struct pp_parser *p, void *array, size_t *count, const void *item,
		       size_t size)
{
	if (*count >= PP_NO_INDEX)
		return pp_plan_bad(p, &p->line.token[0].word, "fewer definitions of a kind");
	return pp_plan_append(p, array, count, item, size);
}

bool pp_plan_is_taken(const void *array, size_t count, size_t size, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp((const char *)array + i * size, name))
			return true;
	return false;
}

int pp_plan_take_name(struct pp_parser *p, char *out, size_t size)
{
	const struct pp_token *token = pp_plan_take(p);

	if (token->has_value)
		return pp_plan_bad(p, &token->word, "a name");
	return pp_plan_copy_name(p, &token->word, out, size);
}

/* A word that was a disk's so far must not become a gate's: whoever used it meant the disk. */
static bool is_slot(const struct pp_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n_gates; i++)
		if (!strcmp(plan->gates[i].slot, name))
			return true;
	for (size_t i = 0; i < plan->n_fs; i++)
		if (!strcmp(plan->fs[i].slot, name))
			return true;
	for (size_t i = 0; i < plan->n_regions; i++)
		if (!strcmp(plan->regions[i].slot, name))
			return true;
	for (size_t i = 0; i < plan->n_ops; i++)
		if (!strcmp(plan->ops[i].via, name))
			return true;
	for (size_t i = 0; i < plan->n_mixes; i++)
		if (!strcmp(plan->mixes[i].op.via, name))
			return true;
	return false;
}

int pp_plan_parse_gate(struct pp_parser *p)
{
	static const struct pp_key keys[] = {
		PP_KEY(struct pp_gate_def, "slot", pp_plan_set_name, slot, .required = true),
	};
	struct pp_gate_def gate = { 0 };
	int rc = pp_plan_take_name(p, gate.name, sizeof(gate.name));

	if (!rc && IS_TAKEN(p, gates, gate.name))
		rc = pp_plan_bad(p, &p->line.token[1].word, "a name that no other gate has");
	if (!rc && is_slot(p->plan, gate.name))
		rc = pp_plan_bad(p, &p->line.token[1].word,
				 "a name that is not yet used for a slot");
	if (!rc)
		rc = pp_plan_keys(p, keys, PP_ARRAY_LEN(keys), &gate);
	if (!rc && (IS_TAKEN(p, gates, gate.slot) || !strcmp(gate.slot, gate.name)))
		rc = pp_plan_bad(p, pp_plan_place_of(p, "slot"), "a slot, no gate");
	return rc ? rc : APPEND_DEF(p, gates, &gate);
}

static int set_fs_type(struct pp_parser *p, const struct pp_span *v, void *field,
		       const struct pp_key *k)
{
	static const char *const types[] = { "ext4", "xfs", "btrfs", "vfat", "tmpfs" };

	for (size_t i = 0; i < PP_ARRAY_LEN(types); i++)
		if (pp_span_is(v, types[i]))
			return pp_plan_set_name(p, v, field, k);
	return pp_plan_bad(p, v, "one of ext4, xfs, btrfs, vfat, tmpfs");
}

int pp_plan_parse_fs(struct pp_parser *p)
{
	static const struct pp_limit block_limit = { UINT32_MAX,
						     "a block size in bytes, a power of two",
						     .bytes = true };
	static const struct pp_key keys[] = {
		PP_KEY(struct pp_fs_def, "type", set_fs_type, type, .required = true),
		PP_KEY(struct pp_fs_def, "slot", pp_plan_set_name, slot),
		PP_KEY(struct pp_fs_def, "block", pp_plan_set_number, block_bytes,
		       .arg = &block_limit),
		PP_KEY(struct pp_fs_def, "mkfs", pp_plan_set_quoted, mkfs),
		PP_KEY(struct pp_fs_def, "mount", pp_plan_set_quoted, mount),
	};
	struct pp_fs_def fs = { 0 };
	int rc = pp_plan_take_name(p, fs.name, sizeof(fs.name));

	if (!rc && IS_TAKEN(p, fs, fs.name))
		rc = pp_plan_bad(p, &p->line.token[1].word, "a name that no other fs has");
	if (!rc)
		rc = pp_plan_keys(p, keys, PP_ARRAY_LEN(keys), &fs);
	if (rc)
		return rc;
	if (fs.block_bytes & (fs.block_bytes - 1))
		return pp_plan_bad(p, pp_plan_place_of(p, "block"),
				   "a block size in bytes, a power of two");
	if (!strcmp(fs.type, "tmpfs") && fs.slot[0])
		return pp_plan_bad(p, pp_plan_place_of(p, "slot"), "no slot for a tmpfs");
	if (strcmp(fs.type, "tmpfs") && !fs.slot[0])
		return pp_plan_bad(p, pp_plan_place_of(p, "slot"), "slot=");
	return APPEND_DEF(p, fs, &fs);
}

/* A second mapping of another region's object takes over what it does not say. */
static int check_second_mapping(struct pp_parser *p, struct pp_region_def *r)
{
	const struct pp_region_def *root = &p->plan->regions[r->of];

	if (!pp_backings[r->backing].remaps)
		return pp_plan_bad(p, pp_plan_place_of(p, "of"), "no of= for this backing");
	if (root->backing != r->backing)
		return pp_plan_bad(p, pp_plan_place_of(p, "of"), "a region of the same backing");
	if (root->share != PP_SHARED)
		return pp_plan_bad(p, pp_plan_place_of(p, "of"), "a region with share=shared");
	if (r->fs != PP_NO_INDEX && r->fs != root->fs)
		return pp_plan_bad(p, pp_plan_place_of(p, "fs"),
				   "the fs of the region that of= names");
	if (r->slot[0] && strcmp(r->slot, root->slot))
		return pp_plan_bad(p, pp_plan_place_of(p, "slot"),
				   "the slot of the region that of= names");
	if (r->size_bytes > root->size_bytes)
		return pp_plan_bad(p, pp_plan_place_of(p, "size"),
				   "at most the size of the of= region");
	if (!r->size_bytes)
		r->size_bytes = root->size_bytes;
	r->fs = root->fs;
	memcpy(r->slot, root->slot, sizeof(r->slot));
	return 0;
}

/* Who owns the bytes that the mapping shows, and those of the file behind it. */
static void set_spaces(const struct pp_plan *plan, struct pp_region_def *r)
{
	uint16_t own = (uint16_t)plan->n_regions;

	if (r->of != PP_NO_INDEX)
		r->file_space = plan->regions[r->of].file_space;
	else if (pp_backings[r->backing].remaps && r->share == PP_SHARED)
		r->file_space = own;
	else
		r->file_space = PP_NO_INDEX;
	r->space = r->of != PP_NO_INDEX && r->share == PP_SHARED ? r->file_space : own;
}

static int check_region(struct pp_parser *p, struct pp_region_def *r)
{
	const struct pp_backing_info *info = &pp_backings[r->backing];
	int rc = r->of != PP_NO_INDEX ? check_second_mapping(p, r) : 0;

	if (rc)
		return rc;
	if (!r->size_bytes)
		return pp_plan_bad(p, pp_plan_place_of(p, "size"), "size=");
	if (info->needs_fs && r->fs == PP_NO_INDEX)
		return pp_plan_bad(p, pp_plan_place_of(p, "fs"), "fs=");
	if (!info->needs_fs && r->fs != PP_NO_INDEX)
		return pp_plan_bad(p, pp_plan_place_of(p, "fs"), "no fs= for this backing");
	if (info->needs_fs && strcmp(p->plan->fs[r->fs].type, info->fs_type))
		return pp_plan_bad(p, pp_plan_place_of(p, "fs"),
				   "an fs of the type that the backing says");
	if (info->needs_disk && !r->slot[0])
		return pp_plan_bad(p, pp_plan_place_of(p, "slot"), "slot=");
	if (!info->needs_disk && r->slot[0])
		return pp_plan_bad(p, pp_plan_place_of(p, "slot"), "no slot= for this backing");
	if (r->times > 1 && (!info->needs_fs || r->share != PP_SHARED))
		return pp_plan_bad(p, pp_plan_place_of(p, "times"),
				   "times= only for a shared mapping of a file in an fs");
	return 0;
}

int pp_plan_parse_region(struct pp_parser *p)
{
	static const struct pp_limit times_limit = { PP_TIMES_MAX,
						     "a number of mappings from 1 to 32768",
						     false };
	static const struct pp_key keys[] = {
		PP_KEY(struct pp_region_def, "backing", pp_plan_set_backing, backing,
		       .required = true),
		PP_KEY(struct pp_region_def, "fs", pp_plan_set_fs, fs),
		PP_KEY(struct pp_region_def, "slot", pp_plan_set_name, slot),
		PP_KEY(struct pp_region_def, "size", pp_plan_set_size, size_bytes),
		PP_KEY(struct pp_region_def, "of", pp_plan_set_region, of),
		PP_KEY(struct pp_region_def, "share", pp_plan_set_choice, share,
		       .arg = pp_share_choices),
		PP_KEY(struct pp_region_def, "prot", pp_plan_set_choice, prot,
		       .arg = pp_prot_choices),
		PP_KEY(struct pp_region_def, "fd", pp_plan_set_choice, fd_readonly,
		       .arg = pp_fd_choices),
		PP_KEY(struct pp_region_def, "touch", pp_plan_set_choice, populate,
		       .arg = pp_yes_choices),
		PP_KEY(struct pp_region_def, "bystander", pp_plan_set_choice, bystander,
		       .arg = pp_yes_choices),
		PP_KEY(struct pp_region_def, "eof", pp_plan_set_choice, eof, .arg = pp_eof_choices),
		PP_KEY(struct pp_region_def, "times", pp_plan_set_number, times,
		       .arg = &times_limit),
	};
	struct pp_region_def r = { .prot = PP_PROT_R | PP_PROT_W,
				   .fs = PP_NO_INDEX,
				   .of = PP_NO_INDEX };
	int rc = pp_plan_take_name(p, r.name, sizeof(r.name));

	if (!rc && IS_TAKEN(p, regions, r.name))
		rc = pp_plan_bad(p, &p->line.token[1].word, "a name that no other region has");
	if (!rc)
		rc = pp_plan_keys(p, keys, PP_ARRAY_LEN(keys), &r);
	if (!rc)
		rc = check_region(p, &r);
	if (rc)
		return rc;
	set_spaces(p->plan, &r);
	return APPEND_DEF(p, regions, &r);
}

/* A range can only be judged once region= is known, which may stand behind it: keep the place. */
static int set_nothing(struct pp_parser *p, const struct pp_span *v, void *field,
		       const struct pp_key *k)
{
	(void)p;
	(void)v;
	(void)field;
	(void)k;
	return 0;
}

int pp_plan_parse_mr(struct pp_parser *p)
{
	static const struct pp_key keys[] = {
		PP_KEY(struct pp_mr_def, "region", pp_plan_set_region, region, .required = true),
		PP_KEY(struct pp_mr_def, "range", set_nothing, offset_bytes),
		PP_KEY(struct pp_mr_def, "access", pp_plan_set_access, access),
		PP_KEY(struct pp_mr_def, "kind", pp_plan_set_choice, kind,
		       .arg = pp_mr_kind_choices),
	};
	struct pp_mr_def mr = { .access = PP_ACCESS_LW | PP_ACCESS_RW | PP_ACCESS_RR };
	struct pp_plan_range got;
	uint16_t nobody = PP_NO_INDEX;
	size_t n = p->plan->n_mrs;
	int rc = pp_plan_take_name(p, mr.name, sizeof(mr.name));

	if (!rc && IS_TAKEN(p, mrs, mr.name))
		rc = pp_plan_bad(p, &p->line.token[1].word, "a name that no other mr has");
	if (!rc)
		rc = pp_plan_keys(p, keys, PP_ARRAY_LEN(keys), &mr);
	if (!rc && mr.kind == PP_MR_URING && pp_plan_has_key(p, "access"))
		rc = pp_plan_bad(p, pp_plan_place_of(p, "access"), "no access= for kind=uring");
	if (!rc && p->has_storm && p->plan->n_mrs >= PP_STORM_MRS_MAX)
		rc = pp_plan_bad(p, &p->line.token[0].word,
				 "at most 64 mrs in a plan with a storm");
	if (rc)
		return rc;
	got = (struct pp_plan_range){ 0, p->plan->regions[mr.region].size_bytes };
	if (pp_plan_has_key(p, "range"))
		rc = pp_plan_read_range(p, pp_plan_place_of(p, "range"), got.length, PP_CELL_BYTES,
					&got);
	if (rc)
		return rc;
	if (mr.kind == PP_MR_URING)
		mr.access = 0;
	mr.offset_bytes = got.offset;
	mr.length_bytes = got.length;
	rc = pp_plan_append(p, &p->registrar, &n, &nobody, sizeof(nobody));
	return rc ? rc : APPEND_DEF(p, mrs, &mr);
}
