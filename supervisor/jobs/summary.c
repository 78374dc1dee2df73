/* SPDX-License-Identifier: Apache-2.0 */
/* summary.c - the line at the end of a script; see summary.h. */
#include "supervisor/jobs/summary.h"

#include "common/clock.h"
#include "common/duration.h"

#define ROUND_NS (10 * NS_PER_MS)
#define EXIT_CODE 1	/* fields of DONE */
#define FIRST 3
#define EXIT_CODE_MAX 255

int
summary_read(struct summary *s, const struct message *m, struct error *err)
{
	uint64_t *const fields[] = {
		&s->copied, &s->up_to_date, &s->deleted, &s->failed, &s->bytes
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		*fields[i] = message_u64(m, FIRST + (int)i);
		if (*fields[i] > INT64_MAX)
			return error_set(err, ERROR_PROTOCOL, "a number in "
			    "DONE is out of bounds");
	}
	s->exit_code = message_u64(m, EXIT_CODE);
	if (s->exit_code > EXIT_CODE_MAX)
		return error_set(err, ERROR_PROTOCOL, "the exit code in DONE "
		    "is out of bounds");
	s->told = true;
	return 0;
}

void
summary_write(const struct summary *s, struct log *log, const char *script,
    bool dry_run, int64_t elapsed)
{
	char time[DURATION_TEXT];
	struct log_record r;

	log_record_init(&r, LOG_INFO, "Script summary");
	log_record_string(&r, "script", script);
	if (s->told) {
		log_record_int(&r, dry_run ? "would-copy" : "copied",
		    (int64_t)s->copied);
		log_record_int(&r, "up-to-date", (int64_t)s->up_to_date);
		log_record_int(&r, dry_run ? "would-delete" : "deleted",
		    (int64_t)s->deleted);
		log_record_int(&r, "failed", (int64_t)s->failed);
	}
	if (!dry_run)
		log_record_int(&r, "bytes", (int64_t)s->bytes);
	duration_format(elapsed / ROUND_NS * ROUND_NS, time);
	log_record_string(&r, "elapsed", time);
	log_write(log, &r);
}
