/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows opened on purpose: gates, references that are held, and the proof of each. */
#include <string.h>

#include "run/exec_state.h"

int pp_exec_gates_open(struct pp_exec *x, struct pp_err *err)
{
	(void)x;
	(void)err;
	return 0;
}

void pp_exec_gates_close(struct pp_exec *x)
{
	(void)x;
}

const char *pp_exec_dev(struct pp_exec *x, const char *slot)
{
	const struct pp_slot *s = slot[0] ? pp_slots_find(x->setup->slots, slot) : NULL;

	return s ? s->dev : NULL;
}

void pp_exec_worker_unhold(struct pp_worker *w)
{
	(void)w;
}

const struct pp_verb_impl pp_exec_gate_verbs[] = { { .verb = PP_VERB_NONE } };
