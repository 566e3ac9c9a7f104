/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes: every fact that a plan may need, found out by trying, each with a
 * sentence. One table: name, what it means, how it is tried.
 */
#ifndef PP_SYS_PROBE_H
#define PP_SYS_PROBE_H

#include "core/facts.h"
#include "sys/link.h"
#include "sys/slots.h"

struct pp_probe_env {
	const struct pp_slots *slots;
	const struct pp_link *link;  /* NULL or made: facts rxe* come from it */
	const char *link_why;        /* why there is no link */
	int guest;                   /* throw-away guest: kernel says so or --guest */
};

struct pp_probe {
	const char *name;
	const char *title;
};
extern const struct pp_probe pp_probes[]; /* all fact names, for doctor, docs and plan checking */
extern const size_t pp_n_probes;

/** pp_probe_all - fill @f completely (uname, era, all facts). Leaves nothing behind. */
void pp_probe_all(struct pp_facts *f, const struct pp_probe_env *env);

#endif
