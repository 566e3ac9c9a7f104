/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle beyond the golden files: what a finding carries, limits, refused
 * rules, and two generated proofs: random valid histories stay clean until one
 * cell is changed, and random overlapping histories get the answer of a
 * reference that tries all pairs straight from the rules' text.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/oracle.h"
#include "core/prng.h"
#include "unit.h"

#define HEAD                                                                                       \
	"pinproof-plan 1\ncase unit/ext4/rxe-mr\nbacking ext4\npinner rxe-mr\nbound 10s\n"         \
	"fs disk type=ext4 slot=disk0\nregion data backing=ext4 fs=disk size=16K\n"                \
	"region view backing=ext4 of=data\nregion copy backing=ext4 of=data share=private\n"       \
	"mr m0 region=data\nactor main\nactor peer\nactor third\n"
#define RULES "rules O1 O2 O4 O7 O8 O12\n"

struct run {
	struct pp_plan *plan;
	struct pp_history history;
	struct pp_findings findings;
	struct pp_err err;
	int ret;
};

static void open_run(struct run *r, const char *plan, const char *events)
{
	char *history = NULL;
	int ret;

	memset(r, 0, sizeof(*r));
	ret = pp_plan_parse(plan, strlen(plan), &r->plan, &r->err);
	if (ret)
		fprintf(stderr, "%s\n%s", r->err.text, plan);
	CU_ASSERT_EQUAL_FATAL(ret, 0);
	CU_ASSERT_FATAL(asprintf(&history, "pinproof-history 1\nrun 7\n%s", events) > 0);
	ret = pp_history_parse(history, strlen(history), r->plan, &r->history, &r->err);
	if (ret)
		fprintf(stderr, "%s\n%s", r->err.text, history);
	CU_ASSERT_EQUAL_FATAL(ret, 0);
	free(history);
}

static void judge(struct run *r, const struct pp_oracle_options *opt)
{
	pp_findings_free(&r->findings);
	r->ret = pp_oracle_run(r->plan, &r->history, opt, &r->findings, &r->err);
}

static void close_run(struct run *r)
{
	pp_findings_free(&r->findings);
	pp_history_free(&r->history);
	pp_plan_free(r->plan);
}

static const struct pp_oracle_options modern = { .era = PP_ERA_6_5 };

/* Every rule that has a number is judged; a mask of a later version is not. */
static void test_rules_unknown(void)
{
	struct run r;
	char plan[2048];

	for (int rule = PP_O1_COHERENCE; rule < PP_RULE_COUNT; rule++) {
		snprintf(plan, sizeof(plan), HEAD "rules %s\nop 1 main map data\n",
			 pp_rule_words[rule].name);
		open_run(&r, plan, "@1-2 main op=1 map data\n");
		judge(&r, &modern);
		CU_ASSERT_EQUAL(r.ret, 0);
		r.plan->rules |= PP_RULE_BIT(PP_RULE_COUNT);
		judge(&r, &modern);
		CU_ASSERT_EQUAL(r.ret, -EOPNOTSUPP);
		CU_ASSERT_PTR_NOT_NULL(strstr(r.err.text, "mask 0x8000"));
		close_run(&r);
	}
	/* O10 is judged elsewhere, from the kernel log. */
	open_run(&r, HEAD "rules O10\nop 1 main map data\n", "@1-2 main op=1 map data = ENOMEM\n");
	judge(&r, &modern);
	CU_ASSERT_EQUAL(r.ret, 0);
	CU_ASSERT_EQUAL(r.findings.count, 0);
	close_run(&r);
}

#define LOST_PLAN                                                                                  \
	HEAD RULES                                                                                 \
		"op 1 main reg m0\nop 2 main rdma-write m0 0+4096 gen=1\nop 3 main fsync data\n"   \
		"op 4 main rdma-write m0 0+4096 gen=2\nop 5 main fsync data\n"                     \
		"step \"before dereg\"\nop 6 main disk-read data 0+4096\n"
#define LOST_HISTORY                                                                               \
	"@1-2 main op=1 reg m0\n@10-20 main op=2 rdma-write data 0+4096 gen=1\n"                   \
	"@30-40 main op=3 fsync data\n@50-60 main op=4 rdma-write data 0+4096 gen=2\n"             \
	"@70-80 main op=5 fsync data\n@90-95 main op=6 disk-read data 0+4096 saw main:1\n"

