/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truncate-race: the file's end, a hole, or a shift of its blocks comes upon pages that a device
 * writes: before, during and after. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE   65536u
#define FROM   16384u /* the hazard's range */
#define LENGTH 16384u
#define MIDDLE 18432u /* an end of the file inside a page */
#define RACES  2u     /* rounds of write and hazard side by side */

/* How a device reaches the pages. */
struct pinner {
	const char *name;
	const char *write, *object; /* its verb, and on what */
	const char *gated;          /* words of a transfer that a gate can hold; NULL: it cannot */
	const char *mr; /* its MR, registered anew when a hazard parted it from the pages */
	const char *needs;
};

static const struct pinner pinners[] = {
	{ "rxe-mr", "rdma-write", "m0", NULL, "", "" },
	{ "rxe-odp", "rdma-write", "m0", NULL, "", "" },
	{ "dio", "dio-read", "data", " via=g0 mode=async", NULL, "disk1 dm tracefs io-uring" },
	{ "uring-fixed", "fixed-read", "m0", " via=g0 mode=async", " kind=uring",
	  "disk1 dm tracefs io-uring" },
	{ "vm-write", "vm-write", "data", NULL, NULL, "process-vm" },
};

#define SHIFTS 1u /* collapse and insert */
#define ZEROES 2u /* zero-range */
#define HOLES  4u /* punch */
#define DAX    8u /* the hazard waits for the pin: no transfer may be held */

struct row {
	const char *backing;
	unsigned can;
	const char *pinners, *quick; /* which fit; which of them belong to the quick tier */
};

/* clang-format off */
static const struct row rows[] = {
	{ "memfd",      HOLES,                         "rxe-mr dio uring-fixed vm-write rxe-odp", "rxe-mr uring-fixed" },
	{ "tmpfs",      HOLES,                         "rxe-mr dio uring-fixed vm-write rxe-odp", "" },
	{ "ext4",       HOLES | ZEROES | SHIFTS,       "rxe-mr dio vm-write rxe-odp",             "rxe-mr dio" },
	{ "xfs",        HOLES | ZEROES | SHIFTS,       "rxe-mr dio vm-write rxe-odp",             "" },
	{ "btrfs",      HOLES | ZEROES,                "rxe-mr dio vm-write rxe-odp",             "" },
	{ "vfat",       0,                             "dio vm-write",                            "" },
	{ "fsdax-ext4", HOLES | ZEROES | SHIFTS | DAX, "dio vm-write rxe-odp",                    "vm-write" },
	{ "fsdax-xfs",  HOLES | ZEROES | SHIFTS | DAX, "dio vm-write rxe-odp",                    "" },
};
/* clang-format on */

/* Two actors, and an order between every operation and the next where nothing else is said. */
struct script {
	struct pp_plan_text *t;
	const struct row *row;
	const struct pinner *pinner;
	const char *actor; /* of the last operation */
	uint32_t last;
	bool blocks, gated;
};

