/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tar stream: there and back, cut off anywhere, and archives that mean harm. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "run/rundir.h"
#include "run/stream.h"
#include "tmpdir.h"

#define MOST 100000000ull

static const char *const names[] = { "facts.json", "cases/a.b.c/plan", "cases/a.b.c/history.bin",
				     "cases/a.b.c/result.json", "status" };
#define N_NAMES (sizeof(names) / sizeof(names[0]))

/* Contents of file @i of version @version, different in length and bytes. */
static size_t contents(size_t i, int version, char out[3000])
{
	size_t len = i == 0 ? 0 : i * 611 + (size_t)version;

	for (size_t k = 0; k < len; k++)
		out[k] = (char)('a' + (k * (i + 3) + (size_t)version) % 23);
	return len;
}

static void make_files(struct tmpdir *d, int version)
{
	char data[3000];

	mkdir(tmpdir_file(d, "cases"), 0755);
	mkdir(tmpdir_file(d, "cases/a.b.c"), 0755);
	for (size_t i = 0; i < N_NAMES; i++)
		tmpdir_write(d, names[i], data, contents(i, version, data));
}

static void stream_all(struct tmpdir *d, const char *tar)
{
	struct pp_stream *s = NULL;
	struct pp_err err = { "" };

	CU_ASSERT_EQUAL_FATAL(pp_stream_open(tar, &s, &err), 0);
	for (size_t i = 0; i < N_NAMES; i++)
		CU_ASSERT_EQUAL(pp_stream_file(s, d->path, names[i], &err), 0);
	CU_ASSERT_EQUAL(pp_stream_file(s, d->path, "absent", &err), 0);
	pp_stream_close(s);
}

static void there_and_back(void)
{
	struct tmpdir from, to;
	struct pp_err err = { "" };
	char tar[128], data[3000];

	tmpdir_make(&from);
	tmpdir_make(&to);
	make_files(&from, 1);
	snprintf(tar, sizeof(tar), "%s/results.tar", to.path);
	stream_all(&from, tar);
	CU_ASSERT_EQUAL(pp_stream_unpack(tar, to.path, MOST, &err), (int)N_NAMES);
	for (size_t i = 0; i < N_NAMES; i++)
		CU_ASSERT_TRUE(tmpdir_holds(&to, names[i], data, contents(i, 1, data)));
	/* a second stream behind the first one: what came later counts */
	make_files(&from, 2);
	stream_all(&from, tar);
	CU_ASSERT_EQUAL(pp_stream_unpack(tar, to.path, MOST, &err), 2 * (int)N_NAMES);
	for (size_t i = 0; i < N_NAMES; i++)
		CU_ASSERT_TRUE(tmpdir_holds(&to, names[i], data, contents(i, 2, data)));
	tmpdir_remove(&from);
	tmpdir_remove(&to);
}

static void a_directory_of_files(void)
{
	struct tmpdir from, to;
	struct pp_stream *s = NULL;
	struct pp_err err = { "" };
	char tar[128], data[3000];

	tmpdir_make(&from);
	tmpdir_make(&to);
	make_files(&from, 1);
	CU_ASSERT_EQUAL(symlink("plan", tmpdir_file(&from, "cases/a.b.c/link")), 0);
	CU_ASSERT_EQUAL(mkdir(tmpdir_file(&from, "cases/a.b.c/below"), 0755), 0);
	snprintf(tar, sizeof(tar), "%s/results.tar", to.path);
	CU_ASSERT_EQUAL_FATAL(pp_stream_open(tar, &s, &err), 0);
	CU_ASSERT_EQUAL(pp_stream_dir(s, from.path, "cases/a.b.c", &err), 0);
	CU_ASSERT_EQUAL(pp_stream_dir(s, from.path, "cases/none", &err), -ENOENT);
	pp_stream_close(s);
	CU_ASSERT_EQUAL(pp_stream_unpack(tar, to.path, MOST, &err), 3);
	CU_ASSERT_TRUE(tmpdir_holds(&to, names[2], data, contents(2, 1, data)));
	CU_ASSERT_TRUE(tmpdir_holds(&to, "cases/a.b.c/link", NULL, 0));
	tmpdir_remove(&from);
	tmpdir_remove(&to);
}

/* A guest may die between any two bytes: each file is whole or absent, and the order is kept. */
static void cut_off_anywhere(void)
{
	struct tmpdir from;
	struct pp_err err = { "" };
	char tar[128], data[3000], *whole;
	size_t len;
	int before = 0;

	tmpdir_make(&from);
	make_files(&from, 1);
	snprintf(tar, sizeof(tar), "%s/results.tar", from.path);
	stream_all(&from, tar);
	CU_ASSERT_EQUAL_FATAL(pp_file_read(NULL, tar, &whole, &len, &err), 0);
	CU_ASSERT(len > 5 * 512 && len % 512 == 0);
	for (size_t cut = 0; cut <= len; cut += cut % 512 == 0 ? 1 : cut % 512 == 1 ? 510 : 1) {
		struct tmpdir to;
		int files;

		tmpdir_make(&to);
		tmpdir_write(&to, "cut.tar", whole, cut);
		snprintf(tar, sizeof(tar), "%s", tmpdir_file(&to, "cut.tar"));
		files = pp_stream_unpack(tar, to.path, MOST, &err);
		CU_ASSERT(files >= before && files <= (int)N_NAMES);
		for (size_t i = 0; i < N_NAMES; i++)
			CU_ASSERT_TRUE(tmpdir_holds(&to, names[i], (int)i < files ? data : NULL,
						    contents(i, 1, data)));
		before = files;
		tmpdir_remove(&to);
	}
	CU_ASSERT_EQUAL(before, (int)N_NAMES);
	free(whole);
	tmpdir_remove(&from);
}

