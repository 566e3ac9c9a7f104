/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mr-fsync: the device writes, then fsync: is it on the disk, while the memory is registered and
 * after? */
#include <stdio.h>
#include <string.h>

#include "core/prng.h"
#include "core/stamp.h"
#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE        65536u
#define ROUNDS      4u
#define MANY_ROUNDS 24u
#define LATE_ROUNDS 10u

/* How the region under test is set up, and what a sync of it means. */
enum shape {
	FILE_ON_DISK, /* shared file mapping: block device and remount are the witnesses */
	FILE_READ_MR, /* the same, but the MR only allows reads: the CPU writes, the device looks */
	FILE_PRIVATE, /* MAP_PRIVATE of a file on disk: the file must not change */
	MEMORY,       /* nothing durable behind it */
	DEVDAX        /* no fsync; a second mapping is the witness */
};

struct row {
	const char *name;    /* variant */
	const char *word;    /* plan.backing, which known-defect rows match */
	const char *backing; /* of the region */
	enum shape shape;
	const char *fs;  /* another filesystem than the backing's usual one */
	unsigned rounds; /* more than ROUNDS: with ranges drawn from the seed */
	enum pp_tier tier;
};

/* clang-format off */
static const struct row rows[] = {
	{ "anon",           "anon",           "anon",       MEMORY,       NULL, ROUNDS, PP_TIER_QUICK },
	{ "anon-thp",       "anon-thp",       "anon-thp",   MEMORY,       NULL, ROUNDS, PP_TIER_FULL },
	{ "hugetlb",        "hugetlb",        "hugetlb",    MEMORY,       NULL, ROUNDS, PP_TIER_QUICK },
	{ "memfd",          "memfd",          "memfd",      MEMORY,       NULL, ROUNDS, PP_TIER_QUICK },
	{ "tmpfs",          "tmpfs",          "tmpfs",      MEMORY,       NULL, ROUNDS, PP_TIER_FULL },
	{ "ext4",           "ext4",           "ext4",       FILE_ON_DISK, NULL, ROUNDS, PP_TIER_QUICK },
	{ "xfs",            "xfs",            "xfs",        FILE_ON_DISK, NULL, ROUNDS, PP_TIER_FULL },
	{ "btrfs",          "btrfs",          "btrfs",      FILE_ON_DISK, NULL, ROUNDS, PP_TIER_QUICK },
	{ "fsdax-ext4",     "fsdax-ext4",     "fsdax-ext4", FILE_ON_DISK, NULL, ROUNDS, PP_TIER_QUICK },
	{ "fsdax-xfs",      "fsdax-xfs",      "fsdax-xfs",  FILE_ON_DISK, NULL, ROUNDS, PP_TIER_FULL },
	{ "devdax",         "devdax",         "devdax",     DEVDAX,       NULL, ROUNDS, PP_TIER_QUICK },
	{ "private-file",   "private-file",   "ext4",       FILE_PRIVATE, NULL, ROUNDS, PP_TIER_QUICK },
	{ "ext4-read-only", "ext4-read-only", "ext4",       FILE_READ_MR, NULL, ROUNDS, PP_TIER_QUICK },
	{ "xfs-read-only",  "xfs-read-only",  "xfs",        FILE_READ_MR, NULL, ROUNDS, PP_TIER_FULL },
	{ "memfd-many",     "memfd",          "memfd",      MEMORY,       NULL, MANY_ROUNDS, PP_TIER_FULL },
	{ "hugetlb-many",   "hugetlb",        "hugetlb",    MEMORY,       NULL, MANY_ROUNDS, PP_TIER_FULL },
	{ "devdax-many",    "devdax",         "devdax",     DEVDAX,       NULL, MANY_ROUNDS, PP_TIER_FULL },
	{ "ext4-many",      "ext4",           "ext4",       FILE_ON_DISK, NULL, MANY_ROUNDS, PP_TIER_FULL },
	{ "xfs-many",       "xfs",            "xfs",        FILE_ON_DISK, NULL, MANY_ROUNDS, PP_TIER_FULL },
	{ "btrfs-many",     "btrfs",          "btrfs",      FILE_ON_DISK, NULL, MANY_ROUNDS, PP_TIER_FULL },
	{ "ext4-1k-many",   "ext4",           "ext4",       FILE_ON_DISK,
	  "type=ext4 slot=disk0 block=1024", MANY_ROUNDS, PP_TIER_FULL },
	{ "ext4-nojournal-many", "ext4",      "ext4",       FILE_ON_DISK,
	  "type=ext4 slot=disk0 block=4096 mkfs=\"-O ^has_journal\" mount=\"noatime\"", MANY_ROUNDS, PP_TIER_FULL },
	{ "xfs-1k-many",    "xfs",            "xfs",        FILE_ON_DISK,
	  "type=xfs slot=disk0 block=1024", MANY_ROUNDS, PP_TIER_FULL },
};
/* clang-format on */

