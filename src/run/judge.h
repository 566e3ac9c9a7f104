/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judging: from the files of a case to its result. Executing and judging are
 * separate, so that a verdict can be repeated on a machine without RDMA.
 */
#ifndef PP_RUN_JUDGE_H
#define PP_RUN_JUDGE_H

#include "core/facts.h"
#include "core/history.h"
#include "core/plan.h"
#include "core/progress.h"
#include "core/result.h"
#include "core/trace.h"
#include "run/exec.h"

/* What the supervisor knows of an execution beside plan and history: ending.json. */
struct pp_ending_record {
	enum pp_ending ending;
	char reason[512];
	uint64_t duration_ms;
	int attempts;
	bool dropped;     /* --drop-hazard or --drop-device-writes was given */
	char planted[96]; /* which fault --plant put where; "" for a run as it should be */
	unsigned long taint_before, taint_after;
	bool has_counted; /* --counter was given, and could be read before and after */
	uint64_t counted; /* how much it grew */
	struct pp_trace_account trace;
	uint64_t mark_ns; /* when the mark in the kernel log was written, since the start of the
			     history */
	struct pp_exec_wait waits[PP_EXEC_WAITS_MAX]; /* what was behind its bound waited there */
	uint32_t n_waits;
};

/** pp_judge - result of one case. @log: kernel log of the case's time, in front of its mark that of
 * the time since the case before; NULL: lost. @progress: NULL if nobody wants to know. Pure but for
 * memory. */
void pp_judge(const struct pp_plan *plan, const struct pp_history *h,
	      const struct pp_ending_record *ending, const char *log, size_t log_len,
	      const struct pp_facts *facts, const struct pp_progress *progress,
	      struct pp_result *out);

/** pp_case_save - plan, history.bin, kmsg.log and ending.json of one execution into the directory
 * @dir. */
int pp_case_save(const char *dir, const struct pp_plan *plan, const struct pp_history *h,
		 const struct pp_ending_record *ending, const char *log, size_t log_len,
		 struct pp_err *err);

/** pp_case_tell - result.json for the result @r of the case @label, whose other files are in @dir;
 * findings get the kernel's events around them. */
int pp_case_tell(const char *dir, const char *label, const struct pp_plan *plan,
		 struct pp_result *r, struct pp_err *err);

/**
 * pp_case_judge_dir - judge a case from its directory and write result.json
 * @progress: NULL if nobody wants to know
 * @plan: out, for reports; to be freed by the caller; NULL when it cannot be read
 *
 * A damaged or missing file is -EINVAL or -EPROTO with the file's name; @out is then not filled.
 * -ENOENT: there is no ending.json, so the case has not begun.
 */
int pp_case_judge_dir(const char *dir, const char *label, const struct pp_facts *facts,
		      const struct pp_progress *progress, struct pp_result *out,
		      struct pp_plan **plan, struct pp_err *err);

/** pp_ending_started - ending.json that says only that the case began: what a dead guest leaves. */
int pp_ending_save(const char *dir, const struct pp_ending_record *ending, struct pp_err *err);
int pp_ending_load(const char *dir, struct pp_ending_record *ending, struct pp_err *err);

/** pp_case_load_plan - the plan of a case directory; @err names the file. Freed by the caller. */
int pp_case_load_plan(const char *dir, struct pp_plan **plan, struct pp_err *err);
/** pp_case_load_history - its history, which must belong to @plan. Freed by the caller. */
int pp_case_load_history(const char *dir, const struct pp_plan *plan, struct pp_history *h,
			 struct pp_err *err);

/** pp_facts_load - facts.json of a run directory. */
int pp_facts_load(const char *run, struct pp_facts *facts, struct pp_err *err);

#endif
