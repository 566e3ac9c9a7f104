/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How each verb of a plan is carried out: one table, small functions. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run/exec_state.h"
#include "sys/blocks.h"
#include "sys/clock.h"

#define PAGE_BYTES 4096u
/* Where on the raw disk an actor's transfers go: far apart, so that they never share a sector. */
#define VIA_STRIDE (16ull << 20)

struct pp_region *pp_exec_region_of(struct pp_worker *w, const struct pp_target_ref *t)
{
	return &w->x->regions[t->region].r;
}

uint8_t *pp_exec_memory_at(struct pp_worker *w, const struct pp_target_ref *t)
{
	return (uint8_t *)pp_exec_region_of(w, t)->addr + t->offset_bytes;
}

/* Set-up and tear-down */

static int act_mkfs(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	(void)e;
	return pp_exec_fs_make(w->x, t->op->object, &w->err);
}

static int act_mount(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	(void)e;
	return pp_exec_fs_mount(w->x, t->op->object, &w->err);
}

static int act_umount(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	(void)e;
	return pp_exec_fs_umount(w->x, t->op->object, t->bound_ms, &w->err);
}

static int act_map(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	int rc;

	(void)e;
	pthread_mutex_lock(&w->x->lock);
	rc = pp_exec_region_ready(w->x, t->region, &w->err);
	if (!rc)
		rc = pp_region_map(pp_exec_region_of(w, t), &w->err);
	pthread_mutex_unlock(&w->x->lock);
	return rc;
}

static int act_unmap(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	(void)e;
	return pp_region_unmap(pp_exec_region_of(w, t), &w->err);
}

/* Registration */

static uint64_t pages_spanned(const void *addr, uint64_t length)
{
	uint64_t first = (uintptr_t)addr / PAGE_BYTES;
	uint64_t last = ((uintptr_t)addr + length + PAGE_BYTES - 1) / PAGE_BYTES;

	return last - first;
}

static int act_reg(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	const struct pp_mr_def *def = &w->x->plan->mrs[t->op->object];
	struct pp_exec_mr *mr = &w->x->mrs[t->op->object];
	int rc;

	(void)e;
	pthread_mutex_lock(&w->x->fabric_lock);
	rc = pp_fabric_reg(w->x->fabric, pp_exec_memory_at(w, t), def->length_bytes, def->access,
			   &mr->handle, &w->err);
	pthread_mutex_unlock(&w->x->fabric_lock);
	mr->absent = rc != 0;
	if (rc) {
		mr->handle = NULL;
		return rc;
	}
	mr->pages = pages_spanned(pp_exec_memory_at(w, t), def->length_bytes);
	pthread_mutex_lock(&w->x->lock);
	w->x->pins_expected += (int64_t)mr->pages;
	pthread_mutex_unlock(&w->x->lock);
	return 0;
}

static int act_dereg(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	struct pp_exec_mr *mr = &w->x->mrs[t->op->object];
	int rc;

	(void)e;
	pthread_mutex_lock(&w->x->fabric_lock);
	rc = pp_fabric_dereg(mr->handle, &w->err);
	pthread_mutex_unlock(&w->x->fabric_lock);
	if (rc)
		return rc;
	mr->handle = NULL;
	pthread_mutex_lock(&w->x->lock);
	w->x->pins_expected -= (int64_t)mr->pages;
	pthread_mutex_unlock(&w->x->lock);
	return 0;
}

/* CPU writes */

static int64_t put_store(struct pp_worker *w, const struct pp_target_ref *t)
{
	int rc = pp_guarded_copy(pp_exec_memory_at(w, t), w->buf, t->length_bytes);

	return rc ? rc : (int64_t)t->length_bytes;
}

int pp_exec_file_ready(struct pp_worker *w, const struct pp_target_ref *t)
{
	int rc;

	pthread_mutex_lock(&w->x->lock);
	rc = pp_exec_region_ready(w->x, t->region, &w->err);
	pthread_mutex_unlock(&w->x->lock);
	return rc;
}

