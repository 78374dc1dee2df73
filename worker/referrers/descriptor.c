/* SPDX-License-Identifier: Apache-2.0 */
/* descriptor.c - fallback tags, subjects, and descriptors of referrers. */
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"
#include "worker/referrers/referrers_private.h"

#define ALGORITHM_MAX 32	/* of a fallback tag, by the specification */
#define HEX_MAX 64

char *
referrers_tag(const char *digest)
{
	size_t n = strcspn(digest, ":");
	const char *hex = digest[n] != '\0' ? digest + n + 1 : "";

	return mem_printf("%.*s-%.*s", (int)(n < ALGORITHM_MAX ? n :
	    ALGORITHM_MAX), digest, HEX_MAX, hex);
}

bool
referrers_is_tag(const char *tag)
{
	size_t n = strcspn(tag, "-");

	return (strncmp(tag, "sha256-", n + 1) == 0 ||
	    strncmp(tag, "sha384-", n + 1) == 0 ||
	    strncmp(tag, "sha512-", n + 1) == 0) &&
	    strlen(tag) == n + 1 + HEX_MAX &&
	    strspn(tag + n + 1, "0123456789abcdef") == HEX_MAX;
}

const char *
referrers_text(json_object *descriptor, const char *key)
{
	json_object *v = NULL;

	if (!json_object_object_get_ex(descriptor, key, &v) ||
	    !json_object_is_type(v, json_type_string))
		return "";
	return json_object_get_string(v);
}

const char *
referrers_subject(const struct manifest *m)
{
	json_object *v = NULL;
	const char *digest;

	if (!json_object_object_get_ex(m->json, "subject", &v) ||
	    !json_object_is_type(v, json_type_object))
		return NULL;
	digest = referrers_text(v, "digest");
	return digest_valid(digest) ? digest : NULL;
}

/* Of an image without a type of its own it is that of its config. */
static const char *
type_of(const struct manifest *m)
{
	const char *type = referrers_text(m->json, "artifactType");

	if (type[0] == '\0' && m->config != NULL)
		type = m->config->media_type;
	return type;
}

json_object *
referrers_descriptor(const struct manifest *m)
{
	json_object *o = json_object_new_object(), *v = NULL;
	const char *type = type_of(m);

	json_object_object_add(o, "mediaType",
	    json_object_new_string(m->media_type));
	json_object_object_add(o, "digest",
	    json_object_new_string(m->digest));
	json_object_object_add(o, "size",
	    json_object_new_int64((int64_t)m->len));
	if (json_object_object_get_ex(m->json, "annotations", &v) &&
	    json_object_is_type(v, json_type_object) &&
	    json_object_object_length(v) > 0)
		json_object_object_add(o, "annotations",
		    json_object_get(v));
	if (type[0] != '\0')
		json_object_object_add(o, "artifactType",
		    json_object_new_string(type));
	return o;
}
