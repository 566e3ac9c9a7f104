/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm: writers, hazards and observers at once, drawn from the seed, on every backing. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define AREA 65536u /* what is drawn from; the mapping may be larger */

/* Groups of backings that take the same operations. */
#define ANON   1u   /* no file */
#define HUGE   2u   /* hugetlb: a file that takes few calls */
#define MEMORY 4u   /* a file without a disk */
#define DISK   8u   /* a file in the page cache of a filesystem on a disk */
#define DAX    16u  /* a file whose pages are the storage */
#define DEVDAX 32u  /* a character device */
#define COPY   64u  /* a private mapping of a file on a disk */
#define CLONES 128u /* its filesystem shares blocks between files */
#define FINE   256u /* holes may begin and end inside blocks */
#define COARSE                                                                                     \
	512u /* they may not: scenario folio-edges says why, and its defect would hide others */
#define SHARED (MEMORY | DISK | DAX)
#define ALL    (ANON | HUGE | SHARED | DEVDAX | COPY)

/* Ways to reach the pages. */
#define RXE   1u
#define URING 2u
#define DIO   4u
#define VM    8u
#define PINS  (RXE | URING | DIO | VM) /* all that take references */
#define ODP   16u                      /* an MR on demand, which has none */
/* An MR that the device may only read from. Not on xfs: scenario folio-edges says how holes part it
 * from the file. */
#define READS 32u
#define MRS   (RXE | ODP)
#define ANY   (PINS | ODP | READS)

struct row {
	const char *name; /* variant, and the word that known-defect rows match */
	const char *backing;
	unsigned groups;
	unsigned pinners; /* that the kernels of all eras accept there */
};

/* clang-format off */
static const struct row rows[] = {
	{ "anon",         "anon",       ANON,                    RXE | URING | DIO | VM },
	{ "anon-thp",     "anon-thp",   ANON,                    RXE | URING | DIO | VM },
	{ "hugetlb",      "hugetlb",    HUGE,                    RXE | URING | DIO | VM },
	{ "memfd",        "memfd",      MEMORY | FINE,           RXE | URING | DIO | VM },
	{ "tmpfs",        "tmpfs",      MEMORY | FINE,           RXE | URING | DIO | VM },
	{ "ext4",         "ext4",       DISK | FINE,             DIO | VM | READS },
	{ "xfs",          "xfs",        DISK | CLONES | COARSE,  DIO | VM },
	{ "btrfs",        "btrfs",      DISK | CLONES | FINE,    DIO | VM },
	{ "private-file", "ext4",       COPY,                    RXE | DIO | VM },
	{ "fsdax-ext4",   "fsdax-ext4", DAX | FINE,              DIO | VM },
	{ "fsdax-xfs",    "fsdax-xfs",  DAX | FINE,              DIO | VM },
	{ "devdax",       "devdax",     DEVDAX,                  RXE | DIO | VM },
};

static const struct {
	const char *name;
	unsigned pinners;
	unsigned must; /* which of them the backing has to take, too */
} mixtures[] = {
	{ "rxe-mr", RXE, RXE },   { "uring-fixed", URING, URING },
	{ "dio", DIO, DIO },      { "vm-write", VM, VM },
	{ "rxe-odp", ODP, ODP },  { "rxe-mr-read", READS | VM, READS | VM },
	{ "mixed", PINS, DIO | VM },
};

/* Short ones for every day. */
static const struct {
	const char *name, *pinner;
} quick[] = {
	{ "memfd", "mixed" }, { "ext4", "dio" }, { "fsdax-xfs", "vm-write" },
};

struct line {
	const char *actor;
	unsigned groups, pinners;
	const char *mix;
};

