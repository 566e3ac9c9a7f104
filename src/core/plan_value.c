/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading one value of a plan, and the key=value pairs of a line; see plan_private.h. */
#include "core/plan_private.h"
#include "core/stamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REGION_BYTES_MAX (1ull << 31) /* a history's event holds a length in 32 bits */
#define BOUND_MS_MAX     (24u * 3600 * 1000)

int pp_plan_bad(struct pp_parser *p, const struct pp_span *span, const char *expected)
{
	char found[48] = "nothing";

	if (p->line.count == 0)
		snprintf(found, sizeof(found), "the end of the text");
	else if (span == &p->line.token[p->line.count].word)
		snprintf(found, sizeof(found), "the end of the line");
	else if (span->len || span->quoted)
		snprintf(found, sizeof(found), "'%.*s%s'", (int)(span->len < 32 ? span->len : 32),
			 span->s, span->len < 32 ? "" : "...");
	return pp_err_set(p->err, -EINVAL, "line %u column %u: expected %s, found %s.",
			  p->line.number, span->column, expected, found);
}

/* The next token, or the empty one at the end of the line. */
const struct pp_token *pp_plan_take(struct pp_parser *p)
{
	const struct pp_token *token = &p->line.token[p->next];

	if (p->next < p->line.count)
		p->next++;
	return token;
}

static int no_memory(struct pp_parser *p)
{
	return pp_err_set(p->err, -ENOMEM, "line %u: no memory for the plan", p->line.number);
}

/* Append a copy of @item to a growing array. */
int pp_plan_append(struct pp_parser *p, void *array, size_t *count, const void *item, size_t size)
{
	void *old, *grown;

	memcpy(&old, array, sizeof(old));   /* whatever type the array's pointer has */
	if ((*count & (*count - 1)) == 0) { /* 0 or a power of two: full */
		grown = reallocarray(old, *count ? *count * 2 : 1, size);
		if (!grown)
			return no_memory(p);
		memcpy(array, &grown, sizeof(grown));
		old = grown;
	}
	memcpy((char *)old + *count * size, item, size);
	(*count)++;
	return 0;
}

/* The next token if it is a word without '='; else @expected goes into the error. */
int pp_plan_take_word(struct pp_parser *p, const char *expected, const struct pp_span **word)
{
	const struct pp_token *token = pp_plan_take(p);

	*word = &token->word;
	if (token->has_value || !token->word.len || token->word.quoted)
		return pp_plan_bad(p, &token->word, expected);
	return 0;
}

int pp_plan_take_version(struct pp_parser *p, uint64_t version, const char *expected,
			 const char *wanted)
{
	const struct pp_span *word;
	uint64_t found;
	int rc = pp_plan_take_word(p, expected, &word);

	if (rc)
		return rc;
	if (!pp_span_number(word->s, word->len, &found))
		return pp_plan_bad(p, word, expected);
	if (found == version)
		return 0;
	pp_plan_bad(p, word, wanted);
	return -EPROTO;
}

/* Where a complaint about a key belongs: its value, or the end of the line if it is absent. */
const struct pp_span *pp_plan_place_of(struct pp_parser *p, const char *key)
{
	for (size_t i = 0; i < p->line.count; i++) {
		const struct pp_token *token = &p->line.token[i];

		if (token->has_value && pp_span_is(&token->word, key))
			return &token->value;
	}
	return &p->line.token[p->line.count].word;
}

