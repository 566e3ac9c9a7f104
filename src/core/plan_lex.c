/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splitting a plan's text into lines of tokens; docs/plan-language.md has the grammar. */
#include "core/plan_private.h"

#include <errno.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_printable(char c)
{
	return c > 0x20 && c < 0x7f;
}

/* The line being split; @end is its newline or the end of the text. */
struct scan {
	struct pp_lex *lex;
	const char *start, *at, *end;
};

static int bad_char(struct scan *sc)
{
	unsigned column = (unsigned)(sc->at - sc->start) + 1;

	if (sc->at == sc->end)
		return pp_err_set(sc->lex->err, -EINVAL,
				  "line %u column %u: expected a closing '\"', found the end of "
				  "the line.",
				  sc->lex->number, column);
	if (is_printable(*sc->at))
		return pp_err_set(sc->lex->err, -EINVAL,
				  "line %u column %u: expected a blank between words, found '%c'.",
				  sc->lex->number, column, *sc->at);
	return pp_err_set(sc->lex->err, -EINVAL,
			  "line %u column %u: expected a printable character, found byte 0x%02x.",
			  sc->lex->number, column, (unsigned char)*sc->at);
}

static int scan_quoted(struct scan *sc, struct pp_span *span)
{
	span->quoted = true;
	span->column = (unsigned)(sc->at - sc->start) + 1;
	span->s = ++sc->at;
	while (sc->at < sc->end && *sc->at != '"') {
		if (*sc->at == '\\' && sc->at + 1 < sc->end &&
		    (sc->at[1] == '"' || sc->at[1] == '\\'))
			sc->at++;
		else if (*sc->at != ' ' && !is_printable(*sc->at))
			return bad_char(sc);
		sc->at++;
	}
	if (sc->at == sc->end)
		return bad_char(sc);
	span->len = (size_t)(sc->at - span->s);
	sc->at++;
	return 0;
}

/* A word ends at a blank; at '=' too if it may be a key. */
static int scan_word(struct scan *sc, struct pp_span *span, bool key)
{
	if (sc->at < sc->end && *sc->at == '"')
		return scan_quoted(sc, span);
	span->quoted = false;
	span->column = (unsigned)(sc->at - sc->start) + 1;
	span->s = sc->at;
	while (sc->at < sc->end && !is_blank(*sc->at) && !(key && *sc->at == '=')) {
		if (!is_printable(*sc->at) || *sc->at == '"')
			return bad_char(sc);
		sc->at++;
	}
	span->len = (size_t)(sc->at - span->s);
	return 0;
}

static int scan_token(struct scan *sc, struct pp_token *token)
{
	/* ">=" is a word of the evidence statement, not a key without a name. */
	bool key = *sc->at != '>';
	int rc;

	memset(token, 0, sizeof(*token));
	rc = scan_word(sc, &token->word, key);
	if (!rc && key && !token->word.quoted && sc->at < sc->end && *sc->at == '=') {
		sc->at++;
		token->has_value = true;
		rc = scan_word(sc, &token->value, false);
	}
	if (!rc && sc->at < sc->end && !is_blank(*sc->at))
		rc = bad_char(sc);
	return rc;
}

static int scan_line(struct scan *sc, struct pp_line *line)
{
	int rc;

	for (;;) {
		while (sc->at < sc->end && is_blank(*sc->at))
			sc->at++;
		if (sc->at == sc->end || *sc->at == '#')
			break;
		if (line->count == PP_LINE_TOKENS)
			return pp_err_set(sc->lex->err, -EINVAL,
					  "line %u column %u: expected at most %d words in a line.",
					  sc->lex->number, (unsigned)(sc->at - sc->start) + 1,
					  PP_LINE_TOKENS);
		rc = scan_token(sc, &line->token[line->count]);
		if (rc)
			return rc;
		line->count++;
	}
	memset(&line->token[line->count], 0, sizeof(line->token[0]));
	line->token[line->count].word.s = sc->at;
	line->token[line->count].word.column = (unsigned)(sc->at - sc->start) + 1;
	return 0;
}

int pp_lex_line(struct pp_lex *lex, struct pp_line *line)
{
	int rc;

	line->count = 0;
	while (lex->at < lex->end) {
		const char *newline = memchr(lex->at, '\n', (size_t)(lex->end - lex->at));
		struct scan sc = { .lex = lex, .start = lex->at, .at = lex->at };

		sc.end = newline ? newline : lex->end;
		line->number = ++lex->number;
		rc = scan_line(&sc, line);
		lex->at = newline ? newline + 1 : lex->end;
		if (rc)
			return rc;
		if (line->count)
			return 1;
	}
	line->number = lex->number + 1;
	memset(&line->token[0], 0, sizeof(line->token[0]));
	line->token[0].word.column = 1;
	return 0;
}

bool pp_span_is(const struct pp_span *span, const char *word)
{
	return !span->quoted && span->len == strlen(word) && !memcmp(span->s, word, span->len);
}

bool pp_span_number(const char *s, size_t len, uint64_t *value)
{
	unsigned base = 10, digit;
	uint64_t v = 0;

	if (len > 2 && s[0] == '0' && s[1] == 'x') {
		base = 16;
		s += 2;
		len -= 2;
	}
	if (!len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			digit = (unsigned)(s[i] - '0');
		else if (base == 16 && s[i] >= 'a' && s[i] <= 'f')
			digit = (unsigned)(s[i] - 'a') + 10;
		else if (base == 16 && s[i] >= 'A' && s[i] <= 'F')
			digit = (unsigned)(s[i] - 'A') + 10;
		else
			return false;
		if (v > (UINT64_MAX - digit) / base)
			return false;
		v = v * base + digit;
	}
	*value = v;
	return true;
}

bool pp_span_bytes(const char *s, size_t len, uint64_t *value)
{
	static const char suffixes[] = "KMG";
	const char *suffix = len ? memchr(suffixes, s[len - 1], sizeof(suffixes) - 1) : NULL;
	unsigned shift = suffix ? (unsigned)(suffix - suffixes + 1) * 10 : 0;

	if (!pp_span_number(s, len - (suffix ? 1 : 0), value))
		return false;
	if (*value > UINT64_MAX >> shift)
		return false;
	*value <<= shift;
	return true;
}
