/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dio-mmap: O_DIRECT between a file and its own mapping, from and to registered memory, and across
 * a fork. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE 65536u

enum shape {
	SELF,  /* between a file and its own mapping */
	MR,    /* memory that is registered as well */
	FIXED, /* io_uring's registered buffers */
	FORK   /* the parent stores while the read is on its way */
};

struct row {
	const char *name; /* variant */
	const char *backing;
	const char *share;
	const char *pinner;
	enum shape shape;
	enum pp_tier tier;
};

/* clang-format off */
static const struct row rows[] = {
	{ "ext4-self",         "ext4",       "shared",  "dio",         SELF,  PP_TIER_QUICK },
	{ "xfs-self",          "xfs",        "shared",  "dio",         SELF,  PP_TIER_FULL },
	{ "btrfs-self",        "btrfs",      "shared",  "dio",         SELF,  PP_TIER_FULL },
	{ "fsdax-ext4-self",   "fsdax-ext4", "shared",  "dio",         SELF,  PP_TIER_FULL },
	{ "fsdax-xfs-self",    "fsdax-xfs",  "shared",  "dio",         SELF,  PP_TIER_FULL },
	{ "anon",              "anon",       "private", "rxe-mr",      MR,    PP_TIER_QUICK },
	{ "anon-thp",          "anon-thp",   "private", "rxe-mr",      MR,    PP_TIER_FULL },
	{ "hugetlb",           "hugetlb",    "shared",  "rxe-mr",      MR,    PP_TIER_FULL },
	{ "memfd",             "memfd",      "shared",  "rxe-mr",      MR,    PP_TIER_QUICK },
	{ "devdax",            "devdax",     "shared",  "rxe-mr",      MR,    PP_TIER_FULL },
	{ "ext4",              "ext4",       "shared",  "rxe-mr",      MR,    PP_TIER_FULL },
	{ "xfs",               "xfs",        "shared",  "rxe-mr",      MR,    PP_TIER_FULL },
	{ "anon",              "anon",       "private", "rxe-odp",     MR,    PP_TIER_FULL },
	{ "anon-thp",          "anon-thp",   "private", "rxe-odp",     MR,    PP_TIER_FULL },
	{ "hugetlb",           "hugetlb",    "shared",  "rxe-odp",     MR,    PP_TIER_FULL },
	{ "memfd",             "memfd",      "shared",  "rxe-odp",     MR,    PP_TIER_FULL },
	{ "devdax",            "devdax",     "shared",  "rxe-odp",     MR,    PP_TIER_FULL },
	{ "ext4",              "ext4",       "shared",  "rxe-odp",     MR,    PP_TIER_FULL },
	{ "xfs",               "xfs",        "shared",  "rxe-odp",     MR,    PP_TIER_FULL },
	{ "anon",              "anon",       "private", "uring-fixed", FIXED, PP_TIER_QUICK },
	{ "anon-thp",          "anon-thp",   "private", "uring-fixed", FIXED, PP_TIER_FULL },
	{ "hugetlb",           "hugetlb",    "shared",  "uring-fixed", FIXED, PP_TIER_FULL },
	{ "memfd",             "memfd",      "shared",  "uring-fixed", FIXED, PP_TIER_FULL },
	{ "memfd-sqpoll",      "memfd",      "shared",  "uring-fixed", FIXED, PP_TIER_FULL },
	{ "devdax",            "devdax",     "shared",  "uring-fixed", FIXED, PP_TIER_FULL },
	{ "ext4",              "ext4",       "shared",  "uring-fixed", FIXED, PP_TIER_FULL },
	{ "anon-fork",         "anon",       "private", "dio",         FORK,  PP_TIER_QUICK },
	{ "anon-thp-fork",     "anon-thp",   "private", "dio",         FORK,  PP_TIER_FULL },
	{ "memfd-fork",        "memfd",      "shared",  "dio",         FORK,  PP_TIER_FULL },
	{ "ext4-fork",         "ext4",       "shared",  "dio",         FORK,  PP_TIER_FULL },
};
/* clang-format on */

static bool variant(size_t index, struct pp_variant *out)
{
	if (index >= PP_ARRAY_LEN(rows))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", rows[index].name);
	snprintf(out->backing, sizeof(out->backing), "%s", rows[index].backing);
	snprintf(out->pinner, sizeof(out->pinner), "%s", rows[index].pinner);
	out->tier = rows[index].tier;
	out->data = &rows[index];
	return true;
}

static bool on_disk(const struct row *r)
{
	return pp_place_of(r->backing)->fs && strcmp(r->backing, "tmpfs");
}

/* The CPU, the device and the file agree, and what a sync promises is there. */
static void look(const struct row *r, struct pp_plan_text *t)
{
	pp_op(t, "load data 0+%u", SIZE);
	if (!on_disk(r))
		return;
	pp_op(t, "pread data 0+%u", SIZE);
	pp_op(t, "fsync data hazard");
	pp_op(t, "disk-read data 0+%u", SIZE);
}