static void test_a_finding_says_all(void)
{
	static const uint32_t ops[] = { 2, 3, 4, 5, 6 };
	const struct pp_finding *f;
	struct run r;

	open_run(&r, LOST_PLAN, LOST_HISTORY);
	judge(&r, &modern);
	CU_ASSERT_EQUAL_FATAL(r.findings.count, 1);
	f = &r.findings.items[0];
	CU_ASSERT_EQUAL(f->rule, PP_O2_DURABILITY);
	CU_ASSERT_EQUAL(f->cls, PP_CLASS_STALE);
	PP_ASSERT_STR(f->step, "before dereg");
	CU_ASSERT_EQUAL(f->op, 6);
	CU_ASSERT_EQUAL(f->region, 0);
	CU_ASSERT_EQUAL(f->offset_bytes, 0);
	CU_ASSERT_EQUAL(f->length_bytes, 4096);
	CU_ASSERT(f->has_expected && f->has_found);
	CU_ASSERT_EQUAL(f->expected.generation, 2);
	CU_ASSERT_EQUAL(f->found.generation, 1);
	CU_ASSERT_EQUAL(f->expected.run, 7);
	CU_ASSERT_EQUAL(f->defect, -1);
	CU_ASSERT_EQUAL_FATAL(f->n_ops, PP_ARRAY_LEN(ops));
	CU_ASSERT_EQUAL(memcmp(f->ops, ops, sizeof(ops)), 0);
	PP_ASSERT_STR(f->text,
		      "op 6 disk-read of data 0+4096 shows main:1 (op 2 rdma-write) where main:2 "
		      "(op 4 rdma-write) had to show, as it ended before op 5 fsync began");
	close_run(&r);
}

static void test_no_stable_storage(void)
{
	struct run r;

	open_run(&r, LOST_PLAN, LOST_HISTORY);
	/* The plan's parser lets nobody ask the disk of a memfd; the rule says it on its own. */
	for (size_t i = 0; i < r.plan->n_regions; i++)
		r.plan->regions[i].backing = PP_BACKING_MEMFD;
	judge(&r, &modern);
	CU_ASSERT_EQUAL(r.ret, 0);
	CU_ASSERT_EQUAL(r.findings.count, 0);
	close_run(&r);
}

static void test_provider_with_on_demand_paging(void)
{
	struct pp_oracle_options odp = { .era = PP_ERA_6_5, .provider_odp = true };
	struct run r;

	open_run(&r,
		 HEAD RULES "region heap backing=anon size=16K\nmr od region=heap access=lw,od\n"
			    "mr plain region=heap access=lw\nop 1 main reg od expect=era\n"
			    "op 2 main reg plain expect=era\n",
		 "@1-2 main op=1 reg od\n@3-4 main op=2 reg plain = EFAULT\n");
	judge(&r, &modern);
	CU_ASSERT_EQUAL_FATAL(r.findings.count, 2);
	CU_ASSERT_EQUAL(r.findings.items[0].rule, PP_O8_REFUSAL);
	CU_ASSERT_EQUAL(r.findings.items[0].cls, PP_CLASS_ACCEPTED);
	/* Its answer to registrations that do not ask for it is judged as ever. */
	judge(&r, &odp);
	CU_ASSERT_EQUAL_FATAL(r.findings.count, 1);
	CU_ASSERT_EQUAL(r.findings.items[0].cls, PP_CLASS_REFUSED);
	close_run(&r);
}

static void test_limit_of_findings(void)
{
	struct pp_findings f = { 0 };
	struct pp_finding *one = NULL;

	for (size_t i = 0; i < PP_FINDINGS_MAX; i++)
		one = pp_finding_add(&f, PP_O1_COHERENCE, PP_CLASS_STALE, "number %zu", i);
	CU_ASSERT_PTR_NOT_NULL_FATAL(one);
	PP_ASSERT_STR(one->text, "number 999");
	CU_ASSERT_EQUAL(one->region, PP_NO_INDEX);
	CU_ASSERT_PTR_NULL(pp_finding_add(&f, PP_O1_COHERENCE, PP_CLASS_STALE, "one more"));
	CU_ASSERT_EQUAL(f.count, PP_FINDINGS_MAX);
	CU_ASSERT_EQUAL(f.dropped, 1);
	pp_findings_free(&f);
	CU_ASSERT_EQUAL(f.count, 0);
}

