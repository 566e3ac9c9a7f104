/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the pieces of the plan share with each other and with nobody else: the
 * words of the language, the tokens of a line, appending to a text.
 */
#ifndef PP_CORE_PLAN_PRIVATE_H
#define PP_CORE_PLAN_PRIVATE_H

#include "core/plan.h"

/* A word of the language and the value it stands for; a table ends with a NULL name. */
struct pp_choice {
	const char *name;
	unsigned value;
};

extern const struct pp_choice pp_share_choices[];
extern const struct pp_choice pp_prot_choices[];
extern const struct pp_choice pp_fd_choices[];  /* value: read-only? */
extern const struct pp_choice pp_yes_choices[]; /* no, yes */
extern const struct pp_choice pp_eof_choices[];
extern const struct pp_choice pp_when_choices[];   /* the word after "if" */
extern const struct pp_choice pp_strict_choices[]; /* one bit each */
extern const struct pp_choice pp_expect_choices[]; /* the named ones; an errno's name otherwise */
extern const struct pp_choice pp_mr_kind_choices[];
extern const struct pp_choice pp_access_choices[]; /* one bit each, joined by commas */
extern const struct pp_choice pp_mode_choices[];   /* likewise */

/** pp_choice_name - the word for @value, "?" if there is none. */
const char *pp_choice_name(const struct pp_choice *table, unsigned value);

/* A piece of the plan's text and where it stands. */
struct pp_span {
	const char *s; /* inside the text; of a quoted string, what is between the quotes */
	size_t len;
	unsigned column; /* from 1, in bytes */
	bool quoted;
};

struct pp_token {
	struct pp_span word; /* the whole word, or what stands before the '=' */
	bool has_value;
	struct pp_span value;
};

#define PP_LINE_TOKENS 64

/* One line in tokens. token[count] is empty and stands at the end of the line. */
struct pp_line {
	unsigned number; /* from 1 */
	size_t count;
	struct pp_token token[PP_LINE_TOKENS + 1];
};

struct pp_lex {
	const char *at, *end;
	unsigned number; /* of the line at @at, less one */
	struct pp_err *err;
};

/**
 * pp_lex_line - split the next line that has a token
 *
 * Returns 1 and the line; 0 at the end of the text, with @line empty and numbered one past the
 * last; -EINVAL with the place in the error sentence.
 */
int pp_lex_line(struct pp_lex *lex, struct pp_line *line);

/** pp_span_is - is the span this unquoted word? */
bool pp_span_is(const struct pp_span *span, const char *word);

/** pp_span_number - a decimal or 0x number that is the whole span; false if it is not, or too big.
 */
bool pp_span_number(const char *s, size_t len, uint64_t *value);

/** pp_span_bytes - a number with an optional K, M or G behind it. */
bool pp_span_bytes(const char *s, size_t len, uint64_t *value);

/* What the parser knows while it reads. */
struct pp_parser {
	struct pp_lex lex;
	struct pp_line line;
	size_t next; /* token to be read */
	struct pp_plan *plan;
	struct pp_err *err;
	uint32_t seen;       /* statements so far, bit by index in the table */
	uint32_t *last_gen;  /* of each actor */
	uint16_t *registrar; /* of each MR: who registered it last so far, PP_NO_INDEX: nobody */
	bool has_storm;
};

/* One key of a statement: where its value goes and who reads it. */
struct pp_key {
	const char *name;
	int (*set)(struct pp_parser *p, const struct pp_span *v, void *field,
		   const struct pp_key *k);
	size_t at;       /* of the field in the object */
	size_t size;     /* of the field */
	const void *arg; /* what the setter chooses from */
	bool required;
	bool bare; /* a word without a value, such as "hazard" */
};

#define PP_KEY(type, key_name, setter, field, ...)                                                 \
	{                                                                                          \
		.name = key_name, .set = setter, .at = offsetof(type, field),                      \
		.size = sizeof(((type *)0)->field), __VA_ARGS__                                    \
	}

/* What pp_plan_set_number() accepts: 1 to @max, with K, M or G behind it if @bytes. */
struct pp_limit {
	uint64_t max;
	const char *expected;
	bool bytes;
};

struct pp_plan_range {
	uint64_t offset, length;
};

/** pp_plan_bad - "line L column C: expected @expected, found ...": the one shape of complaint. */
int pp_plan_bad(struct pp_parser *p, const struct pp_span *span, const char *expected);

/** pp_plan_take - the next token, or the empty one at the end of the line. */
const struct pp_token *pp_plan_take(struct pp_parser *p);

/** pp_plan_take_word - the next token, which must be a bare word; else @expected is the complaint.
 */
int pp_plan_take_word(struct pp_parser *p, const char *expected, const struct pp_span **word);

/** pp_plan_take_version - the next token, which must be this number: -EPROTO and the complaint
 * @wanted if it is another one, @expected if it is none. */
int pp_plan_take_version(struct pp_parser *p, uint64_t version, const char *expected,
			 const char *wanted);

/** pp_plan_place_of - the value of @key in this line; the end of the line if it is absent. */
const struct pp_span *pp_plan_place_of(struct pp_parser *p, const char *key);

/** pp_plan_has_key - does this line have the key? */
bool pp_plan_has_key(struct pp_parser *p, const char *key);

