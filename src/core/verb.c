/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of verbs; see verb.h. */
#include "core/verb.h"

#include <string.h>

/* clang-format off */
#define SETUP(n, t, what)  { .name = n, .kind = PP_KIND_SETUP, .target = t, .title = what }
#define DATA(n, k, t, ...) { .name = n, .kind = k, .target = t, .ranged = true, __VA_ARGS__ }

const struct pp_verb_info pp_verbs[PP_VERB_COUNT] = {
	[PP_VERB_NONE]   = SETUP("none",   PP_TARGET_NONE,   "nothing"),
	[PP_VERB_MKFS]   = SETUP("mkfs",   PP_TARGET_FS,     "make a filesystem on its slot"),
	[PP_VERB_MOUNT]  = SETUP("mount",  PP_TARGET_FS,     "mount a filesystem"),
	[PP_VERB_UMOUNT] = SETUP("umount", PP_TARGET_FS,     "unmount a filesystem"),
	[PP_VERB_MAP]    = SETUP("map",    PP_TARGET_REGION, "create the object and map it"),
	[PP_VERB_UNMAP]  = { .name = "unmap", .kind = PP_KIND_DETACH, .target = PP_TARGET_REGION,
			     .title = "munmap" },
	[PP_VERB_REG]    = { .name = "reg", .kind = PP_KIND_PIN, .target = PP_TARGET_MR,
			     .title = "register an MR" },
	[PP_VERB_DEREG]  = { .name = "dereg", .kind = PP_KIND_UNPIN, .target = PP_TARGET_MR,
			     .title = "deregister an MR" },

	[PP_VERB_STORE]  = DATA("store",  PP_KIND_WRITE, PP_TARGET_REGION,
				.title = "CPU stores through the mapping"),
	[PP_VERB_PWRITE] = DATA("pwrite", PP_KIND_WRITE, PP_TARGET_REGION, .file = true,
				.title = "write through the file descriptor"),

	[PP_VERB_RDMA_WRITE] = DATA("rdma-write", PP_KIND_DEVICE_WRITE, PP_TARGET_MR,
				    .title = "RDMA WRITE into the MR"),
	[PP_VERB_DIO_READ]   = DATA("dio-read", PP_KIND_DEVICE_WRITE, PP_TARGET_REGION, .via = true,
				    .title = "O_DIRECT read from a raw disk into the mapping"),
	[PP_VERB_VM_WRITE]   = DATA("vm-write", PP_KIND_DEVICE_WRITE, PP_TARGET_REGION,
				    .title = "process_vm_writev into the mapping"),

	[PP_VERB_LOAD]      = DATA("load", PP_KIND_OBSERVE, PP_TARGET_REGION,
				   .title = "CPU loads through the mapping"),
	[PP_VERB_PREAD]     = DATA("pread", PP_KIND_OBSERVE, PP_TARGET_REGION, .file = true,
				   .title = "read through the file descriptor"),
	[PP_VERB_RDMA_READ] = DATA("rdma-read", PP_KIND_OBSERVE, PP_TARGET_MR,
				   .title = "RDMA READ of the MR"),
	[PP_VERB_DIO_WRITE] = DATA("dio-write", PP_KIND_OBSERVE, PP_TARGET_REGION, .via = true,
				   .title = "O_DIRECT write from the mapping to a raw disk"),
	[PP_VERB_VM_READ]   = DATA("vm-read", PP_KIND_OBSERVE, PP_TARGET_REGION,
				   .title = "process_vm_readv of the mapping"),
	[PP_VERB_VMSPLICE]  = DATA("vmsplice", PP_KIND_OBSERVE, PP_TARGET_REGION,
				   .title = "vmsplice of the mapping into a pipe"),
	[PP_VERB_DISK_READ] = DATA("disk-read", PP_KIND_OBSERVE, PP_TARGET_REGION, .durable = true,
				   .file = true,
				   .title = "read of the file's blocks on the block device"),
	[PP_VERB_COLD_READ] = DATA("cold-read", PP_KIND_OBSERVE, PP_TARGET_REGION, .durable = true,
				   .file = true, .title = "read after unmount and mount"),

	[PP_VERB_FSYNC]       = { .name = "fsync", .kind = PP_KIND_SYNC,
				  .target = PP_TARGET_REGION, .file = true, .title = "fsync" },
	[PP_VERB_FDATASYNC]   = { .name = "fdatasync", .kind = PP_KIND_SYNC,
				  .target = PP_TARGET_REGION, .file = true, .title = "fdatasync" },
	[PP_VERB_MSYNC]       = DATA("msync", PP_KIND_SYNC, PP_TARGET_REGION,
				     .title = "msync(MS_SYNC)"),
	[PP_VERB_MSYNC_ASYNC] = DATA("msync-async", PP_KIND_SYNC, PP_TARGET_REGION,
				     .title = "msync(MS_ASYNC)"),

	[PP_VERB_QUIET] = { .name = "quiet", .kind = PP_KIND_LEDGER, .target = PP_TARGET_NONE,
			    .title = "quiet point: counters against the baseline" },
};
/* clang-format on */

enum pp_verb pp_verb_find(const char *name)
{
	for (int v = PP_VERB_NONE + 1; v < PP_VERB_COUNT; v++)
		if (!strcmp(pp_verbs[v].name, name))
			return (enum pp_verb)v;
	return PP_VERB_NONE;
}
