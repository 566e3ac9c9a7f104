/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacks a bundle that may come from anybody; see bundle.h. */
#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/stamp.h"
#include "run/bundle.h"
#include "run/rundir.h"

#define MOST_BYTES (1ull << 30) /* of all files together, unpacked */
#define BLOCK      65536u

struct opener {
	const char *path;
	const char *dir;
	char flat[PP_PATH_MAX]; /* the directory that all names begin with; "" before the first */
	struct {
		bool seen, summed;
		uint32_t crc;
		size_t bytes;
	} member[64]; /* of pp_bundle_members */
	unsigned long long bytes;
	struct archive *a;
};

bool pp_bundle_is(const char *path)
{
	unsigned char magic[2] = { 0 };
	struct stat st;
	bool yes;
	int fd;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	yes = read(fd, magic, sizeof(magic)) == sizeof(magic) && magic[0] == 0x1f &&
	      magic[1] == 0x8b;
	close(fd);
	return yes;
}

/* The directory in front is the case's name with '.' for '/': nothing that leads anywhere. */
static bool flat_is_safe(const char *flat, size_t len)
{
	if (!len || len >= PP_CASE_MAX + 16 || flat[0] == '.' || flat[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)flat[i]) && !strchr("._-~+", flat[i]))
			return false;
	return true;
}

/* Is @name the member @m of a case called @flat? */
static bool name_matches(const struct pp_bundle_member *m, const char *name, const char *flat)
{
	const char *star = strchr(m->name, '*');
	size_t head = star ? (size_t)(star - m->name) : 0, len = strlen(flat);

	if (!star)
		return !strcmp(name, m->name);
	return !strncmp(name, m->name, head) && !strncmp(name + head, flat, len) &&
	       !strcmp(name + head + len, star + 1);
}

/* Which member an entry is; -EINVAL with a sentence if it has no place in a bundle. */
static int member_of(struct opener *o, struct archive_entry *entry, size_t *out, struct pp_err *err)
{
	const char *name = archive_entry_pathname(entry), *slash = name ? strchr(name, '/') : NULL;
	size_t len = slash ? (size_t)(slash - name) : 0;

	if (!slash || !flat_is_safe(name, len))
		return pp_err_set(err, -EINVAL, "%s is no bundle: it holds the name '%.80s'.",
				  o->path, name ? name : "");
	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
		return pp_err_set(err, -EINVAL, "%s is refused: '%.80s' in it is no regular file.",
				  o->path, name);
	if (!o->flat[0])
		snprintf(o->flat, sizeof(o->flat), "%.*s", (int)len, name);
	if (strlen(o->flat) != len || strncmp(o->flat, name, len))
		return pp_err_set(err, -EINVAL, "%s is refused: it holds more than one case.",
				  o->path);
	for (size_t i = 0; i < pp_bundle_n_members; i++) {
		if (!name_matches(&pp_bundle_members[i], slash + 1, o->flat))
			continue;
		if (o->member[i].seen)
			return pp_err_set(err, -EINVAL, "%s is refused: it holds '%.80s' twice.",
					  o->path, name);
		o->member[i].seen = true;
		*out = i;
		return 0;
	}
	return pp_err_set(err, -EINVAL, "%s is refused: '%.80s' is no file of a bundle.", o->path,
			  name);
}

