/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan's tables of words, its look-ups and its end; see plan.h. */
#include "core/plan_private.h"
#include "core/stamp.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct pp_backing_info pp_backings[PP_BACKING_COUNT] = {
	[PP_BACKING_ANON]       = { .name = "anon" },
	[PP_BACKING_ANON_THP]   = { .name = "anon-thp" },
	[PP_BACKING_HUGETLB]    = { .name = "hugetlb", .has_fd = true },
	[PP_BACKING_MEMFD]      = { .name = "memfd", .has_file = true, .has_fd = true, .remaps = true },
	[PP_BACKING_TMPFS]      = { .name = "tmpfs", .needs_fs = true, .fs_type = "tmpfs",
				    .has_file = true, .has_fd = true, .remaps = true },
	[PP_BACKING_EXT4]       = { .name = "ext4", .needs_fs = true, .fs_type = "ext4",
				    .has_file = true, .has_fd = true, .has_disk = true, .remaps = true },
	[PP_BACKING_XFS]        = { .name = "xfs", .needs_fs = true, .fs_type = "xfs",
				    .has_file = true, .has_fd = true, .has_disk = true, .remaps = true },
	[PP_BACKING_BTRFS]      = { .name = "btrfs", .needs_fs = true, .fs_type = "btrfs",
				    .has_file = true, .has_fd = true, .has_disk = true, .remaps = true },
	[PP_BACKING_VFAT]       = { .name = "vfat", .needs_fs = true, .fs_type = "vfat",
				    .has_file = true, .has_fd = true, .has_disk = true, .remaps = true },
	[PP_BACKING_FSDAX_EXT4] = { .name = "fsdax-ext4", .needs_fs = true, .fs_type = "ext4",
				    .has_file = true, .has_fd = true, .has_disk = true, .dax = true,
				    .remaps = true },
	[PP_BACKING_FSDAX_XFS]  = { .name = "fsdax-xfs", .needs_fs = true, .fs_type = "xfs",
				    .has_file = true, .has_fd = true, .has_disk = true, .dax = true,
				    .remaps = true },
	/* A character device: no pread, fsync answers EINVAL, a second mapping shares its memory. */
	[PP_BACKING_DEVDAX]     = { .name = "devdax", .has_fd = true, .dax = true,
				    .needs_disk = true, .remaps = true },
	/* No has_disk: O_DIRECT of the same device would write its page cache back first. */
	[PP_BACKING_BLOCKDEV]   = { .name = "blockdev", .has_file = true, .has_fd = true, .needs_disk = true,
				    .remaps = true },
	[PP_BACKING_SECRETMEM]  = { .name = "secretmem" },
	[PP_BACKING_PFNMAP]     = { .name = "pfnmap", .special = true },
	[PP_BACKING_VVAR]       = { .name = "vvar", .special = true },
	[PP_BACKING_VDSO]       = { .name = "vdso", .special = true },
	[PP_BACKING_UNMAPPED]   = { .name = "unmapped", .special = true },
	[PP_BACKING_KERNEL]     = { .name = "kernel", .special = true },
};

