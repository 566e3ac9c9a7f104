/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packs a failure into one file; see bundle.h. */
#include "run/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "core/report.h"
#include "core/stamp.h"
#include "run/judge.h"
#include "run/rundir.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

#define MIB          (1024u * 1024u)
#define STORY_EVENTS 4000u /* most events of the history in words */

/* Of the run directory, in order of its look-up: the run's own; where its cases are. */
#define OF_RUN   "run:"
#define OF_CASE  "case:"
#define OF_BASE  "base:"
#define OF_GUEST "guest:"

/* clang-format off */
const struct pp_bundle_member pp_bundle_members[] = {
	{ "README", NULL, MIB, false, "what this is, and how to run it again" },
	{ "bundle.json", NULL, MIB, true, "the same for programs" },
	{ "findings.txt", NULL, 4 * MIB, false, "what was found, each with the operations around it" },
	{ "history.txt", NULL, 4 * MIB, false, "the history around the findings, in words" },
	{ "ledger.txt", NULL, MIB, false, "the quiet points: counters against the baseline" },
	{ "cases.list", NULL, 4096, true, "the one case, as a run directory has it" },
	{ "status", NULL, 64, true, "done" },
	{ "seed", OF_RUN "seed", 64, true, "of the run" },
	{ "command", OF_RUN "command", 65536, true, "the command line of the run" },
	{ "facts.json", OF_BASE "facts.json", MIB, true, "the kernel, and what was probed" },
	{ "cases/*/plan", OF_CASE "plan", 256 * MIB, true, "what was done" },
	{ "cases/*/plan.storm", OF_CASE "plan.storm", 4 * MIB, true, "what a storm drew that from" },
	{ "cases/*/history.bin", OF_CASE "history.bin", 256 * MIB, true, "what happened" },
	{ "cases/*/kmsg.log", OF_CASE "kmsg.log", 16 * MIB, false, "the kernel's log of the case" },
	{ "cases/*/stacks.txt", OF_CASE "stacks.txt", 4 * MIB, false, "where what hung was asleep" },
	{ "cases/*/trace", OF_CASE "trace", 64 * MIB, true, "the kernel's events of the case" },
	{ "cases/*/ending.json", OF_CASE "ending.json", MIB, true, "how the case ended" },
	{ "cases/*/result.json", OF_CASE "result.json", 16 * MIB, true, "its verdict" },
	{ "kernel/config", OF_RUN "config", 4 * MIB, true, "the kernel's configuration" },
	{ "kernel/name", OF_RUN "kernel", 65536, true, "which kernel the guest ran" },
	{ "guest/qemu", OF_GUEST "qemu", 65536, true, "how the guest was started" },
	{ "guest/ended", OF_GUEST "ended", 65536, false, "how it ended" },
	{ "guest/console.log", OF_GUEST "console.log", 4 * MIB, false, "the end of its console" },
	{ PP_BUNDLE_SUMS, NULL, 65536, true, "CRC-32C and length of each file above" },
};
/* clang-format on */
const size_t pp_bundle_n_members = PP_ARRAY_LEN(pp_bundle_members);

struct packer {
	const struct pp_bundle_source *s;
	const struct pp_result *r;
	const struct pp_plan *plan;
	char flat[PP_CASE_MAX + 16]; /* the case's directory: '.' for '/' */
	char base[PP_PATH_MAX];      /* holds cases/ */
	char case_dir[PP_PATH_MAX];
	char guest[PP_PATH_MAX]; /* directory of the guest that ran the case; "" without one */
	struct archive *a;
	char *sums; /* a line for each file so far */
	size_t sums_len;
	FILE *sums_file;
};

bool pp_bundle_worth(enum pp_verdict verdict)
{
	return verdict == PP_VERDICT_FAIL || verdict == PP_VERDICT_CRASH ||
	       verdict == PP_VERDICT_TIMEOUT;
}

/* The last guest whose console has the case's mark: an earlier one died before it. */
static void find_guest(struct packer *p)
{
	char dir[PP_PATH_MAX], mark[PP_CASE_MAX + 64];
	char *console;
	size_t len;

	snprintf(mark, sizeof(mark), "pinproof: begin %s", p->r->case_name);
	for (int n = 1;; n++) {
		if (snprintf(dir, sizeof(dir), "%s/guest-%d", p->s->run, n) >= (int)sizeof(dir) ||
		    pp_file_read(dir, "console.log", &console, &len, NULL))
			return;
		if (memmem(console, len, mark, strlen(mark)) || n == 1)
			memcpy(p->guest, dir, sizeof(dir));
		free(console);
	}
}

