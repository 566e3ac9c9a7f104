/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to probe.c and probe_hazard.c: facts that hazards, gates and observers need. */
#ifndef PP_SYS_PROBE_HAZARD_H
#define PP_SYS_PROBE_HAZARD_H

#include "core/err.h"

/* Each: 0 or -errno, the sentence of a no in @why. */
int pp_probe_sqpoll(struct pp_err *why);
int pp_probe_compact(struct pp_err *why);
/** pp_probe_move_pages - move_pages(2) of a page of our own; kernels without NUMA have none. */
int pp_probe_move_pages(struct pp_err *why);
int pp_probe_ksm(struct pp_err *why);
int pp_probe_thp_split(struct pp_err *why);
int pp_probe_soft_dirty(struct pp_err *why);
int pp_probe_uffd_wp(struct pp_err *why);
int pp_probe_uffd_move(struct pp_err *why);
/** pp_probe_collapse - MADV_COLLAPSE of pages of our own. */
int pp_probe_collapse(struct pp_err *why);
/** pp_probe_swap - some device is swapped to. */
int pp_probe_swap(struct pp_err *why);
/** pp_probe_movable - the MOVABLE zone has memory. */
int pp_probe_movable(struct pp_err *why);
/** pp_probe_numa - two nodes have memory. */
int pp_probe_numa(struct pp_err *why);
/** pp_probe_numa_balancing - the kernel moves pages to the node that uses them. */
int pp_probe_numa_balancing(struct pp_err *why);
/** pp_probe_offline - blocks of memory can be set offline on request. */
int pp_probe_offline(struct pp_err *why);
/** pp_probe_soft_offline - does the kernel know MADV_SOFT_OFFLINE? No frame is taken by asking. */
int pp_probe_soft_offline(struct pp_err *why);
/** pp_probe_hwpoison - does the kernel know MADV_HWPOISON, and go on behind it? No frame is taken
 * by asking. */
int pp_probe_hwpoison(struct pp_err *why);
/** pp_probe_memcg - enters and leaves a cgroup in a forked child with mounts of its own. */
int pp_probe_memcg(struct pp_err *why);

#endif
