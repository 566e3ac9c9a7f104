/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults in filesystems, blocks, gates, slots and the disk with protection information. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/words.h"
#include "drive.h"
#include "fakes.h"
#include "sys/blocks.h"
#include "sys/fs.h"
#include "sys/gate.h"
#include "sys/gate_trace.h"
#include "sys/pi_disk.h"
#include "sys/slots.h"
#include "world.h"

static int run_fs(const struct driver *d, struct pp_err *err)
{
	const struct pp_fs_def *def = d->arg;
	char dev[32];
	int rc = pp_fs_known(def->type, err);

	snprintf(dev, sizeof(dev), "/dev/%s", strcmp(def->slot, "pmem0") ? "vda" : "pmem0");
	if (!rc)
		rc = pp_fs_check_known(def->type, err);
	if (!rc)
		rc = pp_fs_make(def, dev, err);
	if (!rc)
		rc = pp_fs_mount(def, dev, world.dir, err);
	if (rc)
		return rc;
	rc = pp_fs_umount(world.dir, BOUND_MS, err);
	if (rc) {
		(void)pp_fs_umount(world.dir, BOUND_MS, NULL);
		return rc;
	}
	return pp_fs_check(def, dev, BOUND_MS, err);
}

/* The fourth filesystem has no place in /proc/filesystems, so its module is asked for. */
static int run_fs_unknown(const struct driver *d, struct pp_err *err)
{
	int rc;

	(void)d;
	world_file("/proc/filesystems", "\text4\n");
	rc = pp_fs_known("vfat", err);
	world_file("/proc/filesystems", "nodev\ttmpfs\n\text4\n\txfs\n\tbtrfs\n\tvfat\n");
	return rc == -ENODEV ? 0 : rc;
}

static int run_blocks(const struct driver *d, struct pp_err *err)
{
	char buffer[6000];
	int fd = __real_memfd_create("blocks", MFD_CLOEXEC), rc;

	if (fd < 0 || __real_ftruncate(fd, 8192))
		abort();
	world.no_fiemap = !strcmp(d->arg, "fibmap");
	world.btrfs = !strcmp(d->arg, "btrfs");
	rc = pp_blocks_read(fd, "/dev/vda", 100, sizeof(buffer), buffer, err);
	world.no_fiemap = world.btrfs = false;
	__real_close(fd);
	return rc;
}

static int run_gate(const struct driver *d, struct pp_err *err)
{
	char prefix[PP_GATE_PREFIX_MAX];
	struct pp_gate *g;
	int rc = pp_gate_possible(err), end;

	(void)d;
	if (rc)
		return rc;
	pp_gate_prefix("/tmp/pinproof.abcdef", prefix, sizeof(prefix));
	rc = pp_gate_make(&g, prefix, "g0", "/dev/vda", err);
	if (rc)
		return rc;
	rc = pp_gate_hold(g, err);
	if (!rc)
		rc = pp_gate_open(g, err);
	end = pp_gate_remove(g, rc ? NULL : err);
	return rc ? rc : end;
}

static int run_gate_sweep(const struct driver *d, struct pp_err *err)
{
	int found;

	(void)d;
	world_file("/sys/kernel/tracing/instances/pinproof-gone-1/.keep", "");
	world_file("/sys/kernel/tracing/instances/pinproof-gone-1/.keep", NULL);
	world_file("/dev/mapper/pinproof-gone-1-gate", "");
	found = pp_gates_sweep("pinproof-gone-", err);
	return found < 0 ? found : 0;
}

static int run_gate_trace(const struct driver *d, struct pp_err *err)
{
	struct pp_gate_bios all = { .to_bytes = UINT64_MAX, .reads = true, .writes = true };
	struct pp_gate_trace *t;
	uint64_t bytes;
	int rc = pp_gate_trace_possible(err);

	(void)d;
	if (!rc)
		rc = pp_gate_trace_start(&t, "pinproof-x", 5, err);
	if (rc)
		return rc;
	rc = pp_gate_trace_forget(t, err);
	/* More records than there is room for at first. */
	for (int i = 0; !rc && i < 66; i++)
		rc = pp_gate_trace_bytes(t, &all, &bytes, err);
	pp_gate_trace_stop(t);
	return rc;
}

static int run_slots(const struct driver *d, struct pp_err *err)
{
	const char *const disks[] = { "/dev/vdb" };
	struct pp_slots slots;
	int rc = pp_slots_probe(&slots, disks, d->arg ? 0 : 1, d->arg != NULL, err);

	return rc || d->arg ? rc : pp_device_wait_free("/dev/vda", BOUND_MS, err);
}

static int run_usable(const struct driver *d, struct pp_err *err)
{
	(void)d;
	return pp_device_usable("/dev/vda", err);
}

static int run_pi(const struct driver *d, struct pp_err *err)
{
	int rc = pp_pi_disk_make(err);

	(void)d;
	return rc ? rc : pp_pi_disk_remove(err);
}

