/* SPDX-License-Identifier: GPL-2.0-or-later */
/* short-pin: O_DIRECT, process_vm_* and vmsplice on each kind of mapping, alone and while it is
 * registered. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE   65536u
#define ROUNDS 2u

/* A short-term pinner: how it writes into the mapping (NULL: it cannot) and how it looks at it. */
struct pinner {
	const char *name;
	const char *write, *look; /* verbs */
	const char *via;          /* words of an operation */
	const char *needs;
};

static const struct pinner pinners[] = {
	{ "dio", "dio-read", "dio-write", " via=disk1", "disk1 io-uring" },
	{ "vm-write", "vm-write", "vm-read", "", "process-vm" },
	{ "vmsplice", NULL, "vmsplice", "", "vmsplice" },
};

struct backing {
	const char *name; /* variant, and plan.backing */
	const char *backing;
	const char *share;
	bool durable; /* blocks of the file can be looked up */
	bool private_file;
	const char *sync; /* sync line */
	enum pp_tier tier;
};

/* clang-format off */
static const struct backing backings[] = {
	{ "anon",         "anon",       "private", false, false, "msync data hazard", PP_TIER_QUICK },
	{ "anon-thp",     "anon-thp",   "private", false, false, "msync data hazard", PP_TIER_FULL },
	{ "hugetlb",      "hugetlb",    "shared",  false, false, "fsync data hazard", PP_TIER_QUICK },
	{ "memfd",        "memfd",      "shared",  false, false, "fsync data hazard", PP_TIER_QUICK },
	{ "tmpfs",        "tmpfs",      "shared",  false, false, "fsync data hazard", PP_TIER_FULL },
	{ "ext4",         "ext4",       "shared",  true,  false, "fsync data hazard", PP_TIER_QUICK },
	{ "xfs",          "xfs",        "shared",  true,  false, "fsync data hazard", PP_TIER_FULL },
	{ "btrfs",        "btrfs",      "shared",  true,  false, "fsync data hazard", PP_TIER_FULL },
	{ "private-file", "ext4",       "private", true,  true,  "fsync file hazard", PP_TIER_QUICK },
	{ "fsdax-ext4",   "fsdax-ext4", "shared",  true,  false, "fsync data hazard", PP_TIER_QUICK },
	{ "fsdax-xfs",    "fsdax-xfs",  "shared",  true,  false, "fsync data hazard", PP_TIER_FULL },
	{ "devdax",       "devdax",     "shared",  false, false, "fsync data hazard expect=EINVAL", PP_TIER_QUICK },
};
/* clang-format on */

#define N_ROWS (PP_ARRAY_LEN(backings) * PP_ARRAY_LEN(pinners))

static const struct backing *backing_of(const struct pp_variant *v)
{
	return v->data;
}

static const struct pinner *pinner_of(const struct pp_variant *v)
{
	size_t i = 0;

	while (strcmp(pinners[i].name, v->pinner))
		i++;
	return &pinners[i];
}

static bool variant(size_t index, struct pp_variant *out)
{
	const struct backing *b = &backings[index / PP_ARRAY_LEN(pinners) % PP_ARRAY_LEN(backings)];

	if (index >= N_ROWS)
		return false;
	snprintf(out->name, sizeof(out->name), "%s", b->name);
	snprintf(out->backing, sizeof(out->backing), "%s", b->name);
	snprintf(out->pinner, sizeof(out->pinner), "%s",
		 pinners[index % PP_ARRAY_LEN(pinners)].name);
	out->tier = b->tier;
	out->data = b;
	return true;
}

static void object_lines(const struct backing *b, const struct pinner *p, struct pp_plan_text *t)
{
	const struct pp_place_lines *place = pp_place_of(b->backing);
	unsigned long long size = place->page_bytes > SIZE ? place->page_bytes : SIZE;

	pp_lines_place(t, b->backing);
	/* Short pins are charged to nobody: without the counters a leak could not be seen. */
	pp_say(t, "need pin-counters %s", p->needs);
	if (b->private_file) {
		pp_say(t, "region file backing=%s%s share=shared prot=rw size=%llu", b->backing,
		       place->words, size);
		pp_say(t, "region data backing=%s%s of=file share=private prot=rw size=%llu",
		       b->backing, place->words, size);
	} else {
		pp_say(t, "region data backing=%s%s share=%s prot=rw size=%llu", b->backing,
		       place->words, b->share, size);
	}
	pp_lines_bystander_objects(t, b->backing);
	pp_lines_control_objects(t);
	pp_say(t, "mr m0 region=data range=0+%u access=lw,rw,rr", SIZE);
}

