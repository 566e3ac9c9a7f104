/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run has on this machine: guardian, work directory, slots, link, facts, kernel log. */
#ifndef PP_RUN_MACHINE_H
#define PP_RUN_MACHINE_H

#include <stdbool.h>

#include "core/facts.h"
#include "run/config.h"
#include "run/guardian.h"
#include "run/tracing.h"
#include "sys/kmsg.h"
#include "sys/link.h"
#include "sys/slots.h"

struct pp_machine {
	struct pp_guardian guardian;
	char workdir[256];
	struct pp_slots slots;
	struct pp_link link;
	bool has_link;
	struct pp_err link_why; /* why there is no link */
	bool has_pi_disk;
	struct pp_err pi_why; /* why there is no disk with protection information */
	struct pp_kmsg kmsg;
	struct pp_tracing tracing;
	struct pp_facts facts;
};

/**
 * pp_machine_open - make what the run needs and probe the facts
 * @pi_disk: somebody needs slot pi0, which is made in throw-away guests only
 *
 * A missing link or log is a fact, no error. A --disk that must not be touched is one (-EBUSY,
 * ...). On error nothing is left behind.
 */
int pp_machine_open(struct pp_machine *m, const struct pp_config *c, bool pi_disk,
		    struct pp_err *err);
/** pp_machine_close - take the link and the directory away. Returns the kernel log since it was
 * last drained (malloc'ed, *@len bytes): taking things down can do damage too. @err says what could
 *  not be taken away, empty otherwise. */
char *pp_machine_close(struct pp_machine *m, size_t *len, struct pp_err *err);

#endif
