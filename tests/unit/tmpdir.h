/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of its own for a unit test, and files in it. */
#ifndef PP_TESTS_TMPDIR_H
#define PP_TESTS_TMPDIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

struct tmpdir {
	char path[64];
	char file[256]; /* of the last tmpdir_file() */
};

static inline void tmpdir_make(struct tmpdir *d)
{
	snprintf(d->path, sizeof(d->path), "/tmp/pinproof-unit-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(d->path));
}

static inline int tmpdir_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tmpdir_remove(struct tmpdir *d)
{
	CU_ASSERT_EQUAL(nftw(d->path, tmpdir_unlink, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Path of @name in the directory; good until the next call. */
static inline const char *tmpdir_file(struct tmpdir *d, const char *name)
{
	snprintf(d->file, sizeof(d->file), "%s/%s", d->path, name);
	return d->file;
}

static inline void tmpdir_write(struct tmpdir *d, const char *name, const void *data, size_t len)
{
	FILE *f = fopen(tmpdir_file(d, name), "wb");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fwrite(data, 1, len, f), len);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

/* Does the file hold exactly this? NULL: is it absent? */
static inline int tmpdir_holds(struct tmpdir *d, const char *name, const void *data, size_t len)
{
	char *have = malloc(len + 2);
	FILE *f = fopen(tmpdir_file(d, name), "rb");
	int same = !f && !data;

	if (f && data && have)
		same = fread(have, 1, len + 1, f) == len && !memcmp(have, data, len);
	if (f)
		fclose(f);
	free(have);
	return same;
}

#endif