static int make_dirs(const struct opener *o, struct pp_err *err)
{
	static const char *const dirs[] = { "cases", "kernel", "guest" };
	char path[PP_PATH_MAX * 2];

	for (size_t i = 0; i < PP_ARRAY_LEN(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", o->dir, dirs[i]);
		if (mkdir(path, 0700) && errno != EEXIST)
			return pp_err_set(err, -errno, "cannot make the directory %s", path);
	}
	snprintf(path, sizeof(path), "%s/cases/%s", o->dir, o->flat);
	if (mkdir(path, 0700) && errno != EEXIST)
		return pp_err_set(err, -errno, "cannot make the directory %s", path);
	return 0;
}

/* What an entry says of its size is not believed: what comes is counted. */
static int copy_out(struct opener *o, size_t i, int fd, struct pp_err *err)
{
	const struct pp_bundle_member *m = &pp_bundle_members[i];
	size_t size = 0;
	char *block = malloc(BLOCK);
	la_ssize_t n = 0;
	int rc = block ? 0 : pp_err_set(err, -ENOMEM, "unpack");

	while (!rc && (n = archive_read_data(o->a, block, BLOCK)) > 0) {
		size += (size_t)n;
		o->member[i].crc = pp_crc32c(o->member[i].crc, block, (size_t)n);
		o->bytes += (unsigned long long)n;
		if (size > m->most_bytes || o->bytes > MOST_BYTES)
			rc = pp_err_set(err, -EFBIG, "%s is refused: %s in it is too large.",
					o->path, m->name);
		else if (write(fd, block, (size_t)n) != n)
			rc = pp_err_set(err, errno ? -errno : -EIO, "cannot unpack %s", o->path);
	}
	if (!rc && n < 0)
		rc = pp_err_set(err, -EINVAL, "%s is damaged or cut off: %.120s", o->path,
				archive_error_string(o->a) ? archive_error_string(o->a) : "");
	o->member[i].bytes = size;
	free(block);
	return rc;
}

static int unpack(struct opener *o, struct archive_entry *entry, struct pp_err *err)
{
	char path[PP_PATH_MAX * 2];
	size_t i = 0;
	int rc = member_of(o, entry, &i, err), fd;

	if (!rc)
		rc = make_dirs(o, err);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "%s/%s", o->dir,
		 archive_entry_pathname(entry) + strlen(o->flat) + 1);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return pp_err_set(err, -errno, "cannot unpack to %s", path);
	rc = copy_out(o, i, fd, err);
	if (close(fd) && !rc)
		rc = pp_err_set(err, -errno, "cannot unpack to %s", path);
	return rc;
}

/* Without these it is no bundle, or one of which an end is missing. */
static int check_whole(const struct opener *o, struct pp_err *err)
{
	static const char *const needed[] = { "bundle.json", "cases.list", "cases/*/plan",
					      "cases/*/ending.json", PP_BUNDLE_SUMS };

	for (size_t k = 0; k < PP_ARRAY_LEN(needed); k++)
		for (size_t i = 0; i < pp_bundle_n_members; i++)
			if (!strcmp(pp_bundle_members[i].name, needed[k]) && !o->member[i].seen)
				return pp_err_set(err, -EINVAL,
						  "%s is no whole bundle: %s is missing.", o->path,
						  needed[k]);
	return 0;
}

/* One line of the sums: does it say what was unpacked? */
static bool sum_holds(struct opener *o, const char *line)
{
	char name[64];
	uint32_t crc;
	size_t bytes;

	if (sscanf(line, "%8" SCNx32 " %zu %63s", &crc, &bytes, name) != 3)
		return false;
	for (size_t i = 0; i < pp_bundle_n_members; i++) {
		if (strcmp(pp_bundle_members[i].name, name))
			continue;
		o->member[i].summed = true;
		return o->member[i].seen && o->member[i].crc == crc && o->member[i].bytes == bytes;
	}
	return false;
}

/* Each file is what was packed, and none is without a sum. */
static int check_sums(struct opener *o, struct pp_err *err)
{
	bool good = true;
	char *text;
	size_t len;
	int rc = pp_file_read(o->dir, PP_BUNDLE_SUMS, &text, &len, err);

	if (rc)
		return rc;
	for (char *line = strtok(text, "\n"); good && line; line = strtok(NULL, "\n"))
		good = sum_holds(o, line);
	free(text);
	for (size_t i = 0; good && i < pp_bundle_n_members; i++)
		good = !o->member[i].seen || o->member[i].summed ||
		       !strcmp(pp_bundle_members[i].name, PP_BUNDLE_SUMS);
	return good ? 0
		    : pp_err_set(err, -EINVAL,
				 "%s is damaged: what is in it does not fit the sums in it.",
				 o->path);
}

static int load_json(const char *dir, json_t **out, struct pp_err *err)
{
	json_error_t why;
	char *text;
	size_t len;
	int rc = pp_file_read(dir, "bundle.json", &text, &len, err);

	if (rc)
		return rc;
	*out = json_loadb(text, len, 0, &why);
	free(text);
	if (!*out)
		return pp_err_set(err, -EINVAL, "bundle.json line %d: %s", why.line, why.text);
	return 0;
}

