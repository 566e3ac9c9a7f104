/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Observers beyond the plain ones: a second process, io_uring, O_DIRECT of the file, fsck. */
#include "run/exec_state.h"

int pp_exec_peer_open(struct pp_exec *x, struct pp_err *err)
{
	(void)x;
	(void)err;
	return 0;
}

void pp_exec_peer_close(struct pp_exec *x)
{
	(void)x;
}

const struct pp_verb_impl pp_exec_look_verbs[] = { { .verb = PP_VERB_NONE } };
