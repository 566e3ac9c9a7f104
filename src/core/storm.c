/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each actor of a storm does next; see storm.h. */
#include "core/storm.h"

bool pp_storm_may_draw(enum pp_verb verb)
{
	switch (pp_verbs[verb].kind) {
	case PP_KIND_PIN:
	case PP_KIND_WRITE:
	case PP_KIND_DEVICE_WRITE:
	case PP_KIND_SYNC:
	case PP_KIND_HOLD:
		return true;
	case PP_KIND_OBSERVE: /* a cold read unmounts what others work on */
		return verb != PP_VERB_COLD_READ && verb != PP_VERB_SPLICE_DRAIN;
	case PP_KIND_HAZARD:
		return verb != PP_VERB_EXTEND && verb != PP_VERB_REAP && verb != PP_VERB_THAW;
	default:
		return verb == PP_VERB_GATE_HOLD;
	}
}
