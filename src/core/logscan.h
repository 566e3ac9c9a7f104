/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a bad kernel log looks like: one table of patterns, tested on recorded
 * logs. Gives findings of O10, and a crash title for a console that just ends.
 */
#ifndef PP_CORE_LOGSCAN_H
#define PP_CORE_LOGSCAN_H

#include "core/finding.h"

/* In front of a log line, behind its time stamp: a program wrote it, not the kernel. */
#define PP_LOG_USER "user: "

/* How a line of damage stands to the lines around it. */
enum pp_log_role {
	PP_LOG_LINE,  /* alone: an error message of a filesystem or a disk */
	PP_LOG_SPLAT, /* always begins a splat of its own */
	PP_LOG_PART,  /* among the first lines of a splat, or begins one */
	PP_LOG_END    /* behind the trace of a splat, or begins one */
};

struct pp_log_pattern {
	const char *name;  /* "warning", "bug", "kasan", ... */
	const char *regex; /* POSIX extended, for a line without prefix */
	enum pp_log_role role;
	bool fatal; /* the kernel does not go on: classifies a crash */
};
/* Tried in this order; the first that matches names the line. */
extern const struct pp_log_pattern pp_log_patterns[];
extern const size_t pp_log_n_patterns;

/**
 * pp_log_scan - findings (O10, class splat) for each line of damage
 * @text: console or kmsg text; lines may carry "[  12.345] " or "<6>" prefixes, or /dev/kmsg's own
 *
 * If any line has a time stamp, then lines without one are not the kernel's and are left out: a
 * console also shows what programs print. One finding for a splat: the lines of the same trace are
 * folded into the first. The finding's text is the title (line without prefix, addresses and
 * numbers normalised by pp_log_title()); damage with a title that was already found is counted in
 * its text: "... (3 times)". Returns 0 or -ENOMEM. Pure.
 */
int pp_log_scan(const char *text, size_t len, struct pp_findings *out, struct pp_err *err);

/** pp_log_scan_with - the same with other patterns: tests prove that each one is needed. */
int pp_log_scan_with(const struct pp_log_pattern *patterns, size_t n_patterns, const char *text,
		     size_t len, struct pp_findings *out, struct pp_err *err);

/** pp_log_most - how often the line of damage that came most often is in a log: what a rate limit
 * of the kernel's counts, which it keeps for each place that prints. Pure. */
unsigned pp_log_most(const char *text, size_t len);

/** pp_log_title - normalised title of a line, for de-duplication. @out >= 256 bytes. */
void pp_log_title(const char *line, size_t len, char *out, size_t size);

/**
 * pp_log_crash - why a guest died, from its console: title of the first fatal line (or the last
 * damage), "" if the console shows none. Returns true when something was found.
 */
bool pp_log_crash(const char *text, size_t len, char *title, size_t size);

#endif
