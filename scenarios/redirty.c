/* SPDX-License-Identifier: GPL-2.0-or-later */
/* redirty: a page that fsync cleaned while it was pinned, written by the device after that, and
 * made dirty again only when it is released. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE   65536u
#define PINNED 16384u /* the device's part of it */

/* A filesystem, and what happens to the cleaned page before the device lets go of it. */
struct row {
	const char *name; /* variant, and the word that known-defect rows match */
	const char *backing;
	const char *between; /* verb; NULL: nothing */
	const char *quick;   /* pinners that it has in the quick tier */
};

/* clang-format off */
static const struct row rows[] = {
	{ "ext4",          "ext4",  NULL,      "" },
	{ "ext4-pageout",  "ext4",  "pageout", "dio rxe-mr" },
	{ "ext4-fadvise",  "ext4",  "fadvise", "" },
	{ "xfs",           "xfs",   NULL,      "" },
	{ "xfs-pageout",   "xfs",   "pageout", "dio" },
	{ "xfs-fadvise",   "xfs",   "fadvise", "" },
	{ "btrfs",         "btrfs", NULL,      "" },
	{ "btrfs-pageout", "btrfs", "pageout", "" },
	{ "btrfs-fadvise", "btrfs", "fadvise", "" },
};
/* clang-format on */

static const char *const pinners[] = { "dio", "rxe-mr", "rxe-odp" };

static bool variant(size_t index, struct pp_variant *out)
{
	const struct row *r = &rows[index / PP_ARRAY_LEN(pinners) % PP_ARRAY_LEN(rows)];

	if (index >= PP_ARRAY_LEN(rows) * PP_ARRAY_LEN(pinners))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", r->name);
	snprintf(out->backing, sizeof(out->backing), "%s", r->name);
	snprintf(out->pinner, sizeof(out->pinner), "%s", pinners[index % PP_ARRAY_LEN(pinners)]);
	out->tier = strstr(r->quick, out->pinner) ? PP_TIER_QUICK : PP_TIER_FULL;
	out->data = r;
	return true;
}

static void set_up(const struct row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_lines_bystander(t, r->backing);
	pp_op(t, "pwrite data gen=%u", pp_gen(t));
	pp_op(t, "fsync data");
	pp_op(t, "disk-read data");
	pp_op(t, "map data");
	pp_op(t, "load data");
	pp_op(t, "quiet");
}

static void clean(const struct row *r, struct pp_plan_text *t)
{
	pp_op(t, "fsync data hazard");
	if (r->between)
		pp_op(t, "%s data 0+%u hazard", r->between, PINNED);
}

/* Everybody who must see what the device wrote, and the promise that it is on the disk. */
static void promise(struct pp_plan_text *t)
{
	pp_op(t, "load data");
	pp_op(t, "pread data");
	pp_op(t, "fsync data hazard");
	pp_op(t, "disk-read data");
}

/* Who lets go must have made the pages dirty. One that reclaim has unmapped shows when it is
 * loaded. */
static void dirty(struct pp_plan_text *t)
{
	pp_op(t, "load data");
	pp_op(t, "page-look data 0+%u", PINNED);
}

/*
 * The read's pages are pinned, and written by the fault, from the moment its I/O is queued at the
 * gate. fsync cleans them there. The data arrive, and the pages become dirty, when the gate opens.
 */
static void short_pin(const struct row *r, struct pp_plan_text *t)
{
	uint32_t hold, read;

	pp_say(t, "step \"held\"");
	hold = pp_op(t, "gate-hold g0");
	read = pp_op_by(t, "device", "dio-read data 0+%u via=g0 mode=async gen=%u after=%u", PINNED,
			pp_gen(t), hold);
	pp_op(t, "await-bios g0 op=%u least=%u bound=5s", read, PINNED);
	clean(r, t);
	pp_say(t, "step \"released\"");
	pp_op(t, "gate-open g0");
	pp_op(t, "quiet after=%u", read);
	dirty(t);
	promise(t);
}

