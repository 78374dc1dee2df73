/* SPDX-License-Identifier: Apache-2.0 */
/* tagrig.h - a tag deletion of a:old on the broker of brokerfixture.h. */
#ifndef REGBOT_TAGRIG_H
#define REGBOT_TAGRIG_H

#include "common/digest.h"
#include "tests/unit/broker/brokerfixture.h"

#define OTHER "sha256:000000000000000000000000000000000000000000000000000" \
	"0000000000000"
#define OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

/* The only request under way, which must be this one. */
struct http_request *tagrig_only(enum http_method method, const char *part);
void tagrig_answer_manifest(enum http_method method, const char *digest,
    const char *media_type);

/* Begins a deletion and answers until the probe, the second look at the tag
 * (the config's text in *config unless NULL), or the PUT is under way (returns
 * the image's digest). The caller frees these. */
void tagrig_until_probe(const char *media_type);
void tagrig_until_second_look(const char *media_type, char **config);
char *tagrig_until_put(void);

void tagrig_blob_upload(const char *url, char **body);
void tagrig_answer_put(const char *digest);
/* It looks first at what is there: found. */
void tagrig_put_back(const char *found, const char *media_type);

/* The supervisor's next message, which must be this one, of that number. */
void tagrig_told(enum message_type type, uint32_t number);
/* Of the END that was taken last. */
const char *tagrig_sentence(void);

#endif