/* ---- generated: a sequential model ---- */

#define CELLS     256u /* of region data */
#define STEPS     24
#define ZERO      0u
#define MISPLACED 0x10000u /* | write: its stamp, of the next offset */
#define FOREIGN   0x20000u /* | write: its stamp, of the private region */

/* One operation; a write is known by its index plus 1. */
struct step {
	enum pp_verb verb;
	unsigned actor, first, n; /* cells */
	uint32_t shown[CELLS];    /* observations: what each cell shows */
	uint32_t least[CELLS];    /* and the oldest write that it may show */
};

struct world {
	struct pp_prng prng;
	struct step steps[STEPS];
	uint32_t cache[CELLS], promised[CELLS], disk[CELLS];
};

static unsigned below(struct world *w, unsigned bound)
{
	return (unsigned)pp_prng_below(&w->prng, bound);
}

static void pick_range(struct world *w, struct step *s)
{
	switch (below(w, 3)) {
	case 0:
		s->first = below(w, 4) * 64;
		s->n = 64 * (1 + below(w, 4 - s->first / 64));
		break;
	case 1:
		s->first = below(w, CELLS);
		s->n = 1;
		break;
	default:
		s->first = below(w, CELLS);
		s->n = 1 + below(w, CELLS - s->first);
		break;
	}
}

static void make_step(struct world *w, uint32_t i)
{
	static const enum pp_verb verbs[] = {
		PP_VERB_STORE, PP_VERB_PWRITE,    PP_VERB_RDMA_WRITE, PP_VERB_VM_WRITE,
		PP_VERB_LOAD,  PP_VERB_PREAD,     PP_VERB_RDMA_READ,  PP_VERB_VM_READ,
		PP_VERB_FSYNC, PP_VERB_FDATASYNC, PP_VERB_MSYNC,      PP_VERB_DISK_READ,
		PP_VERB_STORE, PP_VERB_DISK_READ, PP_VERB_DISK_READ,
	};
	struct step *s = &w->steps[i];
	enum pp_kind kind;
	bool durable;

	memset(s, 0, sizeof(*s));
	s->verb = verbs[below(w, PP_ARRAY_LEN(verbs))];
	s->actor = below(w, 3);
	pick_range(w, s);
	kind = pp_verbs[s->verb].kind;
	durable = pp_verbs[s->verb].durable;
	for (unsigned c = 0; c < CELLS; c++) {
		bool in = c >= s->first && c < s->first + s->n;
		bool page = c / 64 >= s->first / 64 && c / 64 <= (s->first + s->n - 1) / 64;

		if (in && (kind == PP_KIND_WRITE || kind == PP_KIND_DEVICE_WRITE))
			w->cache[c] = i + 1;
		if (kind == PP_KIND_SYNC && (s->verb != PP_VERB_MSYNC || page))
			w->promised[c] = w->disk[c] = w->cache[c];
		if (in && below(w, 8) == 0) /* writeback of its own accord */
			w->disk[c] = w->cache[c];
		s->shown[c] = durable ? w->disk[c] : w->cache[c];
		s->least[c] = durable ? w->promised[c] : w->cache[c];
	}
}

