/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results as a tar stream, by libarchive; see stream.h. */
#include "run/stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/rundir.h"

/* Says what else there is: whoever finds it must find that, too, however the stream ends. */
#define LAST_FILE "ending.json"

struct pp_stream {
	struct archive *a;
	int fd;
};

static int archive_code(struct archive *a)
{
	int code = archive_errno(a);

	return code > 0 ? -code : -EIO;
}

int pp_stream_open(const char *path, struct pp_stream **out, struct pp_err *err)
{
	struct pp_stream *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return pp_err_set(err, -ENOMEM, "stream");
	s->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (s->fd < 0) {
		rc = pp_err_set(err, -errno, "cannot open %s", path);
		free(s);
		return rc;
	}
	s->a = archive_write_new();
	/* One block an entry: whatever was written is in the reader's hands at once. */
	if (!s->a || archive_write_set_format_ustar(s->a) ||
	    archive_write_set_bytes_per_block(s->a, 512) ||
	    archive_write_set_bytes_in_last_block(s->a, 512) ||
	    archive_write_open_fd(s->a, s->fd)) {
		rc = pp_err_set(err, -EIO, "cannot start the tar stream %s", path);
		pp_stream_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void pp_stream_close(struct pp_stream *s)
{
	if (!s)
		return;
	if (s->a) {
		/* After a failed write archive_write_free() alone would not close, and leak. */
		archive_write_close(s->a);
		archive_write_free(s->a);
	}
	close(s->fd);
	free(s);
}

int pp_stream_file(struct pp_stream *s, const char *run, const char *name, struct pp_err *err)
{
	struct archive_entry *entry;
	size_t len;
	char *data;
	int rc;

	rc = pp_file_read(run, name, &data, &len, err);
	if (rc == -ENOENT)
		return 0;
	if (rc)
		return rc;
	entry = archive_entry_new();
	if (!entry) {
		free(data);
		return pp_err_set(err, -ENOMEM, "stream");
	}
	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)len);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	if (archive_write_header(s->a, entry) ||
	    archive_write_data(s->a, data, len) != (la_ssize_t)len ||
	    archive_write_finish_entry(s->a))
		rc = pp_err_set(err, archive_code(s->a), "cannot stream %s", name);
	archive_entry_free(entry);
	free(data);
	return rc;
}

int pp_stream_dir(struct pp_stream *s, const char *run, const char *name, struct pp_err *err)
{
	char path[PP_PATH_MAX];
	struct dirent *e;
	struct stat st;
	int rc = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/%s", run, name);
	d = opendir(path);
	if (!d)
		return pp_err_set(err, -errno, "directory %s", path);
	while (!rc && (e = readdir(d))) {
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode) || !strcmp(e->d_name, LAST_FILE))
			continue;
		snprintf(path, sizeof(path), "%s/%s", name, e->d_name);
		rc = pp_stream_file(s, run, path, err);
	}
	closedir(d);
	snprintf(path, sizeof(path), "%s/%s", name, LAST_FILE);
	return rc ? rc : pp_stream_file(s, run, path, err);
}

static bool name_is_safe(const char *name)
{
	if (!name || !name[0] || name[0] == '/')
		return false;
	for (const char *at = name; at; at = strchr(at, '/'))
		if (at += *at == '/', !strncmp(at, "..", 2) && (at[2] == '/' || !at[2]))
			return false;
	return true;
}

/* Make the directories that lead to @path, below @run. */
static int make_parents(char *path, size_t from)
{
	for (char *at = path + from; (at = strchr(at, '/')); at++) {
		*at = '\0';
		if (mkdir(path, 0755) && errno != EEXIST) {
			*at = '/';
			return -errno;
		}
		*at = '/';
	}
	return 0;
}

static int unpack_entry(struct archive *a, struct archive_entry *entry, const char *run,
			struct pp_err *err)
{
	const char *name = archive_entry_pathname(entry);
	size_t len = (size_t)archive_entry_size(entry);
	char path[PP_PATH_MAX];
	la_ssize_t n;
	char *data;
	int rc;

	if (snprintf(path, sizeof(path), "%s/%s", run, name) >= (int)sizeof(path))
		return pp_err_set(err, -ENAMETOOLONG, "%.80s", name);
	rc = make_parents(path, strlen(run) + 1);
	if (rc)
		return pp_err_set(err, rc, "directories of %s", path);
	data = malloc(len + 1);
	if (!data)
		return pp_err_set(err, -ENOMEM, "%s", name);
	n = archive_read_data(a, data, len);
	/* A file that the guest did not finish is no file. */
	rc = n == (la_ssize_t)len ? pp_file_write(NULL, path, data, len, err) : -ENODATA;
	free(data);
	return rc;
}

int pp_stream_unpack(const char *path, const char *run, unsigned long long most_bytes,
		     struct pp_err *err)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	unsigned long long bytes = 0;
	int files = 0, rc = 0, next;

	if (!a)
		return pp_err_set(err, -ENOMEM, "unpack");
	archive_read_support_format_tar(a);
	archive_read_set_options(a, "read_concatenated_archives");
	if (archive_read_open_filename(a, path, 65536)) {
		/* An empty file is a guest that died before its first word. */
		struct stat st;

		rc = stat(path, &st) ? pp_err_set(err, -errno, "cannot read %s", path) : 0;
		archive_read_free(a);
		return rc;
	}
	while (!rc && ((next = archive_read_next_header(a, &entry)) == ARCHIVE_OK ||
		       next == ARCHIVE_WARN)) {
		if (archive_entry_filetype(entry) != AE_IFREG ||
		    !name_is_safe(archive_entry_pathname(entry)))
			continue;
		bytes += (unsigned long long)archive_entry_size(entry);
		if (archive_entry_size(entry) < 0 || bytes > most_bytes)
			rc = pp_err_set(err, -EFBIG, "%s holds more than %llu bytes.", path,
					most_bytes);
		else
			rc = unpack_entry(a, entry, run, err);
		files += !rc;
	}
	archive_read_free(a);
	return rc && rc != -ENODATA ? rc : files;
}