static int64_t put_pwrite(struct pp_worker *w, const struct pp_target_ref *t)
{
	ssize_t n = pwrite(pp_exec_region_of(w, t)->fd, w->buf, t->length_bytes,
			   (off_t)t->offset_bytes);

	return n < 0 ? pp_err_set(&w->err, -errno, "pwrite") : n;
}

/* Device writes */

static int64_t put_rdma_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_exec *x = w->x;
	uint64_t in_mr = t->offset_bytes - x->plan->mrs[t->op->object].offset_bytes;
	int rc;

	pthread_mutex_lock(&x->fabric_lock);
	memcpy(pp_fabric_stage(x->fabric), w->buf, t->length_bytes);
	rc = pp_fabric_write(x->fabric, x->mrs[t->op->object].handle, in_mr, 0, t->length_bytes,
			     t->bound_ms, &w->err);
	pthread_mutex_unlock(&x->fabric_lock);
	return rc ? rc : (int64_t)t->length_bytes;
}

int pp_exec_via_open(struct pp_worker *w, const struct pp_target_ref *t, uint64_t *offset)
{
	const char *dev = pp_exec_dev(w->x, t->op->via);
	int fd;

	if (!dev)
		return pp_err_set(&w->err, -ENODEV, "no device fills the slot %s", t->op->via);
	fd = open(dev, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		return pp_err_set(&w->err, -errno, "open %s", dev);
	*offset = w->actor * VIA_STRIDE;
	return fd;
}

/* Move w->buf to or from the raw disk past its page cache. */
static int via_buffer(struct pp_worker *w, const struct pp_target_ref *t, bool write)
{
	uint64_t offset;
	int fd = pp_exec_via_open(w, t, &offset);
	ssize_t n;
	int rc = 0;

	if (fd < 0)
		return fd;
	n = write ? pwrite(fd, w->buf, t->length_bytes, (off_t)offset)
		  : pread(fd, w->buf, t->length_bytes, (off_t)offset);
	if (n < 0)
		rc = pp_err_set(&w->err, -errno, "%s of the disk in slot %s",
				write ? "write" : "read", t->op->via);
	else if ((size_t)n != t->length_bytes)
		rc = pp_err_set(&w->err, -EIO, "short transfer with the disk in slot %s.",
				t->op->via);
	close(fd);
	return rc;
}

/* The pinned transfer itself, between the mapping and the raw disk. */
static int64_t via_memory(struct pp_worker *w, const struct pp_target_ref *t, bool write)
{
	uint64_t offset;
	int fd = pp_exec_via_open(w, t, &offset);
	int64_t n;

	if (fd < 0)
		return fd;
	n = pp_pinio_direct(w->pinio, fd, write, pp_exec_memory_at(w, t), t->length_bytes, offset,
			    t->bound_ms, &w->err);
	close(fd);
	return n;
}

static int prepare_dio_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	return via_buffer(w, t, true);
}

static int64_t put_dio_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	return via_memory(w, t, false);
}

static int64_t put_vm_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	return pp_pinio_vm_write(pp_exec_memory_at(w, t), w->buf, t->length_bytes, &w->err);
}

/* Observations */

static int64_t fetch_load(struct pp_worker *w, const struct pp_target_ref *t)
{
	int rc = pp_guarded_copy(w->buf, pp_exec_memory_at(w, t), t->length_bytes);

	return rc ? rc : (int64_t)t->length_bytes;
}

static int64_t fetch_pread(struct pp_worker *w, const struct pp_target_ref *t)
{
	ssize_t n =
		pread(pp_exec_region_of(w, t)->fd, w->buf, t->length_bytes, (off_t)t->offset_bytes);

	return n < 0 ? pp_err_set(&w->err, -errno, "pread") : n;
}

