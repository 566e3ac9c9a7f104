/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libdevmapper and libtracefs without a kernel: devices that have only a node, and a trace with one
 * record. */
#include <stdlib.h>
#include <string.h>

#include "core/trace.h"
#include "fakes.h"
#include "hook.h"
#include "world.h"

struct dm_task {
	int type;
	char name[256];
	int error;
};

struct dm_task *fake_dm_task_create(int type)
{
	struct dm_task *t = __real_calloc(1, sizeof(*t));

	if (t)
		t->type = type;
	return t;
}

void fake_dm_task_destroy(struct dm_task *t)
{
	__real_free(t);
}

int fake_dm_task_set_name(struct dm_task *t, const char *name)
{
	snprintf(t->name, sizeof(t->name), "%s", name);
	return 1;
}

int fake_dm_task_set_cookie(struct dm_task *t, uint32_t *cookie, uint16_t flags)
{
	(void)t;
	(void)cookie;
	(void)flags;
	return 1;
}

int fake_dm_task_no_flush(struct dm_task *t)
{
	(void)t;
	return 1;
}

int fake_dm_task_skip_lockfs(struct dm_task *t)
{
	(void)t;
	return 1;
}

int fake_dm_task_deferred_remove(struct dm_task *t)
{
	(void)t;
	return 1;
}

int fake_dm_task_add_target(struct dm_task *t, uint64_t start, uint64_t size, const char *type,
			    const char *params)
{
	(void)t;
	(void)start;
	(void)size;
	(void)type;
	(void)params;
	return 1;
}

int world_dm_run(struct dm_task *t, int failed)
{
	char node[320];

	t->error = failed;
	if (failed)
		return 0;
	snprintf(node, sizeof(node), "/dev/mapper/%s", t->name);
	if (t->type == DM_DEVICE_CREATE)
		world_file(node, "");
	if (t->type == DM_DEVICE_REMOVE)
		world_file(node, NULL);
	return 1;
}

int fake_dm_task_get_errno(struct dm_task *t)
{
	return t->error;
}

/* One of ours that a dead process left, and one of somebody else. */
struct dm_names *fake_dm_task_get_names(struct dm_task *t)
{
	static _Alignas(8) char list[2][64];
	struct dm_names *first = (void *)list[0], *second = (void *)list[1];

	(void)t;
	memset(list, 0, sizeof(list));
	first->dev = second->dev = 1;
	first->next = sizeof(list[0]);
	snprintf(first->name, 40, "pinproof-gone-1-gate");
	snprintf(second->name, 40, "somebody");
	return first;
}

struct dm_versions *fake_dm_task_get_versions(struct dm_task *t)
{
	static _Alignas(8) char list[64];
	struct dm_versions *v = (void *)list;

	(void)t;
	snprintf(v->name, 16, "linear");
	return v;
}

int fake_dm_mknodes(const char *name)
{
	(void)name;
	return 1;
}

void fake_dm_task_update_nodes(void)
{
}

void fake_dm_lib_release(void)
{
}

/* ---- traces: an instance and a handle are only addresses ---- */

static char an_instance, a_handle;

int fake_tracefs_tracing_dir_is_mounted(bool mount, const char **dir)
{
	(void)mount;
	*dir = "/sys/kernel/tracing";
	return 1;
}

struct tracefs_instance *fake_tracefs_instance_create(const char *name)
{
	(void)name;
	hook_count(GATES, 1); /* the kernel's; the table counts the library's */
	return (void *)&an_instance;
}

int fake_tracefs_instance_destroy(struct tracefs_instance *i)
{
	(void)i;
	return 0;
}

void fake_tracefs_instance_free(struct tracefs_instance *i)
{
	(void)i;
}

static char *some_text(int *n)
{
	char *text = __real_malloc(64);

	if (text)
		snprintf(text, 64, "  cover_pin_user_pages 3 0\noverrun: 0\n");
	if (n)
		*n = 8;
	return text;
}

char *fake_tracefs_instance_file_read(struct tracefs_instance *i, const char *file, int *n)
{
	(void)i;
	(void)file;
	return some_text(n);
}

char *fake_tracefs_event_file_read(struct tracefs_instance *i, const char *system,
				   const char *event, const char *file, int *n)
{
	(void)i;
	(void)system;
	(void)event;
	(void)file;
	return some_text(n);
}

int fake_tracefs_instance_file_write(struct tracefs_instance *i, const char *file, const char *text)
{
	(void)i;
	(void)file;
	return (int)strlen(text);
}

