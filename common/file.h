/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - reading a whole file within a limit. */
#ifndef REGBOT_FILE_H
#define REGBOT_FILE_H

#include "common/buffer.h"
#include "common/error.h"

/* A regular file and nothing else: opening never waits, as it would for a
 * FIFO, and no device is read. */
#define FILE_REGULAR 1

/* Appends all of the file to out; out->max is the limit. 0, or -1 and a
 * sentence that begins as Go's: "open PATH: no such file or directory"
 * (ERROR_NOT_FOUND), "read PATH: ...", "PATH is larger than N bytes, which is
 * the limit" (ERROR_LIMIT). */
int file_read(const char *path, unsigned flags, struct buffer *out,
    struct error *err);
/* The same for a descriptor, which stays open; name is for errors. */
int file_read_fd(int fd, const char *name, struct buffer *out,
    struct error *err);

#endif