static int check_version(const struct opener *o, struct pp_err *err)
{
	json_t *j = NULL;
	json_int_t version = 0;
	int rc = load_json(o->dir, &j, err);

	if (rc) {
		pp_err_prefix(err, "%s", o->path);
		return rc;
	}
	rc = json_unpack(j, "{s:I}", "version", &version);
	json_decref(j);
	if (rc)
		return pp_err_set(err, -EINVAL, "%s: bundle.json has no version.", o->path);
	if (version != PP_BUNDLE_VERSION)
		return pp_err_set(err, -EPROTO,
				  "%s is a bundle of version %lld; this program reads version %d.",
				  o->path, (long long)version, PP_BUNDLE_VERSION);
	return 0;
}

static int read_all(struct opener *o, struct pp_err *err)
{
	struct archive_entry *entry;
	int rc = 0, next = ARCHIVE_OK;

	while (!rc && (next = archive_read_next_header(o->a, &entry)) == ARCHIVE_OK)
		rc = unpack(o, entry, err);
	if (!rc && next != ARCHIVE_EOF)
		rc = pp_err_set(err, -EINVAL, "%s is damaged or cut off: %.120s", o->path,
				archive_error_string(o->a) ? archive_error_string(o->a) : "");
	if (!rc)
		rc = check_whole(o, err);
	if (!rc)
		rc = check_version(o, err);
	return rc ? rc : check_sums(o, err);
}

static int make_dir(char *dir, size_t size, struct pp_err *err)
{
	const char *base = getenv("TMPDIR");

	if (snprintf(dir, size, "%s/pinproof-bundle.XXXXXX", base && base[0] ? base : "/tmp") >=
	    (int)size)
		return pp_err_set(err, -ENAMETOOLONG, "TMPDIR is too long.");
	if (!mkdtemp(dir))
		return pp_err_set(err, -errno, "cannot make a directory %s", dir);
	return 0;
}

int pp_bundle_open(const char *path, char *dir, size_t size, struct pp_err *err)
{
	struct opener *o = calloc(1, sizeof(*o));
	int rc = o ? 0 : pp_err_set(err, -ENOMEM, "bundle");

	_Static_assert(PP_ARRAY_LEN(o->member) >= 32, "room for every member");
	if (!rc && !pp_bundle_is(path))
		rc = pp_err_set(err, access(path, R_OK) ? -errno : -EINVAL, "%s is no bundle",
				path);
	if (!rc)
		rc = make_dir(dir, size, err);
	if (rc) {
		free(o);
		return rc;
	}
	o->path = path;
	o->dir = dir;
	o->a = archive_read_new();
	if (!o->a || archive_read_support_filter_gzip(o->a) ||
	    archive_read_support_format_tar(o->a))
		rc = pp_err_set(err, -ENOMEM, "unpack");
	else if (archive_read_open_filename(o->a, path, BLOCK))
		rc = pp_err_set(err, -EINVAL, "%s is no bundle: %.120s", path,
				archive_error_string(o->a) ? archive_error_string(o->a) : "");
	else
		rc = read_all(o, err);
	archive_read_free(o->a);
	free(o);
	if (rc)
		pp_bundle_close(dir);
	return rc;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void pp_bundle_close(const char *dir)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int pp_bundle_case(const char *dir, char *out, size_t size, struct pp_err *err)
{
	char *text;
	size_t len;
	int rc = pp_file_read(dir, "cases.list", &text, &len, err);

	if (rc)
		return rc;
	text[strcspn(text, "\n")] = '\0';
	for (char *c = text; (c = strchr(c, '/'));)
		*c = '.';
	if (!flat_is_safe(text, strlen(text)))
		rc = pp_err_set(err, -EINVAL, "the bundle's cases.list names no case.");
	else if (snprintf(out, size, "%s/cases/%s", dir, text) >= (int)size)
		rc = pp_err_set(err, -ENAMETOOLONG, "case of a bundle");
	free(text);
	return rc;
}

int pp_bundle_kernel(const char *dir, char *out, size_t size, struct pp_err *err)
{
	const char *name = "";
	json_t *j = NULL;
	int rc = load_json(dir, &j, err);

	if (rc)
		return rc;
	/* Without the member the bundle is of a run outside a guest. */
	(void)json_unpack(j, "{s:s}", "vm_kernel", &name);
	snprintf(out, size, "%s", name);
	json_decref(j);
	return 0;
}