int fake_tracefs_instance_set_buffer_size(struct tracefs_instance *i, size_t kb, int cpu)
{
	(void)i;
	(void)kb;
	(void)cpu;
	return 0;
}

int fake_tracefs_event_file_write(struct tracefs_instance *i, const char *system, const char *event,
				  const char *file, const char *text)
{
	(void)i;
	(void)system;
	(void)event;
	(void)file;
	return (int)strlen(text);
}

int fake_tracefs_event_disable(struct tracefs_instance *i, const char *system, const char *event)
{
	(void)i;
	(void)system;
	(void)event;
	return 0;
}

int fake_tracefs_trace_on(struct tracefs_instance *i)
{
	(void)i;
	return 0;
}

int fake_tracefs_iterate_raw_events(struct tep_handle *t, struct tracefs_instance *i,
				    cpu_set_t *cpus, int size,
				    int (*fn)(struct tep_event *, struct tep_record *, int, void *),
				    void *arg)
{
	static char data[256];
	struct tep_event *event = fake_tep_find_event_by_name(t, NULL, NULL);
	struct tep_record record = { .ts = UINT64_MAX / 2, .data = data, .size = sizeof(data) };

	(void)i;
	(void)cpus;
	(void)size;
	return fn(event, &record, 0, arg) ? -1 : 0;
}

struct tep_event *fake_tep_find_event_by_name(struct tep_handle *t, const char *system,
					      const char *name)
{
	static struct tep_event event = { .name = (char *)"block_bio_queue", .id = 1 };

	(void)t;
	(void)system;
	/* One kind of the trace witness is not there. */
	return name && !strcmp(name, pp_trace_kinds[0].event) ? NULL : &event;
}

struct tep_format_field *fake_tep_find_field(struct tep_event *event, const char *name)
{
	static struct tep_format_field field = { .offset = 8, .size = 8 };

	(void)event;
	(void)name;
	return &field;
}

struct tep_format_field *fake_tep_find_common_field(struct tep_event *event, const char *name)
{
	static struct tep_format_field field = { .offset = 4, .size = 4 };

	(void)event;
	(void)name;
	return &field;
}

int fake_tep_data_pid(struct tep_handle *t, struct tep_record *record)
{
	(void)t;
	(void)record;
	return 1;
}

const char *fake_tracefs_tracing_dir(void)
{
	return "/sys/kernel/tracing";
}

int fake_tracefs_trace_off(struct tracefs_instance *i)
{
	(void)i;
	return 0;
}

/* All that is appended is "-:GROUP/NAME", which removes a probe. */
int fake_tracefs_instance_file_append(struct tracefs_instance *i, const char *file,
				      const char *text)
{
	(void)i;
	(void)file;
	hook_count(GATES, -1);
	return (int)strlen(text);
}

int fake_tracefs_kprobe_raw(const char *system, const char *event, const char *address,
			    const char *format)
{
	(void)system;
	(void)event;
	(void)address;
	(void)format;
	return 0;
}

int fake_tracefs_kretprobe_raw(const char *system, const char *event, const char *address,
			       const char *format)
{
	return fake_tracefs_kprobe_raw(system, event, address, format);
}

struct tep_handle *fake_tep_alloc(void)
{
	return (void *)&a_handle;
}

void fake_tep_free(struct tep_handle *t)
{
	(void)t;
}

int fake_tep_parse_header_page(struct tep_handle *t, char *text, unsigned long n, int long_size)
{
	(void)t;
	(void)text;
	(void)n;
	(void)long_size;
	return 0;
}

enum tep_errno fake_tep_parse_event(struct tep_handle *t, const char *text, unsigned long n,
				    const char *system)
{
	(void)t;
	(void)text;
	(void)n;
	(void)system;
	return TEP_ERRNO__SUCCESS;
}

int fake_tep_get_field_val(struct trace_seq *s, struct tep_event *e, const char *name,
			   struct tep_record *r, unsigned long long *value, int x)
{
	(void)s;
	(void)e;
	(void)name;
	(void)r;
	(void)x;
	*value = 8;
	return 0;
}

void *fake_tep_get_field_raw(struct trace_seq *s, struct tep_event *e, const char *name,
			     struct tep_record *r, int *length, int x)
{
	static char rwbs[] = "WS";

	(void)s;
	(void)e;
	(void)name;
	(void)r;
	(void)x;
	*length = sizeof(rwbs);
	return rwbs;
}