/* The short rows come first: they are tried with on-demand MRs too, which hold no pins. */
static bool variant(size_t index, struct pp_variant *out)
{
	bool odp = index >= PP_ARRAY_LEN(rows);
	const struct row *r = &rows[odp ? index - PP_ARRAY_LEN(rows) : index];

	if (odp && (index >= 2 * PP_ARRAY_LEN(rows) || r->rounds > ROUNDS))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", r->name);
	snprintf(out->backing, sizeof(out->backing), "%s", r->word);
	snprintf(out->pinner, sizeof(out->pinner), odp ? "rxe-odp" : "rxe-mr");
	out->tier = odp ? PP_TIER_FULL : r->tier;
	out->data = r;
	return true;
}

static bool on_demand(const struct pp_variant *v)
{
	return strcmp(v->pinner, "rxe-odp") == 0;
}

static bool is(const struct row *r, const char *backing)
{
	return strcmp(r->backing, backing) == 0;
}

/* Plain memory has no file descriptor: only msync can be asked. */
static bool syncable(const struct row *r)
{
	return !is(r, "anon") && !is(r, "anon-thp");
}

/* btrfs may postpone pages that only dereg made dirty: look often. */
static bool late(const struct row *r)
{
	return is(r, "btrfs") && r->shape == FILE_ON_DISK;
}

/* The sync operations take turns: all of them promise the same for the whole range. */
static void sync_line(struct pp_plan_text *t, const struct row *r, unsigned turn)
{
	static const char *const turns[] = { "fsync", "fdatasync", "msync" };
	const char *object = r->shape == FILE_PRIVATE ? "file" : "data";

	if (r->shape == DEVDAX)
		pp_op(t, "%s data hazard expect=EINVAL", turns[turn % 3]);
	else if (!syncable(r) || r->shape == FILE_PRIVATE)
		pp_op(t, "%s %s hazard", syncable(r) ? turns[turn % 2] : "msync", object);
	else
		pp_op(t, "%s data hazard", turns[turn % 3]);
}

static bool on_disk(const struct row *r)
{
	return r->shape == FILE_ON_DISK || r->shape == FILE_READ_MR || r->shape == FILE_PRIVATE;
}

static void look(struct pp_plan_text *t, const struct row *r)
{
	pp_op(t, "load data 0+%u", SIZE);
	if (r->shape == DEVDAX)
		pp_op(t, "load copy 0+%u", SIZE);
	if (on_disk(r))
		pp_op(t, "disk-read %s", r->shape == FILE_PRIVATE ? "file" : "data");
	if (r->shape == FILE_PRIVATE)
		pp_op(t, "pread file");
}

static void evidence_lines(const struct row *r, bool odp, struct pp_plan_text *t)
{
	bool cpu_writes = r->shape == FILE_READ_MR;

	pp_say(t, "evidence syncs-answered >= %u", r->rounds);
	pp_say(t, "evidence registrations >= 3");
	pp_say(t, "evidence device-writes-seen >= %u if accepted",
	       cpu_writes ? 1 : 2 * r->rounds + 1);
	pp_say(t, "evidence device-writes-seen >= 1 if refused");
	if (!odp)
		pp_say(t, "evidence pins-seen >= %u if accepted", SIZE / 4096);
	if (cpu_writes)
		pp_say(t, "evidence stores-seen >= %u", ROUNDS);
	pp_say(t, "evidence bystander-reads >= %u", on_disk(r) ? 4 : 1);
	if (on_disk(r)) {
		pp_say(t, "evidence durable-reads >= %u", ROUNDS);
		pp_say(t, "evidence fsck-clean >= 1");
	}
	if (r->shape == FILE_ON_DISK || r->shape == FILE_READ_MR)
		pp_say(t, "evidence durable-advances >= 2 if accepted");
}

