/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record of one case, from which KTAP, JSON and the table are all made, and
 * the function that decides its verdict.
 */
#ifndef PP_CORE_RESULT_H
#define PP_CORE_RESULT_H

#include "core/defect.h"
#include "core/evidence.h"
#include "core/facts.h"
#include "core/finding.h"
#include "core/history.h"
#include "core/plan.h"
#include "core/trace.h"
#include "core/words.h"

#define PP_RESULT_VERSION 1

/* How the child that ran the plan ended. */
enum pp_ending {
	PP_ENDING_DONE,    /* all operations executed */
	PP_ENDING_SKIP,    /* a needed fact is missing; reason names it */
	PP_ENDING_BROKEN,  /* set-up that should work did not; reason */
	PP_ENDING_TIMEOUT, /* the deadline of the case passed; reason says where it hung */
	PP_ENDING_CRASH,   /* the child died of a signal, or the kernel died; reason */
	PP_ENDING_STARTED, /* nothing was heard after the start: read as crash of the guest */
	PP_ENDING_COUNT
};
extern const struct pp_word pp_ending_words[PP_ENDING_COUNT];

struct pp_result {
	char case_name[PP_CASE_MAX];
	enum pp_verdict verdict;
	char reason[768];    /* one sentence: why this verdict */
	char reference[256]; /* of the known-defect row for XFAIL and XPASS */
	uint64_t seed;
	uint64_t duration_ms;
	int attempts; /* 1..3 */
	bool has_counted;
	uint64_t counted; /* how much the file of --counter grew in the last attempt */
	enum pp_ending ending;
	bool blind; /* INCONCLUSIVE as a witness cannot see here, in no attempt */
	struct pp_findings findings;
	struct pp_evidence evidence;
	struct pp_trace_account trace;
};

/**
 * pp_result_decide - verdict, reason and reference from what happened
 * @r: ending and reason (for any ending but DONE), findings, evidence are filled in
 *
 * Order: BROKEN and SKIP with nothing found beside them. A finding that no row explains (or that
 * was not kept): FAIL. TIMEOUT, CRASH unless a row of O9 or class splat explains them. All findings
 * explained and in range: XFAIL ("range unconfirmed" where POSSIBLE). Too little evidence:
 * INCONCLUSIVE. A row IN range that predicts and none was seen: XPASS. Else PASS, whose reason
 * lists the evidence. Sets findings' defect index. Pure.
 */
void pp_result_decide(struct pp_result *r, const struct pp_plan *plan,
		      const struct pp_facts *facts);

/** pp_result_decide_with - the same with other known-defect rows; findings get indices in @rows. */
void pp_result_decide_with(struct pp_result *r, const struct pp_plan *plan,
			   const struct pp_facts *facts, const struct pp_defect *rows,
			   size_t n_rows);

void pp_result_free(struct pp_result *r);

/** pp_verdict_worst - the worse of two. */
enum pp_verdict pp_verdict_worst(enum pp_verdict a, enum pp_verdict b);

/** pp_verdict_exit - exit code of a run whose worst verdict is @worst. 77 only if all were skipped;
 *  with @bisect 77 and 99 become 125; XPASS is 1 with @strict. */
int pp_verdict_exit(enum pp_verdict worst, bool strict, bool bisect);

/**
 * pp_result_json - one result as JSON text (docs/results.schema.json, malloc'ed), NULL without
 * memory
 * @plan: adds names of regions and writers; may be NULL
 */
char *pp_result_json(const struct pp_result *r, const struct pp_plan *plan);
/**
 * pp_result_parse - one result back; @r is to be freed with pp_result_free() if 0 is returned
 *
 * Returns 0, -ENOMEM, or -EINVAL naming the member that is wrong. A known-defect row that this
 * program no longer has becomes -1.
 */
int pp_result_parse(const char *json, size_t len, struct pp_result *r, struct pp_err *err);

/* The same for a writer that embeds results: new references of jansson's json_t. */
struct json_t;
struct json_t *pp_result_to_json(const struct pp_result *r, const struct pp_plan *plan);
int pp_result_from_json(const struct json_t *j, struct pp_result *r, struct pp_err *err);

#endif
