/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of probes: each fact of a plan is one row and one function that tries it. */
#include "sys/probe.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/accounts.h"
#include "sys/fs.h"
#include "sys/gate.h"
#include "sys/gate_trace.h"
#include "sys/kmsg.h"
#include "sys/link_netlink.h"
#include "sys/pages.h"
#include "sys/pinio.h"
#include "sys/pins.h"
#include "sys/probe_era.h"
#include "sys/probe_hazard.h"
#include "sys/region.h"

#define HUGE_DIR   "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define HUGE_LEAST 4

struct pp_probe_run {
	const struct pp_probe_env *env;
	const struct pp_probe_verbs *verbs;
};

typedef const struct pp_probe_run *run_t;

/* The sentence of a yes. */
static int yes(struct pp_err *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int yes(struct pp_err *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return 0;
}

/* For wrappers that give a sentence only when they fail. */
static int unless(int ret, struct pp_err *why, const char *sentence)
{
	return ret ? ret : yes(why, "%s", sentence);
}

static int try_root(run_t run, struct pp_err *why)
{
	static const uint64_t need = 1ull << CAP_SYS_ADMIN | 1ull << CAP_NET_ADMIN;
	uint64_t caps = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");

	(void)run;
	if (!f)
		return pp_err_set(why, -errno, "cannot read /proc/self/status");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %" SCNx64, &caps) == 1)
			break;
	fclose(f);
	if (geteuid())
		return pp_err_set(why, -EPERM,
				  "the user id is %u, not 0: run it as root, or 'pinproof vm run'.",
				  geteuid());
	if ((caps & need) != need)
		return pp_err_set(
			why, -EPERM,
			"user 0 lacks the capability CAP_SYS_ADMIN or CAP_NET_ADMIN here.");
	return yes(why, "user 0 with CAP_SYS_ADMIN and CAP_NET_ADMIN.");
}

static int try_guest(run_t run, struct pp_err *why)
{
	if (!run->env->guest)
		return pp_err_set(
			why, -ENOENT,
			"neither the kernel command line nor the user says that this machine "
			"may be thrown away.");
	return yes(why, "this machine is a throw-away guest.");
}

static int try_rxe(run_t run, struct pp_err *why)
{
	const struct pp_link *link = run->env->link;

	if (link && !link->made_ibdev)
		return yes(why, "%s on %s, which was there already, as --device says.", link->ibdev,
			   link->netdev);
	if (link)
		return yes(why, "%s on %s is active.", link->ibdev, link->netdev);
	yes(why, "%s", run->verbs->fabric_why); /* which says why there is no link */
	return -ENODEV;
}

static int try_rdma_cm(run_t run, struct pp_err *why)
{
	yes(why, "%s", run->verbs->fabric_why);
	return run->verbs->fabric;
}

static int try_odp(run_t run, struct pp_err *why)
{
	if (run->verbs->fabric)
		return try_rdma_cm(run, why);
	if (!run->verbs->odp)
		return pp_err_set(why, -EOPNOTSUPP, "%s offers no on-demand paging.",
				  run->env->link->ibdev);
	return yes(why, "%s offers on-demand paging.", run->env->link->ibdev);
}

static int try_pin_counters(run_t run, struct pp_err *why)
{
	struct pp_pins pins;
	int ret = pp_pins_read(&pins, why);

	(void)run;
	if (ret)
		return ret;
	if (!pins.has_counters)
		return pp_err_set(
			why, -ENODATA,
			"/proc/vmstat lacks nr_foll_pin_*, or vm.stat_refresh is not ours "
			"to write.");
	return yes(why, "nr_foll_pin_acquired %" PRIu64 ", nr_foll_pin_released %" PRIu64 ".",
		   pins.acquired, pins.released);
}

static int try_rdma_objects(run_t run, struct pp_err *why)
{
	const struct pp_link *link = run->env->link;
	uint32_t index;
	int ret = link ? pp_nl_rdma_index(link->ibdev, &index) : -ENODEV;

	if (ret)
		return pp_err_set(why, ret, "there is no RDMA device to ask about");
	if (!link->made_ibdev)
		return pp_err_set(why, -EBUSY, "%s is not ours alone, so that its objects are not.",
				  link->ibdev);
	return unless(pp_accounts_device_possible(index, why), why,
		      "RDMA netlink counts the device's objects.");
}

static int try_kmsg(run_t run, struct pp_err *why)
{
	struct pp_kmsg k;
	int ret = pp_kmsg_open(&k, why);

	(void)run;
	if (ret)
		return ret;
	pp_kmsg_close(&k);
	return yes(why, "/dev/kmsg can be followed.");
}

static int try_debugfs(run_t run, struct pp_err *why)
{
	struct statfs fs;

	(void)run;
	if (statfs("/sys/kernel/debug", &fs) || fs.f_type != DEBUGFS_MAGIC)
		return pp_err_set(why, -ENOENT, "debugfs is not mounted on /sys/kernel/debug.");
	if (access("/sys/kernel/debug", R_OK | X_OK))
		return pp_err_set(why, -errno, "debugfs cannot be entered");
	return yes(why, "debugfs is on /sys/kernel/debug.");
}

static int64_t read_number(const char *path)
{
	FILE *f = fopen(path, "re");
	int64_t value = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%" SCNd64, &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

static int try_hugepages(run_t run, struct pp_err *why)
{
	int64_t spare = read_number(HUGE_DIR "free_hugepages");
	int64_t reserved = read_number(HUGE_DIR "resv_hugepages");

	(void)run;
	if (spare < 0 || reserved < 0)
		return pp_err_set(why, -ENOENT, "the kernel has no pool of 2 MiB pages.");
	if (spare - reserved < HUGE_LEAST)
		return pp_err_set(why, -ENOMEM,
				  "%" PRId64 " free 2 MiB pages, fewer than %d "
				  "(/proc/sys/vm/nr_hugepages).",
				  spare - reserved, HUGE_LEAST);
	return yes(why, "%" PRId64 " free 2 MiB pages.", spare - reserved);
}

static int try_thp(run_t run, struct pp_err *why)
{
	char line[64] = "";
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");

	(void)run;
	if (!f)
		return pp_err_set(why, -errno, "the kernel has no transparent huge pages");
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	if (strstr(line, "[never]"))
		return pp_err_set(why, -EPERM, "transparent huge pages are switched off.");
	return unless(pp_region_supported(PP_BACKING_ANON_THP, why), why,
		      "transparent huge pages come on request.");
}

static int try_memfd(run_t run, struct pp_err *why)
{
	(void)run;
	return unless(pp_region_supported(PP_BACKING_MEMFD, why), why, "memfd_create() works.");
}

static int try_secretmem(run_t run, struct pp_err *why)
{
	(void)run;
	return unless(pp_region_supported(PP_BACKING_SECRETMEM, why), why, "memfd_secret() works.");
}

static int try_pfnmap(run_t run, struct pp_err *why)
{
	(void)run;
	return unless(pp_region_supported(PP_BACKING_PFNMAP, why), why,
		      "a PCI resource file can be mapped.");
}

static int try_io_uring(run_t run, struct pp_err *why)
{
	struct pp_pinio *p;
	int ret = pp_pinio_open(&p, why);

	(void)run;
	if (ret)
		return ret;
	pp_pinio_close(p);
	return yes(why, "an io_uring can be made.");
}

static int try_vmsplice(run_t run, struct pp_err *why)
{
	char from[64] = "x", to[64];
	int64_t n = pp_pinio_vmsplice(from, to, sizeof(from), why);

	(void)run;
	return n < 0 ? (int)n : yes(why, "vmsplice() works.");
}

static int try_process_vm(run_t run, struct pp_err *why)
{
	char from[64] = "x", to[64];
	int64_t n = pp_pinio_vm_write(to, from, sizeof(from), why);

	(void)run;
	return n < 0 ? (int)n : yes(why, "process_vm_writev() works.");
}

static int has_slot(run_t run, struct pp_err *why, const char *name)
{
	const struct pp_slot *s = run->env->slots ? pp_slots_find(run->env->slots, name) : NULL;

	if (!s)
		return pp_err_set(why, -ENODEV, "no device for slot %s: %s.", name,
				  strncmp(name, "disk", 4)
					  ? "only a guest's own pmem is used"
					  : "name an empty one with --disk, or run in a guest");
	return yes(why, "%s has %" PRIu64 " MiB.", s->dev, s->size_bytes >> 20);
}

/* The sentence says who makes the disk, as nobody can name one. */
static int try_pi_disk(run_t run, struct pp_err *why)
{
	const struct pp_slot *s = run->env->slots ? pp_slots_find(run->env->slots, "pi0") : NULL;

	if (s)
		return yes(why, "%s of scsi_debug checks guards, and has %" PRIu64 " MiB.", s->dev,
			   s->size_bytes >> 20);
	return pp_err_set(why, -ENODEV, "%s",
			  run->env->pi_why && run->env->pi_why[0]
				  ? run->env->pi_why
				  : "scsi_debug gave no empty disk with protection information.");
}

static int has_fs(struct pp_err *why, const char *type)
{
	int ret = pp_fs_known(type, why);

	return ret ? ret : yes(why, "the kernel mounts %s.", type);
}

static int has_fsck(struct pp_err *why, const char *type)
{
	int ret = pp_fs_check_known(type, why);

	return ret ? ret : yes(why, "the tool that checks %s is installed.", type);
}

/* clang-format off */
static int try_dm(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_gate_possible(why), why, "device-mapper has the linear target."); }
static int try_tracefs(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_gate_trace_possible(why), why, "trace instances of our own can be made."); }
static int try_page_flags(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_pages_possible(why), why, "page frames and their flags can be read."); }
static int try_sqpoll(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_sqpoll(why), why, "an io_uring can have a submitting thread."); }
static int try_compact(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_compact(why), why, "memory can be compacted on request."); }
static int try_ksm(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_ksm(why), why, "ksmd can be switched on."); }
static int try_thp_split(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_thp_split(why), why, "huge pages can be split on request."); }
static int try_soft_dirty(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_soft_dirty(why), why, "soft-dirty bits are kept and can be cleared."); }
static int try_uffd_wp(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_uffd_wp(why), why, "userfaultfd protects pages."); }
static int try_uffd_move(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_uffd_move(why), why, "userfaultfd moves pages."); }
static int try_collapse(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_collapse(why), why, "huge pages can be made on request."); }
static int try_swap(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_swap(why), why, "there is a swap device."); }
static int try_movable(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_movable(why), why, "the MOVABLE zone has memory."); }
static int try_move_pages(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_move_pages(why), why, "pages can be moved on request."); }
static int try_numa(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_numa(why), why, "several nodes have memory."); }
static int try_balancing(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_numa_balancing(why), why, "pages go to the node that uses them."); }
static int try_offline(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_offline(why), why, "blocks of memory can be set offline."); }
static int try_soft_offline(run_t run, struct pp_err *why)
{ return !run->env->guest ? pp_err_set(why, -EPERM, "a frame of memory would be lost by trying; this machine is kept.")
		     : unless(pp_probe_soft_offline(why), why, "frames of memory can be taken out of use."); }