static int run_pi_blank(const struct driver *d, struct pp_err *err)
{
	int rc = pp_pi_disk_blank("/dev/sda", err);

	(void)d;
	return rc ? rc : pp_pi_disk_ready("/dev/sda", err);
}

static const struct pp_fs_def ext4 = { .name = "f0", .type = "ext4", .slot = "disk0" },
			      dax = { .name = "f0",
				      .type = "xfs",
				      .slot = "pmem0",
				      .mkfs = "-d agcount=1",
				      .mount = "noatime,inode64" };

#define PROGRAM                                                                                    \
	{                                                                                          \
		ANY_CALL, "/bin/", SAYS_SO, "the next directory of the PATH is searched"           \
	}
#define KNOWN "modprobe, and then /proc/filesystems is asked again"
#define ASKED_AGAIN                                                                                \
	{ CALL_fopen, "/proc/filesystems", GOES_ON, KNOWN },                                       \
	{                                                                                          \
		CALL_fgets, "/proc/filesystems", GOES_ON, KNOWN                                    \
	}
#define LEFT_OUT "in a guest a device that cannot be looked at is left out, as the header says"

const struct driver drive_disks[] = {
	/* clang-format off */
	{ "pp_fs_* of ext4", run_fs, &ext4, .mapped = { PROGRAM, ASKED_AGAIN } },
	{ "pp_fs_* with DAX", run_fs, &dax, .mapped = { PROGRAM, ASKED_AGAIN } },
	{ "pp_fs_known of an unknown one", run_fs_unknown, .mapped = { { ANY_CALL, NULL, SAYS_SO, "the module may be built in: no answer is -ENODEV" } } },
	{ "pp_blocks_read by FIEMAP", run_blocks, "fiemap", .mapped = {} },
	{ "pp_blocks_read by FIBMAP", run_blocks, "fibmap", .mapped = {} },
	{ "pp_blocks_read on btrfs", run_blocks, "btrfs", .mapped = {} },
	{ "pp_gate_*", run_gate, .mapped = {
		{ CALL_dm_mknodes, NULL, SAYS_SO, "the node is looked for behind it" },
		{ CALL_dm_control, NULL, MAY_GO_ON, "the removal opens first, which may fail" },
		{ CALL_dm_task_create, NULL, MAY_GO_ON, "the removal opens first, which may fail" },
		{ CALL_dm_task_set_name, NULL, MAY_GO_ON, "the removal opens first, which may fail" },
		{ CALL_dm_task_run, NULL, MAY_GO_ON, "the removal opens first, which may fail" },
		{ CALL_dm_task_set_cookie, NULL, GOES_ON, "udev is then not told to leave it alone" },
		{ CALL_unlink, NULL, GOES_ON, "a node without a device harms nobody" } } },
	{ "pp_gates_sweep", run_gate_sweep, .mapped = {
		{ ANY_CALL, "tracing", GOES_ON, "traces are swept as far as it goes" },
		{ CALL_tracefs_tracing_dir_is_mounted, NULL, GOES_ON, "no traces then" },
		{ CALL_readdir, NULL, GOES_ON, "traces are swept as far as it goes" },
		{ CALL_access, NULL, GOES_ON, "no device-mapper then" },
		{ ANY_CALL, NULL, MAY_GO_ON, "the removal opens first, which may fail" } } },
	{ "pp_gate_trace_*", run_gate_trace, .mapped = {
		{ CALL_tracefs_event_file_write, NULL, MAY_GO_ON, "the instance goes, and its events with it" } } },
	{ "pp_slots_probe of a named disk", run_slots, .mapped = {
		{ CALL_stat, "/dev/vdb", MAY_GO_ON, "a disk that vanished is not there twice" },
		{ CALL_fopen, "/queue/dax", GOES_ON, "a disk like any other, then" } } },
	{ "pp_slots_probe of a guest", run_slots, "guest", .mapped = { { ANY_CALL, NULL, GOES_ON, LEFT_OUT } } },
	{ "pp_device_usable", run_usable, .mapped = {} },
	{ "pp_pi_disk_*", run_pi, .mapped = {
		{ CALL_access, "/sys/module", GOES_ON, "modprobe then says what is wrong" },
		{ ANY_CALL, "/sys/", GOES_ON, "the disk comes late: it is looked for again" },
		{ CALL_access, "/dev/sda", GOES_ON, "the disk comes late: it is looked for again" },
		{ CALL_readdir, NULL, GOES_ON, "the disk comes late: it is looked for again" },
		{ ANY_CALL, NULL, SAYS_SO, "sd_mod may be built in; scsi_debug is -ENODEV" } } },
	{ "pp_pi_disk_blank and ready", run_pi_blank, .mapped = {
		{ ANY_CALL, "device/model", GOES_ON, "it is no such disk then" },
		{ ANY_CALL, "integrity/format", GOES_ON, "it is no such disk then" },
		{ ANY_CALL, NULL, SAYS_SO, "whatever it was, the size is not set: -EIO" } } },
	/* clang-format on */
};
const size_t n_drive_disks = PP_ARRAY_LEN(drive_disks);
