/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pinproof timeline DIR`: from the files of a case to the JSON of a timeline. */
#ifndef PP_RUN_TIMELINE_H
#define PP_RUN_TIMELINE_H

#include <stdio.h>

#include "core/timeline.h"

/**
 * pp_case_timeline - write the timeline of a case
 * @dir: directory of a case, or of a run (also of `pinproof vm run`) that has one case
 * @out: gets the JSON
 * @notes: gets a line for each thing that a reader should know and the picture does not show
 *
 * Needs nothing but files: no kernel, no root. Returns 0; -EINVAL, -ENOENT, -EPROTO naming the file
 * that is missing or damaged; -EIO: @out; -ENOMEM.
 */
int pp_case_timeline(const char *dir, FILE *out, FILE *notes, struct pp_err *err);

#endif
