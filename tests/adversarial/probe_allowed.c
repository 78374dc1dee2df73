/* SPDX-License-Identifier: Apache-2.0 */
/* probe_allowed.c - what a confined process needs, and must be able to do. */
#include "tests/adversarial/probe.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/mem.h"
#include "common/wire/channel.h"
#include "common/wire/loop.h"

static unsigned port;
static int pair[2], extra[2];	/* made before the filter */

/* Answers every connection with the same few bytes. */
static void
answer(int listener)
{
	static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
	    "Connection: close\r\n\r\nhello";
	char request[4096];
	int fd = accept(listener, NULL, NULL);

	if (fd == -1)
		return;
	if (read(fd, request, sizeof(request)) > 0)
		(void)!write(fd, reply, sizeof(reply) - 1);
	close(fd);
}

void
start_server(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	pid_t parent = getpid(), pid;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, len) == -1 ||
	    listen(fd, 16) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "cannot listen on loopback");
	port = ntohs(sin.sin_port);
	if ((pid = fork()) == -1)
		err(1, "cannot fork");
	if (pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			answer(fd);
		_exit(0);
	}
	close(fd);
}

static int
look_up(void)
{
	struct addrinfo *list, hints = { .ai_socktype = SOCK_STREAM };

	if (getaddrinfo("localhost", "80", &hints, &list) != 0)
		return -1;
	freeaddrinfo(list);
	return 0;
}

void
warm_up(enum policy_role role)
{
	setenv("TZ", "UTC0", 1);
	tzset();
	if (channel_pair(pair, NULL) == -1 || pipe2(extra, O_CLOEXEC) == -1)
		err(2, "cannot make the descriptors");
	if (role == POLICY_BROKER &&
	    (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    look_up() == -1))
		errx(2, "cannot load what a broker needs");
}

/* What a worker does. */
static int
run_lua(void)
{
	static const char script[] = "local t = {} for i = 1, 50000 do "
	    "t[i] = string.format('%d %g', i, i / 3) end table.sort(t) "
	    "assert(#table.concat(t) > 100000) "
	    "assert(os.date('%Y', 0) == '1970') "
	    "assert(os.time() > 0 and os.clock() >= 0) "
	    "assert(pcall(error, 'x') == false) "
	    "collectgarbage() return #t";
	lua_State *L = luaL_newstate();
	int r;

	if (L == NULL)
		return -1;
	luaL_openlibs(L);
	r = luaL_dostring(L, script);
	if (r != 0)
		dprintf(2, "%s\n", lua_tostring(L, -1));
	lua_close(L);
	return r == 0 ? 0 : -1;
}

static int
allocate(void)
{
	char *p = NULL;

	for (size_t n = 1; n < (64u << 20); n *= 3) {
		p = mem_resize(p, n, 1);
		memset(p, 1, n);
	}
	free(p);
	for (int i = 0; i < 100; i++)
		free(mem_alloc((size_t)i * 10000));
	return 0;
}

static int
hash(void)
{
	static const char *const names[] = { "sha256", "sha384", "sha512" };
	char out[DIGEST_MAX + 1];

	for (size_t i = 0; i < 3; i++) {
		struct digest *d = digest_new(names[i]);

		if (d == NULL)
			return -1;
		digest_add(d, "abc", 3);
		digest_final(d, out);
		digest_free(d);
		if (digest_verify("abc", 3, out, NULL) == -1)
			return -1;
	}
	return 0;
}

