/* SPDX-License-Identifier: Apache-2.0 */
/* reference.c - image references: parsing, rendering, validity. */
#include "common/reference.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/reference_private.h"

/* The parts of a reference, as stretches of the text that was given. */
struct parts {
	struct span registry, repository, tag, digest;
};

static bool
component_ok(const char *p, size_t n)
{
	size_t i = 0, word, sep;

	for (;;) {
		word = reference_run(p + i, n - i, LOWER DIGITS);
		if (word == 0)
			return false;
		i += word;
		if (i == n)
			return true;
		if (p[i] == '.')
			sep = 1;
		else if (p[i] == '_')
			sep = i + 1 < n && p[i + 1] == '_' ? 2 : 1;
		else
			sep = reference_run(p + i, n - i, "-");
		if (sep == 0)
			return false;
		i += sep;
	}
}

static bool
repository_ok(struct span s)
{
	const char *slash;
	size_t len;

	for (;;) {
		slash = memchr(s.p, '/', s.n);
		len = slash != NULL ? (size_t)(slash - s.p) : s.n;
		if (!component_ok(s.p, len))
			return false;
		if (slash == NULL)
			return true;
		s.p += len + 1;
		s.n -= len + 1;
	}
}

static bool
tag_ok(struct span s)
{
	return s.n >= 1 && s.n <= TAG_MAX && s.p[0] != '.' && s.p[0] != '-' &&
	    reference_run(s.p, s.n, DIGITS LOWER UPPER "_.-") == s.n;
}

/* Any algorithm and length: which ones we know is for digest.h. */
static bool
digest_ok(struct span s)
{
	const char *colon = memchr(s.p, ':', s.n);
	size_t alg, i = 0, word;

	if (colon == NULL || s.n > DIGEST_MAX)
		return false;
	alg = (size_t)(colon - s.p);
	for (;;) {
		word = reference_run(s.p + i, alg - i, LOWER UPPER DIGITS);
		if (word == 0 || reference_run(s.p + i, 1, DIGITS) != 0)
			return false;
		i += word;
		if (i == alg)
			break;
		if (reference_run(s.p + i, 1, "-_+.") == 0)
			return false;
		i++;
	}
	return s.n - alg - 1 >= 32 &&
	    reference_run(colon + 1, s.n - alg - 1, HEX) == s.n - alg - 1;
}

/* Cuts [:tag][@digest] off; the rest is left in *name. */
static bool
split_name(struct span s, struct parts *out)
{
	const char *at = memchr(s.p, '@', s.n), *colon;
	bool ok = true;

	if (at != NULL) {
		out->digest = (struct span){ at + 1,
		    s.n - (size_t)(at + 1 - s.p) };
		s.n = (size_t)(at - s.p);
		ok = digest_ok(out->digest);
	}
	colon = memchr(s.p, ':', s.n);
	if (colon != NULL) {
		out->tag = (struct span){ colon + 1,
		    s.n - (size_t)(colon + 1 - s.p) };
		s.n = (size_t)(colon - s.p);
		ok = ok && tag_ok(out->tag);
	}
	out->repository = s;
	return ok;
}

static bool
split_remote(const char *s, struct parts *out)
{
	struct span whole = { s, strlen(s) };
	const char *slash = strchr(s, '/');

	memset(out, 0, sizeof(*out));
	if (slash != NULL) {
		out->registry = (struct span){ s, (size_t)(slash - s) };
		if (reference_is_registry(out->registry)) {
			whole.p = slash + 1;
			whole.n -= out->registry.n + 1;
		} else
			out->registry.n = 0;
	}
	if (!split_name(whole, out) || !repository_ok(out->repository))
		return false;
	/* "localhost" is a host, never a repository of Docker Hub. */
	return out->registry.n != 0 ||
	    !reference_equals(out->repository, "localhost");
}

static char *
text_of(struct span s)
{
	return mem_strndup(s.n != 0 ? s.p : "", s.n);
}

static void
fill(const struct parts *p, bool ocidir, struct reference *out)
{
	bool hub = !ocidir && reference_is_hub(p->registry);

	out->ocidir = ocidir;
	out->registry = hub ? mem_strdup(HUB) : text_of(p->registry);
	if (hub && memchr(p->repository.p, '/', p->repository.n) == NULL)
		out->repository = mem_printf("library/%.*s",
		    (int)p->repository.n, p->repository.p);
	else
		out->repository = text_of(p->repository);
	out->tag_implied = !ocidir && p->tag.n == 0 && p->digest.n == 0;
	out->tag = out->tag_implied ? mem_strdup("latest") : text_of(p->tag);
	out->digest = text_of(p->digest);
}

