/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dax-race: every short pin, device write and hazard at once where the mapped page is the storage.
 */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SMALL 262144u     /* PTE mappings: the file is smaller than a huge page */
#define LARGE (4u << 20)  /* room for PMD mappings */
#define VAST  (10u << 20) /* room for a message of 8 MiB, the largest that rxe takes in 6.1 */
#define OPS   60u         /* of each actor, in the quick tier */

struct row {
	const char *name; /* variant */
	const char *backing;
	unsigned size;
	unsigned ops;
	const char *fs; /* one that gives blocks as huge pages want them; NULL: the usual one */
};

static const struct row rows[] = {
	{ "fsdax-ext4", "fsdax-ext4", SMALL, OPS, NULL },
	{ "fsdax-xfs", "fsdax-xfs", SMALL, OPS, NULL },
	{ "devdax", "devdax", LARGE, OPS, NULL },
	{ "fsdax-ext4-huge", "fsdax-ext4", LARGE, 10 * OPS,
	  "type=ext4 slot=pmem0 block=4096 mkfs=\"-E stride=512,stripe_width=512\"" },
	{ "fsdax-xfs-huge", "fsdax-xfs", LARGE, 10 * OPS,
	  "type=xfs slot=pmem1 block=4096 mkfs=\"-d su=2m,sw=1,agcount=2\"" },
	{ "devdax-many", "devdax", VAST, 10 * OPS, NULL },
};

/* What a pinner adds to the storm: its device writes and its looks. */
struct pinner {
	const char *name;
	const char *needs;
	const char *mixes[8]; /* after "mix device " */
	bool registers;       /* by an MR; long-term pins are refused on fsdax */
};

#define MR_MIXES                                                                                   \
	"rdma-write m0 weight=6 length=1..30000 align=1 sges=4",                                   \
		"rdma-write m0 weight=2 length=16K..64K split=4K depth=8",                         \
		"rdma-fetch m0 weight=2 length=1..9000 align=1 sges=3",                            \
		"rdma-write-imm m0 weight=1 length=64..8K", "rdma-send m0 weight=1 length=64..8K", \
		"rdma-read m0 weight=3 length=64..32K"

static const struct pinner pinners[] = {
	{ .name = "dio",
	  .needs = "disk1 io-uring",
	  .mixes = { "dio-read data weight=6 via=disk1 length=4K..64K align=4K",
		     "dio-read data weight=2 via=disk1 length=16K..64K align=4K split=4K depth=8 "
		     "mode=linked,fixed-file",
		     "dio-write data weight=2 via=disk1 length=4K..32K align=4K" } },
	{ .name = "vm-write",
	  .needs = "process-vm",
	  .mixes = { "vm-write data weight=6 length=1..20000 align=1",
		     "vm-read data weight=3 length=64..32K" } },
	{ .name = "vmsplice",
	  .needs = "vmsplice process-vm",
	  .mixes = { "vmsplice data weight=3 length=64..32K",
		     "splice-hold data weight=2 length=4K..64K align=4K",
		     "vm-write data weight=4 length=1..8K align=1",
		     "store data weight=2 length=1..8K align=1" } },
	{ .name = "rxe-mr", .needs = "", .registers = true, .mixes = { MR_MIXES } },
	{ .name = "rxe-odp", .needs = "", .registers = true, .mixes = { MR_MIXES } },
};

static bool is_devdax(const struct row *r)
{
	return strcmp(r->backing, "devdax") == 0;
}

/* On fsdax O_DIRECT runs into a known defect by chance (6.1): not where verdicts must be the same
 * each time. */
static bool quick(const struct row *r, const struct pinner *p)
{
	return r->ops == OPS &&
	       (is_devdax(r) ? p->registers && !pp_pinner_on_demand(p->name)
			     : !strcmp(r->name, "fsdax-xfs") && !strcmp(p->name, "vm-write"));
}

static bool fits(const struct row *r, const struct pinner *p)
{
	return !p->registers || is_devdax(r) || pp_pinner_on_demand(p->name);
}

static bool variant(size_t index, struct pp_variant *out)
{
	for (size_t r = 0; r < PP_ARRAY_LEN(rows); r++)
		for (size_t p = 0; p < PP_ARRAY_LEN(pinners); p++) {
			if (!fits(&rows[r], &pinners[p]) || index--)
				continue;
			snprintf(out->name, sizeof(out->name), "%s", rows[r].name);
			snprintf(out->backing, sizeof(out->backing), "%s", rows[r].backing);
			snprintf(out->pinner, sizeof(out->pinner), "%s", pinners[p].name);
			out->tier = quick(&rows[r], &pinners[p]) ? PP_TIER_QUICK : PP_TIER_FULL;
			out->data = &rows[r];
			return true;
		}
	return false;
}

static const struct pinner *pinner_of(const struct pp_variant *v)
{
	size_t i = 0;

	while (strcmp(pinners[i].name, v->pinner))
		i++;
	return &pinners[i];
}

/* The hazards: all that give file blocks away wait for pins, and end when these are gone. */
static void fs_mixes(struct pp_plan_text *t)
{
	pp_mix(t, "file", "pwrite data weight=4 length=1..16K align=1");
	pp_mix(t, "file", "dio-pwrite data weight=2 length=4K..32K align=4K");
	pp_mix(t, "file", "punch data weight=2 length=4K..64K align=4K bound=3s hazard");
	pp_mix(t, "file", "truncate data weight=1 length=64..64K bound=3s hazard");
	pp_mix(t, "file", "zero-range data weight=1 length=4K..32K align=4K bound=3s hazard");
	pp_mix(t, "file", "fsync data weight=2 hazard");
	pp_mix(t, "file", "fdatasync data weight=1 hazard");
	pp_mix(t, "file", "msync data weight=1 length=4K..64K align=4K hazard");
	pp_mix(t, "file", "pread data weight=3 length=64..32K");
	pp_mix(t, "file", "disk-read data weight=1 length=4K..32K align=4K");
}