static int64_t fetch_rdma_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	struct pp_exec *x = w->x;
	uint64_t in_mr = t->offset_bytes - x->plan->mrs[t->op->object].offset_bytes;
	int rc;

	pthread_mutex_lock(&x->fabric_lock);
	/* Old bytes in the stage must not pass for an answer that never came. */
	memset(pp_fabric_stage(x->fabric), 0xa5, t->length_bytes);
	rc = pp_fabric_read(x->fabric, x->mrs[t->op->object].handle, in_mr, 0, t->length_bytes,
			    t->bound_ms, &w->err);
	memcpy(w->buf, pp_fabric_stage(x->fabric), t->length_bytes);
	pthread_mutex_unlock(&x->fabric_lock);
	return rc ? rc : (int64_t)t->length_bytes;
}

/* The disk keeps what an earlier transfer left: fill it, so that only this transfer can show
 * stamps. */
static int prepare_dio_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	memset(w->buf, 0xa5, t->length_bytes);
	return via_buffer(w, t, true);
}

static int64_t fetch_dio_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	return via_memory(w, t, true);
}

static int finish_dio_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	return via_buffer(w, t, false);
}

static int64_t fetch_vm_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	return pp_pinio_vm_read(pp_exec_memory_at(w, t), w->buf, t->length_bytes, &w->err);
}

static int64_t fetch_vmsplice(struct pp_worker *w, const struct pp_target_ref *t)
{
	return pp_pinio_vmsplice(pp_exec_memory_at(w, t), w->buf, t->length_bytes, &w->err);
}

static int64_t fetch_disk_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	int rc = pp_blocks_read(pp_exec_region_of(w, t)->fd, pp_exec_region_dev(w->x, t->region),
				t->offset_bytes, t->length_bytes, w->buf, &w->err);

	return rc ? rc : (int64_t)t->length_bytes;
}

static int64_t fetch_cold_read(struct pp_worker *w, const struct pp_target_ref *t)
{
	uint16_t fs = w->x->plan->regions[t->region].fs;
	int rc = pp_exec_fs_cycle(w->x, fs, t->bound_ms, &w->err);

	return rc ? rc : fetch_pread(w, t);
}

/* Synchronisation */

static int act_fsync(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	(void)e;
	return fsync(pp_exec_region_of(w, t)->fd) ? pp_err_set(&w->err, -errno, "fsync") : 0;
}

static int act_fdatasync(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	(void)e;
	return fdatasync(pp_exec_region_of(w, t)->fd) ? pp_err_set(&w->err, -errno, "fdatasync")
						      : 0;
}

static int do_msync(struct pp_worker *w, const struct pp_target_ref *t, int flags)
{
	uintptr_t from = (uintptr_t)pp_exec_memory_at(w, t);
	uintptr_t start = from & ~(uintptr_t)(PAGE_BYTES - 1);

	if (msync((void *)start, from + t->length_bytes - start, flags))
		return pp_err_set(&w->err, -errno, "msync");
	return 0;
}

static int act_msync(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	(void)e;
	return do_msync(w, t, MS_SYNC);
}

static int act_msync_async(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	(void)e;
	return do_msync(w, t, MS_ASYNC);
}

/* Releases are deferred to work queues; a leak is called one only after this long. */
#define SETTLE_MS 2000
/* A machine on which the counters move while we do nothing has other pinners. */
#define WATCH_MS 200

/* May the global counters be read as ours? Looked at only where they deviate. */
static bool pins_are_ours(struct pp_exec *x, const struct pp_pins *pins)
{
	struct pp_pins later;

	if (!pins->has_counters || x->pins_foreign)
		return false;
	if (x->setup->quiet_machine ||
	    (int64_t)(pins->acquired - pins->released) - x->pins_base == x->pins_expected)
		return true;
	pp_pause_ms(WATCH_MS);
	x->pins_foreign = pp_pins_read(&later, NULL) || later.acquired != pins->acquired ||
			  later.released != pins->released;
	return !x->pins_foreign;
}

