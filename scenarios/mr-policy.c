/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mr-policy: which mappings ibv_reg_mr() accepts, with which access, and io_uring as a registered
 * buffer; and that a refusal leaves no trace. */
#include <stdio.h>
#include <string.h>

#include "core/policy.h"
#include "run/plan_lines.h"
#include "run/scenario.h"

static const char *const pinners[] = { "rxe-mr", "uring-fixed" };

/*
 * The kernel asks whether a mapping is shared and of a filesystem, not of which: each mapping of
 * ext4 and of memory stands for all of its kind, and of the other filesystems the one that matters
 * most. Registered buffers are asked about the mappings that MRs differ on.
 */
static bool quick(const struct pp_policy_row *row, bool buffer)
{
	static const char *const others[] = { "xfs-", "btrfs-", "vfat-", "fsdax-ext4-",
					      "fsdax-xfs-" };
	bool most = strstr(row->name, "shared-rw") != NULL;

	for (size_t i = 0; i < PP_ARRAY_LEN(others); i++)
		if (!strncmp(row->name, others[i], strlen(others[i])))
			return most && !buffer && strcmp(others[i], "vfat-") != 0 &&
			       strcmp(others[i], "fsdax-xfs-") != 0;
	return most || !buffer;
}

/* One row of the policy table is one variant for each pinner: the table is the list. */
static bool variant(size_t index, struct pp_variant *out)
{
	const struct pp_policy_row *row = &pp_policy_rows[index % pp_policy_n_rows];

	if (index >= pp_policy_n_rows * PP_ARRAY_LEN(pinners))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", row->name);
	snprintf(out->backing, sizeof(out->backing), "%s", row->name);
	snprintf(out->pinner, sizeof(out->pinner), "%s", pinners[index / pp_policy_n_rows]);
	out->tier = quick(row, index >= pp_policy_n_rows) ? PP_TIER_QUICK : PP_TIER_FULL;
	out->data = row;
	return true;
}

/* What the row's mapping allows beside being registered. */
struct nature {
	char backing[PP_NAME_MAX];
	bool special; /* no memory of ours */
	bool fill_by_file, fill_by_store;
	bool readable; /* CPU loads work and the content is known */
	bool watched;  /* has bystanders: one row of each filesystem, to keep the rest cheap */
};

static bool has(const char *words, const char *word)
{
	return strstr(words, word) != NULL;
}

static void nature_of(const struct pp_policy_row *row, struct nature *n)
{
	const char *words = row->region;
	bool kept; /* holds what an earlier case left */
	int backing;

	memset(n, 0, sizeof(*n));
	sscanf(words, "backing=%47s", n->backing);
	for (backing = 0; strcmp(pp_backings[backing].name, n->backing);)
		backing++;
	n->special = pp_backings[backing].special;
	kept = !strcmp(n->backing, "devdax") || !strcmp(n->backing, "blockdev");
	n->watched = pp_place_of(n->backing)->fs && has(words, "share=shared prot=rw") &&
		     has(words, "eof=inside");
	if (n->special || has(words, "eof=beyond") || has(words, "eof=straddle") ||
	    !strcmp(n->backing, "secretmem"))
		return;
	n->fill_by_store = kept && has(words, "prot=rw");
	n->fill_by_file = !kept && pp_backings[backing].has_file && has(words, "share=shared") &&
			  !has(words, "fd=ro");
	n->readable = has(words, "prot=r") && (!kept || n->fill_by_store);
}

static const char *const access_words[PP_POLICY_ACCESS_COUNT] = {
	[PP_POLICY_NONE] = "none",   [PP_POLICY_RR] = "rr",    [PP_POLICY_LW] = "lw",
	[PP_POLICY_LW_RW] = "lw,rw", [PP_POLICY_OD] = "lw,od",
};

/* One registration attempt; where it is accepted, the device is seen to reach the memory. */
static void attempt(struct pp_plan_text *t, const struct nature *n, int column)
{
	pp_say(t, "step \"access %s\"", access_words[column]);
	pp_op(t, "reg m%d expect=policy hazard", column);
	pp_op(t, "quiet");
	if (n->readable && column == PP_POLICY_LW_RW)
		pp_op(t, "rdma-write m%d 0+4096 gen=%u", column, pp_gen(t));
	if (n->readable && column == PP_POLICY_RR)
		pp_op(t, "rdma-read m%d 0+4096", column);
	pp_op(t, "dereg m%d", column);
	pp_op(t, "quiet");
	if (n->readable)
		pp_op(t, "load target 0+4096");
}

static void target_line(struct pp_plan_text *t, const struct pp_policy_row *row,
			const struct nature *n)
{
	const struct pp_place_lines *place = pp_place_of(n->backing);

	pp_say(t, "region target %s%s size=%llu", row->region, place->words,
	       (unsigned long long)(n->special                  ? 4096
				    : place->page_bytes > 16384 ? place->page_bytes
								: 16384));
	if (n->watched)
		pp_lines_bystander_objects(t, n->backing);
}