static const struct line lines[] = {
	/* Device writes: of every length and place, in one piece and in many at once. */
	/* Where the file may end before it just now, a registration may fail. */
	{ "dev",  ALL & ~SHARED, MRS, "reg m0 weight=4 expect=era" },
	{ "dev",  SHARED, MRS, "reg m0 weight=4 expect=any" },
	{ "dev",  ALL, MRS,   "rdma-write m0 0+64K weight=20 length=1..16K align=1 split=4K depth=8 sges=3" },
	{ "dev",  ALL, MRS,   "rdma-write m0 0+64K weight=10 length=1..200 align=1" },
	{ "dev",  ALL, MRS,   "rdma-write-imm m0 0+64K weight=5 length=64..8K" },
	{ "dev",  ALL, MRS,   "rdma-send m0 0+64K weight=5 length=8..8K align=8" },
	{ "dev",  ALL, MRS,   "rdma-fetch m0 0+64K weight=5 length=64..16K split=2K depth=4" },
	{ "dev",  ALL, MRS,   "rdma-read m0 0+64K weight=10 length=64..16K" },
	{ "dev",  DISK, READS, "reg r0 weight=4 expect=any" },
	{ "dev",  DISK, READS, "rdma-read r0 0+64K weight=30 length=64..16K" },
	{ "dev",  ALL & ~SHARED, URING, "reg b0 weight=4 expect=era" },
	{ "dev",  SHARED, URING, "reg b0 weight=4 expect=any" },
	{ "dev",  ALL, URING, "fixed-read b0 0+64K weight=20 length=512..16K align=512 via=disk1 split=4K depth=8" },
	{ "dev",  ALL, URING, "fixed-write b0 0+64K weight=10 length=512..16K align=512 via=disk1" },
	{ "dev",  ALL, DIO,   "dio-read data 0+64K weight=20 length=512..16K align=512 via=disk1 split=4K depth=8" },
	{ "dev",  ALL, DIO,   "dio-read data 0+64K weight=10 length=512..16K align=512 via=disk1 split=2K mode=linked,fixed-file" },
	{ "dev",  ALL, DIO,   "dio-write data 0+64K weight=10 length=512..16K align=512 via=disk1 split=4K depth=4" },
	{ "dev",  ALL, VM,    "vm-write data 0+64K weight=15 length=1..16K align=1" },
	/* The CPU, and through the file. */
	{ "cpu",  ALL, ANY,   "store data 0+64K weight=10 length=1..8K align=1" },
	{ "cpu",  SHARED, ANY, "pwrite data 0+64K weight=10 length=1..8K align=1" },
	{ "cpu",  COPY, ANY,  "pwrite file 0+64K weight=5 length=1..8K align=1" },
	{ "cpu",  ALL, ANY,   "load data 0+64K weight=5 length=64..8K" },
	{ "cpu",  SHARED | DEVDAX, ANY, "peer-load data 0+64K weight=5 length=64..16K" },
	/* Observers: every way to look. */
	{ "eye",  ALL, ANY,   "load data 0+64K weight=10 length=64..64K" },
	{ "eye",  ALL, ANY,   "vm-read data 0+64K weight=5 length=64..16K" },
	{ "eye",  ALL, ANY,   "vmsplice data 0+64K weight=5 length=64..16K" },
	{ "eye",  SHARED, ANY, "pread data 0+64K weight=10 length=64..64K" },
	{ "eye",  CLONES, ANY, "pread clone 0+64K weight=5 length=64..64K" },
	{ "eye",  COPY, ANY,  "pread file 0+64K weight=10 length=64..64K" },
	{ "eye",  SHARED, ANY, "uring-read data 0+64K weight=5 length=64..16K" },
	{ "eye",  DISK | DAX, ANY, "disk-read data 0+64K weight=2 length=4K..64K align=4K" },
	{ "eye",  COPY, ANY,  "disk-read file 0+64K weight=2 length=4K..64K align=4K" },
	/* Hazards of the filesystem. */
	{ "main", SHARED | HUGE, ANY, "fsync data weight=5 hazard" },
	{ "main", SHARED, ANY, "fdatasync data weight=3 hazard" },
	{ "main", ALL & ~DEVDAX, ANY, "msync data 0+64K weight=5 length=64..64K hazard" },
	{ "main", ALL & ~DEVDAX, ANY, "msync-async data 0+64K weight=1 length=64..64K hazard" },
	{ "main", DISK | DAX, ANY, "sync-range data 0+64K weight=3 length=64..64K hazard" },
	{ "main", DISK | DAX, ANY, "syncfs f0 weight=1 hazard" },
	{ "main", COPY, ANY,  "fsync file weight=5 hazard" },
	{ "main", SHARED, ANY, "truncate data 0+64K weight=2 length=64..32K hazard" },
	{ "main", FINE, ANY,  "punch data 0+64K weight=3 length=64..16K hazard" },
	{ "main", COARSE, ANY, "punch data 0+64K weight=3 length=4K..16K align=4K hazard" },
	{ "main", FINE, ANY,  "zero-range data 0+64K weight=3 length=64..16K hazard" },
	{ "main", COARSE, ANY, "zero-range data 0+64K weight=3 length=4K..16K align=4K hazard" },
	{ "main", CLONES, ANY, "reflink data to=clone weight=1 hazard" },
	{ "main", SHARED, ANY, "fadvise data 0+64K weight=2 length=4K..64K align=4K hazard" },
	{ "main", DISK | DAX, ANY, "freeze f0 weight=1 hazard" },
	/* Hazards of the mm. */
	{ "main", ALL & ~(HUGE | DEVDAX), ANY, "dontneed data 0+64K weight=3 length=4K..64K align=4K hazard" },
	{ "main", ANON | MEMORY | DISK | COPY, ANY, "pageout data 0+64K weight=3 length=4K..64K align=4K hazard" },
	{ "main", ANON | MEMORY | DISK | COPY, ANY, "migrate data 0+64K weight=3 length=4K..64K align=4K hazard" },
	/* An MR on demand is bound to addresses: it does not follow. */
	{ "main", ANON | MEMORY | DISK | DAX | COPY, PINS, "mremap data weight=2 hazard" },
	{ "main", ALL, ANY,   "fork weight=2 hazard" },
	{ "main", ALL, ANY,   "kill weight=1 hazard" },
};
/* clang-format on */

