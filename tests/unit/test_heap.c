/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A calm heap maps nothing and gives nothing back, whoever uses it; any other heap is seen to. */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/heap.h"
#include "unit.h"

/* A piece is more than what malloc() maps by itself; all are more than one step of the heap, and
 * less than what is taken and given back before anybody looks. */
#define BYTES  (1u << 20)
#define PIECES 20
#define BEFORE (24u << 20)

/* The mappings of this process, as the kernel prints them; three times, mapped beforehand. */
struct looks {
	char text[3][256 * 1024];
	ssize_t length[3];
};

static void look(struct looks *l, int i)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	ssize_t n = 1;

	l->length[i] = 0;
	while (fd >= 0 && n > 0) {
		n = read(fd, l->text[i] + l->length[i], sizeof(l->text[i]) - (size_t)l->length[i]);
		l->length[i] += n > 0 ? n : 0;
	}
	close(fd);
}

static bool same(const struct looks *l, int a, int b)
{
	return l->length[a] == l->length[b] &&
	       !memcmp(l->text[a], l->text[b], (size_t)l->length[a]);
}

struct user {
	pthread_barrier_t step; /* before taking, behind it, before giving back, behind it */
	void *volatile taken[PIECES];
};

static void *use(void *arg)
{
	struct user *u = arg;

	for (int i = 0; i < 4; i++) {
		pthread_barrier_wait(&u->step);
		for (int k = 0; k < PIECES; k++) {
			if (i == 0)
				u->taken[k] = malloc(BYTES);
			else if (i == 2)
				free(u->taken[k]);
		}
	}
	return NULL;
}

/* What a child of one other thread sees: 0, or 1 where its mappings change when that takes memory,
 * or 2 where they do when it gives memory back. */
static int changes(bool calm)
{
	struct looks *l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	struct user u;
	pthread_t thread;

	if (l == MAP_FAILED)
		return -1;
	if (calm)
		pp_heap_calm();
	u.taken[0] = malloc(BEFORE);
	free(u.taken[0]);
	pthread_barrier_init(&u.step, NULL, 2);
	if (pthread_create(&thread, NULL, use, &u))
		return -1;
	look(l, 0);
	pthread_barrier_wait(&u.step);
	pthread_barrier_wait(&u.step);
	look(l, 1);
	pthread_barrier_wait(&u.step);
	pthread_barrier_wait(&u.step);
	look(l, 2);
	pthread_join(thread, NULL);
	return !same(l, 0, 1) ? 1 : !same(l, 1, 2) ? 2 : 0;
}

static int in_child(bool calm)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		_exit(changes(calm));
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Sanitizers have an allocator of their own, which nobody can calm. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool others_heap = true;
#else
static const bool others_heap = false;
#endif

static void nothing_is_mapped(void)
{
	CU_ASSERT(others_heap || in_child(true) == 0);
}

static void else_it_is_seen(void)
{
	CU_ASSERT(others_heap || in_child(false) == 1);
}

static const struct pp_unit_case cases[] = {
	{ "a calm heap maps nothing and gives nothing back", nothing_is_mapped },
	{ "what any other heap maps is seen", else_it_is_seen },
};

PP_UNIT_MAIN("heap", cases)
