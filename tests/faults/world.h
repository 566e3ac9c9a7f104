/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that the operations under test see: files of /proc, /sys and /dev from a directory
 * of our own, mounts that are not made, devices that answer. So every path of src/sys is reached
 * by any user on any machine, and nothing of the machine is touched.
 */
#ifndef PP_TESTS_FAULTS_WORLD_H
#define PP_TESTS_FAULTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct dm_task;

struct world {
	char dir[64];   /* of files; "root" in it holds /proc, /sys and /dev, "bin" the programs */
	bool no_fiemap; /* the filesystem has FIBMAP only */
	bool btrfs;     /* every file lies in a btrfs */
	bool slow;      /* the RDMA device completes later */
	int users;      /* so often does the RDMA device seem to be open */
	pid_t only;     /* the one process that /proc lists; 0: all of the machine */
};
extern struct world world;

void world_make(void);
void world_remove(void);
/** world_file - give the file at @path of that machine this text; NULL removes it. */
void world_file(const char *path, const char *text);
/** world_path - where on the real machine it lies; good until the next call but three. */
const char *world_path(const char *path);
/** world_owns - is this program one of ours, that does nothing? */
bool world_owns(const char *path);
/** world_remove_tree - a directory of the real machine with all in it. */
void world_remove_tree(const char *dir);

int world_open(const char *path, int flags, mode_t mode);
int world_ioctl(int fd, unsigned long request, void *arg);
long world_syscall(long number, const long args[6]);
/** world_dm_run - 1, or if @failed 0: the kernel refuses with that errno. */
int world_dm_run(struct dm_task *task, int failed);

#endif
