/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a bad kernel log looks like: one table of patterns, tested on recorded
 * logs. Gives findings of O10, and a crash title for a console that just ends.
 */
#ifndef PP_CORE_LOGSCAN_H
#define PP_CORE_LOGSCAN_H

#include "core/finding.h"

struct pp_log_pattern {
	const char *name;  /* "warning", "bug", "kasan", ... */
	const char *regex; /* POSIX extended */
	bool fatal;        /* the kernel does not go on: classifies a crash */
};
extern const struct pp_log_pattern pp_log_patterns[];
extern const size_t pp_log_n_patterns;

/**
 * pp_log_scan - findings (O10, class splat) for each line of damage
 * @text: console or kmsg text; lines may carry "[  12.345]" or "<6>" prefixes
 *
 * One finding for a splat: the lines of the same trace are folded into the first. The finding's text
 * is the title (line without prefix, addresses and numbers normalised by pp_log_title()).
 * Returns 0 or -ENOMEM.
 */
int pp_log_scan(const char *text, size_t len, struct pp_findings *out, struct pp_err *err);

/** pp_log_title - normalised title of a line, for de-duplication. @out >= 256 bytes. */
void pp_log_title(const char *line, size_t len, char *out, size_t size);

/**
 * pp_log_crash - why a guest died, from its console: title of the first fatal line (or the last
 * damage), "" if the console shows none. Returns true when something was found.
 */
bool pp_log_crash(const char *text, size_t len, char *title, size_t size);

#endif
