/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence: counters, computed from the history alone, that show the case did
 * its work. They count what was SEEN (a generation that an observer found, pins
 * that the kernel counted), never merely what was asked for.
 */
#ifndef PP_CORE_EVIDENCE_H
#define PP_CORE_EVIDENCE_H

#include "core/history.h"
#include "core/plan.h"
#include "core/progress.h"

struct pp_evidence_def {
	const char *name;
	const char *title; /* a few words: what the number counts */
};

enum pp_evidence_id {
	PP_EV_DEVICE_WRITES_SEEN, /* device write operations of which an observer found a cell */
	PP_EV_STORES_SEEN,        /* CPU writes (store, pwrite) of which an observer through pinned
				     pages (pp_verbs[].pin) found a cell */
	PP_EV_SYNCS,              /* sync operations that succeeded, not skipped */
	PP_EV_SYNCS_ANSWERED,     /* sync operations that were answered, with success or an error */
	PP_EV_DURABLE_ADVANCES,   /* durable observations that show a generation newer than the
				     durable observation before them */
	PP_EV_DURABLE_READS,      /* durable observations that returned data */
	PP_EV_PIN_READS,          /* observations through pinned pages that returned data */
	PP_EV_REGISTRATIONS,      /* reg operations answered: accepted or refused */
	PP_EV_REFUSALS,           /* reg operations refused */
	PP_EV_PINS_SEEN,          /* most pins the kernel counted at a quiet point */
	PP_EV_PACKETS,            /* packets that the fabric counted, last quiet point */
	PP_EV_QUIETS,             /* quiet points reached */
	PP_EV_CELLS_CHECKED,      /* cells observed */
	PP_EV_WINDOWS_PROVEN,     /* await-* operations that succeeded: the window was seen open */
	PP_EV_WRITES_IN_WINDOW, /* device writes that succeeded and ran in a proven window: from the
				   end of the await to the begin of the next gate-open (await-bios:
				   of its gate; await-writeback: writes to its region;
				   await-asleep: to the end of the operation that slept) */
	PP_EV_WAITS_PROVEN,     /* await-asleep operations that succeeded */
	PP_EV_HUGE_PROVEN,      /* await-huge operations that succeeded */
	PP_EV_HAZARDS_DONE,     /* operations marked hazard that succeeded */
	PP_EV_FSCK_CLEAN,       /* checks of a filesystem that found nothing */
	PP_EV_BYSTANDER_READS,  /* observations of a bystander that returned data */
	PP_EV_HOLDS,            /* references taken by splice-hold and child-hold */
	PP_EV_STORM_OPS,        /* operations of a storm that ended */
	PP_EV_PAGES_LOOKED,     /* pages of looks behind which a frame was seen */
	PP_EV_PAGES_KEPT,       /* held pages that a look found in the frame of a look before */
	PP_EV_FRAMES_HELD,      /* frames that frame-look found to be what they were, while an MR, a
				   pipe or a transfer held them */
	PP_EV_PAGES_COPIED, /* pages of which child-look found another frame than the pinned one */
	PP_EV_PAGES_SOILED, /* pages found dirty after a device wrote them and let go */
	PP_EV_PINS_COUNTED, /* quiet points at which the kernel's pin counters were ours to judge */
	PP_EV_OBJECTS_COUNTED, /* the same of the RDMA device's objects */
	PP_EV_POOLS_COUNTED,   /* the same of the pools of huge pages */
	PP_EV_HAZARDS_REFUSED, /* operations marked hazard that failed as expect= says */
	PP_EV_ACCESS_FAULTS,   /* loads and stores that a fault ended, as expect= says */
	/* Pages that some operation of the plan takes (a registration, a hold, O_DIRECT): */
	PP_EV_PAGES_KEPT_DIRTY, /* page-look found them soft-dirty */
	PP_EV_FRAMES_REPLACED,  /* page-mark found another frame than the page-mark before */
	/* Pages that none does: the hazard works */
	PP_EV_FRAMES_SHARED, /* child-look found the frame of page-mark (of whichever pages) */
	PP_EV_FRAMES_MOVED,  /* page-look found another frame than page-mark */
	PP_EV_PAGES_GONE,    /* page-look found no frame where page-mark had */
	PP_EV_PAGES_SWAPPED, /* page-look found a swap entry */
	PP_EV_PAGES_MERGED,  /* page-look found a page of ksmd, mapped more than once */
	PP_EV_PAGES_HUGE,    /* page-look found a part of a transparent huge page */
	PP_EV_PAGES_CLEAN,   /* page-look found a page without its soft-dirty bit */
	PP_EV_FRAMES_BAD,  /* frame-look found a frame that is declared bad (of whichever pages) */
	PP_EV_FAULTS_MET,  /* file writes that began while another actor's write through a mapping
			      had a page of their range to fault in that was a hole of a DAX file */
	PP_EV_SAME_MEMORY, /* a DAX file was read: by whatever way, what is mapped */
	PP_EV_COUNT
};

extern const struct pp_evidence_def pp_evidence_defs[PP_EV_COUNT];

struct pp_evidence {
	uint64_t count[PP_EV_COUNT];
	bool refused;          /* an op with expect=era or expect=policy was refused */
	uint64_t blind_quiets; /* quiet points at which only VmPin was known */
};

/** pp_evidence_count - fill @out from the history. Pure. @progress: NULL if nobody wants to know.
 */
void pp_evidence_count(const struct pp_plan *plan, const struct pp_history *h,
		       const struct pp_progress *progress, struct pp_evidence *out);

/** pp_evidence_short - index of the first need of the plan that is not met, -1 if all are. */
int pp_evidence_short(const struct pp_plan *plan, const struct pp_evidence *ev);

int pp_evidence_find(const char *name); /* enum pp_evidence_id or -1 */

#endif