static void print_step(const struct world *w, uint32_t i, FILE *plan, FILE *history)
{
	static const char *const actors[] = { "main", "peer", "third" };
	const struct step *s = &w->steps[i];
	const struct pp_verb_info *verb = &pp_verbs[s->verb];
	const char *object = verb->target == PP_TARGET_MR ? "m0" : "data";
	bool writes = verb->kind == PP_KIND_WRITE || verb->kind == PP_KIND_DEVICE_WRITE;

	fprintf(plan, "op %u %s %s %s", i + 1, actors[s->actor], verb->name, object);
	if (verb->ranged)
		fprintf(plan, " %u+%u", s->first * 64, s->n * 64);
	fprintf(plan, writes ? " gen=%u\n" : "\n", i + 1);
	for (unsigned c = s->first, n = 1; c < s->first + s->n; c += n) {
		uint32_t shown = s->shown[c], write = shown & 0xffff;

		n = verb->kind == PP_KIND_OBSERVE ? 1 : s->n;
		while (!(shown & ~0xffffu) && c + n < s->first + s->n && s->shown[c + n] == shown)
			n++;
		fprintf(history, "@%u-%u %s op=%u %s data", i * 10 + 10, i * 10 + 15,
			actors[s->actor], i + 1, verb->name);
		if (verb->ranged)
			fprintf(history, " %u+%u", c * 64, n * 64);
		if (writes)
			fprintf(history, " gen=%u", i + 1);
		if (verb->kind == PP_KIND_OBSERVE) {
			if (shown == ZERO)
				fprintf(history, " saw zero");
			else if (shown & (MISPLACED | FOREIGN))
				fprintf(history, " saw stamp region=%s offset=%u writer=%s gen=%u",
					shown & FOREIGN ? "copy" : "data",
					(shown & MISPLACED ? c + 1 : c) * 64,
					actors[w->steps[write - 1].actor], write);
			else
				fprintf(history, " saw %s:%u", actors[w->steps[write - 1].actor],
					write);
		}
		fprintf(history, "\n");
		if (!verb->ranged)
			break;
	}
}

static void judge_world(const struct world *w, struct run *r)
{
	char *plan = NULL, *history = NULL;
	size_t size;
	FILE *p = open_memstream(&plan, &size), *h = open_memstream(&history, &size);

	CU_ASSERT_FATAL(p && h);
	fprintf(p, HEAD RULES);
	for (uint32_t i = 0; i < STEPS; i++)
		print_step(w, i, p, h);
	fclose(p);
	fclose(h);
	open_run(r, plan, history);
	judge(r, &modern);
	free(plan);
	free(history);
}

/* Change one observed cell into something that no order allows. False: this one cannot be. */
static bool spoil(struct world *w, struct step *s, unsigned c)
{
	uint32_t index = (uint32_t)(s - w->steps), older[STEPS], n = 0;

	if (pp_verbs[s->verb].kind != PP_KIND_OBSERVE)
		return false;
	switch (below(w, 5)) {
	case 0:
		s->shown[c] = ZERO;
		return s->least[c] != ZERO;
	case 1: /* a write to this cell that the least one replaced */
		for (uint32_t i = 0; i + 1 < s->least[c]; i++) {
			const struct step *o = &w->steps[i];
			enum pp_kind kind = pp_verbs[o->verb].kind;

			if ((kind == PP_KIND_WRITE || kind == PP_KIND_DEVICE_WRITE) &&
			    c >= o->first && c < o->first + o->n)
				older[n++] = i + 1;
		}
		if (n)
			s->shown[c] = older[below(w, n)];
		return n;
	case 2:
		s->shown[c] |= MISPLACED;
		return s->shown[c] & 0xffff;
	case 3:
		s->shown[c] |= FOREIGN;
		return s->shown[c] & 0xffff;
	default: /* a write that comes later */
		for (uint32_t i = index + 1; i < STEPS; i++)
			if (pp_verbs[w->steps[i].verb].kind == PP_KIND_WRITE) {
				s->shown[c] = i + 1;
				return true;
			}
		return false;
	}
}

static void test_one_changed_cell(void)
{
	unsigned spoiled = 0, dirty = 0, missed = 0;
	struct world w;
	struct run r;

	for (unsigned seed = 1; spoiled < 3000 && seed < 20000; seed++) {
		uint32_t at;
		unsigned c;
		bool found = false;

		memset(&w, 0, sizeof(w));
		pp_prng_seed(&w.prng, seed);
		for (uint32_t i = 0; i < STEPS; i++)
			make_step(&w, i);
		if (seed <= 1000) {
			judge_world(&w, &r);
			dirty += r.findings.count != 0;
			close_run(&r);
		}
		at = below(&w, STEPS);
		c = w.steps[at].first + below(&w, w.steps[at].n);
		if (!spoil(&w, &w.steps[at], c))
			continue;
		spoiled++;
		judge_world(&w, &r);
		for (size_t i = 0; i < r.findings.count; i++)
			found |= r.findings.items[i].op == at + 1 &&
				 r.findings.items[i].offset_bytes == c * 64 &&
				 r.findings.items[i].length_bytes == 64;
		missed += r.findings.count != 1 || !found;
		close_run(&r);
	}
	CU_ASSERT_EQUAL(dirty, 0);
	CU_ASSERT_EQUAL(spoiled, 3000);
	CU_ASSERT_EQUAL(missed, 0);
}