static int try_hwpoison(run_t run, struct pp_err *why)
{ return !run->env->guest ? pp_err_set(why, -EPERM, "memory would be lost; this machine is kept.")
		     : unless(pp_probe_hwpoison(why), why, "memory can be declared bad."); }
static int try_memcg(run_t run, struct pp_err *why)
{ (void)run; return unless(pp_probe_memcg(why), why, "a cgroup of our own can be reclaimed from."); }
static int try_fsck_ext4(run_t run, struct pp_err *why)  { (void)run; return has_fsck(why, "ext4"); }
static int try_fsck_xfs(run_t run, struct pp_err *why)   { (void)run; return has_fsck(why, "xfs"); }
static int try_fsck_btrfs(run_t run, struct pp_err *why) { (void)run; return has_fsck(why, "btrfs"); }
static int try_fsck_vfat(run_t run, struct pp_err *why)  { (void)run; return has_fsck(why, "vfat"); }
static int try_disk0(run_t run, struct pp_err *why)   { return has_slot(run, why, "disk0"); }
static int try_disk1(run_t run, struct pp_err *why)   { return has_slot(run, why, "disk1"); }
static int try_pmem0(run_t run, struct pp_err *why)   { return has_slot(run, why, "pmem0"); }
static int try_pmem1(run_t run, struct pp_err *why)   { return has_slot(run, why, "pmem1"); }
static int try_devdax0(run_t run, struct pp_err *why) { return has_slot(run, why, "devdax0"); }
static int try_tmpfs(run_t run, struct pp_err *why)   { (void)run; return has_fs(why, "tmpfs"); }
static int try_ext4(run_t run, struct pp_err *why)    { (void)run; return has_fs(why, "ext4"); }
static int try_xfs(run_t run, struct pp_err *why)     { (void)run; return has_fs(why, "xfs"); }
static int try_btrfs(run_t run, struct pp_err *why)   { (void)run; return has_fs(why, "btrfs"); }
static int try_vfat(run_t run, struct pp_err *why)    { (void)run; return has_fs(why, "vfat"); }

