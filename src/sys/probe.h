/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes: every fact that a plan may need, found out by trying, each with a
 * sentence. One table: name, what it means, how it is tried.
 */
#ifndef PP_SYS_PROBE_H
#define PP_SYS_PROBE_H

#include <stddef.h>

#include "core/facts.h"
#include "sys/link.h"
#include "sys/slots.h"

struct pp_probe_env {
	const struct pp_slots *slots;
	const struct pp_link *link; /* NULL or made: facts rxe* come from it */
	const char *link_why;       /* why there is no link */
	const char *pi_why;         /* why there is no slot pi0 */
	int guest;                  /* throw-away guest: kernel says so or --guest */
};

struct pp_probe_run; /* internal: what the probes of one pp_probe_all() share */

struct pp_probe {
	const char *name;
	const char *title;
	/* 0: yes, -errno: no; either way the sentence is in @why. Called by pp_probe_all() only. */
	int (*try)(const struct pp_probe_run *run, struct pp_err *why);
};
extern const struct pp_probe pp_probes[]; /* all fact names, for doctor, docs and plan checking */
extern const size_t pp_n_probes;

/**
 * pp_probe_all - fill @f completely (uname, era, all facts)
 *
 * Leaves nothing behind, but an empty ext4 of ours on slot disk0. Whatever needs an open verbs
 * device is tried in a forked child: the caller may fork after this. Bounded (a minute at worst).
 */
void pp_probe_all(struct pp_facts *f, const struct pp_probe_env *env);

#endif
