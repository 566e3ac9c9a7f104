/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A simulated machine for the property test of the oracle: memory, disk, MR and
 * several actors whose operations overlap. What it shows is right by
 * construction, because each operation takes its effect cell by cell at moments
 * between its begin and its end.
 */
#ifndef TESTS_UNIT_MACHINE_H
#define TESTS_UNIT_MACHINE_H

#include "core/history.h"
#include "core/plan.h"
#include "core/prng.h"
#include "core/words.h"

#define OPS_MAX 80
#define PAGE    4096u
#define BYTES   8192u /* of the largest region */
#define PAGES   (BYTES / PAGE)
#define CELL    PP_CELL_BYTES
#define CELLS   (BYTES / CELL)
#define RUN     7

enum { DATA, IDLE, DAX, REGIONS };
enum { MAIN, DEV, PEER, HOLDER, ACTORS };

/* One operation of the machine, with what it saw. */
struct act {
	enum pp_verb verb;
	int actor, region;
	uint64_t offset, length, begin, end;
	uint32_t gen;
	int result;
	bool any;               /* expect=any */
	int pins;               /* quiet */
	uint8_t (*cells)[CELL]; /* observations */
};

enum step_kind { STEP_WRITE, STEP_LOOK, STEP_SYNC, STEP_ZERO, STEP_PART, STEP_PIN };

/* What happens at one moment to one cell (STEP_PART: to one page). */
struct step {
	uint64_t time, tie;
	uint16_t act, cell;
	uint8_t kind, from, to; /* bytes of the cell */
};

struct machine {
	struct pp_prng rng;
	struct act acts[OPS_MAX];
	size_t n_acts;
	struct step *steps;
	size_t n_steps;
	uint8_t memory[REGIONS][BYTES], disk[REGIONS][BYTES], orphan[PAGES][PAGE];
	bool parted[PAGES]; /* the MR's page is no longer the file's */
	bool failed_sync;
	uint64_t cursor[ACTORS];
	uint32_t gen[ACTORS];
};

/* Its history: free events and cells. */
struct record {
	struct pp_history h;
	uint8_t (*cells)[CELL];
	size_t cap;
};

/** machine_run - the machine of @seed, after it ran; machine_free() it. */
void machine_run(struct machine *m, uint64_t seed);
void machine_free(struct machine *m);

/** machine_plan - the plan of what it did. */
struct pp_plan *machine_plan(const struct machine *m);
/** machine_record - the history of what it showed, or of what a test made of that. */
void machine_record(struct machine *m, struct record *r);

/** machine_below - a number of its own in [0, @n). */
uint64_t machine_below(struct machine *m, uint64_t n);

/* What an operation is. */
enum pp_kind kind_of(const struct act *a);
bool act_writes(const struct act *a);
bool act_by_mr(const struct act *a); /* through the MR */
bool act_parts(const struct act *a); /* takes pages from the file that the MR keeps */

/** act_stamp - the 64 bytes that @a writes to @cell of its region. */
void act_stamp(const struct act *a, unsigned cell, uint8_t *out);

/* One thing that no machine could show: what is changed, and which finding it must give. */
struct target {
	struct machine *m;
	struct act *a;
	unsigned cell;           /* of its region */
	enum pp_rule rule, also; /* either; also: PP_RULE_NONE if there is but one */
	uint32_t classes;        /* 1 << enum pp_class, any of them */
};

/* @make: false if this machine showed nothing that could be changed so. */
struct change {
	const char *name;
	bool (*make)(struct target *t);
};
extern const struct change machine_changes[];
extern const size_t machine_n_changes;

#endif