static int place(struct packer *p, struct pp_err *err)
{
	struct stat st;
	int n;

	snprintf(p->flat, sizeof(p->flat), "%s", p->r->case_name);
	for (char *c = p->flat; (c = strchr(c, '/'));)
		*c = '.';
	n = snprintf(p->base, sizeof(p->base), "%s/out", p->s->run);
	if (n < (int)sizeof(p->base) && stat(p->base, &st))
		n = snprintf(p->base, sizeof(p->base), "%s", p->s->run);
	if (n >= (int)sizeof(p->base) || snprintf(p->case_dir, sizeof(p->case_dir), "%s/cases/%s",
						  p->base, p->flat) >= (int)sizeof(p->case_dir))
		return pp_err_set(err, -ENAMETOOLONG, "bundle of %s", p->r->case_name);
	find_guest(p);
	return 0;
}

/* The directory that a member comes from, and its name there; NULL if there is no such place. */
static const char *place_of(const struct packer *p, const char *from, const char **name)
{
	const struct {
		const char *word, *dir;
	} places[] = { { OF_RUN, p->s->run },
		       { OF_CASE, p->case_dir },
		       { OF_BASE, p->base },
		       { OF_GUEST, p->guest } };

	for (size_t i = 0; i < PP_ARRAY_LEN(places); i++)
		if (!strncmp(from, places[i].word, strlen(places[i].word))) {
			*name = from + strlen(places[i].word);
			return places[i].dir[0] ? places[i].dir : NULL;
		}
	return NULL;
}

static int pack(struct packer *p, const struct pp_bundle_member *m, const char *data, size_t len,
		struct pp_err *err)
{
	struct archive_entry *entry = archive_entry_new();
	const char *star = strchr(m->name, '*');
	char name[PP_PATH_MAX];
	int rc = 0;

	if (!entry)
		return pp_err_set(err, -ENOMEM, "bundle");
	if (len > m->most_bytes) {
		data += len - m->most_bytes;
		len = m->most_bytes;
	}
	if (star)
		snprintf(name, sizeof(name), "%s/%.*s%s%s", p->flat, (int)(star - m->name), m->name,
			 p->flat, star + 1);
	else
		snprintf(name, sizeof(name), "%s/%s", p->flat, m->name);
	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)len);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, time(NULL), 0);
	if (archive_write_header(p->a, entry) ||
	    archive_write_data(p->a, data, len) != (la_ssize_t)len ||
	    archive_write_finish_entry(p->a)) {
		int code = archive_errno(p->a);

		rc = pp_err_set(err, code > 0 ? -code : -EIO, "cannot pack %s", name);
	}
	archive_entry_free(entry);
	/* The gzip layer's own sum is checked by few readers, libarchive not among them. */
	fprintf(p->sums_file, "%08" PRIx32 " %zu %s\n", pp_crc32c(0, data, len), len, m->name);
	return rc;
}

/* The kernel's configuration of a run without a guest; absent on many machines. */
static int host_config(char **data, size_t *len)
{
	char path[PP_PATH_MAX];
	struct utsname u;

	if (uname(&u))
		return -errno;
	snprintf(path, sizeof(path), "/boot/config-%s", u.release);
	return pp_file_read(NULL, path, data, len, NULL);
}

static int pack_file(struct packer *p, const struct pp_bundle_member *m, struct pp_err *err)
{
	const char *name, *dir = place_of(p, m->from, &name);
	size_t len = 0;
	char *data;
	int rc = dir ? pp_file_read(dir, name, &data, &len, err) : -ENOENT;

	if (rc == -ENOENT && !strcmp(m->name, "kernel/config") && !p->guest[0])
		rc = host_config(&data, &len);
	if (rc == -ENOENT)
		return 0;
	if (rc)
		return rc;
	rc = m->whole && len > m->most_bytes ? 0 : pack(p, m, data, len, err);
	free(data);
	return rc;
}

/* Writers of what only a bundle has. Each prints to @f; 0: nothing to say, leave it out. */
typedef int writer_fn(struct packer *p, FILE *f);