/* devdax has nothing to sync, and says so. */
static void sync_memory(const struct row *r, struct pp_plan_text *t)
{
	pp_op(t, "msync data 0+%u hazard%s", SIZE,
	      strcmp(r->backing, "devdax") ? "" : " expect=EINVAL");
}

/*
 * One thread moves ranges between the file and its own mapping while another stores and syncs. Both
 * ways content stays what it was, or becomes what was stored meanwhile. What is moved came from
 * another disk before, straight into the mapping, while nothing else was under way.
 */
static void self_lines(const struct row *r, struct pp_plan_text *t)
{
	static const char *const ways[] = { "self-write", "self-read" };
	char order[32] = "";
	uint32_t last = 0;

	for (unsigned i = 0; i < 8; i++) {
		unsigned at = i % 4 * 16384;

		pp_op(t, "store data %u+%u gen=%u", at + 256, 9000, pp_gen(t));
		if (last)
			snprintf(order, sizeof(order), " after=%u", last);
		pp_op(t, "dio-read data %u+8192 via=disk1 gen=%u%s", at + 4096, pp_gen(t), order);
		last = pp_op(t, "load data %u+16384", at);
		pp_op_by(t, "direct", "%s data %u+16384 split=4K depth=4 hazard after=%u",
			 ways[i % 2], at, last);
		pp_op(t, "store data %u+%u gen=%u", (at + 20000) % (SIZE - 8192), 5000, pp_gen(t));
		pp_op(t, "fsync data hazard");
		last = pp_op_by(t, "direct", "load data");
	}
	pp_op(t, "load data after=%u", last);
	look(r, t);
	/* Past the cached pages, which are mapped: whoever has them must not go on showing them. */
	pp_op(t, "dio-pwrite data 8192+32768 gen=%u hazard", pp_gen(t));
	look(r, t);
	pp_op(t, "truncate data %u+%u hazard", SIZE / 2, SIZE / 2);
	pp_op(t, "extend data");
	pp_op(t, "self-read data hazard");
	look(r, t);
}

/* Who submits what is linked and through a fixed file: the actor, or a thread of the kernel where
 * that can be had. */
static const char *mode_of(unsigned turn)
{
	return turn % 2 ? "sqpoll,linked,fixed-file" : "linked,fixed-file";
}

/* Registered memory is source and destination of O_DIRECT at queue depth, beside RDMA. */
static void mr_lines(const struct row *r, struct pp_plan_text *t)
{
	uint32_t last, before;

	pp_lines_control(t, pp_gen(t));
	before = pp_op(t, "reg m0 expect=era");
	for (unsigned i = 0; i < 4; i++) {
		last = pp_op_by(t, "direct",
				"dio-read data %u+16384 via=disk1 split=4K depth=4 "
				"mode=%s gen=%u after=%u",
				i * 8192, mode_of(i), pp_gen(t), before);
		pp_op(t, "rdma-write m0 %u+8000 sges=3 gen=%u", 40000 + i * 4000, pp_gen(t));
		pp_op_by(t, "direct", "dio-write data 0+%u via=disk1 split=8K depth=4 mode=%s",
			 SIZE, mode_of(i + 1));
		pp_op(t, "rdma-read m0 after=%u", last);
		sync_memory(r, t);
	}
	last = pp_op_by(t, "direct", "load data 0+%u", SIZE);
	pp_op(t, "load data 0+%u after=%u", SIZE, last);
	pp_op(t, "dereg m0");
	pp_op(t, "quiet");
	look(r, t);
}

/* A buffer belongs to a ring: a thread of the kernel submits all of its transfers, or none. */
static bool by_thread(const struct row *r)
{
	return strcmp(r->name, "memfd-sqpoll") == 0;
}

/* Only the actor whose ring it is may use a registered buffer: one actor, plain order. */
static void fixed_lines(const struct row *r, struct pp_plan_text *t)
{
	const char *poll = by_thread(r) ? "sqpoll," : "";

	pp_op(t, "reg b0 expect=era");
	pp_op(t, "quiet");
	for (unsigned i = 0; i < 4; i++) {
		pp_op(t, "fixed-read b0 %u+16384 via=disk1 split=4K depth=4%s gen=%u", i * 12288,
		      by_thread(r) ? " mode=sqpoll" : "", pp_gen(t));
		pp_op(t, "load data 0+%u", SIZE);
		pp_op(t, "store data %u+5000 gen=%u", i * 12288 + 100, pp_gen(t));
		pp_op(t, "fixed-write b0 via=disk1 split=8K depth=4 mode=%sfixed-file", poll);
		pp_op(t, "dio-read data %u+8192 via=disk1 gen=%u", i * 8192, pp_gen(t));
		sync_memory(r, t);
	}
	pp_op(t, "dereg b0");
	pp_op(t, "quiet");
	look(r, t);
}

/*
 * The read waits at the gate with its page pinned. A fork makes the page shared, the parent's store
 * next to it copies it: if the copy is the parent's, the device writes into a page that only the
 * child has.
 */
