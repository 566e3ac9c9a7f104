/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words, numbers and names of a line of a history's text, with the place of every error. */
#include "core/history_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pp_rd_bad(const struct pp_reader *r, const char *at, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return pp_err_set(r->err, -EINVAL, "line %zu column %zu: %s.", r->number,
			  (size_t)(at - r->line) + 1, text);
}

bool pp_rd_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct pp_rd_word pp_rd_next_word(struct pp_reader *r)
{
	struct pp_rd_word w;

	while (r->at < r->end && pp_rd_blank(*r->at))
		r->at++;
	w.at = r->at;
	while (r->at < r->end && !pp_rd_blank(*r->at))
		r->at++;
	w.len = (size_t)(r->at - w.at);
	return w;
}

bool pp_rd_is(struct pp_rd_word w, const char *text)
{
	return w.len == strlen(text) && !memcmp(w.at, text, w.len);
}

bool pp_rd_cut(struct pp_rd_word *w, const char *prefix)
{
	size_t len = strlen(prefix);

	if (w->len < len || memcmp(w->at, prefix, len))
		return false;
	w->at += len;
	w->len -= len;
	return true;
}

bool pp_rd_cut_at(struct pp_rd_word *w, char separator, struct pp_rd_word *front)
{
	const char *p = w->len ? memchr(w->at, separator, w->len) : NULL;

	if (!p)
		return false;
	front->at = w->at;
	front->len = (size_t)(p - w->at);
	w->len -= front->len + 1;
	w->at = p + 1;
	return true;
}

int pp_rd_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int pp_rd_number(struct pp_reader *r, struct pp_rd_word w, uint64_t most, uint64_t *out)
{
	const char *start = w.at;
	unsigned base = w.len > 2 && pp_rd_cut(&w, "0x") ? 16 : 10;
	uint64_t value = 0;

	if (!w.len)
		return pp_rd_bad(r, start, "expected a number");
	for (size_t i = 0; i < w.len; i++) {
		int digit = pp_rd_hex_digit(w.at[i]);

		if (digit < 0 || (unsigned)digit >= base)
			return pp_rd_bad(r, w.at + i, "expected a digit");
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (unsigned)digit, &value) || value > most)
			return pp_rd_bad(r, start, "the number is greater than %llu",
					 (unsigned long long)most);
	}
	*out = value;
	return 0;
}

int pp_rd_number32(struct pp_reader *r, struct pp_rd_word w, uint32_t *out)
{
	uint64_t value;
	int ret = pp_rd_number(r, w, UINT32_MAX, &value);

	if (!ret)
		*out = (uint32_t)value;
	return ret;
}

int pp_rd_signed_number(struct pp_reader *r, struct pp_rd_word w, int64_t least, int64_t most,
			int64_t *out)
{
	bool minus = pp_rd_cut(&w, "-");
	uint64_t value;
	int ret = pp_rd_number(r, w, minus ? 0 - (uint64_t)least : (uint64_t)most, &value);

	if (!ret)
		*out = minus ? (int64_t)(0 - value) : (int64_t)value;
	return ret;
}

int pp_rd_find_name(struct pp_rd_word w, const void *array, size_t count, size_t size, size_t name)
{
	for (size_t i = 0; i < count; i++)
		if (pp_rd_is(w, (const char *)array + i * size + name))
			return (int)i;
	return -1;
}

int pp_rd_find_actor(const struct pp_plan *p, struct pp_rd_word w)
{
	return pp_rd_find_name(w, p->actors, p->n_actors, sizeof(*p->actors), 0);
}

int pp_rd_find_region(const struct pp_plan *p, struct pp_rd_word w)
{
	return pp_rd_find_name(w, p->regions, p->n_regions, sizeof(*p->regions),
			       offsetof(struct pp_region_def, name));
}

int pp_rd_grow(struct pp_reader *r, void **array, size_t count, size_t *cap, size_t size)
{
	size_t want = *cap ? 2 * *cap : 64;
	void *more;

	if (count < *cap)
		return 0;
	more = realloc(*array, want * size);
	if (!more)
		return pp_err_set(r->err, -ENOMEM, "line %zu: no memory for more events",
				  r->number);
	*array = more;
	*cap = want;
	return 0;
}
