/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to probe.c and probe_hazard.c: facts that hazards, gates and observers need. */
#ifndef PP_SYS_PROBE_HAZARD_H
#define PP_SYS_PROBE_HAZARD_H

#include "core/err.h"

/* Each: 0 or -errno, the sentence of a no in @why. */
int pp_probe_sqpoll(struct pp_err *why);
int pp_probe_compact(struct pp_err *why);
int pp_probe_ksm(struct pp_err *why);
int pp_probe_thp_split(struct pp_err *why);
/** pp_probe_memcg - enters and leaves a cgroup in a forked child with mounts of its own. */
int pp_probe_memcg(struct pp_err *why);

#endif
