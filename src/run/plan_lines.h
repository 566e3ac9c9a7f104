/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines that many scenarios write: where a backing lives, and the control that proves the fabric
 * works. */
#ifndef PP_RUN_PLAN_LINES_H
#define PP_RUN_PLAN_LINES_H

#include "core/plan.h"

/* Where regions of a backing live: facts they need, and the filesystem line. */
struct pp_place_lines {
	const char *backing;
	const char *needs;   /* fact names */
	const char *fs;      /* rest of the line "fs f0 ...", NULL if none */
	const char *words;   /* to add to a region line: " fs=f0", " slot=disk1" */
	uint64_t page_bytes; /* least size of a mapping */
};

/** pp_place_lines - the row of a backing, NULL for an unknown name. */
const struct pp_place_lines *pp_place_of(const char *backing);

/** pp_lines_place - the need and fs lines of a backing. */
void pp_lines_place(struct pp_plan_text *t, const char *backing);
/** pp_lines_place_as - the same with another filesystem: @fs is the rest of the line "fs f0 ...".
 */
void pp_lines_place_as(struct pp_plan_text *t, const char *backing, const char *fs);

/** pp_lines_made - operations that make and mount the filesystem, if the backing has one. */
void pp_lines_made(struct pp_plan_text *t, const char *backing);

/** pp_pinner_on_demand - is the pinner "rxe-odp": MRs that hold no pins, but take pages when the
 *  device needs them? Where the device cannot do that, its cases are SKIP by the fact of that name.
 */
bool pp_pinner_on_demand(const char *pinner);

/** pp_lines_mr - an MR that "rxe-mr" or "rxe-odp" may do all with. @fmt: "m0 region=data", and its
 *  range if it is not all of the region; for the second one the fact that it needs, too. */
void pp_lines_mr(struct pp_plan_text *t, const char *pinner, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** pp_lines_control_objects - a small anonymous region and an MR over it. */
void pp_lines_control_objects(struct pp_plan_text *t);

/**
 * pp_lines_control - the positive control: a device write into plain memory that the CPU and the
 * device then see. Without it a refusal could be a dead device's. Uses generation @gen.
 */
void pp_lines_control(struct pp_plan_text *t, uint32_t gen);

/*
 * Bystanders: a file that nobody but the set-up writes, on the filesystem under test, and an
 * anonymous page. Whatever breaks in them, or shows their bytes elsewhere, is O6; what the case did
 * to the filesystem itself is O11. The same @backing goes to all three.
 */

/** pp_lines_bystander_objects - their regions, and the fact that the filesystem can be checked.
 *  Behind pp_lines_place(). */
void pp_lines_bystander_objects(struct pp_plan_text *t, const char *backing);

/** pp_lines_bystander - operations that write them, with generations of pp_gen(), and sync the
 *  file. Behind pp_lines_made(). */
void pp_lines_bystander(struct pp_plan_text *t, const char *backing);

/**
 * pp_lines_bystander_check - operations at the end: they are read back through the page cache, the
 * mapping and the block device; then the filesystem is unmounted and checked
 *
 * All other regions of the filesystem must be unmapped before.
 */
void pp_lines_bystander_check(struct pp_plan_text *t, const char *backing);

/** The same in two parts, for what must come between: a cold-read of another region. Behind the
 *  first the bystanders are unmapped; the second unmounts and checks. */
void pp_lines_bystander_look(struct pp_plan_text *t, const char *backing);
void pp_lines_unmounted(struct pp_plan_text *t, const char *backing);

#endif
