/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How each verb of a plan looks in an exported program. */
#include <inttypes.h>
#include <string.h>

#include "core/export_private.h"

const char *pp_export_ident(const char *name, char out[PP_NAME_MAX])
{
	size_t i = 0;

	for (; i < PP_NAME_MAX - 1 && name[i]; i++)
		out[i] =
			(name[i] >= '0' && name[i] <= '9') || (name[i] | 32) >= 'a' ? name[i] : '_';
	out[i] = '\0';
	return out;
}

void pp_export_names(const struct pp_plan *p, const struct pp_op *op, struct names *n)
{
	uint16_t region = pp_plan_op_region(p, op), fs = PP_NO_INDEX;

	memset(n, 0, sizeof(*n));
	if (region != PP_NO_INDEX) {
		pp_export_ident(p->regions[region].name, n->region);
		fs = p->regions[region].fs;
	}
	if (pp_verbs[op->verb].target == PP_TARGET_MR)
		pp_export_ident(p->mrs[op->object].name, n->mr);
	if (pp_verbs[op->verb].target == PP_TARGET_FS)
		fs = op->object;
	if (fs != PP_NO_INDEX) {
		pp_export_ident(p->fs[fs].name, n->fs);
		pp_export_ident(p->fs[fs].slot, n->slot);
	}
	pp_export_ident(op->via, n->via);
}

static void mkfs(struct exporter *e, const struct emit *m)
{
	const struct pp_fs_def *fs = &e->p->fs[m->op->object];
	const char *force = !strcmp(fs->type, "ext4") ? "-q -F" : "-q -f";

	if (!fs->slot[0])
		return;
	fprintf(e->f, "\tcheck_blank(%s);\n\tcommand(\"mkfs.%s %s", m->n.slot, fs->type, force);
	if (fs->block_bytes)
		fprintf(e->f, " -b %s%" PRIu32, !strcmp(fs->type, "xfs") ? "size=" : "",
			fs->block_bytes);
	fprintf(e->f, " %s %%s%%s\", %s, \"\");\n", fs->mkfs, m->n.slot);
}

static void mount_fs(struct exporter *e, const struct emit *m)
{
	const struct pp_fs_def *fs = &e->p->fs[m->op->object];

	fprintf(e->f, "\tif (!mkdtemp(%s_dir))\n\t\tcannot(\"directory\");\n", m->n.fs);
	if (!fs->slot[0])
		fprintf(e->f, "\tcommand(\"mount -t tmpfs tmpfs %%s%%s\", %s_dir, \"\");\n",
			m->n.fs);
	else
		fprintf(e->f, "\tcommand(\"mount -t %s%s%s %%s %%s\", %s, %s_dir);\n", fs->type,
			fs->mount[0] ? " -o " : "", fs->mount, m->n.slot, m->n.fs);
}

static void umount_fs(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tcommand(\"umount %%s%%s\", %s_dir, \"\");\n", m->n.fs);
}

/* The region's file, made when something first needs it. */
void pp_export_file(struct exporter *e, const struct emit *m)
{
	uint16_t region = pp_plan_op_region(e->p, m->op);
	const struct pp_region_def *r = &e->p->regions[region];

	for (const struct pp_op *op = e->p->ops; op < m->op; op++)
		if (pp_plan_op_region(e->p, op) == region)
			return;
	if (r->backing == PP_BACKING_MEMFD) {
		fprintf(e->f, "\t%s_fd = (int)must(\"memfd_create\", memfd_create(\"%s\", 0));\n",
			m->n.region, m->n.region);
	} else {
		fprintf(e->f, "\t%s_fd = file_in(%s_dir, \"%s\");\n", m->n.region, m->n.fs,
			m->n.region);
	}
	fprintf(e->f, "\tmust(\"ftruncate\", ftruncate(%s_fd, %s_SIZE));\n", m->n.region,
		m->n.region);
}

static void map(struct exporter *e, const struct emit *m)
{
	const struct pp_region_def *r = &e->p->regions[m->op->object];
	const char *prot = r->prot == PP_PROT_R   ? "PROT_READ"
			   : r->prot == PP_PROT_W ? "PROT_WRITE"
			   : r->prot              ? "PROT_READ | PROT_WRITE"
						  : "PROT_NONE";
	const char *share = r->share == PP_SHARED ? "MAP_SHARED" : "MAP_PRIVATE";

	fprintf(e->f, "\t%s = mmap(NULL, %s_SIZE, %s, %s%s, ", m->n.region, m->n.region, prot,
		share, pp_backings[r->backing].has_file ? "" : " | MAP_ANONYMOUS");
	if (pp_backings[r->backing].has_file)
		fprintf(e->f, "%s_fd, 0);\n", m->n.region);
	else
		fprintf(e->f, "-1, 0);\n");
	fprintf(e->f, "\tif (%s == MAP_FAILED)\n\t\tcannot(\"mmap\");\n", m->n.region);
}

