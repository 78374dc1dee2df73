/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_needs.c - what each request is checked for before anything is done: it
 * stands in for policy/grants.c and writes down what it is asked.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire/channel.h"
#include "supervisor/serve/request.h"
#include "supervisor/serve/server.h"

#define SHA "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060" \
	"f61caaff8a"

static char asked[1024];	/* a line for each need */
static const char *denied;	/* the repository that is refused */
static unsigned runs;
static struct loop *loop;
static struct server *server;
static int worker;
static struct message m;

int
grants_check(const struct grants *g, const struct grant_need *need,
    struct error *err)
{
	static const char *const verbs[] = { "pull", "push", "delete",
	    "list" };
	size_t n = strlen(asked);

	cr_assert(g->everything);
	snprintf(asked + n, sizeof(asked) - n, "%s%s %s/%s %.12s\n",
	    verbs[need->verb], need->writes ? "!" : "", need->registry,
	    need->repository, need->name);
	if (denied != NULL && strcmp(need->repository, denied) == 0)
		return error_set(err, ERROR_DENIED, "no");
	return 0;
}

static void
run(struct request *r)
{
	runs++;
	request_done(r);
}

static const struct backend backend = {
	.ops = {
#define MESSAGE(name, number, paths, fields)
#define REQUEST(name, number, verb, effect, fields) \
		[OP_##name] = { .run = run },
#include "common/wire/messages.def"
#undef MESSAGE
#undef REQUEST
	},
	.work_size = 1,
};

static void
on_log(void *arg, int level, uint64_t job, const char *message,
    const struct error *why)
{
	(void)arg;
	(void)level;
	(void)job;
	(void)message;
	(void)why;
}

static void
on_progress(void *arg, uint64_t job, uint64_t bytes)
{
	(void)arg;
	(void)job;
	(void)bytes;
}

static void
on_settled(void *arg)
{
	(void)arg;
}

static const struct server_ops ops = { on_log, on_progress, on_settled };

static void
set_up(void)
{
	struct grants g = { .everything = true };
	int fds[2];

	loop = loop_new();
	server = server_new(loop, &backend, NULL, "h", 2, &ops, NULL);
	cr_assert_eq(channel_pair(fds, NULL), 0);
	server_channel(server, fds[1], 7, &g);
	worker = fds[0];
}

static void
tear_down(void)
{
	server_free(server);
	loop_free(loop);
	close(worker);
}

/* Sends a request whose fields format names: s text, u number. */
static void
ask(enum message_type type, const char *format, const char *const *fields)
{
	static uint32_t id;
	struct message_out o;

	asked[0] = '\0';
	runs = 0;
	message_start(&o, type, ++id);
	for (size_t i = 0; format[i] != '\0'; i++)
		if (format[i] == 's')
			message_put_str(&o, fields[i]);
		else
			message_put_u64(&o, 2);
	cr_assert_eq(message_finish(&o, NULL), 0);
	cr_assert_gt(send(worker, o.frame.data, o.frame.len, 0), 0);
	message_out_free(&o);
	for (int i = 0; i < 16; i++)
		loop_step(loop, 0);
}

/* The kind of the END, or -1. */
static int
ended(void)
{
	static char frame[MESSAGE_MAX];
	int kind = -1;
	ssize_t n;

	while ((n = recv(worker, frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
		cr_assert_eq(message_decode(&m, frame, (size_t)n, B2W, NULL),
		    0);
		if (m.type == MSG_END)
			kind = (int)message_u64(&m, 0);
	}
	return kind;
}

#define F(...) (const char *const[]){ __VA_ARGS__ }
#define OCI "application/vnd.oci.image.manifest.v1+json"

static const struct {
	enum message_type type;
	const char *format;
	const char *fields[6];
	const char *needs;
} requests[] = {
	{ MSG_TAG_LIST, "suss", { "a/b", "", "", "" }, "pull h/a/b \n" },
	{ MSG_CATALOG, "uss", { "", "", "" }, "list h/ \n" },
	{ MSG_MANIFEST_HEAD, "ss", { "a/b", "v1" }, "pull h/a/b v1\n" },
	{ MSG_MANIFEST_GET, "ss", { "a/b", "v1" }, "pull h/a/b v1\n" },
	{ MSG_MANIFEST_PUT, "ssssu", { "a/b", "v1", OCI, SHA },
	    "push! h/a/b v1\n" },
	{ MSG_MANIFEST_SWAP, "sssssu", { "a/b", "v1", OCI, SHA, "" },
	    "push! h/a/b v1\n" },
	{ MSG_REFERRERS, "ssss", { "a/b", SHA, "", "" },
	    "pull h/a/b sha256:44136\n" },
	{ MSG_MANIFEST_DELETE, "ss", { "a/b", SHA },
	    "delete! h/a/b sha256:44136\n" },
	{ MSG_TAG_DELETE, "ss", { "a/b", "v1" }, "delete! h/a/b v1\n" },
	{ MSG_BLOB_HEAD, "ss", { "a/b", SHA }, "pull h/a/b sha256:44136\n" },
	{ MSG_BLOB_GET, "ssu", { "a/b", SHA }, "pull h/a/b sha256:44136\n" },
	{ MSG_BLOB_PART, "ssuu", { "a/b", SHA },
	    "pull h/a/b sha256:44136\n" },
	{ MSG_BLOB_PUT, "ssu", { "a/b", SHA },
	    "push! h/a/b sha256:44136\n" },
	{ MSG_BLOB_MOUNT, "sss", { "a/b", SHA, "from/c" },
	    "push! h/a/b sha256:44136\npull h/from/c \n" },
	{ MSG_BLOB_READ, "ssuuu", { "a/b", SHA },
	    "pull h/a/b sha256:44136\n" },
	{ MSG_URL_READ, "ssuuu", { "https://h/x", SHA },
	    "pull h/ sha256:44136\n" },
	{ MSG_BLOB_WRITE, "ssuus", { "a/b", SHA, "", "", "from/c" },
	    "push! h/a/b sha256:44136\npull h/from/c \n" },
	{ MSG_BLOB_WRITE, "ssuus", { "a/b", SHA, "", "", "" },
	    "push! h/a/b sha256:44136\n" },
};

TestSuite(needs, .init = set_up, .fini = tear_down);

Test(needs, of_every_request)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		ask(requests[i].type, requests[i].format, requests[i].fields);
		cr_expect_str_eq(asked, requests[i].needs, "%s: %s",
		    message_name(requests[i].type), asked);
	}
}

Test(needs, what_is_refused_does_not_run)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		denied = requests[i].type == MSG_CATALOG ||
		    requests[i].type == MSG_URL_READ ? "" : "a/b";
		ask(requests[i].type, requests[i].format, requests[i].fields);
		cr_expect_eq(ended(), ERROR_DENIED, "%s",
		    message_name(requests[i].type));
		cr_expect_eq(runs, 0);
	}
}

/* Else a blob could be read through a repository that may be written. */
Test(needs, a_mount_pulls_from_its_source)
{
	denied = "from/c";
	ask(MSG_BLOB_MOUNT, "sss", F("a/b", SHA, "from/c"));
	cr_expect_eq(ended(), ERROR_DENIED);
	cr_expect_eq(runs, 0);
	ask(MSG_BLOB_MOUNT, "sss", F("a/b", SHA, "from/d"));
	cr_expect_eq(ended(), ERROR_NONE);
	cr_expect_eq(runs, 1);
}
