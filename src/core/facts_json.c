/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts.json: the facts as text and back. */
#include "core/facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

/* A string that is no UTF-8 (a bad uname) must not make the whole file vanish. */
static json_t *text(const char *s)
{
	json_t *j = json_string(s);

	return j ? j : json_string("(not UTF-8)");
}

static json_t *facts_list(const struct pp_facts *f)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < f->n_facts; i++) {
		json_t *fact = json_pack("{s:o, s:b, s:o}", "name", text(f->facts[i].name), "yes",
					 f->facts[i].yes, "why", text(f->facts[i].why));

		if (!fact || json_array_append_new(list, fact)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *pp_facts_to_json(const struct pp_facts *f)
{
	json_t *list = facts_list(f);

	if (!list)
		return NULL;
	return json_pack("{s:o, s:o, s:s, s:[iii], s:s, s:s, s:o}", "release", text(f->release),
			 "uname_version", text(f->uname_version), "flavour",
			 pp_flavour_names[f->flavour], "version", f->version.major,
			 f->version.minor, f->version.patch, "era", pp_era_names[f->era],
			 "era_probed", pp_era_names[f->era_probed], "facts", list);
}

char *pp_facts_json(const struct pp_facts *f)
{
	json_t *root = pp_facts_to_json(f);
	char *out = root ? json_dumps(root, JSON_INDENT(1)) : NULL;

	json_decref(root);
	return out;
}

static int name_index(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static int copy_text(char *out, size_t size, const char *s, const char *member, struct pp_err *err)
{
	if ((size_t)snprintf(out, size, "%s", s) >= size)
		return pp_err_set(err, -EINVAL, "facts: \"%s\" is longer than %zu bytes.", member,
				  size - 1);
	return 0;
}

static int parse_list(const json_t *list, struct pp_facts *f, struct pp_err *err)
{
	const size_t room = sizeof(f->facts) / sizeof(f->facts[0]);

	if (json_array_size(list) > room)
		return pp_err_set(err, -EINVAL, "facts: more than %zu facts.", room);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct pp_fact *fact = &f->facts[i];
		const char *name, *why;
		int yes, ret;

		if (json_unpack(json_array_get(list, i), "{s:s, s:b, s:s}", "name", &name, "yes",
				&yes, "why", &why))
			return pp_err_set(err, -EINVAL, "facts: entry %zu is not name, yes, why.",
					  i);
		ret = copy_text(fact->name, sizeof(fact->name), name, "name", err);
		if (!ret)
			ret = copy_text(fact->why, sizeof(fact->why), why, "why", err);
		if (ret)
			return ret;
		fact->yes = yes;
		f->n_facts = i + 1;
	}
	return 0;
}

static int parse_root(json_t *root, struct pp_facts *f, struct pp_err *err)
{
	const char *release, *uname_version, *flavour, *era, *probed;
	json_t *list;
	json_error_t why;
	int flavour_index, era_index, probed_index, ret;

	if (json_unpack_ex(root, &why, 0, "{s:s, s:s, s:s, s:[iii], s:s, s:s, s:o}", "release",
			   &release, "uname_version", &uname_version, "flavour", &flavour,
			   "version", &f->version.major, &f->version.minor, &f->version.patch,
			   "era", &era, "era_probed", &probed, "facts", &list))
		return pp_err_set(err, -EINVAL, "facts: %s.", why.text);
	if (!json_is_array(list))
		return pp_err_set(err, -EINVAL, "facts: \"facts\" is not a list.");
	flavour_index = name_index(pp_flavour_names, PP_FLAVOUR_COUNT, flavour);
	era_index = name_index(pp_era_names, PP_ERA_COUNT + 1, era);
	probed_index = name_index(pp_era_names, PP_ERA_COUNT + 1, probed);
	if (flavour_index < 0 || era_index < 0 || probed_index < 0)
		return pp_err_set(err, -EINVAL, "facts: flavour or era has an unknown name.");
	f->flavour = (enum pp_flavour)flavour_index;
	f->era = (enum pp_era)era_index;
	f->era_probed = (enum pp_era)probed_index;
	ret = copy_text(f->release, sizeof(f->release), release, "release", err);
	if (!ret)
		ret = copy_text(f->uname_version, sizeof(f->uname_version), uname_version,
				"uname_version", err);
	return ret ? ret : parse_list(list, f, err);
}

int pp_facts_parse(const char *json, size_t len, struct pp_facts *f, struct pp_err *err)
{
	json_error_t why;
	json_t *root = json_loadb(json, len, 0, &why);
	int ret;

	memset(f, 0, sizeof(*f));
	if (!root)
		return pp_err_set(err, -EINVAL, "facts: line %d column %d: %s.", why.line,
				  why.column, why.text);
	ret = parse_root(root, f, err);
	json_decref(root);
	return ret;
}