static void unmap(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tmust(\"munmap\", munmap(%s, %s_SIZE));\n", m->n.region, m->n.region);
}

static void reg(struct exporter *e, const struct emit *m)
{
	static const char *const bits[] = { "IBV_ACCESS_LOCAL_WRITE", "IBV_ACCESS_REMOTE_WRITE",
					    "IBV_ACCESS_REMOTE_READ", "IBV_ACCESS_REMOTE_ATOMIC",
					    "IBV_ACCESS_ON_DEMAND" };
	const struct pp_mr_def *mr = &e->p->mrs[m->op->object];

	fprintf(e->f, "\t%s = ibv_reg_mr(pd, %s + %" PRIu64 ", %" PRIu64 ", ", m->n.mr, m->n.region,
		mr->offset_bytes, mr->length_bytes);
	for (size_t i = 0, n = 0; i < PP_ARRAY_LEN(bits); i++)
		if (mr->access & (1u << i))
			fprintf(e->f, "%s%s", n++ ? " | " : "", bits[i]);
	fprintf(e->f, "%s);\n\tif (!%s)\n\t\tcannot(\"ibv_reg_mr\");\n", mr->access ? "" : "0",
		m->n.mr);
}

static void dereg(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tif (ibv_dereg_mr(%s))\n\t\tcannot(\"ibv_dereg_mr\");\n", m->n.mr);
}

static void store(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tfill(%s + %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %u);\n", m->n.region,
		m->at, m->at, m->length, m->op->gen);
}

static void fill_buf(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tfill(buf, %" PRIu64 ", %" PRIu64 ", %u);\n", m->at, m->length, m->op->gen);
}

static void file_write(struct exporter *e, const struct emit *m)
{
	fill_buf(e, m);
	fprintf(e->f, "\t%s(\"%s\", pwrite(%s_fd, buf, %" PRIu64 ", %" PRIu64 "));\n", m->checker,
		m->what, m->n.region, m->length, m->at);
}

static void rdma(struct exporter *e, const struct emit *m, const char *opcode)
{
	fprintf(e->f, "\trdma_move(%s, buf, %s, (uintptr_t)%s + %" PRIu64 ", %" PRIu64 ");\n",
		opcode, m->n.mr, m->n.region, m->at, m->length);
}

static void rdma_write(struct exporter *e, const struct emit *m)
{
	fill_buf(e, m);
	rdma(e, m, "IBV_WR_RDMA_WRITE");
}

static void rdma_read(struct exporter *e, const struct emit *m)
{
	rdma(e, m, "IBV_WR_RDMA_READ");
}

static void dio_read(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tdio_read(%s, %s + %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %u);\n", m->n.via,
		m->n.region, m->at, m->at, m->length, m->op->gen);
}

static void vm(struct exporter *e, const struct emit *m, const char *call)
{
	fprintf(e->f,
		"\tlocal = (struct iovec){ buf, %" PRIu64 " };\n"
		"\tremote = (struct iovec){ %s + %" PRIu64 ", %" PRIu64 " };\n"
		"\t%s(\"%s\", %s(getpid(), &local, 1, &remote, 1, 0));\n",
		m->length, m->n.region, m->at, m->length, m->checker, m->what, call);
}

static void vm_write(struct exporter *e, const struct emit *m)
{
	fill_buf(e, m);
	vm(e, m, "process_vm_writev");
}

static void vm_read(struct exporter *e, const struct emit *m)
{
	vm(e, m, "process_vm_readv");
}

static void load(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tmemcpy(buf, %s + %" PRIu64 ", %" PRIu64 ");\n", m->n.region, m->at,
		m->length);
}

static void file_read(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\t%s(\"%s\", pread(%s_fd, buf, %" PRIu64 ", %" PRIu64 "));\n", m->checker,
		m->what, m->n.region, m->length, m->at);
}

static void disk_read(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\tdisk_read(%s_fd, %s, buf, %" PRIu64 ", %" PRIu64 ");\n", m->n.region,
		m->n.slot, m->at, m->length);
}

static void call(struct exporter *e, const struct emit *m, const char *name, const char *more)
{
	fprintf(e->f, "\t%s(\"%s\", %s(%s_fd%s));\n", m->checker, m->what, name, m->n.region, more);
}

