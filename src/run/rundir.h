/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run directory: what lies where, and files that are whole or absent.
 *
 *	command      the command line that started the run
 *	seed         of the run: plans and order come from it
 *	status       one line: running, done, interrupted
 *	facts.json   what was probed
 *	cases/NAME/  plan (plan.storm), history.bin, kmsg.log, ending.json, result.json;
 *	             '.' stands for '/' in NAME
 *	bundles/     one file for each failure, see run/bundle.h
 *	results.json the record of the whole run
 */
#ifndef PP_RUN_RUNDIR_H
#define PP_RUN_RUNDIR_H

#include <stddef.h>

#include "core/err.h"

#define PP_PATH_MAX 4096

/** pp_rundir_make - create @path (must be absent or an empty directory), with cases/ in it. */
int pp_rundir_make(const char *path, struct pp_err *err);

/** pp_rundir_case - make and name the directory of a case (@label may hold '/' and '~'). */
int pp_rundir_case(const char *run, const char *label, char *out, size_t size, struct pp_err *err);

/** pp_file_write - write a file as a whole (temporary name, rename). */
int pp_file_write(const char *dir, const char *name, const void *data, size_t len,
		  struct pp_err *err);
/** pp_file_text - the same for a NUL-terminated text; NULL text is -ENOMEM. */
int pp_file_text(const char *dir, const char *name, const char *text, struct pp_err *err);

/** pp_file_read - a whole file, malloc'ed and NUL-terminated behind its end. @dir NULL: @name
 * alone. */
int pp_file_read(const char *dir, const char *name, char **out, size_t *len, struct pp_err *err);

#endif
