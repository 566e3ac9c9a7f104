/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dax-truncate: file blocks that a short-term pin still holds are taken from a DAX file. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE     262144u /* of the file under test */
#define FROM     65536u  /* the hazard begins here */
#define PIECE    16384u  /* of the file that inherits blocks */
#define WAIT_MS  1500u   /* for a window to open */
#define BOUND_MS 2000u   /* of the operation that has to wait */
#define FILL_MAX (256u << 20)
#define FILL_MIN 4096u

/* Who holds the pages, and how it lets go. */
struct pinner {
	const char *name;
	bool gate;        /* a transfer that waits at a gate; else pages in a pipe */
	const char *hold; /* the verb */
	bool writes;      /* into the mapping */
	const char *needs;
};

static const struct pinner pinners[] = {
	{ "dio-read", true, "dio-read", true, "disk0 io-uring dm tracefs" },
	{ "dio-write", true, "dio-write", false, "disk0 io-uring dm tracefs" },
	{ "vmsplice", false, "splice-hold", false, "" },
};

struct hazard {
	const char *name;
	unsigned length; /* of its range, from FROM on: all of it is held */
};

static const struct hazard hazards[] = {
	{ "truncate", SIZE - FROM },
	{ "punch", SIZE - FROM },
	{ "collapse", 65536 },
};

struct row {
	const char *backing;
	const struct hazard *hazard;
	bool unmapped;
	unsigned quick; /* bits: which pinners go into the quick tier */
};

/* clang-format off */
static const struct row rows[] = {
	{ "fsdax-xfs",  &hazards[0], false, 1u << 0 },
	{ "fsdax-xfs",  &hazards[0], true,  1u << 2 },
	{ "fsdax-xfs",  &hazards[1], false, 0 },
	{ "fsdax-xfs",  &hazards[1], true,  0 },
	{ "fsdax-xfs",  &hazards[2], false, 0 },
	{ "fsdax-xfs",  &hazards[2], true,  0 },
	{ "fsdax-ext4", &hazards[0], false, 0 },
	{ "fsdax-ext4", &hazards[0], true,  0 },
	{ "fsdax-ext4", &hazards[1], false, 0 },
	{ "fsdax-ext4", &hazards[1], true,  0 },
	{ "fsdax-ext4", &hazards[2], false, 0 },
	{ "fsdax-ext4", &hazards[2], true,  0 },
};
/* clang-format on */

static bool variant(size_t index, struct pp_variant *out)
{
	const struct row *r = &rows[index / PP_ARRAY_LEN(pinners) % PP_ARRAY_LEN(rows)];
	const struct pinner *p = &pinners[index % PP_ARRAY_LEN(pinners)];

	if (index >= PP_ARRAY_LEN(rows) * PP_ARRAY_LEN(pinners))
		return false;
	snprintf(out->name, sizeof(out->name), "%s-%s-%s", r->backing, r->hazard->name,
		 r->unmapped ? "unmapped" : "mapped");
	/* Known defects tell the two apart. */
	snprintf(out->backing, sizeof(out->backing), "%s-%s", r->backing,
		 r->unmapped ? "unmapped" : "mapped");
	snprintf(out->pinner, sizeof(out->pinner), "%s", p->name);
	out->tier = r->quick & 1u << (p - pinners) ? PP_TIER_QUICK : PP_TIER_FULL;
	out->data = r;
	return true;
}

static const struct pinner *pinner_of(const struct pp_variant *v)
{
	size_t i = 0;

	while (strcmp(pinners[i].name, v->pinner))
		i++;
	return &pinners[i];
}

static void object_lines(const struct row *r, const struct pinner *p, struct pp_plan_text *t)
{
	const struct pp_place_lines *place = pp_place_of(r->backing);

	pp_say(t, "need root kmsg process-vm vmsplice %s %s", place->needs, p->needs);
	if (p->gate)
		pp_say(t, "gate g0 slot=disk0");
	pp_say(t, "fs f0 %s", place->fs);
	pp_say(t, "region data backing=%s fs=f0 size=%u", r->backing, SIZE);
	pp_say(t, "region canary backing=%s fs=f0 size=%u bystander=yes", r->backing, FROM);
	pp_say(t, "region heir backing=%s fs=f0 size=%u bystander=yes", r->backing, SIZE);
	pp_say(t, "region filler backing=%s fs=f0 size=%u", r->backing, 2 * FILL_MAX);
	pp_say(t, "actor main");
	pp_say(t, "actor pin");
	pp_say(t, "actor fs");
}

/* Leave no block free, so that whoever needs one gets those that the hazard frees. */
static void fill_lines(struct pp_plan_text *t)
{
	uint64_t at = 0;

	for (uint64_t n = FILL_MAX; n >= FILL_MIN; n /= 2) {
		pp_op(t, "zero-range filler %llu+%llu expect=any", (unsigned long long)at,
		      (unsigned long long)n);
		at += n;
	}
}

