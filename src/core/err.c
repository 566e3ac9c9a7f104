/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the one error sentence, and names for errno values; see err.h. */
#include "core/err.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel returns no errno above this (MAX_ERRNO in include/linux/err.h). */
#define ERRNO_LAST 4095

/* "One sentence, no newline": text from elsewhere may carry control characters. */
static void one_line(char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
}

/* Join two pieces into @err by way of a copy, since either may point into @err. */
static void put(struct pp_err *err, const char *front, const char *back)
{
	char joined[sizeof(err->text)];
	size_t n = strnlen(front, sizeof(joined) - 1);
	size_t m = strnlen(back, sizeof(joined) - 1 - n);

	memcpy(joined, front, n);
	memcpy(joined + n, back, m);
	joined[n + m] = '\0';
	one_line(joined);
	memcpy(err->text, joined, n + m + 1);
}

int pp_err_set(struct pp_err *err, int code, const char *fmt, ...)
{
	char sentence[sizeof(err->text)], why[64 + sizeof("EHWPOISON")];
	const char *desc;
	size_t n = strlen(fmt);
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	if (n && fmt[n - 1] == '.') {
		put(err, sentence, "");
		return code;
	}
	/* strerrordesc_np(): thread-safe and the same text in every locale, unlike strerror(). */
	desc = code == INT_MIN ? NULL : strerrordesc_np(abs(code));
	snprintf(why, sizeof(why), ": %s", desc ? desc : pp_errno_name(code));
	put(err, sentence, why);
	return code;
}

void pp_err_prefix(struct pp_err *err, const char *fmt, ...)
{
	char front[sizeof(err->text)];
	size_t n;
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	vsnprintf(front, sizeof(front) - 2, fmt, ap);
	va_end(ap);
	n = strlen(front);
	memcpy(front + n, ": ", 3);
	put(err, front, err->text);
}

const char *pp_errno_name(int code)
{
	/* Only for values without a name; one buffer for each thread, so that no caller shares it.
	 */
	static _Thread_local char unknown[16];
	const char *name;

	if (code == 0)
		return "ok";
	name = code == INT_MIN ? NULL : strerrorname_np(abs(code));
	if (name)
		return name;
	snprintf(unknown, sizeof(unknown), "E?%u", code < 0 ? 0u - (unsigned)code : (unsigned)code);
	return unknown;
}

int pp_errno_value(const char *name)
{
	if (!strcmp(name, "ok"))
		return 0;
	if (name[0] != 'E')
		return -1;
	for (int code = 1; code <= ERRNO_LAST; code++) {
		const char *known = strerrorname_np(code);

		if (known && !strcmp(known, name))
			return code;
	}
	return -1;
}