static uint32_t say(struct script *s, const char *actor, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static uint32_t say(struct script *s, const char *actor, const char *fmt, ...)
{
	char words[160], after[24] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	if (s->last && strcmp(s->actor, actor) != 0)
		snprintf(after, sizeof(after), " after=%u", s->last);
	s->actor = actor;
	s->last = pp_op_by(s->t, actor, "%s%s", words, after);
	return s->last;
}

static void device_write(struct script *s, unsigned from, unsigned length)
{
	say(s, "device", "%s %s %u+%u%s gen=%u", s->pinner->write, s->pinner->object, from, length,
	    s->pinner->gated ? s->pinner->gated : "", pp_gen(s->t));
}

/* A hazard takes pages out of the file, and an MR stays with those: to reach the file again it has
 * to be registered again. */
static void attach(struct script *s)
{
	if (!s->pinner->mr)
		return;
	say(s, "device", "dereg m0");
	say(s, "device", "reg m0 expect=era");
}

static void look(struct script *s)
{
	say(s, "main", "load data");
	say(s, "main", "peer-load data");
	say(s, "main", "pread data");
	if (!s->blocks)
		return;
	say(s, "main", "fsync data");
	say(s, "main", "disk-read data");
}

/* One hazard, as one or two operations that leave the file as long as it was. */
struct cut {
	const char *name;
	unsigned needs; /* bits of row.can */
	const char *verb;
	unsigned from, length;
	const char *undo; /* gives the file its length back */
};

static const struct cut cuts[] = {
	{ "punch", HOLES, "punch", FROM, LENGTH, NULL },
	{ "zero-range", ZEROES, "zero-range", FROM, LENGTH, NULL },
	{ "collapse", SHIFTS, "collapse", FROM, LENGTH, "insert" },
	{ "truncate", 0, "truncate", FROM, SIZE - FROM, "extend" },
	{ "truncate in a page", 0, "truncate", MIDDLE, SIZE - MIDDLE, "extend" },
};

static bool fits(const struct row *r, const struct cut *c)
{
	return (r->can & c->needs) == c->needs;
}

static void make_cut(struct script *s, const struct cut *c)
{
	say(s, "main", "%s data %u+%u hazard", c->verb, c->from, c->length);
	if (!c->undo)
		return;
	if (strcmp(c->undo, "extend") == 0)
		say(s, "main", "extend data hazard");
	else
		say(s, "main", "%s data %u+%u hazard", c->undo, c->from, c->length);
}

/* What the device wrote before must be gone, and what it writes into pages that are no longer the
 * file's must stay away. */
static void before_and_after(struct script *s, const struct cut *c)
{
	pp_say(s->t, "step \"%s\"", c->name);
	device_write(s, FROM, LENGTH);
	say(s, "main", "load data");
	make_cut(s, c);
	look(s);
	if (!s->pinner->mr)
		return;
	device_write(s, FROM, LENGTH);
	attach(s);
	say(s, "main", "load data");
	say(s, "main", "pread data");
}

/* The transfer has its pages, and its data arrive after the hazard. */
static void in_flight(struct script *s, const struct cut *c)
{
	uint32_t transfer;

	pp_say(s->t, "step \"%s in flight\"", c->name);
	say(s, "main", "gate-hold g0");
	device_write(s, FROM, LENGTH);
	transfer = s->last;
	/* Not after, but beside it. */
	s->actor = "main";
	say(s, "main", "await-bios g0 op=%u least=%u bound=5s", transfer, LENGTH);
	make_cut(s, c);
	say(s, "main", "load data");
	say(s, "main", "gate-open g0");
	say(s, "main", "quiet after=%u", transfer);
	look(s);
	attach(s);
	device_write(s, FROM, LENGTH);
	say(s, "main", "load data");
}

/* Whichever comes first: all orders are allowed, and nothing between them. */
static void side_by_side(struct script *s)
{
	pp_say(s->t, "step \"side by side\"");
	for (unsigned round = 0; round < RACES; round++) {
		uint32_t start = say(s, "main", "load data"), written;

		device_write(s, FROM, LENGTH);
		written = s->last;
		s->actor = "main";
		s->last = start;
		say(s, "main", "truncate data %u+%u hazard", FROM + 4096, SIZE - FROM - 4096);
		say(s, "main", "extend data hazard");
		say(s, "main", "load data after=%u", written);
		attach(s);
	}
	look(s);
}

static void evidence(const struct script *s)
{
	unsigned n = 0, hazards = 0;

	for (size_t i = 0; i < PP_ARRAY_LEN(cuts); i++) {
		n += fits(s->row, &cuts[i]);
		hazards += fits(s->row, &cuts[i]) ? 1 + (cuts[i].undo != NULL) : 0;
	}
	pp_say(s->t, "evidence hazards-done >= %u", hazards * (s->gated ? 2 : 1));
	pp_say(s->t, "evidence device-writes-seen >= %u if accepted", n * (s->gated ? 2 : 1));
	pp_say(s->t, "evidence device-writes-seen >= 1 if refused");
	if (s->gated)
		pp_say(s->t, "evidence windows-proven >= %u", n);
	pp_say(s->t, "evidence bystander-reads >= %u", s->blocks ? 4 : 1);
	if (s->blocks)
		pp_say(s->t, "evidence fsck-clean >= 1");
}

static void objects(const struct script *s)
{
	const struct pp_place_lines *place = pp_place_of(s->row->backing);

	if (s->pinner->gated)
		pp_say(s->t, "gate g0 slot=disk1");
	pp_lines_place(s->t, s->row->backing);
	pp_say(s->t, "need %s", s->pinner->needs[0] ? s->pinner->needs : "pin-counters");
	pp_say(s->t, "region data backing=%s%s share=shared prot=rw size=%u", s->row->backing,
	       place->words, SIZE);
	pp_lines_bystander_objects(s->t, s->row->backing);
	if (s->pinner->mr && !s->pinner->gated)
		pp_lines_control_objects(s->t);
	if (s->pinner->gated && s->pinner->mr)
		pp_say(s->t, "mr m0 region=data%s", s->pinner->mr);
	else if (s->pinner->mr)
		pp_lines_mr(s->t, s->pinner->name, "m0 region=data");
	pp_say(s->t, "actor main");
	pp_say(s->t, "actor device");
}

static void set_up(struct script *s)
{
	pp_say(s->t, "step \"set-up\"");
	pp_lines_made(s->t, s->row->backing);
	pp_lines_bystander(s->t, s->row->backing);
	pp_op(s->t, "map data");
	pp_op(s->t, "pwrite data gen=%u", pp_gen(s->t));
	if (s->blocks)
		pp_op(s->t, "fsync data");
	if (s->pinner->mr && !s->pinner->gated)
		pp_lines_control(s->t, pp_gen(s->t));
	pp_say(s->t, "step \"register\"");
	s->last = pp_op(s->t, "quiet");
	s->actor = "main";
	if (s->pinner->mr)
		say(s, "device", "reg m0 expect=era");
}

static void ending(struct script *s)
{
	if (s->pinner->mr)
		say(s, "device", "dereg m0");
	say(s, "main", "quiet");
	pp_op(s->t, "unmap data");
	pp_lines_bystander_look(s->t, s->row->backing);
	if (s->blocks)
		pp_op(s->t, "cold-read data");
	pp_lines_unmounted(s->t, s->row->backing);
}

static const struct pinner *pinner_of(const char *name)
{
	size_t i = 0;

	while (strcmp(pinners[i].name, name))
		i++;
	return &pinners[i];
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const struct row *r = v->data;
	struct script s = { .t = t, .row = r, .pinner = pinner_of(v->pinner) };

	(void)seed;
	s.blocks = pp_place_of(r->backing)->fs && strcmp(r->backing, "tmpfs");
	s.gated = s.pinner->gated && !(r->can & DAX);
	pp_say(t, "rules O1 O2 O3 O4 O5 O6 O7 O8 O9 O10 O11 O12");
	pp_say(t, "bound 60s");
	evidence(&s);
	objects(&s);
	set_up(&s);
	for (size_t i = 0; i < PP_ARRAY_LEN(cuts); i++)
		if (fits(r, &cuts[i]))
			before_and_after(&s, &cuts[i]);
	for (size_t i = 0; s.gated && i < PP_ARRAY_LEN(cuts); i++)
		if (fits(r, &cuts[i]))
			in_flight(&s, &cuts[i]);
	if (!(r->can & DAX) || !s.pinner->gated)
		side_by_side(&s);
	ending(&s);
}

/* The n-th word of a list. */
static bool word(const char *list, size_t n, char *out, size_t size)
{
	for (; *list; list += strspn(list, " ")) {
		size_t len = strcspn(list, " ");

		if (!n--) {
			snprintf(out, size, "%.*s", (int)len, list);
			return true;
		}
		list += len;
	}
	return false;
}

static bool variant(size_t index, struct pp_variant *out)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		size_t n = 0;

		for (; word(r->pinners, n, out->pinner, sizeof(out->pinner)); n++) {
			if (index--)
				continue;
			snprintf(out->name, sizeof(out->name), "%s", r->backing);
			snprintf(out->backing, sizeof(out->backing), "%s", r->backing);
			out->tier = strstr(r->quick, out->pinner) ? PP_TIER_QUICK : PP_TIER_FULL;
			out->data = r;
			return true;
		}
	}
	return false;
}

static const char *const references[] = {
	"https://lwn.net/Articles/784574/ (get_user_pages() and filesystems: truncation)",
	"ftruncate(2), fallocate(2)",
	NULL,
};

const struct pp_scenario pp_scenario_truncate_race = {
	.name = "truncate-race",
	.title = "truncate, holes and shifted blocks upon pages that a device writes",
	.purpose =
		"A device writes into a file's pages, and then the file is truncated and "
		"extended, a hole is punched, a range zeroed, or its blocks are shifted. What was "
		"written before must read as zeros afterwards (O5), for every observer and on the "
		"disk; a transfer that a gate holds in flight meanwhile, or an MR that stays with "
		"pages which are no longer the file's, must not bring anything back, or reach "
		"another file (O6). On DAX the hazard has to wait for a transfer in flight: see "
		"dax-truncate.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
