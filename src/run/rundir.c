/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and directories of a run; see rundir.h. */
#include "run/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int join(char *out, size_t size, const char *dir, const char *name, struct pp_err *err)
{
	int n = dir ? snprintf(out, size, "%s/%s", dir, name) : snprintf(out, size, "%s", name);

	return n < 0 || (size_t)n >= size ? pp_err_set(err, -ENAMETOOLONG, "path %.80s", name) : 0;
}

static int require_empty(const char *path, struct pp_err *err)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int rc = 0;

	if (!d)
		return pp_err_set(err, -errno, "directory %s", path);
	while (!rc && (e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			rc = pp_err_set(err, -ENOTEMPTY,
					"%s is not empty: name another directory with --out.",
					path);
	closedir(d);
	return rc;
}

int pp_rundir_make(const char *path, struct pp_err *err)
{
	char cases[PP_PATH_MAX];
	int rc;

	if (mkdir(path, 0755)) {
		if (errno != EEXIST)
			return pp_err_set(err, -errno, "cannot make the directory %s", path);
		rc = require_empty(path, err);
		if (rc)
			return rc;
	}
	rc = join(cases, sizeof(cases), path, "cases", err);
	if (!rc && mkdir(cases, 0755))
		rc = pp_err_set(err, -errno, "cannot make the directory %s", cases);
	return rc;
}

int pp_rundir_case(const char *run, const char *label, char *out, size_t size, struct pp_err *err)
{
	int n = snprintf(out, size, "%s/cases/", run);

	if (n < 0 || (size_t)n + strlen(label) >= size)
		return pp_err_set(err, -ENAMETOOLONG, "path of case %s", label);
	for (const char *c = label; *c; c++)
		out[n++] = *c == '/' ? '.' : *c;
	out[n] = '\0';
	if (mkdir(out, 0755) && errno != EEXIST)
		return pp_err_set(err, -errno, "cannot make the directory %s", out);
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int pp_file_write(const char *dir, const char *name, const void *data, size_t len,
		  struct pp_err *err)
{
	char path[PP_PATH_MAX], temporary[PP_PATH_MAX];
	int fd, rc;

	rc = join(path, sizeof(path), dir, name, err);
	if (!rc && snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
		rc = pp_err_set(err, -ENAMETOOLONG, "path %.80s", name);
	if (rc)
		return rc;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return pp_err_set(err, -errno, "cannot write %s", path);
	rc = write_all(fd, data, len);
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(temporary, path))
		rc = -errno;
	if (rc) {
		unlink(temporary);
		return pp_err_set(err, rc, "cannot write %s", path);
	}
	return 0;
}

int pp_file_text(const char *dir, const char *name, const char *text, struct pp_err *err)
{
	if (!text)
		return pp_err_set(err, -ENOMEM, "text of %s", name);
	return pp_file_write(dir, name, text, strlen(text), err);
}

static int read_all(int fd, char **out, size_t *len)
{
	size_t cap = 65536, size = 0;
	char *data = malloc(cap + 1);

	while (data) {
		ssize_t n = read(fd, data + size, cap - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int code = -errno;

			free(data);
			return code;
		}
		size += (size_t)n;
		if (!n) {
			data[size] = '\0';
			*out = data;
			*len = size;
			return 0;
		}
		if (size == cap) {
			char *more = realloc(data, cap * 2 + 1);

			if (!more)
				free(data);
			data = more;
			cap *= 2;
		}
	}
	return -ENOMEM;
}

int pp_file_read(const char *dir, const char *name, char **out, size_t *len, struct pp_err *err)
{
	char path[PP_PATH_MAX];
	int fd, rc;

	rc = join(path, sizeof(path), dir, name, err);
	if (rc)
		return rc;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return pp_err_set(err, -errno, "cannot read %s", path);
	rc = read_all(fd, out, len);
	close(fd);
	return rc ? pp_err_set(err, rc, "cannot read %s", path) : 0;
}