/** pp_plan_append - copy @item to the end of a growing array; @array is the address of its pointer.
 */
int pp_plan_append(struct pp_parser *p, void *array, size_t *count, const void *item, size_t size);

/** pp_plan_append_def - the same for definitions that others name by a 16-bit index. */
int pp_plan_append_def(struct pp_parser *p, void *array, size_t *count, const void *item,
		       size_t size);
#define APPEND_DEF(p, what, item)                                                                  \
	pp_plan_append_def(p, &(p)->plan->what, &(p)->plan->n_##what, item,                        \
			   sizeof((p)->plan->what[0]))

/** pp_plan_is_taken - is there an object called @name? All tables of the plan hold objects that
 *  begin with a name. */
bool pp_plan_is_taken(const void *array, size_t count, size_t size, const char *name);
#define IS_TAKEN(p, what, name)                                                                    \
	pp_plan_is_taken((p)->plan->what, (p)->plan->n_##what, sizeof((p)->plan->what[0]), name)

/** pp_plan_take_name - the next token, which must be a name, into @out. */
int pp_plan_take_name(struct pp_parser *p, char *out, size_t size);

/* Statements. */
int pp_plan_parse_gate(struct pp_parser *p);
int pp_plan_parse_fs(struct pp_parser *p);
int pp_plan_parse_region(struct pp_parser *p);
int pp_plan_parse_mr(struct pp_parser *p);
int pp_plan_parse_op(struct pp_parser *p);
int pp_plan_parse_storm(struct pp_parser *p);
int pp_plan_parse_mix(struct pp_parser *p);
/** pp_plan_end_storm - what can only be said of a storm once all lines are read. */
int pp_plan_end_storm(struct pp_parser *p);

/** pp_plan_take_action - verb, object and range of an op or a mix line; a range left out is the
 *  whole object (8 bytes for an atomic of an op). */
int pp_plan_take_action(struct pp_parser *p, struct pp_op *op, bool mix);

/** pp_plan_check_keys - are the keys of this line those that the op's verb needs and knows? */
int pp_plan_check_keys(struct pp_parser *p, struct pp_op *op, bool mix);

/** pp_plan_unit - what offset and length of the verb are multiples of: 1, 8, 64 or 4096 bytes. */
uint32_t pp_plan_unit(enum pp_verb verb);

int pp_plan_set_expect(struct pp_parser *p, const struct pp_span *v, void *op,
		       const struct pp_key *k);

/* The keys that op and mix lines share; @m leads from @type to the struct pp_op in it. */
#define PP_OP_KEYS(type, m)                                                                        \
	PP_KEY(type, "via", pp_plan_set_name, m via),                                              \
		PP_KEY(type, "split", pp_plan_set_number, m split_bytes, .arg = &pp_split_limit),  \
		PP_KEY(type, "depth", pp_plan_set_number, m depth, .arg = &pp_depth_limit),        \
		PP_KEY(type, "sges", pp_plan_set_number, m sges, .arg = &pp_sges_limit),           \
		PP_KEY(type, "mode", pp_plan_set_mode, m mode),                                    \
		PP_KEY(type, "to", pp_plan_set_region, m to),                                      \
		PP_KEY(type, "expect", pp_plan_set_expect, m id),                                  \
		PP_KEY(type, "bound", pp_plan_set_duration, m bound_ms),                           \
		PP_KEY(type, "hazard", pp_plan_set_flag, m hazard, .bare = true)

extern const struct pp_limit pp_split_limit, pp_depth_limit, pp_sges_limit;

/** pp_plan_keys - read all tokens left in the line as keys of @object; each at most once. */
int pp_plan_keys(struct pp_parser *p, const struct pp_key *keys, size_t n, void *object);

/** pp_plan_read_range - OFFSET+LENGTH in whole units of @unit bytes inside [0, @limit). */
int pp_plan_read_range(struct pp_parser *p, const struct pp_span *v, uint64_t limit, uint32_t unit,
		       struct pp_plan_range *out);

/** pp_plan_check_range - are offset and length multiples of @unit bytes, the length not 0? */
int pp_plan_check_range(struct pp_parser *p, const struct pp_span *v,
			const struct pp_plan_range *range, uint32_t unit);

bool pp_plan_find_choice(const struct pp_choice *table, const struct pp_span *v, unsigned *value);
int pp_plan_copy_name(struct pp_parser *p, const struct pp_span *v, char *out, size_t size);
int pp_plan_copy_quoted(struct pp_parser *p, const struct pp_span *v, char *out, size_t size);

/* Setters for struct pp_key. */
typedef int pp_plan_setter(struct pp_parser *p, const struct pp_span *v, void *field,
			   const struct pp_key *k);
pp_plan_setter pp_plan_set_name, pp_plan_set_quoted, pp_plan_set_choice, pp_plan_set_flag;
pp_plan_setter pp_plan_set_number, pp_plan_set_size, pp_plan_set_duration, pp_plan_set_fs;
pp_plan_setter pp_plan_set_region, pp_plan_set_mr, pp_plan_set_actor;
pp_plan_setter pp_plan_set_gate, pp_plan_set_backing, pp_plan_set_access, pp_plan_set_mode;

/** pp_text_add - append formatted text without a newline. */
void pp_text_add(struct pp_plan_text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
