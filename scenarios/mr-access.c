/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mr-access: a region grants what it was registered for, and nothing else. */
#include <stdio.h>
#include <string.h>

#include "run/plan_lines.h"
#include "run/scenario.h"

#define SIZE    16384u
#define ATOMICS 32u

static const char *const backings[] = { "anon", "memfd", "hugetlb" };

static bool variant(size_t index, struct pp_variant *out)
{
	if (index >= PP_ARRAY_LEN(backings))
		return false;
	snprintf(out->name, sizeof(out->name), "%s", backings[index]);
	snprintf(out->backing, sizeof(out->backing), "%s", backings[index]);
	snprintf(out->pinner, sizeof(out->pinner), "rxe-mr");
	out->tier = PP_TIER_FULL;
	out->data = backings[index];
	return true;
}

/* Three regions over the same memory, two of them without a right. Each that asks for what it may
 * not have is an actor of its own: its queue pair does not work any more afterwards. */
static void objects(const char *backing, struct pp_plan_text *t)
{
	const struct pp_place_lines *place = pp_place_of(backing);
	unsigned long long size = place->page_bytes > SIZE ? place->page_bytes : SIZE;

	pp_say(t, "need pin-counters");
	pp_lines_place(t, backing);
	pp_say(t, "region data backing=%s%s size=%llu share=%s", backing, place->words, size,
	       strcmp(backing, "anon") ? "shared" : "private");
	pp_lines_bystander_objects(t, backing);
	pp_lines_control_objects(t);
	pp_say(t, "mr all region=data range=0+%u access=lw,rw,rr,ra", SIZE);
	pp_say(t, "mr readable region=data range=0+%u access=lw,rr", SIZE);
	pp_say(t, "mr writable region=data range=0+%u access=lw,rw", SIZE);
	pp_say(t, "actor main");
	pp_say(t, "actor writer");
	pp_say(t, "actor reader");
	pp_say(t, "actor adder");
}

/* The device and the CPU speak of the same bytes. */
static void use(struct pp_plan_text *t)
{
	pp_op(t, "rdma-write all 0+%u gen=%u", SIZE / 2, pp_gen(t));
	pp_op(t, "store data %u+%u gen=%u", SIZE / 2, SIZE / 2, pp_gen(t));
	pp_op(t, "rdma-read all 0+%u", SIZE);
	pp_op(t, "load data 0+%u", SIZE);
}

/* One on eight bytes here and there, each on others of its cell; and all of them are there behind.
 */
static void atomics(struct pp_plan_text *t)
{
	pp_say(t, "step \"atomics\"");
	for (unsigned i = 0; i < ATOMICS; i++)
		pp_op(t, "atomic-%s all %u+8 gen=%u", i % 2 ? "swap" : "add",
		      i * (SIZE / ATOMICS) + 8 * (i % 8), pp_gen(t));
	pp_op(t, "load data 0+%u", SIZE);
	pp_op(t, "rdma-read all 0+%u", SIZE);
	use(t);
}

static void denied(struct pp_plan_text *t)
{
	uint32_t op;

	pp_say(t, "step \"not writable\"");
	op = pp_op_by(t, "writer", "rdma-write readable 0+4096 gen=%u hazard expect=EIO after=%u",
		      pp_gen(t), t->next_op - 1);
	pp_op(t, "load data 0+%u after=%u", SIZE, op);
	use(t);
	pp_say(t, "step \"not readable\"");
	op = pp_op_by(t, "reader", "rdma-read writable 0+4096 hazard expect=EIO after=%u",
		      t->next_op - 1);
	pp_op(t, "load data 0+%u after=%u", SIZE, op);
	use(t);
	pp_say(t, "step \"not for atomics\"");
	op = pp_op_by(t, "adder", "atomic-add readable 0+8 gen=%u hazard expect=EIO after=%u",
		      pp_gen(t), t->next_op - 1);
	pp_op(t, "load data 0+%u after=%u", SIZE, op);
	use(t);
}

static void plan(const struct pp_variant *v, uint64_t seed, struct pp_plan_text *t)
{
	const char *backing = v->data;

	(void)seed;
	pp_say(t, "rules O1 O3 O4 O6 O7 O8 O9 O10 O12");
	pp_say(t, "bound 60s");
	pp_say(t, "evidence hazards-refused >= 3");
	pp_say(t, "evidence device-writes-seen >= 5");
	objects(backing, t);
	pp_say(t, "step \"set-up\"");
	pp_lines_bystander(t, backing);
	pp_op(t, "map data");
	pp_op(t, "store data gen=%u", pp_gen(t));
	pp_lines_control(t, pp_gen(t));
	pp_op(t, "reg all expect=era");
	pp_op(t, "reg readable expect=era");
	pp_op(t, "reg writable expect=era");
	pp_op(t, "quiet");
	use(t);
	atomics(t);
	denied(t);
	pp_say(t, "step \"released\"");
	pp_op(t, "dereg writable");
	pp_op(t, "dereg readable");
	pp_op(t, "dereg all");
	pp_op(t, "quiet");
	pp_op(t, "load data 0+%u", SIZE);
	pp_op(t, "unmap data");
	pp_lines_bystander_check(t, backing);
}

static const char *const references[] = {
	"InfiniBand Architecture Specification, volume 1, 10.6.3 (memory access rights)",
	"drivers/infiniband/sw/rxe/rxe_mr.c, lookup_mr()",
	"ibv_reg_mr.3",
	NULL,
};

const struct pp_scenario pp_scenario_mr_access = {
	.name = "mr-access",
	.title = "a remote operation that the region's rights do not allow",
	.purpose =
		"Three regions over the same memory: one may be used for all, one not be written, "
		"one not be read, neither of the two by atomics. What is granted is done, each "
		"atomic once; whoever asks for what a region does not grant gets an access error, "
		"and no byte moves; others go on. A device that does not compare the rights, or "
		"compares them with those of another region, gives memory away that its owner "
		"lent for reading only.",
	.references = references,
	.variant = variant,
	.plan = plan,
};