static int act_quiet(struct pp_worker *w, const struct pp_target_ref *t, struct pp_event *e)
{
	struct pp_exec *x = w->x;
	struct pp_quiet q = { 0 };
	struct pp_pins pins;
	int rc;

	(void)t;
	rc = pp_pins_settle(&pins, x->pins_base, x->pins_expected, SETTLE_MS, &w->err);
	if (rc)
		return rc;
	q.pins = pins_are_ours(x, &pins) ? (int64_t)(pins.acquired - pins.released) - x->pins_base
					 : INT64_MIN;
	q.vmpin_pages = (int32_t)(pins.vmpin_pages - x->vmpin_base);
	if (x->setup->link)
		q.packets = (uint32_t)(pp_link_packets(x->setup->link->ibdev) - x->packets_base);
	pp_event_quiet_put(e, &q);
	return 0;
}

/* clang-format off */
const struct pp_verb_impl pp_exec_basic_verbs[] = {
	{ .verb = PP_VERB_MKFS, .act = act_mkfs },
	{ .verb = PP_VERB_MOUNT, .act = act_mount },
	{ .verb = PP_VERB_UMOUNT, .act = act_umount },
	{ .verb = PP_VERB_MAP, .act = act_map },
	{ .verb = PP_VERB_UNMAP, .act = act_unmap },
	{ .verb = PP_VERB_REG, .act = act_reg },
	{ .verb = PP_VERB_DEREG, .act = act_dereg },
	{ .verb = PP_VERB_STORE, .put = put_store },
	{ .verb = PP_VERB_PWRITE, .prepare = pp_exec_file_ready, .put = put_pwrite },
	{ .verb = PP_VERB_RDMA_WRITE, .put = put_rdma_write },
	{ .verb = PP_VERB_DIO_READ, .prepare = prepare_dio_read, .put = put_dio_read },
	{ .verb = PP_VERB_VM_WRITE, .put = put_vm_write },
	{ .verb = PP_VERB_LOAD, .fetch = fetch_load },
	{ .verb = PP_VERB_PREAD, .prepare = pp_exec_file_ready, .fetch = fetch_pread },
	{ .verb = PP_VERB_RDMA_READ, .fetch = fetch_rdma_read },
	{ .verb = PP_VERB_DIO_WRITE, .prepare = prepare_dio_write, .fetch = fetch_dio_write,
				  .finish = finish_dio_write },
	{ .verb = PP_VERB_VM_READ, .fetch = fetch_vm_read },
	{ .verb = PP_VERB_VMSPLICE, .fetch = fetch_vmsplice },
	{ .verb = PP_VERB_DISK_READ, .prepare = pp_exec_file_ready, .fetch = fetch_disk_read },
	{ .verb = PP_VERB_COLD_READ, .prepare = pp_exec_file_ready, .fetch = fetch_cold_read },
	{ .verb = PP_VERB_FSYNC, .act = act_fsync },
	{ .verb = PP_VERB_FDATASYNC, .act = act_fdatasync },
	{ .verb = PP_VERB_MSYNC, .act = act_msync },
	{ .verb = PP_VERB_MSYNC_ASYNC, .act = act_msync_async },
	{ .verb = PP_VERB_QUIET, .act = act_quiet },
	{ .verb = PP_VERB_NONE },
};
/* clang-format on */

const struct pp_verb_impl *pp_exec_verb(enum pp_verb verb)
{
	static const struct pp_verb_impl *const lists[] = {
		pp_exec_basic_verbs,  pp_exec_device_verbs, pp_exec_gate_verbs,
		pp_exec_hazard_verbs, pp_exec_look_verbs,
	};

	for (size_t i = 0; i < PP_ARRAY_LEN(lists); i++)
		for (const struct pp_verb_impl *v = lists[i]; v->verb != PP_VERB_NONE; v++)
			if (v->verb == verb)
				return v;
	return NULL;
}