const struct pp_choice pp_share_choices[] = {
	{ "shared", PP_SHARED }, { "private", PP_PRIVATE }, { NULL, 0 }
};
const struct pp_choice pp_prot_choices[] = {
	{ "none", 0 }, { "r", PP_PROT_R }, { "w", PP_PROT_W }, { "rw", PP_PROT_R | PP_PROT_W },
	{ NULL, 0 }
};
const struct pp_choice pp_fd_choices[] = { { "rw", false }, { "ro", true }, { NULL, 0 } };
const struct pp_choice pp_yes_choices[] = { { "no", false }, { "yes", true }, { NULL, 0 } };
const struct pp_choice pp_eof_choices[] = {
	{ "inside", PP_EOF_INSIDE }, { "straddle", PP_EOF_STRADDLE }, { "beyond", PP_EOF_BEYOND },
	{ NULL, 0 }
};
const struct pp_choice pp_when_choices[] = {
	{ "accepted", PP_WHEN_ACCEPTED }, { "refused", PP_WHEN_REFUSED }, { NULL, 0 }
};
const struct pp_choice pp_strict_choices[] = {
	{ "counts", PP_STRICT_COUNTS }, { "pages", PP_STRICT_PAGES }, { NULL, 0 }
};
const struct pp_choice pp_expect_choices[] = {
	{ "ok", PP_EXPECT_OK }, { "any", PP_EXPECT_ANY }, { "era", PP_EXPECT_ERA },
	{ "policy", PP_EXPECT_POLICY }, { NULL, 0 }
};
const struct pp_choice pp_mr_kind_choices[] = {
	{ "rxe", PP_MR_RXE }, { "uring", PP_MR_URING }, { NULL, 0 }
};
const struct pp_choice pp_mode_choices[] = {
	{ "linked", PP_MODE_LINKED }, { "fixed-file", PP_MODE_FIXED_FILE },
	{ "sqpoll", PP_MODE_SQPOLL }, { "async", PP_MODE_ASYNC }, { NULL, 0 }
};
const struct pp_choice pp_access_choices[] = {
	{ "lw", PP_ACCESS_LW }, { "rw", PP_ACCESS_RW }, { "rr", PP_ACCESS_RR },
	{ "ra", PP_ACCESS_RA }, { "od", PP_ACCESS_OD }, { NULL, 0 }
};
/* clang-format on */

const char *pp_choice_name(const struct pp_choice *table, unsigned value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return "?";
}

void pp_plan_free(struct pp_plan *plan)
{
	if (!plan)
		return;
	free(plan->needs);
	free(plan->evidence);
	free(plan->fs);
	free(plan->regions);
	free(plan->mrs);
	free(plan->actors);
	free(plan->steps);
	free(plan->ops);
	free(plan->after);
	free(plan->gates);
	free(plan->mixes);
	free(plan);
}

uint32_t pp_plan_crc(const struct pp_plan *plan)
{
	char *text = pp_plan_print(plan);
	uint32_t crc = text ? pp_crc32c(0, text, strlen(text)) : 0;

	free(text);
	return crc;
}

/* Asked for every event that the oracle judges: most plans have ids without gaps. */
const struct pp_op *pp_plan_op(const struct pp_plan *plan, uint32_t id)
{
	size_t low = 0, high = plan->n_ops, guess;

	if (!high || id < plan->ops[0].id)
		return NULL;
	guess = id - plan->ops[0].id;
	if (guess < high && plan->ops[guess].id == id)
		return &plan->ops[guess];
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (plan->ops[middle].id <= id)
			low = middle;
		else
			high = middle;
	}
	return plan->ops[low].id == id ? &plan->ops[low] : NULL;
}

bool pp_plan_has_storm(const struct pp_plan *plan)
{
	return plan->storm_ms || plan->storm_ops;
}

uint16_t pp_plan_op_region(const struct pp_plan *plan, const struct pp_op *op)
{
	switch (pp_verbs[op->verb].target) {
	case PP_TARGET_REGION:
		return op->object;
	case PP_TARGET_MR:
		return plan->mrs[op->object].region;
	default:
		return PP_NO_INDEX;
	}
}

uint64_t pp_plan_op_offset(const struct pp_plan *plan, const struct pp_op *op)
{
	if (pp_verbs[op->verb].target == PP_TARGET_MR)
		return plan->mrs[op->object].offset_bytes + op->offset_bytes;
	return op->offset_bytes;
}

void pp_plan_scenario(const struct pp_plan *plan, char *out)
{
	size_t n = strcspn(plan->case_name, "/");

	if (n > PP_NAME_MAX - 1)
		n = PP_NAME_MAX - 1;
	memcpy(out, plan->case_name, n);
	out[n] = '\0';
}

uint16_t pp_plan_gate(const struct pp_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n_gates; i++)
		if (!strcmp(plan->gates[i].name, name))
			return (uint16_t)i;
	return PP_NO_INDEX;
}

uint16_t pp_plan_via_fs(const struct pp_plan *plan, const struct pp_op *op)
{
	if (!op->via[0] || pp_plan_gate(plan, op->via) != PP_NO_INDEX)
		return PP_NO_INDEX;
	for (size_t i = 0; i < plan->n_fs; i++)
		if (!strcmp(plan->fs[i].name, op->via))
			return (uint16_t)i;
	return PP_NO_INDEX;
}
