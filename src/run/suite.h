/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole run: select, probe, execute case by case, judge, report. */
#ifndef PP_RUN_SUITE_H
#define PP_RUN_SUITE_H

#include "run/config.h"

/** pp_suite_run - `pinproof run`, or `pinproof replay` if the configuration says so; returns the
 * exit code. Prints KTAP and, on standard error, the table. */
int pp_suite_run(const struct pp_config *c, int argc, char **argv);

/** pp_suite_judge - `pinproof judge DIR`: verdicts again from the files; returns the exit code. */
int pp_suite_judge(const struct pp_config *c, const char *dir);

/** pp_suite_list - `pinproof list`. */
int pp_suite_list(const struct pp_config *c);

/** pp_suite_doctor - `pinproof doctor`: all probes, each with a sentence. */
int pp_suite_doctor(const struct pp_config *c);

#endif
