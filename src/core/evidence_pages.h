/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence of looks at page frames: internal to evidence.c. */
#ifndef PP_CORE_EVIDENCE_PAGES_H
#define PP_CORE_EVIDENCE_PAGES_H

#include "core/evidence.h"

struct pp_frames_seen;

/** pp_frames_seen_new - nothing seen yet; NULL: no memory. */
struct pp_frames_seen *pp_frames_seen_new(const struct pp_plan *plan, const struct pp_history *h);
void pp_frames_seen_free(struct pp_frames_seen *f);

/** pp_frames_seen_count - what one event of a look (PP_KIND_LOOK) that succeeded adds to @count, of
 *  PP_EV_COUNT counters. Events come in order of begin. */
void pp_frames_seen_count(struct pp_frames_seen *f, const struct pp_event *e, uint64_t *count);

#endif
