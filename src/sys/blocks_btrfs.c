/* SPDX-License-Identifier: GPL-2.0-or-later */
/* btrfs: from logical addresses, which FIEMAP reports, to offsets on the device; see blocks_map.h.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sys/blocks_map.h"
#include "sys/clock.h"

#define SEARCH_BYTES 65536
#define MAX_CHUNKS   1024
#define WAKE_MS      50
/* Profiles whose every chunk lies in one piece on one device (DUP: twice, both alike). */
#define OTHER_PROFILES (BTRFS_BLOCK_GROUP_PROFILE_MASK & ~BTRFS_BLOCK_GROUP_DUP)

/* One item, whose bytes need not be aligned. */
static void take_chunk(struct pp_chunk *c, uint64_t logical, const char *item)
{
	struct btrfs_chunk raw;

	memcpy(&raw, item, sizeof(raw));
	c->logical_bytes = logical;
	c->length_bytes = le64toh(raw.length);
	c->type = le64toh(raw.type);
	c->stripes = le16toh(raw.num_stripes);
	c->device_bytes = le64toh(raw.stripe.offset);
}

int pp_chunks_parse(const void *buf, size_t size, uint32_t items, struct pp_chunks *chunks,
		    size_t capacity, struct pp_err *err)
{
	const char *at = buf, *end = at + size;

	while (items--) {
		struct btrfs_ioctl_search_header h;

		if ((size_t)(end - at) < sizeof(h))
			return pp_err_set(err, -EUCLEAN, "the chunk tree's answer is cut short");
		memcpy(&h, at, sizeof(h));
		at += sizeof(h);
		if ((size_t)(end - at) < h.len)
			return pp_err_set(err, -EUCLEAN, "the chunk tree's answer is cut short");
		if (h.type == BTRFS_CHUNK_ITEM_KEY) {
			if (h.len < sizeof(struct btrfs_chunk))
				return pp_err_set(err, -EUCLEAN, "a chunk item is too short");
			if (chunks->count == capacity)
				return pp_err_set(err, -E2BIG, "more than %zu btrfs chunks",
						  capacity);
			take_chunk(&chunks->items[chunks->count++], h.offset, at);
		}
		at += h.len;
	}
	return 0;
}

int pp_chunks_map(const struct pp_chunks *chunks, uint64_t logical_bytes, uint64_t length_bytes,
		  uint64_t *device_bytes, uint64_t *run_bytes, struct pp_err *err)
{
	for (size_t i = 0; i < chunks->count; i++) {
		const struct pp_chunk *c = &chunks->items[i];
		uint64_t inside = logical_bytes - c->logical_bytes;

		if (logical_bytes < c->logical_bytes || inside >= c->length_bytes)
			continue;
		if (c->type & OTHER_PROFILES)
			return pp_err_set(
				err, -EOPNOTSUPP,
				"the btrfs has a RAID profile; only single and dup are read");
		*device_bytes = c->device_bytes + inside;
		*run_bytes = c->length_bytes - inside;
		if (*run_bytes > length_bytes)
			*run_bytes = length_bytes;
		return 0;
	}
	return pp_err_set(err, -ENXIO, "btrfs has no chunk at logical address %llu",
			  (unsigned long long)logical_bytes);
}

/* The next bufferful of the chunk tree from @key on; moves @key behind the last chunk. 1: there may
 * be more. */
static int search(int fd, struct btrfs_ioctl_search_args_v2 *args, uint64_t *key,
		  struct pp_chunks *chunks, struct pp_err *err)
{
	size_t before = chunks->count;
	int rc;

	memset(&args->key, 0, sizeof(args->key));
	args->key.tree_id = BTRFS_CHUNK_TREE_OBJECTID;
	args->key.min_objectid = args->key.max_objectid = BTRFS_FIRST_CHUNK_TREE_OBJECTID;
	args->key.min_type = args->key.max_type = BTRFS_CHUNK_ITEM_KEY;
	args->key.min_offset = *key;
	args->key.max_offset = UINT64_MAX;
	args->key.max_transid = UINT64_MAX;
	args->key.nr_items = UINT32_MAX;
	args->buf_size = SEARCH_BYTES;
	if (ioctl(fd, BTRFS_IOC_TREE_SEARCH_V2, args))
		return pp_err_set(err, -errno, "cannot search the btrfs chunk tree");
	rc = pp_chunks_parse(args->buf, SEARCH_BYTES, args->key.nr_items, chunks, MAX_CHUNKS, err);
	if (rc)
		return rc;
	if (chunks->count == before)
		return 0;
	*key = chunks->items[chunks->count - 1].logical_bytes + 1;
	return 1;
}