/* Nothing of it takes pages: the first quiet point is that of the control. */
static void setup_lines(const struct backing *b, struct pp_plan_text *t)
{
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, b->backing);
	pp_lines_bystander(t, b->backing);
	if (b->private_file)
		pp_op(t, "pwrite file gen=%u", pp_gen(t));
	pp_op(t, "map data");
	if (b->durable && !b->private_file) {
		pp_op(t, "pwrite data gen=%u", pp_gen(t));
		pp_op(t, "fsync data hazard");
	} else {
		pp_op(t, "store data 0+%u gen=%u", SIZE, pp_gen(t));
	}
}

/* Bytes come in through the short pin (or by the CPU), bytes go out through it, and a sync. */
static void round_lines(const struct backing *b, const struct pinner *p, struct pp_plan_text *t,
			unsigned at)
{
	const unsigned length = 16384;

	pp_op(t, "%s data %u+%u%s gen=%u", p->write ? p->write : "store", at, length,
	      p->write ? p->via : "", pp_gen(t));
	pp_op(t, "load data 0+%u", SIZE);
	pp_op(t, "%s data %u+%u%s hazard", p->look, at, length, p->via);
	pp_op(t, "%s", b->sync);
	if (b->durable)
		pp_op(t, "disk-read %s 0+%u", b->private_file ? "file" : "data", SIZE);
}

/* A pin that a round leaves, or gives back twice, is missed for ever: it is counted behind the
 * last. */
static void rounds_lines(const struct backing *b, const struct pinner *p, struct pp_plan_text *t,
			 unsigned at)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		round_lines(b, p, t, at + i * 8192);
	pp_op(t, "quiet");
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct backing *b = backing_of(v);
	const struct pinner *p = pinner_of(v);

	(void)seed;
	pp_say(t, "rules O1 O2 O3 O4 O6 O7 O8 O9 O10 O11 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence device-writes-seen >= %u", p->write ? 2 * ROUNDS + 1 : 1);
	pp_say(t, "evidence pin-reads >= %u", 2 * ROUNDS + 1);
	pp_say(t, "evidence syncs-answered >= %u", 2 * ROUNDS);
	pp_say(t, "evidence quiets >= 6");
	pp_say(t, "evidence bystander-reads >= %u", b->durable ? 4 : 1);
	if (b->durable)
		pp_say(t, "evidence fsck-clean >= 1");
	object_lines(b, p, t);
	pp_say(t, "actor main");
	setup_lines(b, t);
	pp_lines_control(t, pp_gen(t));
	pp_say(t, "step \"alone\"");
	rounds_lines(b, p, t, 0);
	pp_say(t, "step \"registered\"");
	pp_op(t, "reg m0 expect=era");
	pp_op(t, "quiet");
	rounds_lines(b, p, t, 20480);
	pp_op(t, "rdma-read m0");
	pp_say(t, "step \"after dereg\"");
	pp_op(t, "dereg m0");
	pp_op(t, "quiet");
	pp_op(t, "load data 0+%u", SIZE);
	pp_op(t, "unmap data");
	pp_lines_bystander_check(t, b->backing);
}

static const char *const references[] = {
	"Documentation/core-api/pin_user_pages.rst (the five cases)",
	"open(2), NOTES on O_DIRECT",
	NULL,
};

const struct pp_scenario pp_scenario_short_pin = {
	.name = "short-pin",
	.title = "O_DIRECT, process_vm_* and vmsplice, alone and while the mapping is registered",
	.purpose = "Bytes come into each kind of mapping, and leave it, through short-term pins: "
		   "io_uring O_DIRECT "
		   "from and to a raw disk, process_vm_writev and process_vm_readv, vmsplice. CPU, "
		   "device and disk "
		   "must all see them, and at every quiet point no pin may be left. Then the same "
		   "while an MR covers "
		   "the mapping, where the kernel allows that.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
