/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes that are taken must be sent and taken again as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/wire/log_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No seed can hold a NUL: '0' stands for it in a length and in numbers. */
const char *const fuzz_seeds[] = {
	"\1\6script\6" "0mirror", "\2\3yes\1" "0000000", "\3\5count\7" "0000000",
	"\1\1k\1" "0x\1\1k\1" "0y\2\1b0" "0000000", NULL
};

static void
check_same(const struct log_record *a, const struct log_record *b)
{
	if (a->nattrs != b->nattrs)
		abort();
	for (int i = 0; i < a->nattrs; i++) {
		const struct attr *x = &a->attrs[i], *y = &b->attrs[i];

		if (x->kind != y->kind || strcmp(x->key, y->key) != 0 ||
		    x->number != y->number)
			abort();
		if (x->kind == ATTR_STRING && strcmp(x->text, y->text) != 0)
			abort();
	}
}

static void
try_record(const void *data, size_t size)
{
	struct log_record r, again;
	struct error err = { 0 };
	struct buffer b;

	log_record_init(&r, LOG_INFO, "");
	log_record_init(&again, LOG_INFO, "");
	buffer_init(&b, 0);
	if (log_record_get(&r, data, size, &err) == 0) {
		log_record_put(&r, &b);
		if (log_record_get(&again, b.data, b.len, NULL) == -1)
			abort();
		if (size <= LOG_RECORD_MAX - 256)
			check_same(&r, &again);
	} else if (err.kind != ERROR_PROTOCOL)
		abort();
	buffer_free(&b);
	log_record_free(&r);
	log_record_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[24], *s = mem_strndup((const char *)data, size);
	int level;

	if (log_level_parse(s, &level, NULL) == 0)
		log_level_name(level, name);
	try_record(data, size);
	for (size_t i = 0; i < size; i++)
		if (s[i] == '0')
			s[i] = '\0';
	try_record(s, size);
	free(s);
	return 0;
}
