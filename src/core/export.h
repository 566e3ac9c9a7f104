/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A failure for people who do not have pinproof: as a C program, and as a mail. Pure text. */
#ifndef PP_CORE_EXPORT_H
#define PP_CORE_EXPORT_H

#include "core/facts.h"
#include "core/plan.h"
#include "core/result.h"

/**
 * pp_export_c - a stand-alone program that carries the plan out and looks for the finding
 * @r: its first finding (one that no known defect explains is preferred) is the symptom
 * @kernel: on which it was seen, for the comment at the top
 * @out: malloc'ed text, NUL-terminated
 *
 * The program needs libc, and libibverbs and liburing where the plan does. Exit status: 1 shown, 0
 * not shown, 125 cannot tell. Returns 0; -EOPNOTSUPP: a storm, gate, verb, backing or finding
 * that the exporter does not know (@err names it); -ENOENT: no finding; -ENOMEM.
 */
int pp_export_c(const struct pp_plan *plan, const struct pp_result *r, const char *kernel,
		char **out, struct pp_err *err);

/**
 * pp_export_mail - a draft of a report to a kernel list: what, where, since when, log, how to see
 * it
 * @log: kernel log of the case; NULL: none
 *
 * What pinproof cannot know (a fixing commit, whether other kernels have it) is left as a line in
 * brackets for the sender. Returns 0, -ENOENT: no finding, -ENOMEM.
 */
int pp_export_mail(const struct pp_plan *plan, const struct pp_result *r,
		   const struct pp_facts *facts, const char *log, char **out, struct pp_err *err);

/** pp_export_finding - the finding that both speak of; NULL: there is none. */
const struct pp_finding *pp_export_finding(const struct pp_result *r);

/* Text that every exported program has, or those that need it: src/core/export/NAME.txt. */
struct pp_export_part {
	const char *name;
	const char *text;
};
extern const struct pp_export_part pp_export_parts[];
extern const size_t pp_export_n_parts;

#endif
