/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A finding: one broken rule, with all a reader needs to see why. */
#ifndef PP_CORE_FINDING_H
#define PP_CORE_FINDING_H

#include <stddef.h>
#include <stdint.h>

#include "core/plan.h"
#include "core/stamp.h"
#include "core/words.h"

#define PP_FINDING_OPS 12

/* What an operation is to a finding. Bits. */
#define PP_MARK_EXPECTED 1u  /* the write that had to show */
#define PP_MARK_FOUND    2u  /* the write that shows instead */
#define PP_MARK_SYNC     4u  /* the sync that promised it */
#define PP_MARK_SHOWED   8u  /* the operation that showed it */
#define PP_MARK_WITH     16u /* another that the sentence speaks of */

/* Of each mark, in order of bits: its name, and what it says of the operation. */
#define PP_MARK_COUNT 5
extern const struct pp_word pp_mark_words[PP_MARK_COUNT];

/* One operation of a finding's story. */
struct pp_finding_line {
	uint32_t op;               /* id in the plan */
	unsigned marks;            /* PP_MARK_* */
	int32_t result;            /* 0 or -errno */
	char what[128];            /* "main rdma-write data 0+4096 gen 2" */
	uint64_t begin_ns, end_ns; /* since the case began; UINT64_MAX: never ended */
};

/* What the kernel did meanwhile, by the trace of the case. */
#define PP_FINDING_NEAR 6
struct pp_near_line {
	uint64_t time_ns; /* since the case began */
	char what[144];   /* "writeback:folio_wait_writeback ino=12 index=1 by kworker/u4:2" */
};

/* Verbs, a bit each. */
#define PP_VERB_WORDS ((PP_VERB_COUNT + 63) / 64)
struct pp_verb_set {
	uint64_t bits[PP_VERB_WORDS];
};

struct pp_finding {
	enum pp_rule rule;
	enum pp_class cls;
	char step[PP_NAME_MAX];              /* step of the op that showed it */
	uint32_t op;                         /* id of that op, 0 if none (log lines) */
	uint16_t region;                     /* index in the plan, PP_NO_INDEX if none */
	uint64_t offset_bytes, length_bytes; /* in the region */
	/* What rows of known defects may ask for; not kept in results. */
	enum pp_verb lost;         /* of the write that had to show, PP_VERB_NONE: none had to */
	struct pp_verb_set beside; /* that ran while it did, on one of its pages or on no range */
	bool has_expected, has_found;
	struct pp_stamp expected; /* the newest write that had to show */
	struct pp_stamp found;
	uint32_t ops[PP_FINDING_OPS]; /* ids of operations that touch or overlap, in time order */
	size_t n_ops;
	struct pp_finding_line lines[PP_FINDING_OPS]; /* the same operations, told */
	size_t n_lines; /* n_ops, or 0: nothing is known but the ids */
	struct pp_near_line near[PP_FINDING_NEAR];
	size_t n_near;  /* 0: no trace, or nothing in it that concerns the finding */
	uint32_t fault; /* id of the operation whose write fault on a hole of that place had not
			   ended when a file write behind it did not show; 0: none */
	int defect;     /* index of the known-defect row that explains it, -1 if none */
	char text[512]; /* one sentence */
};

struct pp_findings {
	struct pp_finding *items;
	size_t count, cap;
	size_t dropped; /* found beyond PP_FINDINGS_MAX; still counted */
};
#define PP_FINDINGS_MAX 1000

/** pp_finding_add - append a zeroed finding with rule, class and sentence; NULL without memory or
 *  beyond the limit (then counted in dropped). */
struct pp_finding *pp_finding_add(struct pp_findings *f, enum pp_rule rule, enum pp_class cls,
				  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void pp_findings_free(struct pp_findings *f);

/* Pure; @verb must be a known verb. */
void pp_verb_set_add(struct pp_verb_set *set, enum pp_verb verb);
bool pp_verb_set_has(const struct pp_verb_set *set, enum pp_verb verb);

#endif