static void fsync_file(struct exporter *e, const struct emit *m)
{
	call(e, m, "fsync", "");
}

static void fdatasync_file(struct exporter *e, const struct emit *m)
{
	call(e, m, "fdatasync", "");
}

static void on_range(struct exporter *e, const struct emit *m, const char *name, const char *how)
{
	fprintf(e->f, "\t%s(\"%s\", %s(%s + %" PRIu64 ", %" PRIu64 ", %s));\n", m->checker, m->what,
		name, m->n.region, m->at, m->length, how);
}

static void msync_range(struct exporter *e, const struct emit *m)
{
	on_range(e, m, "msync", "MS_SYNC");
}

static void pageout(struct exporter *e, const struct emit *m)
{
	on_range(e, m, "madvise", "21 /* MADV_PAGEOUT */");
}

static void dontneed(struct exporter *e, const struct emit *m)
{
	on_range(e, m, "madvise", "MADV_DONTNEED");
}

static void truncate_file(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\t%s(\"%s\", ftruncate(%s_fd, %" PRIu64 "));\n", m->checker, m->what,
		m->n.region, m->at);
}

static void extend(struct exporter *e, const struct emit *m)
{
	fprintf(e->f, "\t%s(\"%s\", ftruncate(%s_fd, %s_SIZE));\n", m->checker, m->what,
		m->n.region, m->n.region);
}

static void allocate(struct exporter *e, const struct emit *m, const char *mode)
{
	fprintf(e->f, "\t%s(\"%s\", fallocate(%s_fd, %s, %" PRIu64 ", %" PRIu64 "));\n", m->checker,
		m->what, m->n.region, mode, m->at, m->length);
}

static void punch(struct exporter *e, const struct emit *m)
{
	allocate(e, m, "FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE");
}

static void zero_range(struct exporter *e, const struct emit *m)
{
	allocate(e, m, "FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE");
}

static void fork_child(struct exporter *e, const struct emit *m)
{
	(void)m;
	fprintf(e->f, "\tchild = child_that_stays();\n");
}

static void reap(struct exporter *e, const struct emit *m)
{
	(void)m;
	fprintf(e->f, "\tkill(child, SIGKILL);\n\tmust(\"waitpid\", waitpid(child, NULL, 0));\n");
}

/* Counters and frames are pinproof's own business. */
static void nothing(struct exporter *e, const struct emit *m)
{
	(void)e;
	(void)m;
}

static const struct exported {
	enum pp_verb verb;
	pp_emit_fn *emit;
} exported[] = {
	{ PP_VERB_MKFS, mkfs },
	{ PP_VERB_MOUNT, mount_fs },
	{ PP_VERB_UMOUNT, umount_fs },
	{ PP_VERB_MAP, map },
	{ PP_VERB_UNMAP, unmap },
	{ PP_VERB_REG, reg },
	{ PP_VERB_DEREG, dereg },
	{ PP_VERB_STORE, store },
	{ PP_VERB_PWRITE, file_write },
	{ PP_VERB_RDMA_WRITE, rdma_write },
	{ PP_VERB_RDMA_READ, rdma_read },
	{ PP_VERB_DIO_READ, dio_read },
	{ PP_VERB_VM_WRITE, vm_write },
	{ PP_VERB_VM_READ, vm_read },
	{ PP_VERB_LOAD, load },
	{ PP_VERB_PREAD, file_read },
	{ PP_VERB_DISK_READ, disk_read },
	{ PP_VERB_FSYNC, fsync_file },
	{ PP_VERB_FDATASYNC, fdatasync_file },
	{ PP_VERB_MSYNC, msync_range },
	{ PP_VERB_PAGEOUT, pageout },
	{ PP_VERB_DONTNEED, dontneed },
	{ PP_VERB_TRUNCATE, truncate_file },
	{ PP_VERB_EXTEND, extend },
	{ PP_VERB_PUNCH, punch },
	{ PP_VERB_ZERO_RANGE, zero_range },
	{ PP_VERB_FORK, fork_child },
	{ PP_VERB_REAP, reap },
	{ PP_VERB_KILL, reap },
	{ PP_VERB_PAGE_LOOK, nothing },
	{ PP_VERB_PAGE_MARK, nothing },
	{ PP_VERB_CHILD_LOOK, nothing },
	{ PP_VERB_FRAME_LOOK, nothing },
	{ PP_VERB_QUIET, nothing },
};

pp_emit_fn *pp_export_verb(enum pp_verb verb)
{
	for (size_t i = 0; i < PP_ARRAY_LEN(exported); i++)
		if (exported[i].verb == verb)
			return exported[i].emit;
	return NULL;
}