int pp_btrfs_chunks(int fd, struct pp_chunks *chunks, struct pp_err *err)
{
	struct btrfs_ioctl_search_args_v2 *args = malloc(sizeof(*args) + SEARCH_BYTES);
	uint64_t key = 0;
	int rc;

	chunks->count = 0;
	chunks->items = calloc(MAX_CHUNKS, sizeof(*chunks->items));
	if (!args || !chunks->items)
		rc = pp_err_set(err, -ENOMEM, "no memory for the btrfs chunk tree");
	else
		do
			rc = search(fd, args, &key, chunks, err);
		while (rc > 0);
	free(args);
	if (rc) {
		free(chunks->items);
		chunks->items = NULL;
	}
	return rc;
}

struct commit {
	int fd;
	int result;
	bool waited; /* which of the two gave the result */
};

static void *commit(void *arg)
{
	struct commit *c = arg;
	__u64 transid;

	c->result = ioctl(c->fd, BTRFS_IOC_START_SYNC, &transid) ? -errno : 0;
	c->waited = !c->result;
	if (c->waited && ioctl(c->fd, BTRFS_IOC_WAIT_SYNC, &transid))
		c->result = -errno;
	return NULL;
}

/* Where the label of the filesystem can be written, -1 if that is nowhere. */
static int label_open(int fd)
{
	struct btrfs_ioctl_fs_info_args info = { 0 };
	const __u8 *u = info.fsid;
	char path[80];

	if (ioctl(fd, BTRFS_IOC_FS_INFO, &info))
		return -1;
	snprintf(path, sizeof(path),
		 "/sys/fs/btrfs/%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x/label",
		 u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12],
		 u[13], u[14], u[15]);
	return open(path, O_WRONLY | O_CLOEXEC);
}

/* Wakes the thread that commits, and waits for nothing (btrfs_label_store); the label stays. */
static void wake(int fd)
{
	char label[BTRFS_LABEL_SIZE + 1] = "";
	int to = label_open(fd);

	if (to < 0)
		return;
	if (!ioctl(fd, BTRFS_IOC_GET_FSLABEL, label)) {
		label[strlen(label)] = '\n'; /* ends it, and is written even if it is empty */
		if (write(to, label, strcspn(label, "\n") + 1) < 0)
			errno = 0; /* then the thread has to wake by itself */
	}
	close(to);
}

/*
 * To start a commit sets a flag, wakes a kernel thread and waits until that has begun. The thread
 * may have looked at the flag and be about to sleep just then (transaction_kthread: nothing lies
 * between), and would sleep the whole commit interval of 30 s, with everybody who wants to write
 * behind it. So it is woken again until the commit is there.
 */
static int await_commit(struct commit *c)
{
	uint64_t until_ns = pp_deadline_ns(WAKE_MS);
	struct timespec until;
	pthread_t waiter;
	int rc = pthread_create(&waiter, NULL, commit, c);

	if (rc)
		return -rc;
	do {
		until.tv_sec = (time_t)(until_ns / 1000000000u);
		until.tv_nsec = (long)(until_ns % 1000000000u);
		rc = pthread_clockjoin_np(waiter, NULL, CLOCK_MONOTONIC, &until);
		if (rc == ETIMEDOUT)
			wake(c->fd);
		until_ns = pp_deadline_ns(WAKE_MS);
	} while (rc == ETIMEDOUT);
	return rc ? -rc : c->result;
}

int pp_btrfs_settle(int fd, struct pp_err *err)
{
	struct commit c = { .fd = fd };
	int rc;

	/*
	 * A fast fsync returns once the data is written and the log tree says where; the
	 * file's extent items, which FIEMAP shows, follow when the ordered extents finish. A
	 * commit waits for those (btrfs_commit_transaction: pending_ordered) and, without the
	 * mount option flushoncommit, writes no dirty page: it can hide no skipped one.
	 */
	rc = await_commit(&c);
	return rc ? pp_err_set(err, rc, "cannot %s a btrfs commit", c.waited ? "wait for" : "start")
		  : 0;
}