static int write_readme(struct packer *p, FILE *f)
{
	fprintf(f, "%s: %s\n\n", p->r->case_name, pp_verdict_words[p->r->verdict].name);
	pp_report_text(f, p->r->reason, "");
	fprintf(f, "\n\nkernel   %s\nseed     0x%" PRIx64 "\npinproof %s\n",
		p->s->kernel ? p->s->kernel : "unknown", p->r->seed, PACKAGE_VERSION);
	if (p->s->repeat)
		fprintf(f, "run as   %s\n", p->s->repeat);
	fprintf(f,
		"\nWith this bundle, as it is:\n\n"
		"  pinproof replay %s" PP_BUNDLE_SUFFIX "            here (as root; see --disk)\n"
		"  pinproof replay --kernel K %s" PP_BUNDLE_SUFFIX " in a guest with kernel K\n"
		"  pinproof judge %s" PP_BUNDLE_SUFFIX
		"             the verdict again, from the files\n"
		"\nIts files:\n\n",
		p->flat, p->flat, p->flat);
	for (size_t i = 0; i < pp_bundle_n_members; i++)
		fprintf(f, "  %-20s %s\n", pp_bundle_members[i].name, pp_bundle_members[i].title);
	return 1;
}

/* First line of a file of the run directory. */
static void first_line(const struct packer *p, const char *name, char *out, size_t size)
{
	size_t len;
	char *text;

	out[0] = '\0';
	if (pp_file_read(p->s->run, name, &text, &len, NULL))
		return;
	snprintf(out, size, "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
}

static int write_json(struct packer *p, FILE *f)
{
	char kernel[256];
	json_t *j;

	first_line(p, "kernel", kernel, sizeof(kernel));
	j = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "version",
		      PP_BUNDLE_VERSION, "case", p->r->case_name, "verdict",
		      pp_verdict_words[p->r->verdict].name, "reason", p->r->reason, "kernel",
		      p->s->kernel ? p->s->kernel : "", "vm_kernel", kernel, "pinproof",
		      PACKAGE_VERSION, "libarchive", archive_version_string(), "command",
		      p->s->command ? p->s->command : "", "repeat",
		      p->s->repeat ? p->s->repeat : "", "findings",
		      (json_int_t)(p->r->findings.count + p->r->findings.dropped));
	if (!j)
		return -ENOMEM;
	json_dumpf(j, f, JSON_INDENT(2));
	fputc('\n', f);
	json_decref(j);
	return 1;
}

static int write_findings(struct packer *p, FILE *f)
{
	for (size_t i = 0; i < p->r->findings.count; i++) {
		const struct pp_finding *x = &p->r->findings.items[i];

		if (x->defect >= 0)
			fprintf(f, "(explained by the known defect %s)\n",
				pp_defects[x->defect].name);
		pp_report_finding(f, x, p->plan, "");
	}
	return p->r->findings.count > 0;
}

/* Does the finding's story touch the event's time? */
static bool in_story(const struct pp_finding *x, const struct pp_event *e)
{
	uint64_t begin = UINT64_MAX, end = 0;

	for (size_t i = 0; i < x->n_lines; i++) {
		if (x->lines[i].begin_ns < begin)
			begin = x->lines[i].begin_ns;
		if (x->lines[i].end_ns != UINT64_MAX && x->lines[i].end_ns > end)
			end = x->lines[i].end_ns;
		if (x->lines[i].begin_ns > end)
			end = x->lines[i].begin_ns;
	}
	return e->begin_ns <= end && e->end_ns >= begin;
}

static bool around_findings(const struct packer *p, const struct pp_event *e)
{
	if (!p->r->findings.count)
		return true;
	for (size_t i = 0; i < p->r->findings.count; i++)
		if (in_story(&p->r->findings.items[i], e))
			return true;
	return false;
}

static bool at_quiet(const struct packer *p, const struct pp_event *e)
{
	(void)p;
	return pp_verbs[e->verb].kind == PP_KIND_LEDGER;
}

/* The events that @wanted takes, as text; of very many the last. */
static int write_events(struct packer *p, FILE *f,
			bool (*wanted)(const struct packer *, const struct pp_event *))
{
	struct pp_history h = { 0 }, part;
	struct pp_err ignored = { 0 };
	size_t kept = 0, skip;
	char *text = NULL;

	if (!p->plan || pp_case_load_history(p->case_dir, p->plan, &h, &ignored))
		return 0;
	for (size_t i = 0; i < h.n_events; i++)
		if (wanted(p, &h.events[i]))
			h.events[kept++] = h.events[i];
	skip = kept > STORY_EVENTS ? kept - STORY_EVENTS : 0;
	if (skip)
		fprintf(f, "# %zu earlier events are left out here\n", skip);
	part = h;
	part.events += skip;
	part.n_events = kept - skip;
	if (kept)
		text = pp_history_print(&part, p->plan);
	if (text)
		fputs(text, f);
	free(text);
	pp_history_free(&h);
	return kept > 0;
}