static void setup_lines(struct pp_plan_text *t, const struct nature *n)
{
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, n->backing);
	if (n->watched)
		pp_lines_bystander(t, n->backing);
	pp_op(t, "map target");
	if (n->fill_by_file)
		pp_op(t, "pwrite target 0+16384 gen=%u", pp_gen(t));
	if (n->fill_by_store)
		pp_op(t, "store target 0+16384 gen=%u", pp_gen(t));
}

static void plan_rxe(const struct pp_policy_row *row, const struct nature *n,
		     struct pp_plan_text *t)
{
	pp_say(t, "evidence registrations >= %d", PP_POLICY_ACCESS_COUNT + 1);
	pp_say(t, "evidence device-writes-seen >= 1");
	pp_say(t, "evidence quiets >= %d", 2 * PP_POLICY_ACCESS_COUNT + 2);
	pp_lines_place(t, n->backing);
	target_line(t, row, n);
	pp_lines_control_objects(t);
	for (int c = 0; c < PP_POLICY_ACCESS_COUNT; c++)
		pp_say(t, "mr m%d region=target access=%s", c, access_words[c]);
	pp_say(t, "actor main");
	setup_lines(t, n);
	pp_lines_control(t, pp_gen(t));
	for (int i = 0; i < PP_POLICY_ACCESS_COUNT; i++)
		attempt(t, n, pp_policy_column(pp_policy_access_masks[i]));
}

/* A registered buffer over ordinary memory: bytes come in and go out through it. */
static void control_buffer(struct pp_plan_text *t, const char *via)
{
	pp_say(t, "step \"control\"");
	pp_op(t, "map control");
	pp_op(t, "reg c0");
	pp_op(t, "quiet");
	pp_op(t, "fixed-read c0 via=%s gen=%u", via, pp_gen(t));
	pp_op(t, "load control");
	pp_op(t, "fixed-write c0 via=%s", via);
	pp_op(t, "dereg c0");
	pp_op(t, "quiet");
}

static void plan_uring(const struct pp_policy_row *row, const struct nature *n,
		       struct pp_plan_text *t)
{
	const struct pp_place_lines *place = pp_place_of(n->backing);
	/* The disk that the mapping is not of. */
	const char *via = strstr(place->needs, "disk1") ? "disk0" : "disk1";

	pp_say(t, "evidence registrations >= 2");
	pp_say(t, "evidence device-writes-seen >= 1");
	pp_say(t, "evidence pin-reads >= 1");
	pp_say(t, "evidence quiets >= 4");
	pp_say(t, "need root kmsg io-uring %s %s", via, place->needs);
	if (place->fs)
		pp_say(t, "fs f0 %s", place->fs);
	target_line(t, row, n);
	pp_say(t, "region control backing=anon size=8192 share=private prot=rw");
	pp_say(t, "mr c0 region=control kind=uring");
	pp_say(t, "mr u0 region=target kind=uring");
	pp_say(t, "actor main");
	setup_lines(t, n);
	control_buffer(t, via);
	pp_say(t, "step \"registered buffer\"");
	pp_op(t, "reg u0 expect=era hazard");
	pp_op(t, "quiet");
	if (n->readable) {
		pp_op(t, "fixed-read u0 0+4096 via=%s gen=%u", via, pp_gen(t));
		pp_op(t, "fixed-write u0 0+4096 via=%s", via);
	}
	pp_op(t, "dereg u0");
	pp_op(t, "quiet");
	if (n->readable)
		pp_op(t, "load target 0+4096");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct pp_policy_row *row = v->data;
	struct nature n;

	(void)seed;
	nature_of(row, &n);
	n.watched &= !strcmp(v->pinner, "rxe-mr");
	pp_say(t, "rules O1 O3 O4 O6 O7 O8 O9 O10 O11 O12");
	pp_say(t, "bound 60s");
	if (n.watched)
		pp_say(t, "evidence bystander-reads >= 3");
	if (!strcmp(v->pinner, "uring-fixed"))
		plan_uring(row, &n, t);
	else
		plan_rxe(row, &n, t);
	if (!n.watched)
		return;
	pp_op(t, "unmap target");
	pp_lines_bystander_check(t, n.backing);
}

static const char *const references[] = {
	"commit 8ac268436e6d (mm/gup: disallow FOLL_LONGTERM GUP-nonfast writing to file-backed "
	"mappings, 6.5)",
	"commit a6e79df92e4a (mm/gup: disallow FOLL_LONGTERM GUP-fast writing to file-backed "
	"mappings, 6.5)",
	"commit b40656aa7d55 (RDMA/umem: remove FOLL_FORCE usage, 6.2)",
	NULL,
};

const struct pp_scenario pp_scenario_mr_policy = {
	.name = "mr-policy",
	.title = "which mappings ibv_reg_mr() and io_uring accept, and that a refusal leaves no "
		 "trace",
	.purpose = "Registers one mapping with each of five access masks and compares the answers "
		   "with the "
		   "policy table of the kernel's era (docs/policy.md). A refusal must have the "
		   "right errno and "
		   "leave pin balance, VmPin and content as they were. A writable long-term pin of "
		   "a shared "
		   "filesystem mapping that is accepted is a known defect of kernels before 6.5. A "
		   "control MR "
		   "over anonymous memory shows that the device works. The variants of uring-fixed "
		   "register the "
		   "mapping as a buffer of io_uring instead.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
