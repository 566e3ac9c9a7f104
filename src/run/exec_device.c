/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device writes beyond the plain ones: work requests of every kind, fixed buffers. */
#include "run/exec_state.h"

const struct pp_verb_impl pp_exec_device_verbs[] = { { .verb = PP_VERB_NONE } };