static int write_history(struct packer *p, FILE *f)
{
	return write_events(p, f, around_findings);
}

static int write_ledger(struct packer *p, FILE *f)
{
	return write_events(p, f, at_quiet);
}

static int write_list(struct packer *p, FILE *f)
{
	fprintf(f, "%s\n", p->r->case_name);
	return 1;
}

static int write_status(struct packer *p, FILE *f)
{
	(void)p;
	fputs("done\n", f);
	return 1;
}

static int write_sums(struct packer *p, FILE *f)
{
	if (fflush(p->sums_file))
		return -ENOMEM;
	fwrite(p->sums, 1, p->sums_len, f);
	return 1;
}

static const struct {
	const char *name;
	writer_fn *write;
} writers[] = {
	{ "README", write_readme },         { "bundle.json", write_json },
	{ "findings.txt", write_findings }, { "history.txt", write_history },
	{ "ledger.txt", write_ledger },     { "cases.list", write_list },
	{ "status", write_status },         { PP_BUNDLE_SUMS, write_sums },
};

static int pack_written(struct packer *p, const struct pp_bundle_member *m, struct pp_err *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int rc = -ENOENT;

	for (size_t i = 0; f && i < PP_ARRAY_LEN(writers); i++)
		if (!strcmp(writers[i].name, m->name))
			rc = writers[i].write(p, f);
	if (!f || fclose(f))
		rc = -ENOMEM;
	if (rc > 0)
		rc = pack(p, m, text, len, err);
	else if (rc)
		pp_err_set(err, rc, "%s of a bundle", m->name);
	free(text);
	return rc;
}

static int pack_all(struct packer *p, const char *path, struct pp_err *err)
{
	int rc = 0;

	p->a = archive_write_new();
	if (!p->a || archive_write_add_filter_gzip(p->a) ||
	    archive_write_set_format_pax_restricted(p->a) ||
	    archive_write_open_filename(p->a, path))
		rc = pp_err_set(err, -EIO, "cannot write %s", path);
	for (size_t i = 0; !rc && i < pp_bundle_n_members; i++) {
		const struct pp_bundle_member *m = &pp_bundle_members[i];

		rc = m->from ? pack_file(p, m, err) : pack_written(p, m, err);
	}
	if (p->a && archive_write_close(p->a) && !rc)
		rc = pp_err_set(err, -EIO, "cannot finish %s", path);
	archive_write_free(p->a);
	return rc;
}

int pp_bundle_write(const struct pp_bundle_source *s, const struct pp_result *r,
		    const struct pp_plan *plan, char *path, size_t size, struct pp_err *err)
{
	struct packer *p = calloc(1, sizeof(*p));
	char temporary[PP_PATH_MAX + 8];
	int rc;

	if (!p)
		return pp_err_set(err, -ENOMEM, "bundle");
	p->s = s;
	p->r = r;
	p->plan = plan;
	p->sums_file = open_memstream(&p->sums, &p->sums_len);
	rc = p->sums_file ? place(p, err) : pp_err_set(err, -ENOMEM, "bundle");
	if (!rc && (snprintf(path, size, "%s/bundles", s->run) >= (int)size))
		rc = pp_err_set(err, -ENAMETOOLONG, "bundle of %s", r->case_name);
	if (!rc && mkdir(path, 0755) && errno != EEXIST)
		rc = pp_err_set(err, -errno, "cannot make the directory %s", path);
	if (!rc && (snprintf(path, size, "%s/bundles/%s%s", s->run, p->flat, PP_BUNDLE_SUFFIX) >=
			    (int)size ||
		    snprintf(temporary, sizeof(temporary), "%s.new", path) >= PP_PATH_MAX))
		rc = pp_err_set(err, -ENAMETOOLONG, "bundle of %s", r->case_name);
	if (!rc) {
		rc = pack_all(p, temporary, err);
		if (!rc && rename(temporary, path))
			rc = pp_err_set(err, -errno, "cannot write %s", path);
		if (rc)
			unlink(temporary);
	}
	if (p->sums_file)
		fclose(p->sums_file);
	free(p->sums);
	free(p);
	return rc;
}