#define LONG       "-long" /* ends the names of storms of the tier soak */
#define N_MIXTURES PP_ARRAY_LEN(mixtures)
#define N_PAIRS    (PP_ARRAY_LEN(rows) * N_MIXTURES)

static bool is_quick(const char *name, const char *pinner)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(quick); i++)
		if (!strcmp(quick[i].name, name) && !strcmp(quick[i].pinner, pinner))
			return true;
	return false;
}

/* Each row with each mixture that fits, and once more, long, with all of it. */
static bool fits(size_t number)
{
	const size_t mixture = number % N_MIXTURES;

	if (number >= N_PAIRS)
		return mixture == N_MIXTURES - 1;
	return !(mixtures[mixture].must & ~(rows[number / N_MIXTURES].pinners | ODP));
}

static bool variant(size_t index, struct pp_variant *out)
{
	size_t number = 0;
	const struct row *r;
	const char *pinner;

	while (number < 2 * N_PAIRS && (!fits(number) || index-- > 0))
		number++;
	if (number == 2 * N_PAIRS)
		return false;
	r = &rows[number % N_PAIRS / N_MIXTURES];
	pinner = mixtures[number % N_MIXTURES].name;
	snprintf(out->name, sizeof(out->name), "%s%s", r->name, number < N_PAIRS ? "" : LONG);
	snprintf(out->backing, sizeof(out->backing), "%s", r->name);
	snprintf(out->pinner, sizeof(out->pinner), "%s", pinner);
	out->tier = number >= N_PAIRS           ? PP_TIER_SOAK
		    : is_quick(r->name, pinner) ? PP_TIER_QUICK
						: PP_TIER_FULL;
	out->data = r;
	return true;
}

static unsigned pinners_of(const struct pp_variant *v)
{
	const struct row *r = v->data;

	for (size_t i = 0; i < N_MIXTURES; i++)
		if (!strcmp(mixtures[i].name, v->pinner))
			return mixtures[i].pinners & (r->pinners | ODP);
	return 0;
}

static const char *file_of(const struct row *r)
{
	return r->groups & COPY ? "file" : "data";
}

static void object_lines(const struct row *r, unsigned pinners, struct pp_plan_text *t)
{
	const struct pp_place_lines *place = pp_place_of(r->backing);
	unsigned long long size = place->page_bytes > AREA ? place->page_bytes : AREA;

	pp_say(t, "need root kmsg process-vm vmsplice io-uring disk1 %s", place->needs);
	if (pinners & (MRS | READS))
		pp_say(t, "need rxe");
	if (place->fs)
		pp_say(t, "fs f0 %s", place->fs);
	if (r->groups & COPY)
		pp_say(t, "region file backing=%s%s size=%llu", r->backing, place->words, size);
	pp_say(t, "region data backing=%s%s%s share=%s size=%llu", r->backing, place->words,
	       r->groups & COPY ? " of=file" : "", r->groups & (COPY | ANON) ? "private" : "shared",
	       size);
	if (r->groups & CLONES)
		pp_say(t, "region clone backing=%s%s size=%llu", r->backing, place->words, size);
	pp_lines_bystander_objects(t, r->backing);
	if (pinners & MRS)
		pp_lines_mr(t, pinners & ODP ? "rxe-odp" : "rxe-mr", "m0 region=data range=0+%u",
			    AREA);
	if (pinners & READS)
		pp_say(t, "mr r0 region=data range=0+%u access=rr", AREA);
	if (pinners & URING)
		pp_say(t, "mr b0 region=data range=0+%u kind=uring", AREA);
}

