/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What uname says about a kernel, and the list of named facts. */
#include "core/facts.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const pp_era_names[PP_ERA_COUNT + 1] = {
	[PP_ERA_5_6] = "5.6-6.1",
	[PP_ERA_6_2] = "6.2-6.4",
	[PP_ERA_6_5] = "6.5+",
	[PP_ERA_UNKNOWN] = "unknown",
};

const char *const pp_flavour_names[PP_FLAVOUR_COUNT] = {
	[PP_FLAVOUR_MAINLINE] = "mainline",
	[PP_FLAVOUR_STABLE] = "stable",
	[PP_FLAVOUR_DEBIAN] = "debian",
	[PP_FLAVOUR_OTHER] = "other",
};

int pp_version_cmp(struct pp_version a, struct pp_version b)
{
	if (a.major != b.major)
		return a.major < b.major ? -1 : 1;
	if (a.minor != b.minor)
		return a.minor < b.minor ? -1 : 1;
	return (a.patch > b.patch) - (a.patch < b.patch);
}

/* A decimal number of at most five digits; advances *s. A longer one is no version. */
static bool number(const char **s, int *out)
{
	int value = 0, digits = 0;

	for (; isdigit((unsigned char)**s); (*s)++) {
		if (++digits > 5)
			return false;
		value = value * 10 + (**s - '0');
	}
	*out = value;
	return digits > 0;
}

/* "6", "6.1", "6.1.192" at the start of @s (the first needs a dot); the rest is @rest. */
static bool version_at(const char *s, struct pp_version *v, const char **rest)
{
	memset(v, 0, sizeof(*v));
	if (!number(&s, &v->major) || *s++ != '.' || !number(&s, &v->minor))
		return false;
	if (*s == '.' && isdigit((unsigned char)s[1])) {
		s++;
		if (!number(&s, &v->patch))
			return false;
	}
	*rest = s;
	return true;
}

/*
 * Debian puts its package version at the end of the build string: "#1 SMP Debian 6.1.192-2
 * (2026-10-01)", "Debian 6.12.117-1~deb12u1", "Debian 6.13~rc7-1~exp1". A rebuilt package keeps the
 * name; that cannot be told apart.
 */
static bool debian_version(const char *uname_version, struct pp_version *v)
{
	const char *at = strstr(uname_version, "Debian ");
	const char *rest;

	if (!at || (at != uname_version && at[-1] != ' '))
		return false;
	return version_at(at + strlen("Debian "), v, &rest) && (*rest == '-' || *rest == '~');
}

/* mainline: 6.13.0 and 6.13.0-rc4; stable: 6.12.9; anything after that is somebody's own kernel. */
static enum pp_flavour release_flavour(const struct pp_version *v, const char *rest)
{
	if (*rest == '\0')
		return v->patch ? PP_FLAVOUR_STABLE : PP_FLAVOUR_MAINLINE;
	if (strncmp(rest, "-rc", 3) == 0 && v->patch == 0) {
		int rc;

		rest += 3;
		if (number(&rest, &rc) && *rest == '\0')
			return PP_FLAVOUR_MAINLINE;
	}
	return PP_FLAVOUR_OTHER;
}

static enum pp_era version_era(struct pp_version v)
{
	static const struct {
		struct pp_version since;
		enum pp_era era;
	} starts[] = {
		{ { 6, 5, 0 }, PP_ERA_6_5 },
		{ { 6, 2, 0 }, PP_ERA_6_2 },
		{ { 5, 6, 0 }, PP_ERA_5_6 },
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (pp_version_cmp(v, starts[i].since) >= 0)
			return starts[i].era;
	return PP_ERA_UNKNOWN;
}

void pp_facts_kernel(struct pp_facts *f, const char *release, const char *uname_version)
{
	const char *rest = "";
	bool parsed;

	snprintf(f->release, sizeof(f->release), "%s", release);
	snprintf(f->uname_version, sizeof(f->uname_version), "%s", uname_version);
	f->flavour = PP_FLAVOUR_OTHER;
	f->era = PP_ERA_UNKNOWN;
	if (debian_version(uname_version, &f->version)) {
		f->flavour = PP_FLAVOUR_DEBIAN;
	} else {
		parsed = version_at(release, &f->version, &rest);
		if (!parsed)
			memset(&f->version, 0, sizeof(f->version));
		else
			f->flavour = release_flavour(&f->version, rest);
	}
	if (f->flavour != PP_FLAVOUR_OTHER)
		f->era = version_era(f->version);
}

void pp_facts_set(struct pp_facts *f, const char *name, bool yes, const char *fmt, ...)
{
	struct pp_fact *fact = NULL;
	va_list ap;

	for (size_t i = 0; i < f->n_facts; i++)
		if (strcmp(f->facts[i].name, name) == 0)
			fact = &f->facts[i];
	if (!fact) {
		/* A fact that finds no room stays "not probed", which skips what needs it. */
		if (f->n_facts == sizeof(f->facts) / sizeof(f->facts[0]))
			return;
		fact = &f->facts[f->n_facts++];
		snprintf(fact->name, sizeof(fact->name), "%s", name);
	}
	fact->yes = yes;
	va_start(ap, fmt);
	vsnprintf(fact->why, sizeof(fact->why), fmt, ap);
	va_end(ap);
}

const struct pp_fact *pp_facts_find(const struct pp_facts *f, const char *name)
{
	for (size_t i = 0; i < f->n_facts; i++)
		if (strcmp(f->facts[i].name, name) == 0)
			return &f->facts[i];
	return NULL;
}