static void setup_lines(const struct row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_op(t, "pwrite canary gen=1");
	pp_op(t, "pwrite heir 0+%u gen=2", FILL_MIN);
	pp_op(t, "pwrite data gen=3");
	pp_op(t, "map data");
	pp_op(t, "vm-write data gen=4");
	pp_op(t, "load data");
	fill_lines(t);
	pp_op(t, "fsync data");
	pp_op(t, "syncfs f0");
	pp_op(t, "quiet");
}

/* The pages are held: returns the last operation of the proof; @pinned: the transfer, if it is one.
 */
static uint32_t hold_lines(const struct row *r, const struct pinner *p, struct pp_plan_text *t,
			   uint32_t *pinned)
{
	uint32_t id;

	if (p->gate) {
		id = pp_op(t, "gate-hold g0");
		*pinned = id =
			pp_op_by(t, "pin", "%s data %u+%u via=g0 mode=async%s after=%u bound=20s",
				 p->hold, FROM, r->hazard->length, p->writes ? " gen=5" : "", id);
		id = pp_op(t, "await-bios g0 op=%u least=%u bound=%ums", id, r->hazard->length,
			   WAIT_MS);
	} else {
		id = pp_op_by(t, "pin", "splice-hold data %u+%u after=%u", FROM, r->hazard->length,
			      t->next_op - 1);
	}
	return r->unmapped ? pp_op(t, "unmap data after=%u", id) : id;
}

/* Whoever inherits the freed blocks takes them in pieces, as far as there are any. */
static uint32_t heir_lines(struct pp_plan_text *t, unsigned gen)
{
	for (unsigned at = 0; at < SIZE; at += PIECE)
		pp_op(t, "pwrite heir %u+%u gen=%u expect=any", at, PIECE, gen++);
	return pp_op(t, "fsync heir");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct row *r = v->data;
	const struct pinner *p = pinner_of(v);
	uint32_t held, hazard, heir, released;

	(void)seed;
	pp_say(t, "rules O1 O3 O4 O5 O6 O7 O9 O10 O11 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence hazards-done >= 1");
	pp_say(t, "evidence waits-proven >= 1");
	pp_say(t, "evidence %s >= %u", p->gate ? "windows-proven" : "holds", p->gate ? 2 : 1);
	pp_say(t, "evidence device-writes-seen >= 1");
	pp_say(t, "evidence bystander-reads >= 4");
	pp_say(t, "evidence fsck-clean >= 1");
	object_lines(r, p, t);
	setup_lines(r, t);
	pp_say(t, "step \"%s\"", r->unmapped ? "unmapped first" : "mapping kept");
	held = hold_lines(r, p, t, &released);
	hazard = pp_op_by(t, "fs", "%s data %u+%u hazard after=%u bound=%ums", r->hazard->name,
			  FROM, r->hazard->length, held, BOUND_MS);
	pp_op(t, "await-asleep op=%u bound=%ums", hazard, WAIT_MS);
	/* There is no block for it, unless the hazard gave some away too early. ext4 gives them
	 * when its journal has committed. */
	pp_op(t, "syncfs f0");
	heir = heir_lines(t, 6);
	if (p->gate)
		pp_op(t, "gate-open g0");
	else
		released = pp_op_by(t, "pin", "splice-drain data %u+%u after=%u", FROM,
				    r->hazard->length, heir);
	pp_op(t, "pread heir after=%u,%u", hazard, released);
	pp_say(t, "step \"released\"");
	pp_op(t, "pread canary");
	heir_lines(t, 6 + SIZE / PIECE);
	pp_op(t, "pread heir");
	pp_op(t, "pread data 0+%u", FROM);
	pp_op(t, "quiet");
	/* A mount wants some room. */
	pp_op(t, "punch filler 0+%u", FILL_MAX);
	if (!r->unmapped)
		pp_op(t, "unmap data");
	pp_op(t, "cold-read canary");
	pp_op(t, "pread heir");
	pp_op(t, "umount f0");
	pp_op(t, "fsck f0");
}

static const char *const references[] = {
	"Documentation/filesystems/dax.rst; fs/dax.c: dax_layout_busy_page_range()",
	"linux-fsdevel: \"fs/dax: return unmapped busy pages from dax_layout_busy_page_range()\" "
	"(6.15)",
	"38b43539d64b (block: Fix page refcounts for unaligned buffers in __bio_release_pages())",
	NULL,
};

const struct pp_scenario pp_scenario_dax_truncate = {
	.name = "dax-truncate",
	.title = "blocks of a DAX file are freed while a short-term pin holds them",
	.purpose =
		"On DAX the mapped page is the block. Somebody holds pages of a file: an O_DIRECT "
		"transfer that waits at a gate, or vmsplice into a pipe that nobody reads. "
		"Truncate, punch and collapse must wait until they let go, and no longer; also "
		"when the mapping was unmapped first. The filesystem is full, so that blocks "
		"given away too early go to another file at once: it must neither get bytes of "
		"the transfer, nor show its own in the pipe.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
