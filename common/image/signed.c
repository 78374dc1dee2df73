/* SPDX-License-Identifier: Apache-2.0 */
/* signed.c - the part of a manifest that its digest covers; see signed.h. */
#include "common/image/signed.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/bounds.h"
#include "common/digest.h"
#include "common/json.h"
#include "common/text.h"

/* The header that a signature protects: where the payload was cut. */
static int
protected_read(json_object *signature, int64_t *length, struct buffer *tail)
{
	struct buffer text;
	json_object *v = NULL, *o = NULL, *num = NULL, *fmt = NULL;
	int rv = -1;

	buffer_init(&text, JSON_BYTES_MAX);
	if (!json_object_is_type(signature, json_type_object) ||
	    !json_object_object_get_ex(signature, "protected", &v) ||
	    !json_object_is_type(v, json_type_string) ||
	    text_base64_decode(&text, json_object_get_string(v),
	    (size_t)json_object_get_string_len(v)) == -1)
		goto out;
	o = json_parse(buffer_str(&text), text.len, JSON_BYTES_MAX,
	    "the signature", NULL);
	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, "formatLength", &num) ||
	    !json_object_is_type(num, json_type_int) ||
	    !json_object_object_get_ex(o, "formatTail", &fmt) ||
	    !json_object_is_type(fmt, json_type_string) ||
	    text_base64_decode(tail, json_object_get_string(fmt),
	    (size_t)json_object_get_string_len(fmt)) == -1)
		goto out;
	*length = json_object_get_int64(num);
	rv = 0;
out:
	json_object_put(o);
	buffer_free(&text);
	return rv;
}

int
signed_payload(json_object *json, const char *bytes, size_t len,
    struct buffer *out, struct error *err)
{
	json_object *list = NULL;
	struct buffer tail;
	int64_t length;
	int rv = 0;

	buffer_init(&tail, JSON_BYTES_MAX);
	json_object_object_get_ex(json, "signatures", &list);
	if (!json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) == 0 ||
	    protected_read(json_object_array_get_idx(list, 0), &length,
	    &tail) == -1 || length < 0 || (uint64_t)length > len)
		rv = error_set(err, ERROR_INPUT, "the manifest's signature "
		    "cannot be read");
	else if (buffer_put(out, bytes, (size_t)length) == -1 ||
	    buffer_put(out, buffer_str(&tail), tail.len) == -1)
		rv = error_set(err, ERROR_LIMIT, "the manifest is too large");
	buffer_free(&tail);
	return rv;
}

int
signed_verify(const char *media_type, const char *bytes, size_t len,
    const char *want, struct error *err)
{
	struct buffer payload;
	json_object *json;
	int rv = -1;

	if (strcmp(media_type, MEDIA_DOCKER_V1_SIGNED) != 0)
		return digest_verify(bytes, len, want, err);
	buffer_init(&payload, MANIFEST_GET_MAX);
	json = json_parse(bytes, len, JSON_BYTES_MAX, "the manifest", err);
	if (json != NULL && signed_payload(json, bytes, len, &payload,
	    err) == 0)
		rv = digest_verify(buffer_str(&payload), payload.len, want,
		    err);
	json_object_put(json);
	buffer_free(&payload);
	return rv;
}
