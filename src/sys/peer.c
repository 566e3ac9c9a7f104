/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second process and its protocol; see peer.h. */
#include "sys/peer.h"

#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/message.h"
#include "sys/peer_private.h"
#include "sys/pinio.h"

enum what { LOAD, FORGET, LINK_DELETE };

struct request {
	uint32_t serial;
	enum what what;
	unsigned key;
	size_t map_bytes, length_bytes;
	uint64_t offset_bytes;
	uint32_t bound_ms;
};

struct answer {
	uint32_t serial;
	int result;
	char why[256];
};

struct mapping {
	uint8_t *addr;
	size_t bytes;
};

/* Inside the second process. */
struct inside {
	int fd;
	uint8_t *shared;
	struct mapping kept[PP_PEER_KEYS];
};

static void drop(struct mapping *m)
{
	if (m->addr)
		munmap(m->addr, m->bytes);
	m->addr = NULL;
}

/* Only loads need no more than PROT_READ; a file that is open for reading only allows no more. */
static int map(struct mapping *m, int fd, size_t bytes, int prot, struct pp_err *err)
{
	void *addr = mmap(NULL, bytes, prot, MAP_SHARED, fd, 0);

	if (addr == MAP_FAILED)
		return pp_err_set(err, -errno, "mmap by the second process");
	m->addr = addr;
	m->bytes = bytes;
	return 0;
}

static int serve_load(struct inside *in, const struct request *q, int fd, struct pp_err *err)
{
	struct mapping *m = &in->kept[q->key];
	int rc = m->addr ? 0 : map(m, fd, q->map_bytes, PROT_READ, err);

	if (rc)
		return rc;
	rc = pp_guarded_copy(in->shared, m->addr + q->offset_bytes, q->length_bytes);
	return rc ? pp_err_set(err, rc, "load by the second process") : 0;
}

static int serve_link(const struct request *q, int fd, struct pp_err *err)
{
	struct mapping m = { 0 };
	int rc = map(&m, fd, q->map_bytes, PROT_READ | PROT_WRITE, err);

	if (rc)
		return rc;
	rc = pp_peer_link_run(m.addr + q->offset_bytes, q->length_bytes, q->bound_ms, err);
	drop(&m);
	return rc;
}

static int serve(struct inside *in, const struct request *q, int fd, struct pp_err *err)
{
	switch (q->what) {
	case LOAD:
		return serve_load(in, q, fd, err);
	case LINK_DELETE:
		return serve_link(q, fd, err);
	case FORGET:
		drop(&in->kept[q->key]);
		break;
	}
	return 0;
}

__attribute__((noreturn)) static void peer_main(struct inside *in, pid_t parent)
{
	struct request q;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	prctl(PR_SET_NAME, "pp-peer");
	if ((in->fd > 3 && close_range(3, (unsigned)in->fd - 1, 0)) ||
	    close_range((unsigned)in->fd + 1, ~0U, 0) || pp_guard_install(NULL))
		_exit(1);
	while (!pp_message_receive(in->fd, &q, sizeof(q), &fd)) {
		struct pp_err err = { "" };
		struct answer a = { .serial = q.serial };

		a.result = serve(in, &q, fd, &err);
		snprintf(a.why, sizeof(a.why), "%.255s", err.text);
		if (fd >= 0)
			close(fd);
		if (send(in->fd, &a, sizeof(a), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0);
}

int pp_peer_start(struct pp_peer *p, size_t shared_bytes, struct pp_err *err)
{
	struct inside in = { 0 };
	pid_t parent = getpid();
	int fds[2], rc;

	memset(p, 0, sizeof(*p));
	p->shared_bytes = shared_bytes;
	p->shared =
		mmap(NULL, shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->shared == MAP_FAILED)
		return pp_err_set(err, -errno, "no memory to share with the second process");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		rc = pp_err_set(err, -errno, "no socket for the second process");
		goto unmap;
	}
	p->pid = fork();
	if (p->pid < 0) {
		rc = pp_err_set(err, -errno, "cannot fork the second process");
		close(fds[0]);
		close(fds[1]);
		goto unmap;
	}
	if (!p->pid) {
		in.fd = fds[1];
		in.shared = p->shared;
		peer_main(&in, parent);
	}
	close(fds[1]);
	p->fd = fds[0];
	return 0;
unmap:
	munmap(p->shared, shared_bytes);
	memset(p, 0, sizeof(*p));
	return rc;
}

void pp_peer_stop(struct pp_peer *p)
{
	if (p->pid <= 0)
		return;
	close(p->fd);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	munmap(p->shared, p->shared_bytes);
	memset(p, 0, sizeof(*p));
}

static int ask(struct pp_peer *p, struct request *q, int fd, struct pp_err *err)
{
	struct answer a;
	ssize_t n;
	int rc;

	q->serial = ++p->serial;
	rc = pp_message_send(p->fd, q, sizeof(*q), fd);
	if (rc)
		return pp_err_set(err, rc, "the second process cannot be asked");
	do {
		n = recv(p->fd, &a, sizeof(a), 0);
		if (n < 0 && errno != ECONNRESET)
			return pp_err_set(err, -errno, "waiting for the second process");
		if (n != (ssize_t)sizeof(a))
			return pp_err_set(err, -EPIPE, "the second process is gone");
	} while (a.serial != q->serial);
	if (a.result && err)
		snprintf(err->text, sizeof(err->text), "%s", a.why);
	return a.result;
}

static struct request about(enum what what, const struct pp_peer_range *r)
{
	return (struct request){ .what = what,
				 .key = r->key,
				 .map_bytes = r->map_bytes,
				 .offset_bytes = r->offset_bytes,
				 .length_bytes = r->length_bytes };
}

int pp_peer_load(struct pp_peer *p, const struct pp_peer_range *r, void *to, struct pp_err *err)
{
	struct request q = about(LOAD, r);
	int rc;

	if (r->key >= PP_PEER_KEYS || r->length_bytes > p->shared_bytes)
		return pp_err_set(err, -EINVAL, "the second process has no room for %zu bytes",
				  r->length_bytes);
	rc = ask(p, &q, r->fd, err);
	if (!rc)
		memcpy(to, p->shared, r->length_bytes);
	return rc;
}

int pp_peer_forget(struct pp_peer *p, unsigned key, struct pp_err *err)
{
	struct request q = { .what = FORGET, .key = key };

	return key < PP_PEER_KEYS ? ask(p, &q, -1, err) : 0;
}

int pp_peer_link_delete(struct pp_peer *p, const struct pp_peer_range *r, uint32_t bound_ms,
			struct pp_err *err)
{
	struct request q = about(LINK_DELETE, r);

	q.bound_ms = bound_ms;
	return ask(p, &q, r->fd, err);
}
