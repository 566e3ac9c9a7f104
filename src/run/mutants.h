/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory that `pinproof mutate` leaves, read and judged.
 *
 *	kernel            one line: the kernel
 *	list              names of the mutants, one a line
 *	baseline/N/       run directories without a mutant, N from 1
 *	mutants/NAME/     declaration (lines "key=value"), and
 *	mutants/NAME/N/   run directories with it, in the order in which they ran
 *	mutants.json      the record of all, written by pp_mutants_save()
 */
#ifndef PP_RUN_MUTANTS_H
#define PP_RUN_MUTANTS_H

#include "core/mutant.h"

/** pp_mutants_load - read and judge; to be freed with pp_mutants_free() if 0 is returned.
 *  @name: only this mutant; NULL: all. Errors: -ENOENT and whatever a damaged file gives, with
 *  its name. */
int pp_mutants_load(const char *dir, const char *name, struct pp_mutants *out, struct pp_err *err);
void pp_mutants_free(struct pp_mutants *all);

/** pp_mutants_save - mutants.json in the directory. */
int pp_mutants_save(const char *dir, const struct pp_mutants *all, struct pp_err *err);

#endif
