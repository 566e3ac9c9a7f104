/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines that many scenarios write; see plan_lines.h. */
#include "run/plan_lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PAGE 4096u
#define HUGE (2u << 20)

/* clang-format off */
static const struct pp_place_lines places[] = {
	{ "anon",       "",                  NULL,                                        "", PAGE },
	{ "anon-thp",   "thp",               NULL,                                        "", HUGE },
	{ "hugetlb",    "hugepages",         NULL,                                        "", HUGE },
	{ "memfd",      "memfd",             NULL,                                        "", PAGE },
	{ "tmpfs",      "tmpfs",             "type=tmpfs",                                " fs=f0", PAGE },
	{ "ext4",       "disk0 fs-ext4",     "type=ext4 slot=disk0 block=4096",           " fs=f0", PAGE },
	{ "xfs",        "disk0 fs-xfs",      "type=xfs slot=disk0 block=4096",            " fs=f0", PAGE },
	{ "btrfs",      "disk0 fs-btrfs",    "type=btrfs slot=disk0",                     " fs=f0", PAGE },
	{ "vfat",       "disk0 fs-vfat",     "type=vfat slot=disk0",                      " fs=f0", PAGE },
	{ "fsdax-ext4", "pmem0 fs-ext4",     "type=ext4 slot=pmem0 block=4096",           " fs=f0", PAGE },
	{ "fsdax-xfs",  "pmem1 fs-xfs",      "type=xfs slot=pmem1 block=4096",            " fs=f0", PAGE },
	{ "devdax",     "devdax0",           NULL,                                        " slot=devdax0", HUGE },
	{ "blockdev",   "disk1",             NULL,                                        " slot=disk1", PAGE },
	{ "secretmem",  "secretmem",         NULL,                                        "", PAGE },
	{ "pfnmap",     "pfnmap",            NULL,                                        "", PAGE },
	{ "vvar",       "",                  NULL,                                        "", PAGE },
	{ "vdso",       "",                  NULL,                                        "", PAGE },
	{ "unmapped",   "",                  NULL,                                        "", PAGE },
	{ "kernel",     "",                  NULL,                                        "", PAGE },
};
/* clang-format on */

const struct pp_place_lines *pp_place_of(const char *backing)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(places); i++)
		if (!strcmp(places[i].backing, backing))
			return &places[i];
	return NULL;
}

void pp_lines_place(struct pp_plan_text *t, const char *backing)
{
	pp_lines_place_as(t, backing, NULL);
}

void pp_lines_place_as(struct pp_plan_text *t, const char *backing, const char *fs)
{
	const struct pp_place_lines *p = pp_place_of(backing);

	pp_say(t, "need root rxe kmsg %s", p->needs);
	if (p->fs)
		pp_say(t, "fs f0 %s", fs ? fs : p->fs);
}

void pp_lines_made(struct pp_plan_text *t, const char *backing)
{
	const struct pp_place_lines *p = pp_place_of(backing);

	if (!p->fs)
		return;
	if (strcmp(p->backing, "tmpfs"))
		pp_op(t, "mkfs f0");
	pp_op(t, "mount f0");
}

bool pp_pinner_on_demand(const char *pinner)
{
	return strcmp(pinner, "rxe-odp") == 0;
}

void pp_lines_mr(struct pp_plan_text *t, const char *pinner, const char *fmt, ...)
{
	const bool odp = pp_pinner_on_demand(pinner);
	char words[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	if (odp)
		pp_say(t, "need rxe-odp");
	pp_say(t, "mr %s access=lw,rw,rr%s", words, odp ? ",od" : "");
}

void pp_lines_control_objects(struct pp_plan_text *t)
{
	pp_say(t, "region control backing=anon size=%u share=private prot=rw", PAGE);
	pp_say(t, "mr c0 region=control access=lw,rw,rr");
}

void pp_lines_control(struct pp_plan_text *t, uint32_t gen)
{
	pp_say(t, "step \"control\"");
	pp_op(t, "map control");
	pp_op(t, "reg c0");
	pp_op(t, "rdma-write c0 gen=%u", gen);
	pp_op(t, "load control");
	pp_op(t, "rdma-read c0");
	pp_op(t, "quiet");
	pp_op(t, "dereg c0");
	pp_op(t, "quiet");
}

#define CANARY_BYTES 16384u

static bool on_blocks(const struct pp_place_lines *p)
{
	return p->fs && strcmp(p->backing, "tmpfs") != 0;
}

/* The word behind "type=" of the place's filesystem. */
static int type_length(const char *fs)
{
	return (int)strcspn(fs + strlen("type="), " ");
}

void pp_lines_bystander_objects(struct pp_plan_text *t, const char *backing)
{
	const struct pp_place_lines *p = pp_place_of(backing);

	if (on_blocks(p))
		pp_say(t, "need fsck-%.*s", type_length(p->fs), p->fs + strlen("type="));
	if (p->fs)
		pp_say(t, "region canary backing=%s%s share=shared prot=rw size=%u bystander=yes",
		       backing, p->words, CANARY_BYTES);
	pp_say(t, "region idle backing=anon share=private prot=rw size=%u bystander=yes", PAGE);
}

void pp_lines_bystander(struct pp_plan_text *t, const char *backing)
{
	if (pp_place_of(backing)->fs) {
		pp_op(t, "map canary");
		pp_op(t, "pwrite canary gen=%u", pp_gen(t));
		pp_op(t, "fsync canary");
	}
	pp_op(t, "map idle");
	pp_op(t, "store idle gen=%u", pp_gen(t));
}

void pp_lines_bystander_look(struct pp_plan_text *t, const char *backing)
{
	const struct pp_place_lines *p = pp_place_of(backing);

	pp_say(t, "step \"bystanders\"");
	pp_op(t, "load idle");
	pp_op(t, "unmap idle");
	if (!p->fs)
		return;
	pp_op(t, "pread canary");
	pp_op(t, "load canary");
	if (on_blocks(p))
		pp_op(t, "disk-read canary");
	pp_op(t, "unmap canary");
}

void pp_lines_unmounted(struct pp_plan_text *t, const char *backing)
{
	const struct pp_place_lines *p = pp_place_of(backing);

	if (!p->fs)
		return;
	pp_op(t, "umount f0");
	if (on_blocks(p))
		pp_op(t, "fsck f0");
}

void pp_lines_bystander_check(struct pp_plan_text *t, const char *backing)
{
	pp_lines_bystander_look(t, backing);
	pp_lines_unmounted(t, backing);
}
