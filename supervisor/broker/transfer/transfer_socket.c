/* SPDX-License-Identifier: Apache-2.0 */
/* The pool's sockets: which addresses they may have, and whether one that was
 * used before is fit for another request. */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/broker/transfer/address.h"
#include "supervisor/broker/transfer/transfer_private.h"

struct pool_socket {
	LIST_ENTRY(pool_socket) link;
	int fd;
};

/* One end of a connection, as libcurl names it. */
struct socket_end {
	const char *ip;
	int port;
};

static void
forget(struct transfer_pool *ts, int fd)
{
	struct pool_socket *s;

	LIST_FOREACH(s, &ts->sockets, link)
		if (s->fd == fd) {
			LIST_REMOVE(s, link);
			free(s);
			return;
		}
}

/* Every connection passes here with its resolved address, so a name whose
 * answer changes after a check gains nothing. */
static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = arg;
	unsigned class = address_class(&a->addr);
	struct pool_socket *s;
	int fd;

	if (purpose != CURLSOCKTYPE_IPCXN || t->dead)
		return CURL_SOCKET_BAD;
	address_text(&a->addr, t->address, sizeof(t->address));
	if ((class & ~t->spec.local_allowed) != 0) {
		t->end = TRANSFER_BLOCKED;
		return CURL_SOCKET_BAD;
	}
	if (t->end == TRANSFER_BLOCKED)
		t->end = TRANSFER_OK;	/* another of its addresses is fine */
	t->local_seen |= class;
	fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	if (fd != -1) {
		/* libcurl closes some without on_close. */
		forget(t->owner, fd);
		s = mem_alloc(sizeof(*s));
		s->fd = fd;
		LIST_INSERT_HEAD(&t->owner->sockets, s, link);
	}
	return fd;
}

/* A connection outlives the transfer that opened it. */
static int
on_close(void *arg, curl_socket_t fd)
{
	forget(arg, fd);
	return close(fd);
}

static bool
end_is(const struct sockaddr_storage *ss, const struct socket_end *end)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
	char ip[INET6_ADDRSTRLEN] = "";
	int port;

	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		inet_ntop(AF_INET, &sin.sin_addr, ip, sizeof(ip));
		port = ntohs(sin.sin_port);
	} else {
		memcpy(&sin6, ss, sizeof(sin6));
		inet_ntop(AF_INET6, &sin6.sin6_addr, ip, sizeof(ip));
		port = ntohs(sin6.sin6_port);
	}
	return port == end->port && strcmp(ip, end->ip) == 0;
}

/* The socket between two ends, or -1. (libcurl tells the socket of a transfer
 * only after its request was sent.) */
static int
find(const struct transfer_pool *ts, const struct socket_end *local,
    const struct socket_end *remote)
{
	struct sockaddr_storage ss;
	struct pool_socket *s;
	socklen_t n;

	LIST_FOREACH(s, &ts->sockets, link) {
		n = sizeof(ss);
		if (getsockname(s->fd, (struct sockaddr *)&ss, &n) == -1 ||
		    !end_is(&ss, local))
			continue;
		n = sizeof(ss);
		if (getpeername(s->fd, (struct sockaddr *)&ss, &n) == 0 &&
		    end_is(&ss, remote))
			return s->fd;
	}
	return -1;
}

/* Has nothing come on it since the last answer, not even its end? */
static bool
quiet(const struct transfer *t, int fd)
{
	const struct curl_tlssessioninfo *tls = NULL;
	char c;

	if (fd == -1 || recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) != -1 ||
	    (errno != EAGAIN && errno != EWOULDBLOCK))
		return false;
	curl_easy_getinfo(t->easy, CURLINFO_TLS_SSL_PTR, &tls);
	return tls == NULL || tls->backend != CURLSSLBACKEND_OPENSSL ||
	    tls->internals == NULL || !SSL_has_pending(tls->internals);
}

/* A connection is ready and the request is about to be sent. What waits on
 * one that was used before answers nothing that was asked. */
static int
on_ready(void *arg, char *remote_ip, char *local_ip, int remote_port,
    int local_port)
{
	struct transfer *t = arg;
	struct socket_end local = { local_ip, local_port },
	    remote = { remote_ip, remote_port };
	long opened = 0;

	if (t->dead)
		return CURL_PREREQFUNC_ABORT;
	t->active_at = clock_now();
	t->ready = true;
	curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &opened);
	if (opened != 0 || quiet(t, find(t->owner, &local, &remote)))
		return CURL_PREREQFUNC_OK;
	t->stale = true;
	return CURL_PREREQFUNC_ABORT;
}

void
transfer_socket_options(struct transfer *t, CURL *e)
{
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, t->owner);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_ready);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
}

void
transfer_socket_forget_all(struct transfer_pool *ts)
{
	struct pool_socket *s;

	while ((s = LIST_FIRST(&ts->sockets)) != NULL) {
		LIST_REMOVE(s, link);
		free(s);
	}
}