/* ---- generated: overlapping operations against a reference ---- */

#define OPS   30u
#define CELLN 128u /* two pages */

struct thing {
	enum pp_verb verb;
	unsigned actor, first, n;
	uint64_t begin, end;
	bool failed;
	uint32_t claim; /* observation: id of the write it shows, 0 for zeros */
};

static bool is_write(const struct thing *t)
{
	return pp_verbs[t->verb].kind == PP_KIND_WRITE;
}

static bool covers(const struct thing *t, unsigned c)
{
	if (t->verb == PP_VERB_FSYNC)
		return true;
	if (t->verb == PP_VERB_MSYNC)
		return c / 64 >= t->first / 64 && c / 64 <= (t->first + t->n - 1) / 64;
	return c >= t->first && c < t->first + t->n;
}

/* Had write @w to be known when @o looked: no failed sync of the file came after its begin? */
static bool known(const struct thing *all, const struct thing *w, const struct thing *o)
{
	for (unsigned i = 0; i < OPS; i++)
		if (pp_verbs[all[i].verb].kind == PP_KIND_SYNC && all[i].failed &&
		    all[i].begin < o->end && w->begin <= all[i].end)
			return false;
	return true;
}

/* Is there a w' with end(w) < begin(w') and end(w') < @time? */
static bool replaced(const struct thing *all, const struct thing *w, const struct thing *o,
		     unsigned c, uint64_t time)
{
	for (unsigned i = 0; i < OPS; i++) {
		const struct thing *n = &all[i];

		if (is_write(n) && !n->failed && covers(n, c) && n->end < time &&
		    (!w || (!w->failed && w->end < n->begin)) && known(all, n, o))
			return true;
	}
	return false;
}

static bool allowed(const struct thing *all, const struct thing *o, unsigned c)
{
	const struct thing *w = o->claim ? &all[o->claim - 1] : NULL;

	if (w && (!covers(w, c) || w->begin >= o->end))
		return false;
	if (!pp_verbs[o->verb].durable)
		return !replaced(all, w, o, c, o->begin);
	for (unsigned i = 0; i < OPS; i++)
		if (pp_verbs[all[i].verb].kind == PP_KIND_SYNC && !all[i].failed &&
		    covers(&all[i], c) && all[i].end < o->begin &&
		    replaced(all, w, o, c, all[i].begin))
			return false;
	return true;
}

static void make_things(struct pp_prng *p, struct thing *all)
{
	static const enum pp_verb verbs[] = { PP_VERB_STORE, PP_VERB_PWRITE,    PP_VERB_STORE,
					      PP_VERB_LOAD,  PP_VERB_DISK_READ, PP_VERB_DISK_READ,
					      PP_VERB_FSYNC, PP_VERB_MSYNC,     PP_VERB_LOAD };
	uint64_t clock[3] = { 1, 1, 1 };

	for (unsigned i = 0; i < OPS; i++) {
		struct thing *t = &all[i];
		bool page = pp_prng_below(p, 2);

		t->verb = verbs[pp_prng_below(p, PP_ARRAY_LEN(verbs))];
		t->actor = (unsigned)pp_prng_below(p, 3);
		t->first = page ? 64 * (unsigned)pp_prng_below(p, 2)
				: 62 + (unsigned)pp_prng_below(p, 4);
		t->n = page ? 64 : 1 + (unsigned)pp_prng_below(p, 3);
		t->begin = clock[t->actor] + pp_prng_below(p, 4);
		t->end = t->begin + pp_prng_below(p, 8);
		clock[t->actor] = t->end + pp_prng_below(p, 3);
		t->failed = pp_verbs[t->verb].kind != PP_KIND_OBSERVE && !pp_prng_below(p, 12);
	}
	for (unsigned i = 0; i < OPS; i++)
		for (unsigned tries = 0; tries < 4 && !all[i].claim; tries++) {
			unsigned k = (unsigned)pp_prng_below(p, OPS);

			if (pp_verbs[all[i].verb].kind == PP_KIND_OBSERVE && is_write(&all[k]) &&
			    pp_prng_below(p, 5))
				all[i].claim = k + 1;
		}
}