struct entry {
	const char *name;
	unsigned type;
	const char *target; /* of a link */
	bool taken;
};

static void add_entry(struct archive *a, const struct entry *e)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, e->name);
	archive_entry_set_filetype(entry, e->type);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, e->type == AE_IFREG ? 4 : 0);
	if (e->target)
		archive_entry_set_symlink(entry, e->target);
	CU_ASSERT_EQUAL(archive_write_header(a, entry), ARCHIVE_OK);
	if (e->type == AE_IFREG)
		CU_ASSERT_EQUAL(archive_write_data(a, "evil", 4), 4);
	archive_entry_free(entry);
}

static void harmful_entries(void)
{
	static const struct entry entries[] = {
		{ "../outside", AE_IFREG, NULL, false },
		{ "/tmp/pinproof-unit-absolute", AE_IFREG, NULL, false },
		{ "cases/../../outside", AE_IFREG, NULL, false },
		{ "cases/..", AE_IFREG, NULL, false },
		{ "link", AE_IFLNK, "..", false },
		{ "link/outside", AE_IFREG, NULL, true }, /* a directory of its own */
		{ "fifo", AE_IFIFO, NULL, false },
		{ "dir", AE_IFDIR, NULL, false },
		{ "cases/..name", AE_IFREG, NULL, true },
		{ "good", AE_IFREG, NULL, true },
	};
	struct archive *a = archive_write_new();
	struct tmpdir d;
	struct pp_err err = { "" };
	char run[128], tar[128];
	int taken = 0;

	tmpdir_make(&d);
	CU_ASSERT_EQUAL_FATAL(mkdir(tmpdir_file(&d, "run"), 0755), 0);
	snprintf(run, sizeof(run), "%s", d.file);
	snprintf(tar, sizeof(tar), "%s", tmpdir_file(&d, "evil.tar"));
	archive_write_set_format_ustar(a);
	CU_ASSERT_EQUAL_FATAL(archive_write_open_filename(a, tar), ARCHIVE_OK);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		add_entry(a, &entries[i]);
		taken += entries[i].taken;
	}
	archive_write_free(a);
	CU_ASSERT_EQUAL(pp_stream_unpack(tar, run, MOST, &err), taken);
	CU_ASSERT_TRUE(tmpdir_holds(&d, "outside", NULL, 0));
	CU_ASSERT_NOT_EQUAL(access("/tmp/pinproof-unit-absolute", F_OK), 0);
	CU_ASSERT_TRUE(tmpdir_holds(&d, "run/good", "evil", 4));
	CU_ASSERT_TRUE(tmpdir_holds(&d, "run/cases/..name", "evil", 4));
	CU_ASSERT_TRUE(tmpdir_holds(&d, "run/link/outside", "evil", 4));
	CU_ASSERT_NOT_EQUAL(access(tmpdir_file(&d, "run/fifo"), F_OK), 0);
	tmpdir_remove(&d);
}

static void limits_and_errors(void)
{
	struct tmpdir d;
	struct pp_stream *s = NULL;
	struct pp_err err = { "" };
	char tar[128], data[3000];
	size_t bytes = 0;

	tmpdir_make(&d);
	make_files(&d, 1);
	for (size_t i = 0; i < N_NAMES; i++)
		bytes += contents(i, 1, data);
	snprintf(tar, sizeof(tar), "%s", tmpdir_file(&d, "results.tar"));
	stream_all(&d, tar);
	CU_ASSERT_EQUAL(pp_stream_unpack(tar, d.path, bytes, &err), (int)N_NAMES);
	CU_ASSERT_EQUAL(pp_stream_unpack(tar, d.path, bytes - 1, &err), -EFBIG);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "results.tar"));
	CU_ASSERT_EQUAL(pp_stream_unpack(tmpdir_file(&d, "absent"), d.path, MOST, &err), -ENOENT);
	CU_ASSERT_EQUAL(pp_stream_open(tmpdir_file(&d, "no/such.tar"), &s, &err), -ENOENT);
	CU_ASSERT_EQUAL(pp_stream_open("/dev/full", &s, &err), 0);
	CU_ASSERT_EQUAL(pp_stream_file(s, d.path, names[3], &err), -ENOSPC);
	pp_stream_close(s);
	pp_stream_close(NULL);
	tmpdir_remove(&d);
}

static const struct pp_unit_case cases[] = {
	{ "there and back, later entries win", there_and_back },
	{ "a directory of files", a_directory_of_files },
	{ "cut off anywhere", cut_off_anywhere },
	{ "entries that mean harm", harmful_entries },
	{ "limits and errors", limits_and_errors },
};

PP_UNIT_MAIN("stream", cases)
