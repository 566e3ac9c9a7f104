/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dax-fault: a DAX file is written while somebody's write fault fills a hole of the same page. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define PAGE  4096u
#define PAGES 16u /* one fault each */
#define MET   2u  /* so many must have been met by a file write */

/*
 * Between the moment at which the fault has a block and that at which it has taken the zero page
 * out of the last mapping lies a walk over all mappings: long enough for others to come in between.
 * Where two such walks meet, each tells all processors of every mapping, which may take a thousand
 * times as long.
 */
#define TIMES 3072u

static const char *const backings[] = { "fsdax-xfs", "fsdax-ext4" };

/* Who writes through the mapping, and so has the fault. */
struct pinner {
	const char *name;
	const char *needs;
	const char *verb, *words;
	bool disk; /* it first writes the raw disk that it then reads, and so must the other */
};

static const struct pinner pinners[] = {
	{ "store", "process-vm", "store", "", false },
	{ "vm-write", "process-vm", "vm-write", "", false },
	{ "dio", "process-vm disk1 io-uring", "dio-read", " via=disk1", true },
};

static bool variant(size_t index, struct pp_variant *out)
{
	size_t b = index / PP_ARRAY_LEN(pinners), p = index % PP_ARRAY_LEN(pinners);

	if (b >= PP_ARRAY_LEN(backings))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", backings[b]);
	snprintf(out->backing, sizeof(out->backing), "%s", backings[b]);
	snprintf(out->pinner, sizeof(out->pinner), "%s", pinners[p].name);
	out->tier = PP_TIER_FULL;
	out->data = &pinners[p];
	return true;
}

static void head_lines(const struct pp_variant *v, struct pp_plan_text *t)
{
	const struct pinner *p = v->data;
	bool device = strcmp(p->verb, "store") != 0; /* else the set-up's is the only one */

	pp_say(t, "rules O1 O2 O3 O4 O5 O6 O7 O9 O10 O11 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence hazards-done >= 1");
	pp_say(t, "evidence faults-met >= %u", MET);
	pp_say(t, "evidence device-writes-seen >= %u", device ? PAGES / 2 : 1);
	pp_say(t, "evidence durable-reads >= 1");
	pp_say(t, "evidence bystander-reads >= 4");
	pp_say(t, "evidence fsck-clean >= 1");
	pp_say(t, "need %s", p->needs);
	pp_lines_place_as(t, v->backing, NULL);
	pp_say(t, "region data backing=%s fs=f0 share=shared prot=rw size=%u times=%u", v->backing,
	       PAGES * PAGE, TIMES);
	if (p->disk)
		pp_say(t, "region plain backing=anon share=private size=%u", PAGE);
	pp_lines_bystander_objects(t, v->backing);
	pp_say(t, "actor main");
	pp_say(t, "actor fault");
	pp_say(t, "actor file");
}

/* Every page has been loaded, so that the hole's zero page is mapped. */
static uint32_t hole_lines(const struct pp_variant *v, struct pp_plan_text *t)
{
	pp_say(t, "step \"set-up\"");
	pp_lines_made(t, v->backing);
	pp_lines_bystander(t, v->backing);
	pp_op(t, "pwrite data gen=%u", pp_gen(t));
	pp_op(t, "fsync data");
	pp_op(t, "map data");
	if (((const struct pinner *)v->data)->disk)
		pp_op(t, "map plain");
	pp_op(t, "vm-write data gen=%u", pp_gen(t));
	pp_op(t, "load data");
	pp_op(t, "quiet");
	pp_say(t, "step \"hole\"");
	pp_op(t, "punch data hazard");
	return pp_op(t, "load data");
}

/* What whoever writes the file does first, so that the other has its fault. Where nothing but the
 * order in which they are woken counts, that is now nothing, now something. */
static uint32_t pause_line(const struct pinner *p, unsigned i, uint32_t after,
			   struct pp_plan_text *t)
{
	if (p->disk)
		return pp_op_by(t, "file", "dio-read plain 0+512 via=disk1 gen=%u after=%u",
				pp_gen(t), after);
	return i % 2 ? pp_op_by(t, "file", "pread data 0+%u after=%u", 8 * PAGE, after) : after;
}

/*
 * Page by page one actor faults, and another writes the page's second half by the file and loads
 * it. That one is woken in the second place.
 */
static void fault_lines(const struct pinner *p, uint32_t ready, struct pp_plan_text *t)
{
	uint32_t fault, file;
	char both[32];

	snprintf(both, sizeof(both), "%u", ready);
	pp_say(t, "step \"faults\"");
	for (unsigned i = 0; i < PAGES; i++) {
		unsigned at = i * PAGE;
		uint32_t next = pp_op(t, "load idle after=%s", both);

		fault = pp_op_by(t, "fault", "%s data %u+512 gen=%u%s after=%s", p->verb, at,
				 pp_gen(t), p->words, both);
		next = pause_line(p, i, next, t);
		pp_op_by(t, "file", "pwrite data %u+%u gen=%u after=%u", at + PAGE / 2, PAGE / 2,
			 pp_gen(t), next);
		file = pp_op_by(t, "file", "load data %u+%u", at, PAGE);
		snprintf(both, sizeof(both), "%u,%u", fault, file);
	}
	pp_op(t, "load data after=%s", both);
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	(void)seed;
	head_lines(v, t);
	fault_lines(v->data, hole_lines(v, t), t);
	pp_say(t, "step \"after\"");
	pp_op(t, "quiet");
	pp_op(t, "pread data");
	pp_op(t, "fsync data");
	pp_op(t, "disk-read data");
	pp_op(t, "unmap data");
	pp_lines_bystander_check(t, v->backing);
}

static const char *const references[] = {
	"fs/dax.c, dax_iomap_pte_fault(): allocates first; dax_insert_entry() unmaps the zero page "
	"then",
	"fs/dax.c, dax_iomap_iter(): unmaps only what it has allocated itself (IOMAP_F_NEW)",
	"commit 13e451fdc1af (dax: fix data corruption when fault races with write, 4.12): read "
	"faults",
	NULL,
};

const struct pp_scenario pp_scenario_dax_fault = {
	.name = "dax-fault",
	.title = "a DAX file is written while a write fault fills a hole of the page",
	.purpose =
		"A load from a hole of a DAX file maps the zero page. A write fault on it (a "
		"store, "
		"process_vm_writev, O_DIRECT into the mapping) gives the hole a block, and takes "
		"the "
		"zero page out of all mappings then. What write(2) puts into the page in between "
		"must be seen by every load that begins when it has returned, as always on shared "
		"mappings. The file is mapped very often, so that taking the page out of the last "
		"mapping takes its time. Found by storm.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
