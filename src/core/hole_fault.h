/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Write faults on holes of DAX files: which page is being given its block through a mapping, and by
 * which operation. Until such a fault has ended a load may have the zero page mapped there, so a
 * file write that finds the block in place already meets it (fs/dax.c: dax_iomap_pte_fault()
 * allocates first, dax_insert_entry() unmaps then).
 */
#ifndef PP_CORE_HOLE_FAULT_H
#define PP_CORE_HOLE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/history.h"
#include "core/plan.h"

struct pp_hole_faults;

/** pp_hole_faults_new - @out is NULL if no file of the plan is on DAX: then there is nothing to
 *  take in. 0 or -ENOMEM. */
int pp_hole_faults_new(const struct pp_plan *plan, const struct pp_history *h,
		       struct pp_hole_faults **out);
void pp_hole_faults_free(struct pp_hole_faults *f);

/** pp_hole_faults_take - event @i of the history begins; each in turn, none that was skipped. @f
 * may be NULL, as in all that follows. */
void pp_hole_faults_take(struct pp_hole_faults *f, uint32_t i);

/**
 * pp_hole_faults_at - the write through a mapping whose fault may have filled the hole at
 * @offset_bytes of @space, and which has not ended at @now_ns
 *
 * It began while nobody's write to the page had ended since it was a hole. PP_NO_EVENT if there is
 * none.
 */
uint32_t pp_hole_faults_at(const struct pp_hole_faults *f, uint16_t space, uint64_t offset_bytes,
			   uint64_t now_ns);

/** pp_hole_faults_met - does event @i, a file write by another actor that is about to be taken in,
 *  begin while such a fault on a page of its range is under way? */
bool pp_hole_faults_met(const struct pp_hole_faults *f, uint32_t i);

#endif
