/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding damage in a kernel log: the table of patterns and the scan. */
#include "core/logscan.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * How far behind the first line of a splat its other lines come: "Oops:" after "BUG:" and
 * "WARNING:" after "refcount_t:" at once, the panic and the name of the killed task behind the
 * whole trace. Too far would hide damage: of two warnings in a row, the second is no part of the
 * first.
 */
#define PART_LINES 8
#define END_LINES  200

#define TITLE_MAX      256
#define LINE_MAX_BYTES 1024 /* what a pattern looks at; printk's lines are not longer */

/* clang-format off */
const struct pp_log_pattern pp_log_patterns[] = {
	/* death */
	{ "panic", "^Kernel panic - not syncing", PP_LOG_END, true },
	{ "kernel-bug", "^kernel BUG at ", PP_LOG_PART, true },
	{ "bad-access", "^BUG: (unable to handle|kernel NULL pointer|.*stack guard page was hit)",
	  PP_LOG_SPLAT, true },
	{ "oops", "^(Oops: |double fault: |Internal error: Oops|Unable to handle kernel )",
	  PP_LOG_PART, true },
	{ "gpf", "^(traps: )?general protection fault", PP_LOG_PART, true },
	{ "double-fault", "^(traps: )?PANIC: double fault", PP_LOG_PART, true },
	/* what the kernel itself calls a bug or warns of: KASAN, KFENCE, KMSAN, KCSAN, lockdep, ... */
	{ "bug", "^BUG: ", PP_LOG_SPLAT, false },
	{ "warning", "^WARNING: ", PP_LOG_PART, false },
	{ "ubsan", "^UBSAN: ", PP_LOG_SPLAT, false },
	{ "refcount", "^refcount_t: ", PP_LOG_PART, false },
	{ "list", "^list_(add|del).*(corruption|double add)", PP_LOG_PART, false },
	{ "slab", "^BUG [^ ]+ \\(.*\\): ", PP_LOG_SPLAT, false },
	{ "memory-leak", "^kmemleak: [0-9]+ new suspected memory leaks", PP_LOG_LINE, false },
	/* time */
	{ "soft-lockup", "^watchdog: BUG: soft lockup - ", PP_LOG_SPLAT, false },
	{ "hard-lockup", "atchdog detected hard LOCKUP on cpu", PP_LOG_SPLAT, false },
	{ "hung-task", "^INFO: task .* blocked (for|in I/O wait for) more than ", PP_LOG_SPLAT,
	  false },
	{ "rcu-stall", "^(rcu: )?INFO: rcu.*(detected stalls|self-detected stall|detected expedited "
	  "stalls)", PP_LOG_SPLAT, false },
	{ "irq", "^irq [0-9]+: nobody cared ", PP_LOG_SPLAT, false },
	/* memory */
	{ "oom", "invoked oom-killer: ", PP_LOG_SPLAT, false },
	{ "oom-kill", "^(Memory cgroup out|Out) of memory: |^oom-kill:", PP_LOG_END, false },
	/* filesystems */
	{ "ext4", "^EXT4-fs (error|warning)|^EXT4-fs \\(.*\\): (Delayed block allocation failed|"
	  "failed to convert unwritten|This should not happen|Remounting filesystem read-only)",
	  PP_LOG_LINE, false },
	{ "jbd2", "^JBD2: Detected IO errors|^Aborting journal on device", PP_LOG_LINE, false },
	{ "xfs", "^XFS \\(.*\\): .*(Internal error|[Cc]orruption|Unmount and run xfs_repair|"
	  "I/O [Ee]rror|writeback error|page discard|has been shut down)|^XFS: Assertion failed",
	  PP_LOG_LINE, false },
	{ "btrfs-csum", "^BTRFS warning .*(csum|checksum)", PP_LOG_LINE, false },
	{ "btrfs", "^BTRFS (error|critical)|^BTRFS: (error|Transaction aborted)", PP_LOG_LINE, false },
	{ "fat", "^FAT-fs \\(.*\\): error", PP_LOG_LINE, false },
	/* disks; an empty floppy drive (fd0) is noise of a virtual machine's start */
	{ "guard", "(GUARD|REF|APP) check failed on sector|(guard|ref) tag error at ", PP_LOG_LINE,
	  false },
	{ "io-error", "(I/O|protection|critical [a-z ]*) error, dev ([^f]|f[^d])|"
	  "^Buffer I/O error on dev(ice)? ([^f]|f[^d])", PP_LOG_LINE, false },
};
/* clang-format on */
const size_t pp_log_n_patterns = PP_ARRAY_LEN(pp_log_patterns);

