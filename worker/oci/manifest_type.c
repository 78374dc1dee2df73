/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_type.c - which kind of manifest it is; see manifest_private.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "worker/oci/manifest.h"
#include "worker/oci/manifest_private.h"

static const struct {
	const char *media_type;
	enum manifest_kind kind;
} kinds[] = {
	{ MEDIA_OCI_IMAGE, MANIFEST_OCI_IMAGE },
	{ MEDIA_OCI_INDEX, MANIFEST_OCI_INDEX },
	{ MEDIA_OCI_ARTIFACT, MANIFEST_OCI_ARTIFACT },
	{ MEDIA_DOCKER_IMAGE, MANIFEST_DOCKER_IMAGE },
	{ MEDIA_DOCKER_LIST, MANIFEST_DOCKER_LIST },
	{ MEDIA_DOCKER_V1, MANIFEST_DOCKER_V1 },
	{ MEDIA_DOCKER_V1_SIGNED, MANIFEST_DOCKER_V1_SIGNED },
};

/* A Content-Type without its parameters, in lower case. */
static char *
media_type_base(const char *value)
{
	size_t n = strcspn(value, ";"), i;
	char *s;

	while (n > 0 && isspace((unsigned char)*value)) {
		value++;
		n--;
	}
	while (n > 0 && isspace((unsigned char)value[n - 1]))
		n--;
	s = mem_strndup(value, n);
	for (i = 0; i < n; i++)
		s[i] = (char)tolower((unsigned char)s[i]);
	return s;
}

int
manifest_kind_parse(const char *media_type, enum manifest_kind *kind,
    struct error *err)
{
	char *base = media_type_base(media_type);
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(base, kinds[i].media_type) == 0) {
			*kind = kinds[i].kind;
			free(base);
			return 0;
		}
	error_set(err, ERROR_INPUT, "unsupported media type: \"%.255s\"",
	    base);
	free(base);
	return -1;
}

bool
manifest_media_type_known(const char *media_type)
{
	enum manifest_kind kind;

	return manifest_kind_parse(media_type, &kind, NULL) == 0;
}

/* A member that must be a string where it is there and not null. */
int
manifest_string(json_object *o, const char *key, size_t max, const char *what,
    char **out, struct error *err)
{
	json_object *v = NULL;

	json_object_object_get_ex(o, key, &v);
	if (v == NULL) {
		*out = mem_strdup("");
		return 0;
	}
	if (!json_object_is_type(v, json_type_string))
		return error_set(err, ERROR_INPUT, "%s: \"%s\" is not a "
		    "string", what, key);
	if ((size_t)json_object_get_string_len(v) > max)
		return error_set(err, ERROR_LIMIT, "%s: \"%s\" is longer than "
		    "%zu bytes", what, key, max);
	if (strlen(json_object_get_string(v)) !=
	    (size_t)json_object_get_string_len(v))
		return error_set(err, ERROR_INPUT, "%s: \"%s\" holds a NUL",
		    what, key);
	*out = mem_strdup(json_object_get_string(v));
	return 0;
}

/* The media type of a list's first entry tells docker from OCI. */
static bool
first_is_docker(json_object *o, const char *key, bool *any)
{
	json_object *list = NULL, *first, *v = NULL;

	json_object_object_get_ex(o, key, &list);
	*any = json_object_is_type(list, json_type_array) &&
	    json_object_array_length(list) > 0;
	if (!*any)
		return false;
	first = json_object_array_get_idx(list, 0);
	return json_object_is_type(first, json_type_object) &&
	    json_object_object_get_ex(first, "mediaType", &v) && v != NULL &&
	    strncmp(json_object_get_string(v), "application/vnd.docker.",
	    strlen("application/vnd.docker.")) == 0;
}

bool
manifest_may_be_signed(const char *header)
{
	char *base = media_type_base(header);
	bool rv = base[0] == '\0' ||
	    strcmp(base, MEDIA_DOCKER_V1_SIGNED) == 0;

	free(base);
	return rv;
}

/* What it must be when neither the registry nor the body says so. */
static const char *
guess_media_type(json_object *o)
{
	json_object *v = NULL;
	bool any, docker;

	json_object_object_get_ex(o, "schemaVersion", &v);
	if (json_object_is_type(v, json_type_int) &&
	    json_object_get_int64(v) == 1) {
		v = NULL;
		json_object_object_get_ex(o, "signatures", &v);
		return json_object_is_type(v, json_type_array) &&
		    json_object_array_length(v) > 0 ?
		    MEDIA_DOCKER_V1_SIGNED : MEDIA_DOCKER_V1;
	}
	docker = first_is_docker(o, "manifests", &any);
	if (any)
		return docker ? MEDIA_DOCKER_LIST : MEDIA_OCI_INDEX;
	docker = first_is_docker(o, "layers", &any);
	if (any)
		return docker ? MEDIA_DOCKER_IMAGE : MEDIA_OCI_IMAGE;
	return "";
}

/* Sets media_type and kind from the header and the body, which must agree. */
int
manifest_type_decide(struct manifest *m, const char *header, struct error *err)
{
	char *said = NULL;
	int rv = -1;

	if (manifest_string(m->json, "mediaType", MEDIA_TYPE_MAX, "the manifest",
	    &said, err) == -1)
		return -1;
	m->media_type = media_type_base(header);
	if (m->media_type[0] == '\0') {
		free(m->media_type);
		m->media_type = mem_strdup(said[0] != '\0' ? said :
		    guess_media_type(m->json));
	}
	if (manifest_kind_parse(m->media_type, &m->kind, err) == -1)
		goto out;
	if (said[0] != '\0' && strcmp(said, m->media_type) != 0) {
		error_set(err, ERROR_INPUT, "manifest contains an unexpected "
		    "media type: expected %s, received %s", m->media_type,
		    said);
		goto out;
	}
	rv = 0;
out:
	free(said);
	return rv;
}
