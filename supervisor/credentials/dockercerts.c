/* SPDX-License-Identifier: Apache-2.0 */
/* dockercerts.c - reading certs.d. */
#include "supervisor/credentials/dockercerts.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/file.h"
#include "common/mem.h"

static void
add_certificate(const char *path, struct buffer *pems,
    dockercerts_warn_fn *warn, void *arg)
{
	struct buffer one;
	struct error err;

	buffer_init(&one, SECRET_MAX);
	if (file_read(path, 0, &one, &err) == -1)
		warn(arg, "Failed to load docker certificate", "error",
		    err.text);
	else if (strstr(buffer_str(&one), "-----BEGIN CERT") == NULL ||
	    strlen(buffer_str(&one)) != one.len)
		warn(arg, "Docker certificate is not in PEM format", "file",
		    path);
	else if (buffer_puts(pems, pems->len != 0 ? "\n" : "") == -1 ||
	    buffer_put(pems, one.data, one.len) == -1)
		warn(arg, "Docker certificate ignored, all of them are "
		    "larger than 64 KiB together", "file", path);
	buffer_free(&one);
}

static int
is_certificate(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && strcmp(d->d_name + n - 4, ".crt") == 0;
}

char *
dockercerts_read(const char *dir, const char *host, const char *pem,
    dockercerts_warn_fn *warn, void *arg)
{
	struct dirent **names;
	struct buffer pems;
	char *folder, *path;
	int n;

	if (strchr(host, '/') != NULL || host[0] == '.')
		return NULL;
	folder = mem_printf("%s/%s", dir, host);
	n = scandir(folder, &names, is_certificate, alphasort);
	if (n < 0) {
		free(folder);
		return NULL;
	}
	buffer_init(&pems, SECRET_MAX);
	buffer_puts(&pems, pem);
	for (int i = 0; i < n; i++) {
		path = mem_printf("%s/%s", folder, names[i]->d_name);
		add_certificate(path, &pems, warn, arg);
		free(path);
		free(names[i]);
	}
	free(names);
	free(folder);
	return buffer_steal(&pems);
}