/* An MR's pages become dirty at registration and at dereg, and never between. */
static void long_pin(const struct row *r, struct pp_plan_text *t)
{
	pp_lines_control(t, pp_gen(t));
	pp_say(t, "step \"held\"");
	pp_op(t, "reg m0 expect=era");
	pp_op(t, "rdma-write m0 gen=%u", pp_gen(t));
	pp_op(t, "page-look data 0+%u", PINNED);
	clean(r, t);
	pp_op(t, "load data");
	pp_op(t, "page-look data 0+%u", PINNED);
	pp_op(t, "rdma-write m0 gen=%u", pp_gen(t));
	promise(t);
	pp_say(t, "step \"released\"");
	pp_op(t, "dereg m0");
	pp_op(t, "quiet");
	dirty(t);
	promise(t);
}

static void evidence(const struct pp_variant *v, bool held, struct pp_plan_text *t)
{
	const struct row *r = v->data;

	pp_say(t, "evidence syncs >= 3");
	pp_say(t, "evidence device-writes-seen >= %s", held ? "1" : "2 if accepted");
	pp_say(t, "evidence durable-advances >= 1%s", held ? "" : " if accepted");
	if (held) {
		pp_say(t, "evidence windows-proven >= 1");
	} else {
		pp_say(t, "evidence refusals >= 1 if refused");
		/* the control's */
		pp_say(t, "evidence device-writes-seen >= 1 if refused");
	}
	if (r->between)
		pp_say(t, "evidence hazards-done >= 1");
	pp_say(t, "evidence fsck-clean >= 1");
	/* What writeback took from an MR on demand may be clean when that is let go of. */
	if (!pp_pinner_on_demand(v->pinner))
		pp_say(t, "evidence pages-soiled >= 1%s", held ? "" : " if accepted");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct row *r = v->data;
	bool held = strcmp(v->pinner, "dio") == 0;

	(void)seed;
	pp_say(t, "rules O1 O2 O3 O4 O6 O7 O8 O9 O10 O11 O12 O13 O14");
	pp_say(t, "bound 60s");
	evidence(v, held, t);
	pp_say(t, "need page-flags");
	if (held) {
		pp_say(t, "need disk1 dm tracefs io-uring");
		pp_say(t, "gate g0 slot=disk1");
	}
	pp_lines_place(t, r->backing);
	pp_say(t, "region data backing=%s%s share=shared prot=rw size=%u", r->backing,
	       pp_place_of(r->backing)->words, SIZE);
	pp_lines_bystander_objects(t, r->backing);
	if (!held) {
		pp_lines_control_objects(t);
		pp_lines_mr(t, v->pinner, "m0 region=data range=0+%u", PINNED);
	}
	pp_say(t, "actor main");
	if (held)
		pp_say(t, "actor device");
	set_up(r, t);
	if (held)
		short_pin(r, t);
	else
		long_pin(r, t);
	pp_lines_bystander_look(t, r->backing);
	pp_say(t, "step \"after remount\"");
	pp_op(t, "unmap data");
	pp_op(t, "cold-read data");
	pp_lines_unmounted(t, r->backing);
}

static const char *const references[] = {
	"lore.kernel.org 20180103100430.GE4911@quack2.suse.cz (pages without buffers after "
	"reclaim)",
	"https://lwn.net/Articles/753027/ (the trouble with get_user_pages())",
	"linux-btrfs 20220624122334.80603-1-hch@lst.de (remove btrfs_writepage_cow_fixup)",
	NULL,
};

const struct pp_scenario pp_scenario_redirty = {
	.name = "redirty",
	.title = "cleaned by fsync while pinned, dirtied again only at release",
	.purpose =
		"A page of a shared file mapping is pinned, and fsync writes it back and calls it "
		"clean. Then the device's bytes arrive, perhaps after reclaim has had its turn, "
		"and "
		"the page becomes dirty again when the pin is released: without page_mkwrite, so "
		"without the filesystem's knowledge. What fsync promises after that must be on the "
		"disk. The short pin is an O_DIRECT read that a gate holds exactly as long as is "
		"needed; the long one is an MR, which kernels before 6.5 accept. An MR on demand "
		"(rxe-odp) "
		"has to fault each page in again that writeback took from it.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