static void memory_mixes(struct pp_plan_text *t)
{
	pp_mix(t, "cpu", "store data weight=5 length=1..8K align=1");
	pp_mix(t, "cpu", "load data weight=4 length=64..64K");
	pp_mix(t, "cpu", "dontneed data weight=1 length=4K..64K align=4K hazard");
	pp_mix(t, "cpu", "pageout data weight=1 length=4K..64K align=4K hazard");
}

static void objects(const struct pp_variant *v, struct pp_plan_text *t)
{
	const struct row *r = v->data;
	const struct pp_place_lines *place = pp_place_of(r->backing);

	pp_say(t, "need %s", pinner_of(v)->needs[0] ? pinner_of(v)->needs : "root");
	pp_lines_place_as(t, r->backing, r->fs);
	pp_say(t, "region data backing=%s%s share=shared prot=rw size=%u", r->backing, place->words,
	       r->size);
	if (is_devdax(r))
		pp_say(t, "region copy backing=devdax%s of=data share=shared prot=rw size=%u",
		       place->words, r->size);
	pp_lines_bystander_objects(t, r->backing);
	if (pinner_of(v)->registers)
		pp_lines_mr(t, v->pinner, "m0 region=data");
	pp_say(t, "actor main");
	pp_say(t, "actor device");
	pp_say(t, "actor cpu");
	pp_say(t, "actor file");
}

static void set_up(const struct pp_variant *v, struct pp_plan_text *t)
{
	const struct row *r = v->data;
	uint32_t ready;

	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_lines_bystander(t, r->backing);
	if (!is_devdax(r)) {
		pp_op(t, "pwrite data gen=%u", pp_gen(t));
		pp_op(t, "fsync data");
	}
	pp_op(t, "map data");
	if (is_devdax(r))
		pp_op(t, "map copy");
	ready = pp_op(t, "store data gen=%u", pp_gen(t));
	if (r->size >= LARGE)
		ready = pp_op(t, "await-huge data");
	if (pinner_of(v)->registers)
		ready = pp_op_by(t, "device", "reg m0 after=%u", ready);
	pp_op(t, "quiet after=%u", ready);
}

static void storm(const struct pp_variant *v, struct pp_plan_text *t)
{
	const struct row *r = v->data;

	pp_say(t, "step \"race\"");
	pp_storm_line(t, "ops=%u for=%us", r->ops, r->ops > OPS ? 10 : 3);
	for (const char *const *m = pinner_of(v)->mixes; *m; m++)
		pp_mix(t, "device", "%s", *m);
	if (r->size == VAST && pinner_of(v)->registers)
		pp_mix(t, "device", "rdma-write m0 weight=1 length=8M..8M");
	memory_mixes(t);
	if (!is_devdax(r)) {
		fs_mixes(t);
		return;
	}
	pp_mix(t, "file", "load copy weight=3 length=64..64K");
	pp_mix(t, "file", "store copy weight=2 length=1..8K align=1");
	pp_mix(t, "file", "fsync data weight=1 expect=EINVAL hazard");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct row *r = v->data;
	/* while it holds pages it draws next to nothing else */
	bool holds = strcmp(v->pinner, "vmsplice") == 0;

	(void)seed;
	pp_say(t, "rules O1 O2 O3 O4 O5 O6 O7 O9 O10 O11 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence storm-ops >= %u", 2 * OPS);
	pp_say(t, "evidence hazards-done >= 4");
	if (r->size >= LARGE)
		pp_say(t, "evidence huge-proven >= 1");
	pp_say(t, "evidence pin-reads >= %u", holds ? 4 : 2);
	pp_say(t, "evidence device-writes-seen >= %u", holds ? OPS / 20 : OPS / 6);
	objects(v, t);
	set_up(v, t);
	storm(v, t);
	pp_say(t, "step \"after\"");
	if (pinner_of(v)->registers)
		pp_op_by(t, "device", "dereg m0");
	pp_op(t, "load data");
	pp_op(t, "quiet");
	if (!is_devdax(r)) {
		pp_op(t, "fsync data hazard");
		pp_op(t, "disk-read data");
		pp_lines_bystander_look(t, r->backing);
		pp_say(t, "step \"after remount\"");
		pp_op(t, "unmap data");
		pp_op(t, "cold-read data");
	} else {
		pp_op(t, "load copy");
		pp_lines_bystander_look(t, r->backing);
	}
	pp_lines_unmounted(t, r->backing);
}

static const char *const references[] = {
	"Documentation/filesystems/dax.rst",
	"commit 5fac7408d828 (mm, fs, dax: handle layout changes to pinned dax mappings, 4.17)",
	NULL,
};

const struct pp_scenario pp_scenario_dax_race = {
	.name = "dax-race",
	.title = "short pins, stores, file writes, holes and syncs at once on DAX",
	.purpose =
		"On fsdax the mapped page is the block of the file, on devdax the memory itself. A "
		"device (O_DIRECT, process_vm_*, pages in a pipe, RDMA on devdax, and on demand on "
		"fsdax), a CPU that "
		"stores, "
		"and a file that is written, punched and synced work on the same few pages, drawn "
		"from the seed, with mappings of small and of huge pages. Each byte must be one "
		"that "
		"some order of the operations explains, holes must wait for pins and end when they "
		"are gone, and no other file may change.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
