/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run directory: made once, files whole or absent, errors with the file's name. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "run/rundir.h"
#include "tmpdir.h"

static void make_run_directories(void)
{
	struct tmpdir d;
	struct pp_err err = { "" };
	char run[128];

	tmpdir_make(&d);
	snprintf(run, sizeof(run), "%s", tmpdir_file(&d, "run"));
	CU_ASSERT_EQUAL(pp_rundir_make(run, &err), 0);
	CU_ASSERT_EQUAL(access(tmpdir_file(&d, "run/cases"), X_OK), 0);
	/* results of an earlier run are never mixed with new ones */
	CU_ASSERT_EQUAL(pp_rundir_make(run, &err), -ENOTEMPTY);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "--out"));
	CU_ASSERT_EQUAL(mkdir(tmpdir_file(&d, "empty"), 0755), 0);
	CU_ASSERT_EQUAL(pp_rundir_make(tmpdir_file(&d, "empty"), &err), 0);
	CU_ASSERT_EQUAL(pp_rundir_make(tmpdir_file(&d, "no/such"), &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no/such"));
	tmpdir_write(&d, "file", "x", 1);
	CU_ASSERT_EQUAL(pp_rundir_make(tmpdir_file(&d, "file"), &err), -ENOTDIR);
	tmpdir_remove(&d);
}

static void case_directories(void)
{
	struct tmpdir d;
	struct pp_err err = { "" };
	char path[256];

	tmpdir_make(&d);
	CU_ASSERT_EQUAL_FATAL(pp_rundir_make(tmpdir_file(&d, "run"), &err), 0);
	for (int again = 0; again < 2; again++) {
		CU_ASSERT_EQUAL(pp_rundir_case(tmpdir_file(&d, "run"), "mr-fsync/ext4/rxe-mr~2",
					       path, sizeof(path), &err),
				0);
		PP_ASSERT_STR(path, tmpdir_file(&d, "run/cases/mr-fsync.ext4.rxe-mr~2"));
		CU_ASSERT_EQUAL(access(path, X_OK), 0);
	}
	for (size_t size = 0; size < strlen(path) + 1; size++)
		CU_ASSERT_EQUAL(pp_rundir_case(tmpdir_file(&d, "run"), "mr-fsync/ext4/rxe-mr~2",
					       path, size, &err),
				-ENAMETOOLONG);
	CU_ASSERT_EQUAL(pp_rundir_case(tmpdir_file(&d, "none"), "a/b/c", path, sizeof(path), &err),
			-ENOENT);
	tmpdir_remove(&d);
}

static void files_there_and_back(void)
{
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 300000 };
	struct tmpdir d;
	struct pp_err err = { "" };
	char *data = malloc(300000);

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	for (size_t i = 0; i < 300000; i++)
		data[i] = (char)(i * 131 >> 3);
	tmpdir_make(&d);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *back = NULL;
		size_t len = 1;

		CU_ASSERT_EQUAL(pp_file_write(d.path, "f", data, sizes[i], &err), 0);
		CU_ASSERT_TRUE(tmpdir_holds(&d, "f", data, sizes[i]));
		CU_ASSERT_EQUAL_FATAL(pp_file_read(d.path, "f", &back, &len, &err), 0);
		CU_ASSERT_EQUAL(len, sizes[i]);
		CU_ASSERT_EQUAL(memcmp(back, data, len), 0);
		CU_ASSERT_EQUAL(back[len], '\0');
		free(back);
	}
	CU_ASSERT_EQUAL(pp_file_text(d.path, "t", "a text", &err), 0);
	CU_ASSERT_TRUE(tmpdir_holds(&d, "t", "a text", 6));
	CU_ASSERT_EQUAL(pp_file_text(d.path, "u", NULL, &err), -ENOMEM);
	CU_ASSERT_TRUE(tmpdir_holds(&d, "u", NULL, 0));
	CU_ASSERT_TRUE(tmpdir_holds(&d, "f.new", NULL, 0));
	free(data);
	tmpdir_remove(&d);
}

static void file_errors_name_the_file(void)
{
	struct tmpdir d;
	struct pp_err err = { "" };
	char *back = NULL, name[PP_PATH_MAX];
	size_t len;

	tmpdir_make(&d);
	CU_ASSERT_EQUAL(pp_file_read(d.path, "absent", &back, &len, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/absent"));
	CU_ASSERT_EQUAL(pp_file_read(NULL, d.path, &back, &len, &err), -EISDIR);
	CU_ASSERT_EQUAL(pp_file_write(d.path, "no/file", "x", 1, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no/file"));
	CU_ASSERT_EQUAL(mkdir(tmpdir_file(&d, "dir"), 0755), 0);
	CU_ASSERT_EQUAL(pp_file_write(d.path, "dir", "x", 1, &err), -EISDIR);
	CU_ASSERT_TRUE(tmpdir_holds(&d, "dir.new", NULL, 0));
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	CU_ASSERT_EQUAL(pp_file_write(d.path, name, "x", 1, &err), -ENAMETOOLONG);
	CU_ASSERT_EQUAL(pp_file_read(d.path, name, &back, &len, &err), -ENAMETOOLONG);
	tmpdir_remove(&d);
}

/* The disk is full half way: the child may write 4096 bytes a file. */
static int write_beyond_the_limit(struct tmpdir *d)
{
	const struct rlimit limit = { 4096, 4096 };
	char data[8192] = { 1 };
	struct pp_err err = { "" };

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	return pp_file_write(d->path, "kept", data, sizeof(data), &err) == -EFBIG ? 0 : 1;
}

static void a_failed_write_leaves_the_old_file(void)
{
	struct tmpdir d;
	int status = -1;
	pid_t pid;

	tmpdir_make(&d);
	tmpdir_write(&d, "kept", "old", 3);
	pid = fork();
	if (!pid)
		_exit(write_beyond_the_limit(&d));
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT_TRUE(tmpdir_holds(&d, "kept", "old", 3));
	CU_ASSERT_TRUE(tmpdir_holds(&d, "kept.new", NULL, 0));
	tmpdir_remove(&d);
}

static const struct pp_unit_case cases[] = {
	{ "a run directory is made once", make_run_directories },
	{ "directories of cases", case_directories },
	{ "files there and back", files_there_and_back },
	{ "errors name the file", file_errors_name_the_file },
	{ "a failed write leaves the old file", a_failed_write_leaves_the_old_file },
};

PP_UNIT_MAIN("rundir", cases)
