/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Planted faults: one device write of the running case goes wrong, as it would with a bad device,
 * or one of its pages really gets another frame, or clean, as it would by a kernel that loses track
 * of who has it pinned. A scenario that does not fail then could not have found the real thing.
 * Everything reported of such a run says "planted".
 */
#ifndef PP_RUN_PLANT_H
#define PP_RUN_PLANT_H

#include "core/err.h"
#include "core/plan.h"
#include "run/scenario.h"

#define PP_PLANT_STORM_DEFAULT 5u /* each so many device writes of a storm one is hit */

struct pp_plant_spec {
	enum pp_plant kind;
	bool every;      /* a self-test's: every write, of device and CPU, instead of one */
	unsigned number; /* of the device write, or page-look, in the plan's order from 1; in a
			    storm: each so many of its writes one; 0: pp_plant_target() chooses */
};

/** pp_plant_name - "drop"; "" for PP_PLANT_NONE. */
const char *pp_plant_name(enum pp_plant kind);

/** pp_plant_parse - "drop", "shift:3" of the command line; -EINVAL with a sentence. */
int pp_plant_parse(const char *text, struct pp_plant_spec *out, struct pp_err *err);

/** pp_plant_looks - does the fault hit looks at pages, not device writes? */
bool pp_plant_looks(enum pp_plant kind);

/**
 * pp_plant_target - id of the device write, or of the page-look, that the fault hits
 *
 * Without a number: the middle one of those whose loss somebody would see (an observation of all of
 * it follows, with no other write to it between; for a repeat a newer write follows first); of
 * looks the middle one of those at pages that are held and were looked at before (move), or that a
 * device wrote and has let go of (clean). 0: the plan has no such operation, or is a storm, whose
 * writes are counted as they come. Pure.
 */
uint32_t pp_plant_target(const struct pp_plan *plan, const struct pp_plant_spec *spec);

#endif