static void fork_lines(const struct row *r, struct pp_plan_text *t)
{
	uint32_t hold = pp_op(t, "gate-hold g0"), read;

	read = pp_op_by(t, "direct", "dio-read data 0+2048 via=g0 mode=async gen=%u after=%u",
			pp_gen(t), hold);
	pp_op(t, "await-bios g0 op=%u least=2048 bound=5s", read);
	pp_op(t, "fork hazard");
	pp_op(t, "store data 2048+512 gen=%u", pp_gen(t));
	pp_op(t, "gate-open g0");
	pp_op(t, "load data 0+%u after=%u", SIZE, read);
	pp_op(t, "reap hazard"); /* without the fork there is no child */
	pp_op(t, "quiet");
	look(r, t);
}

static void objects(const struct row *r, struct pp_plan_text *t)
{
	const struct pp_place_lines *place = pp_place_of(r->backing);
	unsigned long long size = place->page_bytes > SIZE ? place->page_bytes : SIZE;

	pp_say(t, "need disk1 io-uring pin-counters%s%s", r->shape == FORK ? " dm tracefs" : "",
	       by_thread(r) ? " io-sqpoll" : "");
	if (r->shape == FORK)
		pp_say(t, "gate g0 slot=disk1");
	pp_lines_place(t, r->backing);
	pp_say(t, "region data backing=%s%s share=%s prot=rw size=%llu", r->backing, place->words,
	       r->share, size);
	pp_lines_bystander_objects(t, r->backing);
	if (r->shape == MR) {
		pp_lines_control_objects(t);
		pp_lines_mr(t, r->pinner, "m0 region=data range=0+%u", SIZE);
	}
	if (r->shape == FIXED)
		pp_say(t, "mr b0 region=data range=0+%u kind=uring", SIZE);
	pp_say(t, "actor main");
	if (r->shape != FIXED)
		pp_say(t, "actor direct");
}

static void evidence(const struct row *r, struct pp_plan_text *t)
{
	static const struct {
		unsigned writes, reads, hazards;
	} least[] = { [SELF] = { 6, 0, 8 },
		      [MR] = { 4, 4, 0 },
		      [FIXED] = { 4, 4, 0 },
		      [FORK] = { 1, 0, 2 } };

	pp_say(t, "evidence cells-checked >= %u", SIZE / 64);
	if (least[r->shape].writes)
		pp_say(t, "evidence device-writes-seen >= %u", least[r->shape].writes);
	if (least[r->shape].reads)
		pp_say(t, "evidence pin-reads >= %u%s", least[r->shape].reads,
		       r->shape == FIXED ? " if accepted" : "");
	if (r->shape == FIXED || r->shape == MR)
		pp_say(t, "evidence refusals >= 1 if refused");
	if (least[r->shape].hazards)
		pp_say(t, "evidence hazards-done >= %u", least[r->shape].hazards);
	if (r->shape == FORK)
		pp_say(t, "evidence windows-proven >= 1");
	else
		pp_say(t, "evidence syncs-answered >= 4"); /* 2 are of the set-up */
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	static void (*const lines[])(const struct row *, struct pp_plan_text *) = {
		[SELF] = self_lines, [MR] = mr_lines, [FIXED] = fixed_lines, [FORK] = fork_lines
	};
	const struct row *r = v->data;

	(void)seed;
	pp_say(t, "rules O1 O2 O3 O4 O5 O6 O7 O8 O9 O10 O11 O12");
	pp_say(t, "bound 60s");
	evidence(r, t);
	objects(r, t);
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_lines_bystander(t, r->backing);
	if (on_disk(r)) {
		pp_op(t, "pwrite data gen=%u", pp_gen(t));
		pp_op(t, "fsync data");
	}
	pp_op(t, "map data");
	pp_op(t, "store data 0+%u gen=%u", SIZE, pp_gen(t));
	pp_say(t, "step \"direct\"");
	lines[r->shape](r, t);
	pp_lines_bystander_look(t, r->backing);
	if (on_disk(r)) {
		pp_say(t, "step \"after remount\"");
		pp_op(t, "unmap data");
		pp_op(t, "cold-read data");
	}
	pp_lines_unmounted(t, r->backing);
}

static const char *const references[] = {
	"open(2), NOTES on O_DIRECT (and fork)",
	"commit 38b43539d64b and the series that made O_DIRECT pin its pages (6.5)",
	NULL,
};

const struct pp_scenario pp_scenario_dio_mmap = {
	.name = "dio-mmap",
	.title = "O_DIRECT into and from mappings: the file's own, registered ones, across a fork",
	.purpose =
		"O_DIRECT by io_uring, at queue depth, linked, with fixed files and fixed buffers, "
		"submitted by the process or by a thread of the kernel: "
		"between a file and its own mapping while it is stored to, synced, written past "
		"the "
		"page cache and truncated; from and to memory that an MR covers, beside RDMA into "
		"the same pages; and held at a "
		"gate "
		"while the process forks and the parent stores into the same page. A page that "
		"only "
		"has a plain reference (before 6.5) is copied away from the parent by that store, "
		"and "
		"what the disk sent arrives where nobody looks.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
