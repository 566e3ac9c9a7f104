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

/* CPU access: never while the mapping moves, as it would hit what lies there next. A storm's
 * operation holds the mapping already. */

static int64_t copy(struct pp_worker *w, const struct pp_target_ref *t, bool store)
{
	pthread_rwlock_t *moving = &w->x->regions[t->region].moving;
	uint8_t *memory;
	int rc = -EFAULT;

	if (!w->in_storm)
		pthread_rwlock_rdlock(moving);
	if (pp_exec_region_of(w, t)->addr) {
		memory = pp_exec_memory_at(w, t);
		rc = store ? pp_guarded_copy(memory, w->buf, t->length_bytes)
			   : pp_guarded_copy(w->buf, memory, t->length_bytes);
	}
	if (!w->in_storm)
		pthread_rwlock_unlock(moving);
	return rc ? rc : (int64_t)t->length_bytes;
}

static int64_t put_store(struct pp_worker *w, const struct pp_target_ref *t)
{
	return copy(w, t, true);
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

static int64_t put_vm_write(struct pp_worker *w, const struct pp_target_ref *t)
{
	return pp_pinio_vm_write(pp_exec_memory_at(w, t), w->buf, t->length_bytes, &w->err);
}

/* Observations */

static int64_t fetch_load(struct pp_worker *w, const struct pp_target_ref *t)
{
	return copy(w, t, false);
}

static int64_t fetch_pread(struct pp_worker *w, const struct pp_target_ref *t)
{
	ssize_t n =
		pread(pp_exec_region_of(w, t)->fd, w->buf, t->length_bytes, (off_t)t->offset_bytes);

	return n < 0 ? pp_err_set(&w->err, -errno, "pread") : n;
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

/* clang-format off */
const struct pp_verb_impl pp_exec_basic_verbs[] = {
	{ .verb = PP_VERB_MKFS, .act = act_mkfs },
	{ .verb = PP_VERB_MOUNT, .act = act_mount },
	{ .verb = PP_VERB_UMOUNT, .act = act_umount },
	{ .verb = PP_VERB_MAP, .act = act_map },
	{ .verb = PP_VERB_UNMAP, .act = act_unmap },
	{ .verb = PP_VERB_STORE, .put = put_store },
	{ .verb = PP_VERB_PWRITE, .prepare = pp_exec_file_ready, .put = put_pwrite },
	{ .verb = PP_VERB_VM_WRITE, .put = put_vm_write },
	{ .verb = PP_VERB_LOAD, .fetch = fetch_load },
	{ .verb = PP_VERB_PREAD, .prepare = pp_exec_file_ready, .fetch = fetch_pread },
	{ .verb = PP_VERB_VM_READ, .fetch = fetch_vm_read },
	{ .verb = PP_VERB_VMSPLICE, .fetch = fetch_vmsplice },
	{ .verb = PP_VERB_DISK_READ, .prepare = pp_exec_file_ready, .fetch = fetch_disk_read },
	{ .verb = PP_VERB_COLD_READ, .prepare = pp_exec_file_ready, .fetch = fetch_cold_read },
	{ .verb = PP_VERB_FSYNC, .act = act_fsync },
	{ .verb = PP_VERB_FDATASYNC, .act = act_fdatasync },
	{ .verb = PP_VERB_MSYNC, .act = act_msync },
	{ .verb = PP_VERB_MSYNC_ASYNC, .act = act_msync_async },
	{ .verb = PP_VERB_NONE },
};
/* clang-format on */

const struct pp_verb_impl *pp_exec_verb(enum pp_verb verb)
{
	static const struct pp_verb_impl *const lists[] = {
		pp_exec_basic_verbs,  pp_exec_device_verbs, pp_exec_gate_verbs,
		pp_exec_hazard_verbs, pp_exec_look_verbs,   pp_exec_page_verbs,
		pp_exec_quiet_verbs,  pp_exec_owner_verbs,  pp_exec_memory_verbs,
	};

	for (size_t i = 0; i < PP_ARRAY_LEN(lists); i++)
		for (const struct pp_verb_impl *v = lists[i]; v->verb != PP_VERB_NONE; v++)
			if (v->verb == verb)
				return v;
	return NULL;
}