static void object_lines(const struct row *r, bool odp, struct pp_plan_text *t)
{
	const struct pp_place_lines *place = pp_place_of(r->backing);
	unsigned long long size = place->page_bytes > SIZE ? place->page_bytes : SIZE;
	const char *access = r->shape == FILE_READ_MR ? "rr" : "lw,rw,rr";
	const char *demand = odp ? ",od" : "";

	pp_lines_place_as(t, r->backing, r->fs);
	if (odp)
		pp_say(t, "need rxe-odp");
	if (r->shape == FILE_PRIVATE) {
		pp_say(t, "region file backing=%s%s share=shared prot=rw size=%llu", r->backing,
		       place->words, size);
		pp_say(t, "region data backing=%s%s of=file share=private prot=rw size=%llu",
		       r->backing, place->words, size);
	} else {
		pp_say(t, "region data backing=%s%s share=%s prot=rw size=%llu", r->backing,
		       place->words, syncable(r) ? "shared" : "private", size);
	}
	if (r->shape == DEVDAX)
		pp_say(t, "region copy backing=devdax%s of=data share=shared prot=rw size=%llu",
		       place->words, size);
	pp_lines_bystander_objects(t, r->backing);
	pp_lines_control_objects(t);
	/* Two MRs side by side: a transfer into one must not touch the other's pages. */
	if (late(r))
		pp_say(t, "mr m2 region=data range=0+4096 access=lw,rw,rr%s", demand);
	pp_say(t, "mr m0 region=data range=0+%u access=%s%s", SIZE / 2, access, demand);
	pp_say(t, "mr m1 region=data range=%u+%u access=%s%s", SIZE / 2, SIZE / 2, access, demand);
}

/* Known content everywhere before the first observation, and on the disk where there is one. */
static void setup_lines(const struct row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_lines_bystander(t, r->backing);
	if (r->shape == FILE_PRIVATE) {
		pp_op(t, "pwrite file gen=%u", pp_gen(t));
		pp_op(t, "fsync file hazard");
	}
	pp_op(t, "map data");
	if (r->shape == DEVDAX)
		pp_op(t, "map copy");
	if (r->shape == FILE_ON_DISK || r->shape == FILE_READ_MR) {
		pp_op(t, "pwrite data gen=%u", pp_gen(t));
		sync_line(t, r, 0);
	} else {
		pp_op(t, "store data 0+%u gen=%u", SIZE, pp_gen(t));
	}
	if (on_disk(r))
		pp_op(t, "disk-read %s", r->shape == FILE_PRIVATE ? "file" : "data");
}

/* A range of whole cells inside [0, limit), at most @most bytes. */
static void draw(struct pp_prng *p, uint64_t limit, uint64_t most, unsigned *at, unsigned *length)
{
	*length = (unsigned)(1 + pp_prng_below(p, most / PP_CELL_BYTES)) * PP_CELL_BYTES;
	*at = (unsigned)pp_prng_below(p, (limit - *length) / PP_CELL_BYTES + 1) * PP_CELL_BYTES;
}

/* What the CPU or the device writes into [@at, +@length) of @object. */
static void write_line(const struct row *r, struct pp_plan_text *t, unsigned mr, unsigned at,
		       unsigned length, uint32_t gen)
{
	if (r->shape == FILE_READ_MR)
		pp_op(t, "store data %u+%u gen=%u", mr * SIZE / 2 + at, length, gen);
	else
		pp_op(t, "rdma-write m%u %u+%u gen=%u", mr, at, length, gen);
}

/*
 * One generation of three writes: whole pages through one MR; through the other a part that starts
 * and ends inside pages, and its last cells. In the long cases the ranges come from the seed.
 */
