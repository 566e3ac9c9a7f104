/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan's filesystems and regions as they come and go while a plan is executed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run/exec_state.h"
#include "sys/fs.h"
#include "sys/pi_disk.h"

/* Many readers must not keep a mover away for ever. */
static void rwlocks_init(struct pp_exec *x)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	for (size_t i = 0; i < x->plan->n_regions; i++) {
		x->regions[i].r.fd = -1;
		pthread_rwlock_init(&x->regions[i].moving, &attr);
	}
	pthread_rwlockattr_destroy(&attr);
}

int pp_exec_objects_open(struct pp_exec *x, struct pp_err *err)
{
	const struct pp_plan *p = x->plan;

	x->fs = calloc(p->n_fs + 1, sizeof(*x->fs));
	x->regions = calloc(p->n_regions + 1, sizeof(*x->regions));
	x->mrs = calloc(p->n_mrs + 1, sizeof(*x->mrs));
	x->ended = calloc(p->n_ops + 1, sizeof(*x->ended));
	if (!x->fs || !x->regions || !x->mrs || !x->ended)
		return pp_err_set(err, -ENOMEM, "objects of the plan");
	rwlocks_init(x);
	for (size_t i = 0; i < p->n_fs; i++) {
		x->fs[i].dev = pp_exec_dev(x, p->fs[i].slot);
		if (p->fs[i].slot[0] && !x->fs[i].dev)
			return pp_err_set(err, -ENODEV,
					  "no device fills the slot %s of filesystem %s",
					  p->fs[i].slot, p->fs[i].name);
		snprintf(x->fs[i].dir, sizeof(x->fs[i].dir), "%s/%s", x->setup->workdir,
			 p->fs[i].name);
	}
	return 0;
}

void pp_exec_objects_close(struct pp_exec *x)
{
	const struct pp_plan *p = x->plan;
	struct pp_err ignored = { 0 };

	pp_exec_mrs_close(x);
	/* In reverse: a second mapping goes before the region whose file it maps. */
	for (size_t i = p->n_regions; x->regions && i-- > 0;)
		if (x->regions[i].created)
			pp_region_destroy(&x->regions[i].r);
	for (size_t i = 0; x->fs && i < p->n_fs; i++)
		if (x->fs[i].mounted)
			pp_fs_umount(x->fs[i].dir, 5000, &ignored);
	for (size_t i = 0; x->regions && i < p->n_regions; i++)
		free(x->regions[i].frames);
	free(x->fs);
	free(x->regions);
	free(x->mrs);
	free(x->ended);
}

int pp_exec_region_ready(struct pp_exec *x, uint16_t index, struct pp_err *err)
{
	const struct pp_region_def *def = &x->plan->regions[index];
	struct pp_exec_region *r = &x->regions[index];
	struct pp_place place = { 0 };
	int rc;

	if (r->created)
		return 0;
	if (def->of != PP_NO_INDEX) {
		rc = pp_exec_region_ready(x, def->of, err);
		if (rc)
			return rc;
		place.of = &x->regions[def->of].r;
	}
	if (def->fs != PP_NO_INDEX) {
		if (!x->fs[def->fs].mounted)
			return pp_err_set(err, -ENODEV,
					  "filesystem %s of region %s is not mounted.",
					  x->plan->fs[def->fs].name, def->name);
		place.dir = x->fs[def->fs].dir;
	}
	if (def->slot[0]) {
		place.dev = pp_exec_dev(x, def->slot);
		if (!place.dev)
			return pp_err_set(err, -ENODEV, "no device fills the slot %s of region %s",
					  def->slot, def->name);
	}
	if (x->setup->plant.kind == PP_PLANT_REFUSE)
		return pp_err_set(err, -EACCES, "planted refusal of region %s", def->name);
	rc = pp_region_create(&r->r, def, &place, err);
	r->created = !rc;
	return rc;
}

int pp_exec_fs_make(struct pp_exec *x, uint16_t index, struct pp_err *err)
{
	const char *dev = x->fs[index].dev;
	int rc = pp_pi_disk_blank(dev, err);

	if (!rc)
		rc = pp_fs_make(&x->plan->fs[index], dev, err);
	return rc ? rc : pp_pi_disk_ready(dev, err);
}

int pp_exec_fs_mount(struct pp_exec *x, uint16_t index, struct pp_err *err)
{
	struct pp_exec_fs *fs = &x->fs[index];
	int rc;

	if (mkdir(fs->dir, 0700) && errno != EEXIST)
		return pp_err_set(err, -errno, "mkdir %s", fs->dir);
	rc = pp_fs_mount(&x->plan->fs[index], fs->dev, fs->dir, err);
	fs->mounted = !rc;
	return rc;
}

int pp_exec_fs_umount(struct pp_exec *x, uint16_t index, uint32_t bound_ms, struct pp_err *err)
{
	struct pp_exec_fs *fs = &x->fs[index];
	int rc;

	pp_exec_peer_forget(x, index);
	for (size_t i = 0; i < x->plan->n_regions; i++)
		if (x->plan->regions[i].fs == index && x->regions[i].created)
			pp_region_close_file(&x->regions[i].r);
	rc = pp_fs_umount(fs->dir, bound_ms, err);
	if (!rc)
		fs->mounted = false;
	return rc;
}

int pp_exec_fs_cycle(struct pp_exec *x, uint16_t index, uint32_t bound_ms, struct pp_err *err)
{
	int rc = pp_exec_fs_umount(x, index, bound_ms, err);

	if (!rc)
		rc = pp_exec_fs_mount(x, index, err);
	for (size_t i = 0; !rc && i < x->plan->n_regions; i++)
		if (x->plan->regions[i].fs == index && x->regions[i].created)
			rc = pp_region_reopen(&x->regions[i].r, err);
	return rc;
}

const char *pp_exec_region_dev(struct pp_exec *x, uint16_t index)
{
	const struct pp_region_def *def = &x->plan->regions[index];

	return pp_exec_dev_below(x, def->fs == PP_NO_INDEX ? def->slot : x->plan->fs[def->fs].slot);
}
