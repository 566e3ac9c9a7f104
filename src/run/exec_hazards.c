/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What filesystem and mm do meanwhile: how each hazard of the plan is carried out. */
#include "run/exec_state.h"

void pp_exec_worker_unfork(struct pp_worker *w)
{
	(void)w;
}

const struct pp_verb_impl pp_exec_hazard_verbs[] = { { .verb = PP_VERB_NONE } };