/*
 * What a pattern above matches and is harmless, as exact texts separated by '|': hypervisors that
 * announce more CPUs than they have.
 */
#define HARMLESS "^WARNING: workqueue cpumask: online intersect > possible intersect"

/* What one scan keeps. */
struct scan {
	const struct pp_log_pattern *patterns;
	size_t n_patterns;
	regex_t *regexes; /* one for each pattern */
	regex_t any;      /* all of them at once: most lines need only this */
	regex_t harmless;
	bool stamped_only;                  /* lines without a time stamp are not the kernel's */
	const struct pp_log_pattern *began; /* what the last splat began with */
	size_t part, end; /* lines left in which such a line belongs to the last splat */
};

/* "[   12.345678]" at the start of @s: its length, 0 if there is none. */
static size_t stamp_length(const char *s, size_t len)
{
	size_t i = 1, digits = 0;

	if (len < 5 || s[0] != '[')
		return 0;
	while (i < len && s[i] == ' ')
		i++;
	for (; i < len && isdigit((unsigned char)s[i]); i++)
		digits++;
	if (!digits || i >= len || s[i++] != '.')
		return 0;
	for (digits = 0; i < len && isdigit((unsigned char)s[i]); i++)
		digits++;
	return digits && i < len && s[i] == ']' ? i + 1 : 0;
}

/* "[  T371]" or "[    C0]": who printed, after the time stamp. */
static size_t caller_length(const char *s, size_t len)
{
	size_t i = 1;

	if (len < 4 || s[0] != '[')
		return 0;
	while (i < len && s[i] == ' ')
		i++;
	if (i >= len || (s[i] != 'T' && s[i] != 'C'))
		return 0;
	for (i++; i < len && isdigit((unsigned char)s[i]); i++)
		;
	return i < len && s[i] == ']' ? i + 1 : 0;
}

/* "6,1234,5678901,-;" of /dev/kmsg. */
static size_t kmsg_length(const char *s, size_t len)
{
	const char *end = memchr(s, ';', len < 80 ? len : 80);
	size_t commas = 0;

	for (const char *c = s; end && c < end; c++) {
		if (*c == ',')
			commas++;
		else if (!isdigit((unsigned char)*c) && commas < 3)
			return 0;
	}
	return end && commas >= 3 ? (size_t)(end - s) + 1 : 0;
}

/*
 * Cut the prefix off a line. A program's unfinished line may stand before the kernel's on a
 * console, so the time stamp is looked for everywhere. Returns true if there was a prefix of the
 * kernel's.
 */
static bool strip(const char **line, size_t *len)
{
	const char *s = *line;
	size_t n = *len, skip = 0;

	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	for (size_t i = 0; i < n && !skip; i++) {
		skip = stamp_length(s + i, n - i);
		if (skip)
			skip += i;
	}
	if (skip)
		skip += caller_length(s + skip, n - skip);
	else
		skip = kmsg_length(s, n);
	if (!skip && n > 2 && s[0] == '<' && isdigit((unsigned char)s[1])) {
		const char *end = memchr(s, '>', n < 5 ? n : 5);

		skip = end ? (size_t)(end - s) + 1 : 0;
	}
	s += skip;
	n -= skip;
	while (n && skip && *s == ' ') {
		s++;
		n--;
	}
	*line = s;
	*len = n;
	return skip > 0;
}

/* The length of the run of hex digits at @s. */
static size_t hex_run(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && isxdigit((unsigned char)s[i]))
		i++;
	return i;
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/*
 * Copy a number at the start of a word as "N": 0x1f, ffc257bd05808008, 390. Returns its length in
 * @s, 0 if there is none. Digits inside a word (ext4, kworker/u8) are part of the name.
 */
static size_t number_length(const char *s, size_t len)
{
	size_t hex = hex_run(s, len), digits = 0;

	if (len > 2 && s[0] == '0' && s[1] == 'x' && hex_run(s + 2, len - 2))
		return 2 + hex_run(s + 2, len - 2);
	while (digits < len && isdigit((unsigned char)s[digits]))
		digits++;
	if (hex >= 8 && (hex == len || !word_char(s[hex])))
		return hex;
	return digits;
}