const struct pp_probe pp_probes[] = {
	{ "root",         "user 0 with the capabilities for mounts and links",     try_root },
	{ "guest",        "this machine may be thrown away",                       try_guest },
	{ "rxe",          "an RDMA device: a soft-RoCE link of ours, or --device", try_rxe },
	{ "rdma-cm",      "librdmacm connects the link to itself",                 try_rdma_cm },
	{ "rxe-odp",      "the RDMA device offers on-demand paging",               try_odp },
	{ "pin-counters", "exact FOLL_PIN counters (vmstat and stat_refresh)",     try_pin_counters },
	{ "rdma-objects", "the kernel counts objects of an RDMA device of ours",  try_rdma_objects },
	{ "kmsg",         "the kernel log can be followed",                        try_kmsg },
	{ "debugfs",      "debugfs is mounted",                                    try_debugfs },
	{ "hugepages",    "at least 4 free 2 MiB pages",                           try_hugepages },
	{ "thp",          "transparent huge pages on request",                     try_thp },
	{ "memfd",        "memfd_create()",                                        try_memfd },
	{ "tmpfs",        "tmpfs can be mounted",                                  try_tmpfs },
	{ "secretmem",    "memfd_secret()",                                        try_secretmem },
	{ "io-uring",     "io_uring",                                              try_io_uring },
	{ "vmsplice",     "vmsplice() into a pipe",                                try_vmsplice },
	{ "process-vm",   "process_vm_writev() on ourselves",                      try_process_vm },
	{ "pfnmap",       "a PCI resource file that can be mapped",                try_pfnmap },
	{ "disk0",        "a first disk of our own",                               try_disk0 },
	{ "disk1",        "a second disk of our own",                              try_disk1 },
	{ "blockdev",     "a disk whose page cache can be mapped (slot disk1)",    try_disk1 },
	{ "pmem0",        "a first fsdax namespace",                               try_pmem0 },
	{ "pmem1",        "a second fsdax namespace",                              try_pmem1 },
	{ "devdax0",      "a device DAX namespace",                                try_devdax0 },
	{ "pi-disk",      "a disk with T10 protection information (slot pi0)",     try_pi_disk },
	{ "fs-ext4",      "kernel and mkfs know ext4",                             try_ext4 },
	{ "fs-xfs",       "kernel and mkfs know xfs",                              try_xfs },
	{ "fs-btrfs",     "kernel and mkfs know btrfs",                            try_btrfs },
	{ "fs-vfat",      "kernel and mkfs know vfat",                             try_vfat },
	{ "fsck-ext4",    "e2fsck is installed",                                   try_fsck_ext4 },
	{ "fsck-xfs",     "xfs_repair is installed",                               try_fsck_xfs },
	{ "fsck-btrfs",   "btrfs check is installed",                              try_fsck_btrfs },
	{ "fsck-vfat",    "fsck.vfat is installed",                                try_fsck_vfat },
	{ "dm",           "device-mapper with a linear target: gates",             try_dm },
	{ "tracefs",      "trace instances of our own",                            try_tracefs },
	{ "page-flags",   "page frames and their flags (pagemap, kpageflags)",     try_page_flags },
	{ "io-sqpoll",    "io_uring with a submitting thread",                     try_sqpoll },
	{ "compact",      "memory can be compacted on request",                    try_compact },
	{ "memcg",        "cgroup v2 with memory.reclaim",                         try_memcg },
	{ "soft-dirty",   "soft-dirty bits (pagemap, clear_refs)",                 try_soft_dirty },
	{ "uffd-wp",      "write protection by userfaultfd",                       try_uffd_wp },
	{ "uffd-move",    "userfaultfd moves pages (UFFDIO_MOVE)",                 try_uffd_move },
	{ "thp-collapse", "huge pages can be made on request (MADV_COLLAPSE)",     try_collapse },
	{ "swap",         "a swap device",                                         try_swap },
	{ "movable",      "the MOVABLE zone has memory",                           try_movable },
	{ "move-pages",   "pages can be moved on request (move_pages)",            try_move_pages },
	{ "numa",         "several nodes have memory",                             try_numa },
	{ "numa-balancing", "pages go to the node that uses them",                 try_balancing },
	{ "offline",      "blocks of memory can be set offline",                   try_offline },
	{ "soft-offline", "frames can be taken out of use (MADV_SOFT_OFFLINE)",    try_soft_offline },
	{ "hwpoison",     "memory can be declared bad (MADV_HWPOISON)",            try_hwpoison },
	{ "thp-split",    "huge pages can be split on request (debugfs)",          try_thp_split },
	{ "ksm",          "pages can be merged by ksmd",                           try_ksm },
};
/* clang-format on */
const size_t pp_n_probes = sizeof(pp_probes) / sizeof(pp_probes[0]);

static void ask_verbs(const struct pp_probe_env *env, struct pp_probe_verbs *v)
{
	if (env->link) {
		pp_probe_verbs(env, v);
		return;
	}
	*v = (struct pp_probe_verbs){ .fabric = -ENODEV, .era = PP_ERA_UNKNOWN };
	snprintf(v->fabric_why, sizeof(v->fabric_why), "%.180s",
		 env->link_why ? env->link_why : "no rxe link was made");
}

void pp_probe_all(struct pp_facts *f, const struct pp_probe_env *env)
{
	struct pp_probe_verbs verbs;
	struct pp_probe_run run = { env, &verbs };
	struct utsname u;

	memset(f, 0, sizeof(*f));
	if (uname(&u))
		memset(&u, 0, sizeof(u));
	pp_facts_kernel(f, u.release, u.version);
	ask_verbs(env, &verbs);
	f->era_probed = verbs.era;
	if (f->era == PP_ERA_UNKNOWN)
		f->era = f->era_probed;
	for (size_t i = 0; i < pp_n_probes; i++) {
		struct pp_err why = { "" };
		int ret = pp_probes[i].try(&run, &why);

		pp_facts_set(f, pp_probes[i].name, !ret, "%.255s", why.text);
	}
}
