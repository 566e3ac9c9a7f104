/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drivers: each carries out one public operation of src/sys from its beginning to its end, cleans
 * up as its header says, and is repeated with a fault in the first, second, ... call it makes.
 */
#ifndef PP_TESTS_FAULTS_DRIVE_H
#define PP_TESTS_FAULTS_DRIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "hook.h"

/* A fault that is answered otherwise than by its own errno. The first row that fits counts. */
struct mapping {
	enum call call;    /* ANY_CALL: every one */
	const char *about; /* words of the path that it is about; NULL: any */
	int result;        /* what the operation gives instead, or one of these: */
	const char *why;
};

#define ANY_CALL  CALLS
#define GOES_ON   0
#define MAY_GO_ON 1 /* or gives the fault's own errno */
#define SAYS_SO   2 /* or gives any errno, with a sentence */

#define MAPPINGS 24
#define BOUND_MS 20000 /* of all that waits: on a machine that is busy with other things, too */

/* Rows for a program that is run and whose failure does not matter; DOES it what it says. */
#define IGNORED(why)                                                                               \
	{ CALL_stat, "/bin/", SAYS_SO, why }, { CALL_access, "/bin/", SAYS_SO, why },              \
		{ CALL_pipe2, NULL, GOES_ON, why }, { CALL_fcntl, NULL, GOES_ON, why },            \
		{ CALL_posix_spawn, NULL, GOES_ON, why },                                          \
		{ CALL_posix_spawn_file_actions_init, NULL, GOES_ON, why },                        \
		{ CALL_posix_spawn_file_actions_addopen, NULL, GOES_ON, why },                     \
		{ CALL_posix_spawn_file_actions_adddup2, NULL, GOES_ON, why },                     \
		{ CALL_posix_spawnattr_init, NULL, GOES_ON, why },                                 \
		{ CALL_posix_spawnattr_setflags, NULL, GOES_ON, why },                             \
		{ CALL_posix_spawnattr_setpgroup, NULL, GOES_ON, why },                            \
		{ CALL_posix_spawnattr_setsigmask, NULL, GOES_ON, why },                           \
		{ CALL_posix_spawnattr_setsigdefault, NULL, GOES_ON, why },                        \
		{ CALL_syscall, NULL, GOES_ON, why }, { CALL_poll, NULL, GOES_ON, why },           \
	{                                                                                          \
		CALL_waitpid, NULL, GOES_ON, why                                                   \
	}

struct driver {
	const char *name;
	int (*run)(const struct driver *d,
		   struct pp_err *err); /* 0 or -errno of the first failure */
	const void *arg;
	bool silent;   /* the operation has no sentence */
	bool children; /* is repeated with faults in the processes that it forks */
	struct mapping mapped[MAPPINGS];
};

/** drive_prepare - what drivers use and nobody counts: made once. */
void drive_prepare(void);

/* The tables of the files drive_*.c. */
extern const struct driver drive_regions[], drive_memory[], drive_disks[], drive_processes[],
	drive_links[], drive_traces[];
extern const size_t n_drive_regions, n_drive_memory, n_drive_disks, n_drive_processes,
	n_drive_links, n_drive_traces;

#endif