bool pp_plan_has_key(struct pp_parser *p, const char *key)
{
	return pp_plan_place_of(p, key) != &p->line.token[p->line.count].word;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name(const char *s, size_t len)
{
	if (!len || !is_alnum(s[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_alnum(s[i]) && s[i] != '-' && s[i] != '_' && s[i] != '.')
			return false;
	return true;
}

int pp_plan_copy_name(struct pp_parser *p, const struct pp_span *v, char *out, size_t size)
{
	char expected[80];

	if (v->quoted || !is_name(v->s, v->len) || v->len >= size) {
		snprintf(expected, sizeof(expected),
			 "a name of at most %zu letters, digits, '-', '_' and '.'", size - 1);
		return pp_plan_bad(p, v, expected);
	}
	memcpy(out, v->s, v->len);
	out[v->len] = '\0';
	return 0;
}

int pp_plan_set_name(struct pp_parser *p, const struct pp_span *v, void *field,
		     const struct pp_key *k)
{
	return pp_plan_copy_name(p, v, field, k->size);
}

int pp_plan_copy_quoted(struct pp_parser *p, const struct pp_span *v, char *out, size_t size)
{
	char expected[80];
	size_t n = 0;

	for (size_t i = 0; v->quoted && i < v->len; i++) {
		if (v->s[i] == '\\' && i + 1 < v->len &&
		    (v->s[i + 1] == '"' || v->s[i + 1] == '\\'))
			i++;
		if (n < size)
			out[n++] = v->s[i];
	}
	if (!v->quoted || n >= size) {
		snprintf(expected, sizeof(expected), "a quoted text of at most %zu bytes",
			 size - 1);
		return pp_plan_bad(p, v, expected);
	}
	out[n] = '\0';
	return 0;
}

int pp_plan_set_quoted(struct pp_parser *p, const struct pp_span *v, void *field,
		       const struct pp_key *k)
{
	return pp_plan_copy_quoted(p, v, field, k->size);
}

/* "one of a, b, c" from a table of choices. */
static void list_choices(const struct pp_choice *table, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "one of");

	for (; table->name && n < size; table++)
		n += (size_t)snprintf(out + n, size - n, " %s%s", table->name,
				      table[1].name ? "," : "");
}

bool pp_plan_find_choice(const struct pp_choice *table, const struct pp_span *v, unsigned *value)
{
	for (; table->name; table++)
		if (pp_span_is(v, table->name)) {
			*value = table->value;
			return true;
		}
	return false;
}

int pp_plan_set_choice(struct pp_parser *p, const struct pp_span *v, void *field,
		       const struct pp_key *k)
{
	char expected[128];
	unsigned value;
	bool flag;

	if (!pp_plan_find_choice(k->arg, v, &value)) {
		list_choices(k->arg, expected, sizeof(expected));
		return pp_plan_bad(p, v, expected);
	}
	flag = value;
	if (k->size == sizeof(flag))
		memcpy(field, &flag, sizeof(flag));
	else
		memcpy(field, &value, sizeof(value));
	return 0;
}

int pp_plan_set_flag(struct pp_parser *p, const struct pp_span *v, void *field,
		     const struct pp_key *k)
{
	(void)p;
	(void)v;
	(void)k;
	*(bool *)field = true;
	return 0;
}

/* 1 up to the limit in k->arg, into a field of 16 or 32 bits. */
int pp_plan_set_number(struct pp_parser *p, const struct pp_span *v, void *field,
		       const struct pp_key *k)
{
	const struct pp_limit *limit = k->arg;
	uint16_t narrow;
	uint32_t word;
	uint64_t value;
	bool ok = limit->bytes ? pp_span_bytes(v->s, v->len, &value)
			       : pp_span_number(v->s, v->len, &value);

	if (v->quoted || !ok || !value || value > limit->max)
		return pp_plan_bad(p, v, limit->expected);
	narrow = (uint16_t)value;
	word = (uint32_t)value;
	if (k->size == sizeof(narrow))
		memcpy(field, &narrow, sizeof(narrow));
	else if (k->size == sizeof(word))
		memcpy(field, &word, sizeof(word));
	else
		memcpy(field, &value, sizeof(value));
	return 0;
}

int pp_plan_set_size(struct pp_parser *p, const struct pp_span *v, void *field,
		     const struct pp_key *k)
{
	uint64_t value;

	(void)k;
	if (v->quoted || !pp_span_bytes(v->s, v->len, &value) || !value || value % PP_CELL_BYTES ||
	    value > REGION_BYTES_MAX)
		return pp_plan_bad(
			p, v, "a size in bytes, a multiple of 64 up to 2G, such as 65536 or 64K");
	memcpy(field, &value, sizeof(value));
	return 0;
}

int pp_plan_set_duration(struct pp_parser *p, const struct pp_span *v, void *field,
			 const struct pp_key *k)
{
	size_t digits = 0;
	uint64_t value = 0;
	uint32_t ms;
	bool ok;

	(void)k;
	while (digits < v->len && v->s[digits] >= '0' && v->s[digits] <= '9')
		digits++;
	ok = !v->quoted && pp_span_number(v->s, digits, &value) && value && value <= BOUND_MS_MAX;
	if (ok && v->len - digits == 1 && v->s[digits] == 's')
		value *= 1000;
	else if (!ok || v->len - digits != 2 || memcmp(v->s + digits, "ms", 2))
		ok = false;
	if (!ok || value > BOUND_MS_MAX)
		return pp_plan_bad(p, v, "a time up to 24 hours, such as 20s or 500ms");
	ms = (uint32_t)value;
	memcpy(field, &ms, sizeof(ms));
	return 0;
}

int pp_plan_check_range(struct pp_parser *p, const struct pp_span *v,
			const struct pp_plan_range *range, uint32_t unit)
{
	static const struct {
		uint32_t unit;
		const char *expected;
	} units[] = {
		{ 1, "a range of at least one byte" },
		{ 8, "a range of whole 8-byte words, at least one" },
		{ PP_CELL_BYTES, "a range of whole 64-byte cells, at least one" },
		{ 4096, "a range of whole 4096-byte pages, at least one" },
	};
	size_t i = 0;

	if (range->length && range->offset % unit == 0 && range->length % unit == 0)
		return 0;
	while (i + 1 < PP_ARRAY_LEN(units) && units[i].unit != unit)
		i++;
	return pp_plan_bad(p, v, units[i].expected);
}

int pp_plan_read_range(struct pp_parser *p, const struct pp_span *v, uint64_t limit, uint32_t unit,
		       struct pp_plan_range *out)
{
	const char *plus = v->len && !v->quoted ? memchr(v->s, '+', v->len) : NULL;
	char expected[96];
	int rc;

	if (!plus || !pp_span_bytes(v->s, (size_t)(plus - v->s), &out->offset) ||
	    !pp_span_bytes(plus + 1, v->len - (size_t)(plus + 1 - v->s), &out->length))
		return pp_plan_bad(p, v, "a range OFFSET+LENGTH in bytes, such as 0+4096");
	rc = pp_plan_check_range(p, v, out, unit);
	if (rc)
		return rc;
	if (out->offset > limit || out->length > limit - out->offset) {
		snprintf(expected, sizeof(expected), "a range inside the object's %llu bytes",
			 (unsigned long long)limit);
		return pp_plan_bad(p, v, expected);
	}
	return 0;
}

/* Index of the object called @v among @count objects whose first member is the name. */
static uint16_t find_named(const void *array, size_t count, size_t size, const struct pp_span *v)
{
	for (size_t i = 0; i < count; i++)
		if (pp_span_is(v, (const char *)array + i * size))
			return (uint16_t)i;
	return PP_NO_INDEX;
}

#define SET_REFERENCE(fn, table, expected)                                                         \
	int fn(struct pp_parser *p, const struct pp_span *v, void *field, const struct pp_key *k)  \
	{                                                                                          \
		uint16_t index = find_named(p->plan->table, p->plan->n_##table,                    \
					    sizeof(p->plan->table[0]), v);                         \
                                                                                                   \
		(void)k;                                                                           \
		if (index == PP_NO_INDEX)                                                          \
			return pp_plan_bad(p, v, expected);                                        \
		memcpy(field, &index, sizeof(index));                                              \
		return 0;                                                                          \
	}

SET_REFERENCE(pp_plan_set_fs, fs, "the name of an fs defined above")
SET_REFERENCE(pp_plan_set_region, regions, "the name of a region defined above")
SET_REFERENCE(pp_plan_set_mr, mrs, "the name of an mr defined above")
SET_REFERENCE(pp_plan_set_gate, gates, "the name of a gate defined above")
SET_REFERENCE(pp_plan_set_actor, actors, "the name of an actor defined above")

int pp_plan_set_backing(struct pp_parser *p, const struct pp_span *v, void *field,
			const struct pp_key *k)
{
	enum pp_backing *out = field;

	(void)k;
	for (int b = 0; b < PP_BACKING_COUNT; b++)
		if (pp_span_is(v, pp_backings[b].name)) {
			*out = (enum pp_backing)b;
			return 0;
		}
	return pp_plan_bad(p, v, "the name of a backing, such as anon, memfd or ext4");
}

/* Words of a table, joined by commas, each at most once: their bits. */
static int read_bits(struct pp_parser *p, const struct pp_span *v, const struct pp_choice *table,
		     const char *expected, unsigned *bits)
{
	const char *at = v->s, *end = v->s + v->len, *comma;
	unsigned bit;

	for (*bits = 0;; at = comma + 1) {
		struct pp_span one = { .s = at, .quoted = v->quoted };

		comma = v->len ? memchr(at, ',', (size_t)(end - at)) : NULL;
		one.len = (size_t)((comma ? comma : end) - at);
		one.column = v->column + (unsigned)(at - v->s);
		if (!pp_plan_find_choice(table, &one, &bit) || *bits & bit)
			return pp_plan_bad(p, &one, expected);
		*bits |= bit;
		if (!comma)
			return 0;
	}
}

int pp_plan_set_access(struct pp_parser *p, const struct pp_span *v, void *field,
		       const struct pp_key *k)
{
	unsigned bits = 0;
	int rc = 0;

	(void)k;
	if (!pp_span_is(v, "none"))
		rc = read_bits(p, v, pp_access_choices,
			       "none, or lw, rw, rr, ra, od, each at most once and joined by "
			       "commas",
			       &bits);
	memcpy(field, &bits, sizeof(bits));
	return rc;
}

int pp_plan_set_mode(struct pp_parser *p, const struct pp_span *v, void *field,
		     const struct pp_key *k)
{
	unsigned bits;
	int rc = read_bits(p, v, pp_mode_choices,
			   "linked, fixed-file, sqpoll, async, each at most once and joined by "
			   "commas",
			   &bits);

	(void)k;
	memcpy(field, &bits, sizeof(bits));
	return rc;
}

static int parse_one_key(struct pp_parser *p, const struct pp_key *keys, size_t n, void *object,
			 uint32_t *seen)
{
	const struct pp_token *token = pp_plan_take(p);
	char expected[192];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (!pp_span_is(&token->word, keys[i].name) || token->has_value == keys[i].bare)
			continue;
		if (*seen & 1u << i)
			return pp_plan_bad(p, &token->word, "each key once in a line");
		*seen |= 1u << i;
		return keys[i].set(p, &token->value, (char *)object + keys[i].at, &keys[i]);
	}
	used = (size_t)snprintf(expected, sizeof(expected), "one of");
	for (size_t i = 0; i < n && used < sizeof(expected); i++)
		used += (size_t)snprintf(expected + used, sizeof(expected) - used, " %s%s%s",
					 keys[i].name, keys[i].bare ? "" : "=",
					 i + 1 < n ? "," : "");
	return pp_plan_bad(p, &token->word, expected);
}

int pp_plan_keys(struct pp_parser *p, const struct pp_key *keys, size_t n, void *object)
{
	uint32_t seen = 0;
	char expected[64];
	int rc;

	while (p->next < p->line.count) {
		rc = parse_one_key(p, keys, n, object, &seen);
		if (rc)
			return rc;
	}
	for (size_t i = 0; i < n; i++)
		if (keys[i].required && !(seen & 1u << i)) {
			snprintf(expected, sizeof(expected), "%s=", keys[i].name);
			return pp_plan_bad(p, &p->line.token[p->line.count].word, expected);
		}
	return 0;
}
