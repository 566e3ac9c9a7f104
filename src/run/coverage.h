/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Coverage of a run, from its files. */
#ifndef PP_RUN_COVERAGE_H
#define PP_RUN_COVERAGE_H

#include "core/coverage.h"

/**
 * pp_coverage_load - what the cases of a run entered
 * @run: directory of a run, also of `pinproof vm run`
 *
 * Cases without the file (they were skipped, or the guest died) are left out. Returns 0; -ENOENT:
 * the run did not record coverage; -EINVAL, -EPROTO naming the damaged file; -ENOMEM. @c is to be
 * freed with pp_coverage_free() if 0 is returned.
 */
int pp_coverage_load(const char *run, struct pp_coverage *c, struct pp_err *err);

#endif
