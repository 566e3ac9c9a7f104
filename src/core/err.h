/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One error sentence. The place that fails writes it, callers may put context
 * in front, only the top of a program prints it.
 */
#ifndef PP_CORE_ERR_H
#define PP_CORE_ERR_H

struct pp_err {
	char text[512]; /* one sentence, no newline; empty while nothing failed */
};

/**
 * pp_err_set - write the sentence and hand back the code, for `return pp_err_set(...)`
 * @err: where to write; NULL drops the sentence (a caller that wants only the code)
 * @code: negative errno value
 *
 * Appends ": strerror(-code)" when @fmt does not end in '.'. Thread-safe for
 * distinct @err. Returns @code.
 */
int pp_err_set(struct pp_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** pp_err_prefix - put "context: " in front of the sentence already there. */
void pp_err_prefix(struct pp_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** pp_errno_name - "EFAULT" for 14 or -14; "ok" for 0; "E?123" for an unknown one (static storage).
 */
const char *pp_errno_name(int code);

/** pp_errno_value - 14 for "EFAULT", 0 for "ok", -1 when the name is unknown. */
int pp_errno_value(const char *name);

#endif
