/* SPDX-License-Identifier: Apache-2.0 */
/* failures.c - the errors of a parallel(); see failures.h. */
#include "worker/branches/failures.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/mem.h"

/* Branches start in the order of the list, so what comes last mostly belongs
 * last. */
void
failures_add(struct failures *f, int64_t index, char *text)
{
	size_t at;

	f->n++;
	if (f->kept == PARALLEL_ERRORS_MAX) {
		if (f->list[f->kept - 1].index < index) {
			free(text);
			return;
		}
		free(f->list[--f->kept].text);
	}
	for (at = f->kept; at > 0 && f->list[at - 1].index > index; at--)
		f->list[at] = f->list[at - 1];
	f->list[at].index = index;
	f->list[at].text = text;
	f->kept++;
}

char *
failures_text(const struct failures *f, int64_t count)
{
	struct buffer b;

	if (f->n == 0)
		return NULL;
	if (f->n == 1)
		return mem_printf("parallel: %s", f->list[0].text);
	buffer_init(&b, 0);
	buffer_printf(&b, "parallel: %zu of %lld items failed:", f->n,
	    (long long)count);
	for (size_t i = 0; i < f->kept; i++)
		buffer_printf(&b, "\n  %s", f->list[i].text);
	if (f->n > f->kept)
		buffer_printf(&b, "\n  and %zu more", f->n - f->kept);
	return buffer_steal(&b);
}

void
failures_free(struct failures *f)
{
	while (f->kept > 0)
		free(f->list[--f->kept].text);
	f->n = 0;
}
