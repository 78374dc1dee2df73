/* SPDX-License-Identifier: Apache-2.0 */
/* deletion.c - which tag deletions write at the moment, told upwards. */
#include "supervisor/broker/registry/registry.h"

uint32_t
registry_deleting(struct registry *reg, const struct deletion *d)
{
	if (reg->deletions == DELETIONS_MAX)
		return 0;
	reg->deletions++;
	reg->ops->deleting(reg->arg, ++reg->last_deletion, d);
	return reg->last_deletion;
}

void
registry_deleted(struct registry *reg, uint32_t number,
    enum deletion_outcome how, bool unheard, const struct error *why)
{
	struct error clean = *why;

	http_clean_error(reg->http, &clean);
	reg->deletions--;
	reg->ops->deleted(reg->arg, number, how, unheard, &clean);
}