void pp_log_title(const char *line, size_t len, char *out, size_t size)
{
	size_t at = 0;
	char before = ' ';

	strip(&line, &len);
	while (len && at + 1 < size) {
		size_t n = word_char(before) ? 0 : number_length(line, len);

		if (n) {
			out[at++] = before = 'N';
		} else {
			n = 1;
			before = *line;
			out[at++] = (unsigned char)before < 0x20 ? ' ' : before;
		}
		line += n;
		len -= n;
	}
	out[at] = '\0';
}

static int compile(regex_t *regex, const char *pattern, struct pp_err *err)
{
	int ret = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);

	return ret ? pp_err_set(err, -ENOMEM, "log pattern \"%.200s\": error %d", pattern, ret) : 0;
}

/* "(a)|(b)|..." of all patterns. */
static int compile_any(struct scan *s, struct pp_err *err)
{
	size_t size = 1, at = 0;
	char *all;
	int ret;

	for (size_t i = 0; i < s->n_patterns; i++)
		size += strlen(s->patterns[i].regex) + 3;
	all = malloc(size);
	if (!all)
		return pp_err_set(err, -ENOMEM, "log patterns");
	for (size_t i = 0; i < s->n_patterns; i++)
		at += (size_t)snprintf(all + at, size - at, "%s(%s)", i ? "|" : "",
				       s->patterns[i].regex);
	ret = compile(&s->any, all, err);
	free(all);
	return ret;
}

static int scan_open(struct scan *s, struct pp_err *err)
{
	size_t done = 0;
	int ret;

	s->regexes = calloc(s->n_patterns + 1, sizeof(*s->regexes));
	if (!s->regexes)
		return pp_err_set(err, -ENOMEM, "log patterns");
	ret = compile_any(s, err);
	if (ret)
		goto out_free;
	ret = compile(&s->harmless, HARMLESS, err);
	if (ret)
		goto out_any;
	for (; done < s->n_patterns; done++) {
		ret = compile(&s->regexes[done], s->patterns[done].regex, err);
		if (ret)
			goto out_each;
	}
	return 0;
out_each:
	while (done--)
		regfree(&s->regexes[done]);
	regfree(&s->harmless);
out_any:
	regfree(&s->any);
out_free:
	free(s->regexes);
	return ret;
}

static void scan_close(struct scan *s)
{
	for (size_t i = 0; i < s->n_patterns; i++)
		regfree(&s->regexes[i]);
	regfree(&s->harmless);
	regfree(&s->any);
	free(s->regexes);
}

static bool hit(const regex_t *regex, const char *line)
{
	return regexec(regex, line, 0, NULL, 0) == 0;
}

/* The pattern that a line without prefix matches, NULL if none does. */
static const struct pp_log_pattern *match(const struct scan *s, const char *line, size_t len)
{
	char copy[LINE_MAX_BYTES];

	/* Consoles carry any byte; a NUL would hide the rest of the line. */
	len = len < sizeof(copy) ? len : sizeof(copy) - 1;
	for (size_t i = 0; i < len; i++)
		copy[i] = line[i] ? line[i] : ' ';
	copy[len] = '\0';
	if (!hit(&s->any, copy) || hit(&s->harmless, copy))
		return NULL;
	for (size_t i = 0; i < s->n_patterns; i++)
		if (hit(&s->regexes[i], copy))
			return &s->patterns[i];
	return NULL;
}

/* The next line of @text: its length; moves *pos behind it. False at the end. */
static bool next_line(const char *text, size_t len, size_t *pos, const char **line, size_t *n)
{
	const char *end;

	if (*pos >= len)
		return false;
	*line = text + *pos;
	end = memchr(*line, '\n', len - *pos);
	*n = end ? (size_t)(end - *line) : len - *pos;
	*pos += *n + 1;
	return true;
}