static bool
lower_case_parses(const char *s)
{
	char *low = mem_strdup(s);
	struct parts p;
	bool ok;

	for (char *c = low; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	ok = split_remote(low, &p);
	free(low);
	return ok;
}

static int
parse_ocidir(const char *path, struct reference *out, struct error *err)
{
	struct parts p = { 0 };
	struct span s = { path, strlen(path) };

	if (!split_name(s, &p) || p.repository.n == 0 ||
	    reference_run(p.repository.p, p.repository.n,
	    DIGITS LOWER UPPER "/_-.~+ ") != p.repository.n)
		return error_set(err, ERROR_INPUT, "invalid reference, "
		    "invalid path for scheme \"ocidir\": %.1024s", path);
	fill(&p, true, out);
	return 0;
}

int
reference_parse(const char *s, struct reference *out, struct error *err)
{
	size_t scheme = strspn(s, LOWER);
	struct parts p;

	memset(out, 0, sizeof(*out));
	if (strlen(s) > REFERENCE_MAX)
		return error_set(err, ERROR_INPUT, "invalid reference "
		    "\"%.256s...\": it is longer than %d bytes", s,
		    REFERENCE_MAX);
	if (scheme != 0 && strncmp(s + scheme, "://", 3) == 0 &&
	    s[scheme + 3] != '\0') {
		if (scheme == 6 && strncmp(s, "ocidir", 6) == 0)
			return parse_ocidir(s + 9, out, err);
		return error_set(err, ERROR_INPUT, "invalid reference, "
		    "unknown scheme \"%.*s\" in \"%.1024s\"", (int)scheme, s,
		    s);
	}
	if (!split_remote(s, &p))
		return error_set(err, ERROR_INPUT,
		    "invalid reference \"%.1024s\"%s", s,
		    lower_case_parses(s) ? ", repo must be lowercase" : "");
	if (p.registry.n > REGISTRY_NAME_MAX)
		return error_set(err, ERROR_INPUT, "invalid reference "
		    "\"%.1024s\": its registry is longer than %d bytes", s,
		    REGISTRY_NAME_MAX);
	fill(&p, false, out);
	if (strlen(out->repository) > REPOSITORY_MAX) {
		reference_free(out);
		return error_set(err, ERROR_INPUT, "invalid reference "
		    "\"%.1024s\": its repository is longer than %d bytes", s,
		    REPOSITORY_MAX);
	}
	return 0;
}

void
reference_free(struct reference *r)
{
	free(r->registry);
	free(r->repository);
	free(r->tag);
	free(r->digest);
	memset(r, 0, sizeof(*r));
}

void
reference_copy(struct reference *dst, const struct reference *src)
{
	dst->ocidir = src->ocidir;
	dst->registry = mem_strdup(src->registry);
	dst->repository = mem_strdup(src->repository);
	dst->tag = mem_strdup(src->tag);
	dst->digest = mem_strdup(src->digest);
	dst->tag_implied = src->tag_implied;
}

/* The new value may be a part of the old one: copy before freeing. */
static void
replace(char **where, const char *value)
{
	char *copy = mem_strdup(value);

	free(*where);
	*where = copy;
}

void
reference_set_tag(struct reference *r, const char *tag)
{
	replace(&r->tag, tag);
	replace(&r->digest, "");
	r->tag_implied = false;
}

void
reference_set_digest(struct reference *r, const char *digest)
{
	replace(&r->digest, digest);
	replace(&r->tag, "");
	r->tag_implied = false;
}

void
reference_add_digest(struct reference *r, const char *digest)
{
	replace(&r->digest, digest);
}

char *
reference_repository(const struct reference *r)
{
	return r->ocidir ? mem_printf("ocidir://%s", r->repository) :
	    mem_printf("%s/%s", r->registry, r->repository);
}

char *
reference_string(const struct reference *r)
{
	char *head = reference_repository(r), *s;

	s = mem_printf("%s%s%s%s%s", head, r->tag[0] != '\0' ? ":" : "",
	    r->tag, r->digest[0] != '\0' ? "@" : "", r->digest);
	free(head);
	return s;
}

const char *
reference_name(const struct reference *r)
{
	return r->digest[0] != '\0' ? r->digest : r->tag;
}

bool
reference_same_repository(const struct reference *a,
    const struct reference *b)
{
	char *ka, *kb;
	bool same;

	if (a->ocidir != b->ocidir ||
	    strcmp(a->repository, b->repository) != 0)
		return false;
	if (a->ocidir)
		return true;
	ka = reference_registry_key(a->registry);
	kb = reference_registry_key(b->registry);
	same = ka != NULL && kb != NULL && strcmp(ka, kb) == 0;
	free(ka);
	free(kb);
	return same;
}

bool
reference_valid_repository(const char *s)
{
	struct span all = { s, strlen(s) };

	return all.n <= REPOSITORY_MAX && repository_ok(all);
}

bool
reference_valid_tag(const char *s)
{
	return tag_ok((struct span){ s, strlen(s) });
}
