/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wrappers of functions with arguments of any number, or with books of their own to keep. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hook.h"
#include "world.h"

#define HERE     __builtin_return_address(0)
#define OF(path) ((struct about){ path, -1 })
#define NO_PATH  ((struct about){ NULL, -1 })
#define FILE_(n) ((struct about){ NULL, n })

#define WRAPPED(type, name, params)                                                                \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params

WRAPPED(void *, realloc, (void *p, size_t n))
{
	void *more =
		hook_hit(CALL_realloc, ENOMEM, HERE, NO_PATH, true) ? NULL : __real_realloc(p, n);

	if (more && !p)
		hook_count(MEMORY, 1);
	return more;
}

WRAPPED(void, free, (void *p))
{
	if (p)
		hook_count(MEMORY, -1);
	__real_free(p);
}

static long pages(size_t n)
{
	return (long)((n + 4095) / 4096 * 4096);
}

WRAPPED(void *, mmap, (void *at, size_t n, int prot, int flags, int fd, off_t offset))
{
	void *p = MAP_FAILED;

	if (!hook_hit(CALL_mmap, ENOMEM, HERE, FILE_(fd), true))
		p = __real_mmap(at, n, prot, flags, fd, offset);
	/* What is put upon a mapping takes no more room. */
	if (p != MAP_FAILED && !(flags & MAP_FIXED))
		hook_count(MAPPED_BYTES, pages(n));
	return p;
}

WRAPPED(int, munmap, (void *p, size_t n))
{
	int rc = __real_munmap(p, n);

	if (!rc)
		hook_count(MAPPED_BYTES, -pages(n));
	return hook_hit(CALL_munmap, ENOMEM, HERE, NO_PATH, true) ? -1 : rc;
}

/* src/sys moves mappings onto reserved addresses only: the old ones are free afterwards. */
void *__real_mremap(void *old, size_t old_n, size_t n, int flags, ...);
void *__wrap_mremap(void *old, size_t old_n, size_t n, int flags, ...);
void *__wrap_mremap(void *old, size_t old_n, size_t n, int flags, ...)
{
	va_list ap;
	void *to, *p;

	va_start(ap, flags);
	to = va_arg(ap, void *);
	va_end(ap);
	if (hook_hit(CALL_mremap, ENOMEM, HERE, NO_PATH, true))
		return MAP_FAILED;
	p = __real_mremap(old, old_n, n, flags, to);
	if (p != MAP_FAILED)
		hook_count(MAPPED_BYTES, -pages(old_n));
	return p;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return hook_hit(CALL_open, EMFILE, HERE, OF(path), true) ? -1
								 : world_open(path, flags, mode);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
	va_list ap;
	long arg;

	va_start(ap, command);
	arg = command == F_GETFL || command == F_GETFD ? 0 : va_arg(ap, int);
	va_end(ap);
	return hook_hit(CALL_fcntl, EINVAL, HERE, FILE_(fd), true) ? -1
								   : __real_fcntl(fd, command, arg);
}

int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	return hook_hit(CALL_ioctl, EIO, HERE, FILE_(fd), true) ? -1
								: world_ioctl(fd, request, arg);
}

long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	va_list ap;
	long args[6];

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		args[i] = va_arg(ap, long);
	va_end(ap);
	return hook_hit(CALL_syscall, EMFILE, HERE, NO_PATH, true) ? -1
								   : world_syscall(number, args);
}

/* A stream whose read failed says so until it is closed. */
static __thread FILE *failed_stream;

WRAPPED(char *, fgets, (char *s, int n, FILE *f))
{
	failed_stream = hook_hit(CALL_fgets, EIO, HERE, FILE_(fileno(f)), true) ? f : NULL;
	return failed_stream ? NULL : __real_fgets(s, n, f);
}

WRAPPED(int, ferror, (FILE * f))
{
	bool failed = failed_stream == f;

	failed_stream = NULL;
	return failed || __real_ferror(f);
}

int __wrap___isoc99_fscanf(FILE *f, const char *format, ...) __attribute__((format(scanf, 2, 3)));
int __wrap___isoc99_fscanf(FILE *f, const char *format, ...)
{
	va_list ap;
	int n = EOF;

	va_start(ap, format);
	if (!hook_hit(CALL___isoc99_fscanf, EIO, HERE, FILE_(fileno(f)), true))
		n = vfscanf(f, format, ap);
	va_end(ap);
	return n;
}

/* ECHILD as a parent gets it who ignores SIGCHLD: the child is gone. */
WRAPPED(pid_t, waitpid, (pid_t pid, int *status, int options))
{
	pid_t got;

	if (options & WNOHANG)
		return __real_waitpid(pid, status, options);
	if (hook_hit(CALL_waitpid, ECHILD, HERE, NO_PATH, true)) {
		if (errno == ECHILD)
			(void)__real_waitpid(pid, status, options);
		errno = errno == EINTR ? EINTR : ECHILD;
		return -1;
	}
	got = __real_waitpid(pid, status, options);
	return got;
}

WRAPPED(int, posix_spawn,
	(pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
	 const posix_spawnattr_t *attr, char *const argv[], char *const env[]))
{
	int failed = hook_hit(CALL_posix_spawn, EAGAIN, HERE, OF(path), false);

	/* A search that went wrong finds mkfs itself, and /dev/vda may be somebody's disk. */
	if (!failed && !world_owns(path))
		failed = ENOENT;
	return failed ? failed : __real_posix_spawn(pid, path, actions, attr, argv, env);
}

WRAPPED(void, nlmsg_free, (struct nl_msg * msg))
{
	if (msg)
		hook_count(NETLINK, -1);
	__real_nlmsg_free(msg);
}

int __wrap_dm_task_run(struct dm_task *task);
int __wrap_dm_task_run(struct dm_task *task)
{
	if (hook_hit(CALL_dm_control, EACCES, HERE, NO_PATH, true))
		return 0;
	return world_dm_run(task, hook_hit(CALL_dm_task_run, EINVAL, HERE, NO_PATH, false));
}