static int
parse_json(void)
{
	struct json_object *o = json_tokener_parse("{\"a\":[1,2.5,\"x\"],"
	    "\"b\":{\"c\":null,\"d\":true}}");
	int r = o != NULL && strlen(json_object_to_json_string(o)) > 10 ? 0 :
	    -1;

	json_object_put(o);
	return r;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static int
sort_and_random(void)
{
	static unsigned char big[20000][16];

	arc4random_buf(big, sizeof(big));
	qsort(big, 20000, 16, compare);
	return compare(big[0], big[19999]) <= 0 ? 0 : -1;
}

static int got;

static int
on_message(void *arg, const struct message *m, int fd, struct error *e)
{
	struct loop *l = arg;

	(void)e;
	if (fd != -1)
		close(fd);
	if (m->type == MSG_DATA && ++got == 200)
		loop_stop(l);
	return 0;
}

static void
on_closed(void *arg, const struct error *why)
{
	(void)why;
	loop_stop(arg);
}

/* Two ends of a channel in one process. */
static int
talk(void)
{
	static const struct channel_ops ops = { on_message, on_closed };
	struct loop *l = loop_new();
	struct channel *a, *b;
	struct message_out o;

	a = channel_new(l, pair[0], B2W, false, &ops, l);
	b = channel_new(l, pair[1], W2B, false, &ops, l);
	for (int i = 0; i < 200; i++) {
		message_start(&o, MSG_DATA, 1);
		message_put_bytes(&o, "0123456789", 10);
		channel_send(a, &o, -1, NULL);
	}
	loop_run(l);
	channel_free(a);
	channel_free(b);
	loop_free(l);
	return got == 200 ? 0 : -1;
}

static int
pass_descriptor(void)
{
	static const struct channel_ops ops = { on_message, on_closed };
	struct loop *l = loop_new();
	struct channel *a, *b;
	struct message_out o;

	got = 199;
	a = channel_new(l, pair[0], S2W, false, &ops, l);
	b = channel_new(l, pair[1], W2B, true, &ops, l);
	message_start(&o, MSG_DATA, 1);
	message_put_bytes(&o, "x", 1);
	channel_send(a, &o, extra[0], NULL);
	loop_run(l);
	channel_free(a);
	channel_free(b);
	loop_free(l);
	return got == 200 ? 0 : -1;
}

static int
wait_a_little(void)
{
	struct timespec ts = { 0, 1000000 };
	int64_t before = clock_now();

	poll(NULL, 0, 2);
	nanosleep(&ts, NULL);
	return clock_now() - before >= NS_PER_MS && clock_wall() > 0 ? 0 : -1;
}

static int
give_up(void)
{
	abort();
}

static int
corrupt_heap(void)
{
	char *volatile p = malloc(24);

	free(p);
	free(p);	/* libc says so on stderr and aborts */
	return 0;
}

/* What a broker does. */
static size_t
take(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	*(size_t *)arg += size * n;
	return size * n;
}

static int
fetch(const char *scheme, CURLcode want)
{
	CURLM *multi = curl_multi_init();
	CURL *easy = curl_easy_init();
	char url[64];
	size_t bytes = 0;
	CURLMsg *m;
	int running = 1, left, r = -1;

	snprintf(url, sizeof(url), "%s://localhost:%u/", scheme, port);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &bytes);
	curl_multi_add_handle(multi, easy);
	while (running != 0 && curl_multi_perform(multi, &running) == 0)
		curl_multi_poll(multi, NULL, 0, 1000, NULL);
	m = curl_multi_info_read(multi, &left);
	if (m != NULL && m->data.result == want &&
	    (want != CURLE_OK || bytes == 5))
		r = 0;
	else if (m != NULL)
		dprintf(2, "%s\n", curl_easy_strerror(m->data.result));
	curl_multi_remove_handle(multi, easy);
	curl_easy_cleanup(easy);
	curl_multi_cleanup(multi);
	return r;
}

static int
fetch_http(void)
{
	return fetch("http", CURLE_OK);
}

/* The certificates are loaded, then the handshake meets a plain server. */
static int
fetch_https(void)
{
	return fetch("https", CURLE_SSL_CONNECT_ERROR);
}

static void *
in_thread(void *arg)
{
	char *p = mem_alloc(1 << 20);

	memset(p, 1, 1 << 20);
	free(p);
	return look_up() == 0 ? arg : NULL;
}

static int
look_up_in_threads(void)
{
	pthread_t threads[8];
	void *result;
	int r = 0, n;

	for (n = 0; n < 8; n++)
		if (pthread_create(&threads[n], NULL, in_thread, &r) != 0) {
			r = -1;
			break;
		}
	while (n > 0)
		if (pthread_join(threads[--n], &result) != 0 ||
		    result == NULL)
			r = -1;
	return r;
}

static int
read_file(void)
{
	char buf[64];
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	int r;

	if (fd == -1)
		return -1;
	r = read(fd, buf, sizeof(buf)) > 0 ? 0 : -1;
	close(fd);
	return r;
}

static int
make_pair(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return -1;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	return send(fds[0], "x", 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

const struct act allowed_acts[] = {
	{ "run Lua", run_lua, DONE, SKIP },
	{ "allocate", allocate, DONE, DONE },
	{ "hash", hash, DONE, DONE },
	{ "parse JSON", parse_json, DONE, DONE },
	{ "sort and draw random numbers", sort_and_random, DONE, DONE },
	{ "wait", wait_a_little, DONE, DONE },
	{ "talk over a channel", talk, DONE, DONE },
	{ "pass a descriptor", pass_descriptor, DONE, DONE },
	{ "abort", give_up, ABORTED, ABORTED },
	{ "find a corrupt heap", corrupt_heap, ABORTED, ABORTED },
	{ "look a name up", look_up, KILLED, DONE },
	{ "look names up in threads", look_up_in_threads, KILLED, DONE },
	{ "HTTP with libcurl", fetch_http, SKIP, DONE },
	{ "TLS with libcurl", fetch_https, SKIP, DONE },
	{ "read a file", read_file, KILLED, DONE },
	{ "make a socket pair", make_pair, KILLED, DONE },
	{ NULL, NULL, SKIP, SKIP }
};
