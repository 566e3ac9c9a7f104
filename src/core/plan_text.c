/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing a plan's text line by line; see "Builder" in plan.h. */
#include "core/plan_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

/* Make room for @more bytes and the NUL behind them. */
static bool reserve(struct pp_plan_text *t, size_t more)
{
	size_t need = t->len + more + 1, cap = t->cap ? t->cap : 1024;
	char *text;

	if (t->failed)
		return false;
	if (need <= t->cap)
		return true;
	while (cap < need)
		cap *= 2;
	text = realloc(t->text, cap);
	if (!text) {
		t->failed = -ENOMEM;
		return false;
	}
	t->text = text;
	t->cap = cap;
	return true;
}

static void __attribute__((format(printf, 2, 0)))
add(struct pp_plan_text *t, const char *fmt, va_list ap)
{
	va_list again;
	size_t room = t->text ? t->cap - t->len : 0;
	int n;

	if (t->failed)
		return;
	/* What fits, as almost all does, is formatted once: a storm written out is a long text. */
	va_copy(again, ap);
	n = vsnprintf(room ? t->text + t->len : NULL, room, fmt, again);
	va_end(again);
	if (n < 0) {
		t->failed = -EINVAL;
		return;
	}
	if ((size_t)n >= room) {
		if (!reserve(t, (size_t)n))
			return;
		vsnprintf(t->text + t->len, (size_t)n + 1, fmt, ap);
	}
	t->len += (size_t)n;
}

void pp_text_add(struct pp_plan_text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(t, fmt, ap);
	va_end(ap);
}

void pp_say(struct pp_plan_text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(t, fmt, ap);
	va_end(ap);
	pp_text_add(t, "\n");
}

static uint32_t __attribute__((format(printf, 3, 0)))
op(struct pp_plan_text *t, const char *actor, const char *fmt, va_list ap)
{
	/* A zeroed struct is a good start: ids are numbered from 1. */
	uint32_t id = t->next_op ? t->next_op : 1;

	pp_text_add(t, "op %u %s ", id, actor);
	add(t, fmt, ap);
	pp_text_add(t, "\n");
	t->next_op = id + 1;
	return id;
}

uint32_t pp_op(struct pp_plan_text *t, const char *fmt, ...)
{
	uint32_t id;
	va_list ap;

	va_start(ap, fmt);
	id = op(t, "main", fmt, ap);
	va_end(ap);
	return id;
}

uint32_t pp_op_by(struct pp_plan_text *t, const char *actor, const char *fmt, ...)
{
	uint32_t id;
	va_list ap;

	va_start(ap, fmt);
	id = op(t, actor, fmt, ap);
	va_end(ap);
	return id;
}

void pp_storm_line(struct pp_plan_text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pp_text_add(t, "storm ");
	add(t, fmt, ap);
	pp_text_add(t, "\n");
	va_end(ap);
	t->next_op = PP_STORM_END;
	t->next_gen = PP_STORM_END;
}

void pp_mix(struct pp_plan_text *t, const char *actor, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pp_text_add(t, "mix %s ", actor);
	add(t, fmt, ap);
	pp_text_add(t, "\n");
	va_end(ap);
}

uint32_t pp_gen(struct pp_plan_text *t)
{
	uint32_t gen = t->next_gen ? t->next_gen : 1;

	t->next_gen = gen + 1;
	return gen;
}