/* Known content everywhere before the first draw. */
static void setup_lines(const struct row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, r->backing);
	pp_lines_bystander(t, r->backing);
	if (r->groups & (DISK | DAX | COPY)) {
		pp_op(t, "pwrite %s gen=%u", file_of(r), pp_gen(t));
		pp_op(t, "fsync %s", file_of(r));
	}
	if (r->groups & CLONES)
		pp_op(t, "pwrite clone gen=%u", pp_gen(t));
	pp_op(t, "map data");
	pp_op(t, "store data 0+%u gen=%u", AREA, pp_gen(t));
	pp_op(t, "quiet");
}

static void storm_lines(const struct row *r, unsigned pinners, unsigned seconds,
			struct pp_plan_text *t)
{
	pp_say(t, "step \"storm\"");
	pp_storm_line(t, "for=%us", seconds);
	for (size_t i = 0; i < PP_ARRAY_LEN(lines); i++)
		if (lines[i].groups & r->groups && lines[i].pinners & pinners)
			pp_mix(t, lines[i].actor, "%s", lines[i].mix);
}

/* What the storm left, once it is quiet, and once it is on the disk. */
static void end_lines(const struct row *r, struct pp_plan_text *t)
{
	pp_say(t, "step \"after\"");
	pp_op(t, "quiet");
	pp_op(t, "load data 0+%u", AREA);
	if (r->groups & (SHARED | COPY))
		pp_op(t, "pread %s", file_of(r));
	if (r->groups & CLONES)
		pp_op(t, "pread clone");
	if (r->groups & (DISK | DAX | COPY)) {
		pp_op(t, "fsync %s hazard", file_of(r));
		pp_op(t, "disk-read %s", file_of(r));
	}
	pp_op(t, "unmap data");
	pp_op(t, "quiet");
	pp_lines_bystander_check(t, r->backing);
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct row *r = v->data;
	const unsigned pinners = pinners_of(v);
	const unsigned seconds = v->tier == PP_TIER_SOAK ? 60 : v->tier == PP_TIER_FULL ? 5 : 1;

	(void)seed; /* the draws come from it */
	pp_say(t, "rules O1 O2 O3 O4 O5 O6 O7 O8 O9 O10 O11 O12");
	pp_say(t, "bound %us", 60 + 2 * seconds);
	pp_say(t, "evidence storm-ops >= %u", 50 * seconds);
	pp_say(t, "evidence device-writes-seen >= %u", 2 * seconds);
	pp_say(t, "evidence hazards-done >= %u", 2 * seconds);
	if (pinners & READS)
		pp_say(t, "evidence pin-reads >= %u", 2 * seconds);
	pp_say(t, "evidence cells-checked >= %u", 1000 * seconds);
	pp_say(t, "evidence quiets >= 3");
	object_lines(r, pinners, t);
	pp_say(t, "actor main");
	pp_say(t, "actor dev");
	pp_say(t, "actor cpu");
	pp_say(t, "actor eye");
	setup_lines(r, t);
	storm_lines(r, pinners, seconds, t);
	end_lines(r, t);
}

static const char *const references[] = {
	"https://lwn.net/Articles/930667/ (writable file-backed memory and long-term pins)",
	"https://lwn.net/Articles/784574/ (get_user_pages() and filesystems)",
	"Documentation/core-api/pin_user_pages.rst",
	NULL,
};

const struct pp_scenario pp_scenario_storm = {
	.name = "storm",
	.title = "everything at once, drawn from a seed: device, CPU, hazards, observers",
	.purpose =
		"Four actors draw from their mix lines until the time is over: a device that "
		"writes ranges of every length and place, a CPU that stores and writes through "
		"the file, somebody who looks in every way there is, and the filesystem and the "
		"mm with all that they can do to the pages meanwhile. What was drawn is written "
		"down as a plan that can be executed again. Nothing may be found: every state "
		"that is seen must follow from some order of what overlapped. --storm-time gives "
		"storms another length.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