static void print_things(const struct thing *all, FILE *p, FILE *h)
{
	static const char *const actors[] = { "main", "peer", "third" };

	fprintf(p, HEAD "rules O1 O2 O4\n");
	for (unsigned i = 0; i < OPS; i++) {
		const char *name = pp_verbs[all[i].verb].name;

		fprintf(p, "op %u %s %s data", i + 1, actors[all[i].actor], name);
		if (pp_verbs[all[i].verb].ranged)
			fprintf(p, " %u+%u", all[i].first * 64, all[i].n * 64);
		if (is_write(&all[i]))
			fprintf(p, " gen=%u", i + 1);
		fprintf(p, "\n");
	}
	for (uint64_t now = 0, left = OPS; left; now++)
		for (unsigned i = 0; i < OPS; i++) {
			const struct thing *t = &all[i];

			if (t->begin != now)
				continue;
			left--;
			fprintf(h, "@%llu-%llu %s op=%u %s data", (unsigned long long)t->begin,
				(unsigned long long)t->end, actors[t->actor], i + 1,
				pp_verbs[t->verb].name);
			if (pp_verbs[t->verb].ranged)
				fprintf(h, " %u+%u", t->first * 64, t->n * 64);
			if (is_write(t))
				fprintf(h, " gen=%u", i + 1);
			if (t->claim)
				fprintf(h, " saw %s:%u", actors[all[t->claim - 1].actor], t->claim);
			else if (pp_verbs[t->verb].kind == PP_KIND_OBSERVE)
				fprintf(h, " saw zero");
			fprintf(h, t->failed ? " = EIO\n" : "\n");
		}
}

/* Cells of each observation that are wrong, as the reference and as the oracle count them. */
static unsigned differences(const struct thing *all, unsigned *wrong_cells)
{
	char *plan = NULL, *history = NULL;
	size_t size;
	FILE *p = open_memstream(&plan, &size), *h = open_memstream(&history, &size);
	unsigned different = 0;
	struct run r;

	CU_ASSERT_FATAL(p && h);
	print_things(all, p, h);
	fclose(p);
	fclose(h);
	open_run(&r, plan, history);
	judge(&r, &modern);
	for (unsigned i = 0; i < OPS; i++) {
		uint64_t wrong = 0, found = 0;

		for (unsigned c = all[i].first; c < all[i].first + all[i].n; c++)
			wrong += pp_verbs[all[i].verb].kind == PP_KIND_OBSERVE &&
				 !allowed(all, &all[i], c);
		for (size_t k = 0; k < r.findings.count; k++)
			if (r.findings.items[k].op == i + 1)
				found += r.findings.items[k].length_bytes / 64;
		different += wrong != found;
		*wrong_cells += wrong != 0;
	}
	if (different && getenv("PP_ORACLE_TEXT"))
		fprintf(stderr, "%s%s", plan, history);
	close_run(&r);
	free(plan);
	free(history);
	return different;
}

static void test_against_reference(void)
{
	unsigned different = 0, wrong = 0;

	for (unsigned seed = 1; seed <= 4000; seed++) {
		struct thing all[OPS];
		struct pp_prng p;

		memset(all, 0, sizeof(all));
		pp_prng_seed(&p, seed);
		make_things(&p, all);
		different += differences(all, &wrong);
	}
	CU_ASSERT_EQUAL(different, 0);
	CU_ASSERT(wrong > 4000);
}

static const struct pp_unit_case cases[] = {
	{ "rules that are unknown are refused", test_rules_unknown },
	{ "a finding says all that a reader needs", test_a_finding_says_all },
	{ "O2 asks nothing of memory without storage", test_no_stable_storage },
	{ "on-demand MRs of a provider that has them", test_provider_with_on_demand_paging },
	{ "findings beyond the limit are counted", test_limit_of_findings },
	{ "random valid histories, then one changed cell", test_one_changed_cell },
	{ "random overlapping histories against a reference", test_against_reference },
};

PP_UNIT_MAIN("oracle", cases)