static void round_lines(const struct row *r, struct pp_plan_text *t, struct pp_prng *prng,
			unsigned round)
{
	unsigned at = round * 1088 + 64, length = 4096 + 128;

	if (r->rounds > ROUNDS) {
		for (unsigned mr = 0; mr < 2; mr++) {
			draw(prng, SIZE / 2, 12288, &at, &length);
			write_line(r, t, mr, at, length, pp_gen(t));
		}
	} else {
		write_line(r, t, 0, round * 4096, 8192, pp_gen(t));
		write_line(r, t, 1, at, length, pp_gen(t));
	}
	write_line(r, t, 1, SIZE / 2 - 128, 128, pp_gen(t));
	pp_op(t, "rdma-read m0");
	pp_op(t, "rdma-read m1");
	sync_line(t, r, round);
	look(t, r);
}

/*
 * A page that was clean, then written by the device, is made dirty by dereg without the
 * filesystem's knowledge. btrfs leaves such a page to a worker and fsync returns 0; whether the
 * worker wins is a matter of scheduling (about half the time), hence several tries.
 */
static void late_lines(struct pp_plan_text *t)
{
	for (unsigned round = 0; round < LATE_ROUNDS; round++) {
		pp_op(t, "reg m2 expect=era");
		pp_op(t, "rdma-write m2 gen=%u", pp_gen(t));
		pp_op(t, "fsync data hazard");
		pp_op(t, "rdma-write m2 gen=%u", pp_gen(t));
		pp_op(t, "dereg m2");
		pp_op(t, "fsync data hazard");
		pp_op(t, "disk-read data 0+4096");
	}
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct row *r = v->data;
	struct pp_prng prng;

	pp_prng_seed(&prng, seed);
	pp_say(t, "rules O1 O2 O3 O4 O6 O7 O8 O9 O10 O11 O12");
	pp_say(t, "bound 60s");
	evidence_lines(r, on_demand(v), t);
	object_lines(r, on_demand(v), t);
	pp_say(t, "actor main");
	setup_lines(r, t);
	pp_lines_control(t, pp_gen(t));
	pp_say(t, "step \"register\"");
	pp_op(t, "reg m0 expect=era");
	pp_op(t, "reg m1 expect=era");
	pp_op(t, "quiet");
	pp_say(t, "step \"before dereg\"");
	for (unsigned round = 0; round < r->rounds; round++)
		round_lines(r, t, &prng, round);
	pp_say(t, "step \"after dereg\"");
	pp_op(t, "dereg m0");
	pp_op(t, "dereg m1");
	pp_op(t, "quiet");
	sync_line(t, r, 0);
	look(t, r);
	if (late(r))
		late_lines(t);
	pp_op(t, "unmap data");
	pp_lines_bystander_look(t, r->backing);
	if (on_disk(r)) {
		pp_say(t, "step \"after remount\"");
		pp_op(t, "cold-read %s", r->shape == FILE_PRIVATE ? "file" : "data");
	}
	pp_lines_unmounted(t, r->backing);
}

static const char *const references[] = {
	"https://lwn.net/Articles/753027/ (the trouble with get_user_pages())",
	"https://lwn.net/Articles/784574/ (get_user_pages() and filesystems)",
	"commit 8ac268436e6d (mm/gup: disallow FOLL_LONGTERM GUP-nonfast writing to file-backed "
	"mappings, 6.5)",
	NULL,
};

const struct pp_scenario pp_scenario_mr_fsync = {
	.name = "mr-fsync",
	.title =
		"device writes, then fsync: are they on the disk, before and after deregistration?",
	.purpose =
		"Several generations of RDMA WRITEs into two MRs over one mapping, each "
		"followed by fsync, "
		"fdatasync or msync(MS_SYNC). What the sync promised is looked up on the block "
		"device at the "
		"FIEMAP offset, and after a remount. Kernels before 6.5 accept the MR on a "
		"shared filesystem "
		"mapping and lose every generation after the first until the MR is "
		"deregistered; later ones "
		"refuse it, and the refusal must leave no trace. Memory without storage is held "
		"to coherence, "
		"identity and pin balance; a private mapping must never change its file. On-demand "
		"MRs "
		"(rxe-odp), where the device has them, must do the same without pins.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