static bool begins(const char *line, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

/* The next line that the kernel may have printed, without its prefix. */
static bool next_kernel_line(const struct scan *s, const char *text, size_t len, size_t *pos,
			     const char **line, size_t *n)
{
	while (next_line(text, len, pos, line, n))
		if ((strip(line, n) || !s->stamped_only) && !begins(*line, *n, PP_LOG_USER))
			return true;
	return false;
}

static bool any_stamp(const char *text, size_t len)
{
	const char *line;
	size_t pos = 0, n;

	while (next_line(text, len, &pos, &line, &n))
		if (strip(&line, &n))
			return true;
	return false;
}

/* The number in what stands behind a title: 0 if it is none. */
static unsigned counted(const char *behind)
{
	unsigned n = 0;

	if (*behind == '\0')
		return 1;
	return sscanf(behind, " (%u times)", &n) == 1 ? n : 0;
}

/* How often a finding's text counts @title: 0 if it is about something else. */
static unsigned times(const char *text, const char *title)
{
	size_t len = strlen(title);

	return strncmp(text, title, len) ? 0 : counted(text + len);
}

static int record(struct pp_findings *out, const char *line, size_t len, struct pp_err *err)
{
	char title[TITLE_MAX];

	pp_log_title(line, len, title, sizeof(title));
	for (size_t i = 0; i < out->count; i++) {
		struct pp_finding *x = &out->items[i];
		unsigned n = x->rule == PP_O10_QUIET_KERNEL ? times(x->text, title) : 0;

		if (n) {
			snprintf(x->text, sizeof(x->text), "%s (%u times)", title, n + 1);
			return 0;
		}
	}
	if (!pp_finding_add(out, PP_O10_QUIET_KERNEL, PP_CLASS_SPLAT, "%s", title) &&
	    out->count < PP_FINDINGS_MAX)
		return pp_err_set(err, -ENOMEM, "findings of the kernel log");
	return 0;
}

static int scan_line(struct scan *s, const char *line, size_t len, struct pp_findings *out,
		     struct pp_err *err)
{
	const struct pp_log_pattern *p;

	s->part -= s->part > 0;
	s->end -= s->end > 0;
	if (begins(line, len, "------------[ cut here ]"))
		s->part = s->end = 0;
	p = match(s, line, len);
	if (!p || (p->role == PP_LOG_PART && s->part && p != s->began) ||
	    (p->role == PP_LOG_END && s->end))
		return 0;
	if (p->role != PP_LOG_LINE) {
		s->began = p;
		s->part = PART_LINES;
		s->end = END_LINES;
	}
	return record(out, line, len, err);
}

int pp_log_scan_with(const struct pp_log_pattern *patterns, size_t n_patterns, const char *text,
		     size_t len, struct pp_findings *out, struct pp_err *err)
{
	struct scan s = { .patterns = patterns, .n_patterns = n_patterns };
	const char *line;
	size_t pos = 0, n;
	int ret = scan_open(&s, err);

	if (ret)
		return ret;
	s.stamped_only = any_stamp(text, len);
	while (!ret && next_kernel_line(&s, text, len, &pos, &line, &n))
		ret = scan_line(&s, line, n, out, err);
	scan_close(&s);
	return ret;
}

int pp_log_scan(const char *text, size_t len, struct pp_findings *out, struct pp_err *err)
{
	return pp_log_scan_with(pp_log_patterns, pp_log_n_patterns, text, len, out, err);
}

unsigned pp_log_most(const char *text, size_t len)
{
	struct pp_findings all = { 0 };
	unsigned most = 0;

	/* without memory for all of them, of those that there are */
	(void)pp_log_scan(text, len, &all, NULL);
	for (size_t i = 0; i < all.count; i++) {
		const char *text_of = all.items[i].text, *last = strrchr(text_of, '(');
		unsigned n = last && last > text_of ? counted(last - 1) : 0;

		/* a title may end in parentheses of its own */
		n = n ? n : 1;
		most = n > most ? n : most;
	}
	pp_findings_free(&all);
	return most;
}

bool pp_log_crash(const char *text, size_t len, char *title, size_t size)
{
	struct scan s = { .patterns = pp_log_patterns, .n_patterns = pp_log_n_patterns };
	const struct pp_log_pattern *p = NULL;
	const char *line;
	size_t pos = 0, n;

	title[0] = '\0';
	if (scan_open(&s, NULL))
		return false;
	s.stamped_only = any_stamp(text, len);
	while (!(p && p->fatal) && next_kernel_line(&s, text, len, &pos, &line, &n)) {
		const struct pp_log_pattern *found = match(&s, line, n);

		if (found) {
			p = found;
			pp_log_title(line, n, title, size);
		}
	}
	scan_close(&s);
	return p != NULL;
}
