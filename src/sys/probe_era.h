/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal to probe.c and probe_era.c: the questions that only an open verbs device can answer. */
#ifndef PP_SYS_PROBE_ERA_H
#define PP_SYS_PROBE_ERA_H

#include <stdbool.h>

#include "core/facts.h"
#include "sys/probe.h"

/* A mapping for the second registration: does it tell 6.2-6.4 from 6.5? */
enum pp_era_file {
	PP_ERA_FILE_NONE,    /* there is none */
	PP_ERA_FILE_TRACKED, /* of a filesystem, or a disk, that tracks dirty pages: both answers
				tell */
	PP_ERA_FILE_OTHER    /* of some file: only a refusal tells */
};

struct pp_probe_verbs {
	int fabric;           /* 0 or -errno of pp_fabric_open() */
	char fabric_why[200]; /* sentence, for both */
	bool odp;
	int read_memfd;        /* REMOTE_READ on shared PROT_READ memfd: 0 or -errno */
	enum pp_era_file file; /* what the next is about */
	char file_what[96];    /* "a file of a new ext4 on /dev/vda" */
	int write_file;        /* LOCAL_WRITE on a shared writable mapping of it: 0 or -errno */
	enum pp_era era;
};

/** pp_era_judge - the era that the two results show, PP_ERA_UNKNOWN if they do not fit any. Pure.
 */
enum pp_era pp_era_judge(int read_memfd, enum pp_era_file file, int write_file);

/** pp_probe_verbs - ask in a forked child, bounded; @out is always filled. */
void pp_probe_verbs(const struct pp_probe_env *env, struct pp_probe_verbs *out);

#endif
