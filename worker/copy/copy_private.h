/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy_private.h - what the files of image.copy share. A copy is a graph of
 * nodes (manifests) and blobs, each digest once. A root is a node with a name:
 * the top, and with digestTags one for each such tag of the source. Children
 * come first: a node waits until everything it names is at the target, then it
 * is put. Once the top's content is complete, the digest tags follow one by
 * one, and the top itself is put last; so no chain of digest tags can make two
 * nodes wait for each other.
 *
 * Nothing is freed before copy_free: after copy_over these functions may still
 * be called and do nothing.
 */
#ifndef REGBOT_COPY_PRIVATE_H
#define REGBOT_COPY_PRIVATE_H

#include <sys/queue.h>

#include "worker/client/client.h"
#include "worker/copy/copy.h"
#include "worker/copy/known.h"
#include "worker/job/overlay.h"
#include "worker/oci/manifest.h"
#include "worker/referrers/referrers.h"

struct copy_node;
struct refer;

typedef void step_fn(void *obj, struct answer *a);

struct step {			/* a call under way */
	TAILQ_ENTRY(step) entry;
	struct copy *copy;
	struct client_call *call;
	step_fn *fn;
	void *obj;
};

struct waiters {
	struct copy_node **nodes;
	size_t n;
};

struct copy_blob {
	SLIST_ENTRY(copy_blob) all;
	TAILQ_ENTRY(copy_blob) queue;
	struct copy *copy;
	char *digest;
	int64_t size;		/* -1: to be asked for */
	struct copy_node *owner;	/* the first manifest that names it */
	char *from;		/* where a mount is tried, "" for nowhere */
	size_t layer;		/* of owner, from 1; 0: its config */
	json_object *urls;	/* where else it is, or NULL; owned */
	size_t url_tried;	/* how many of urls, the current one included */
	const char *url;	/* of urls, where it is read now; NULL: at the
				 * source */
	char *url_registry;	/* that url is on, or NULL */
	bool done;
	int64_t expected;	/* of its size, while it may be uploaded */
	struct waiters waiters;
};

enum node_state {
	NODE_QUEUED, NODE_FETCHING, NODE_WAITING, NODE_READY, NODE_PUTTING,
	NODE_DONE
};

struct copy_node {
	SLIST_ENTRY(copy_node) all;
	TAILQ_ENTRY(copy_node) queue;
	struct copy *copy;
	char *digest;		/* "": not known yet */
	struct reference src, dst;
	char *name;		/* the source, as errors call it */
	char *media_type;	/* "": not known yet */
	unsigned depth;		/* indexes above it */
	enum node_state state;
	bool root;		/* has a name: dst is put as it is */
	bool present;		/* the target has it: nothing is put */
	bool slot;		/* counted in nodes_active */
	bool by_digest;		/* the top's PUT by digest is under way */
	bool put_by_digest;	/* it has finished */
	bool moved;		/* src is where a dry run says it is */
	bool again;		/* its PUT is being repeated, the one time */
	bool sparse;		/* an index of which not all is copied */
	int64_t size;		/* a child's, as its index says */
	bool inherits;		/* its index is there, and so is it */
	bool blob;		/* it turned out to be no manifest */
	bool doubtful;		/* it may stand for a tag being deleted */
	char *subject;		/* a referrer's, else NULL */
	json_object *descriptor;	/* as the source lists it */
	unsigned reach;		/* referrers below it */
	bool unlisted;		/* the target does not list it: it is put */
	bool referred;		/* its own referrers are looked up, or were */
	bool counted;		/* it is at the target, the first time */
	bool foreign;		/* the tag of their list has something else */
	TAILQ_ENTRY(copy_node) refer;
	struct referrers_edit *edit;	/* under way, after its PUT */
	struct manifest *m;
	const struct descriptor **fits;	/* of m, for copy->platforms[i] */
	size_t waiting;		/* number of nodes and blobs it waits for */
	struct waiters waiters;
	unsigned heads;		/* a root's: HEADs not answered yet */
	bool target_there;
	char *target_digest;	/* a root's: "" unknown */
};

TAILQ_HEAD(steps, step);
TAILQ_HEAD(node_queue, copy_node);
TAILQ_HEAD(blob_queue, copy_blob);

/* What the lower files of the walk know about the upper ones. */
struct copy_walk {
	/* Starts a manifest known by its digest. */
	void (*child)(struct copy_node *n);
	/* Everything the node names is at the target. */
	void (*complete)(struct copy_node *n);
	/* A root was put, or no referrer is left: starts the next digest tag,
	 * or looks for more referrers, or puts the top. */
	void (*tags)(struct copy *c);
	/* The top has been put by its digest. */
	void (*top_put)(struct copy *c);
	/* A manifest was put. True: put_over follows, once the list of its
	 * subject has it. told is what the registry has noted, or NULL. */
	bool (*note)(struct copy_node *n, const char *told);
	/* It is at the target: its referrers are next. */
	void (*refer)(struct copy_node *n);
	/* A referrer is. */
	void (*referred)(struct copy *c);
	/* The copy is over: nothing of referrers is wanted any more. */
	void (*stop)(struct copy *c);
};

struct copy {
	struct worker *w;
	const struct copy_walk *walk;
	struct client *client;
	struct reference src, dst;
	bool dry, same_repository;
	bool digest_tags, force, external, referrers;
	bool partial;		/* the target has the index, but perhaps not
				 * all the platforms */
	struct platform *platforms;
	size_t nplatforms;
	bool all_platforms, no_platform;	/* none given; "" is listed */
	char *platform_list;	/* for the log */
	char *dst_key;		/* the target registry's */
	void (*done)(void *arg, const struct error *err);
	void *arg;
	struct timer *finish;
	struct client_call *slot;
	struct unread *unread;	/* or NULL */
	struct error err;
	struct copy_result result;
	bool over;
	struct steps steps;
	SLIST_HEAD(, copy_node) all_nodes;
	SLIST_HEAD(, copy_blob) all_blobs;
	void *nodes, *blobs;	/* tsearch trees by digest */
	struct node_queue node_queue;
	struct blob_queue blob_queue;
	bool pumping;		/* content_pump is running */
	unsigned nodes_active, blobs_active, items;
	struct copy_node *top;

	SLIST_HEAD(, refer) refers;	/* lookups under way */
	TAILQ_HEAD(, copy_node) refer_queue;	/* still to be looked up */
	unsigned refers_active;	/* lookups, and referrers being copied */

	bool tag_active;	/* a digest tag is being copied */
	bool tags_listed;	/* digest tags */
	char **tags;		/* those still to be copied */
	size_t ntags;
	unsigned pages;
	size_t list_bytes;
	char *page;		/* the query of the last page */
};

/* step.c */
struct step *step_new(struct copy *c, step_fn *fn, void *obj);
void step_done(void *step, struct answer *a);
void step_cancel_all(struct copy *c);	/* and releases the slot */
/* Ends the copy: err NULL is success. Cancels what is under way. */
void copy_over(struct copy *c, const struct error *err);
void copy_fail(struct copy *c, const struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Counts one more item. False: that is too many, and the copy has failed. */
bool copy_item(struct copy *c);
/* Sets n->src to where the source really is if a dry run pretends that it was
 * copied; -1 when it was deleted. */
int copy_source(struct copy *c, struct copy_node *n, struct error *err);
/* The same once a registry has said that the source, which has a tag, has
 * that digest: with a digest all its tags are deleted. */
int copy_source_there(struct copy *c, struct copy_node *n,
    const char *digest, struct error *err);
/* A dry run has deleted ref, or its tag with the digest. */
bool copy_deleted(struct copy *c, const struct reference *ref,
    const char *digest);
/* Whether the registry does not have it, or gave an HTTP error that says no
 * more than that; if not, the copy must end. */
bool copy_absent(const struct error *err);

/* node.c */
struct copy_node *node_new(struct copy *c, const struct reference *src,
    const struct reference *dst);
void node_free(struct copy_node *n);
int node_compare(const void *a, const void *b);
struct copy_node *node_find(struct copy *c, const char *digest);
void node_register(struct copy_node *n);	/* by its digest */
/* Parses a manifest that arrived. -1 also for one that is no image but stands
 * for a tag that is being deleted: then n->m is set. */
int node_take(struct copy_node *n, struct answer *a, const char *expected,
    struct error *err);
/* The same for one that exists in a dry run only: false, it is another. */
bool node_take_kept(struct copy_node *n);
bool node_is_index(const struct copy_node *n);	/* a guess until it is parsed */
void node_wait_for(struct waiters *w, struct copy_node *n);
void node_unblock(struct copy_node *n);	/* one thing fewer to wait for */
void node_wake(struct waiters *w);

/* blob.c */
/* what is "config" or "layer". */
void blob_need(struct copy_node *n, const struct descriptor *d,
    const char *what);
void blob_pump(struct copy *c);
void blob_free(struct copy_blob *b);
bool blob_media_type(const char *media_type);
/* n named it already: it is looked for, and copied, once more. */
void blob_again(struct copy_node *n, const struct descriptor *d);

/* external.c: a blob whose manifest has URLs for it */
void external_take(struct copy_blob *b, const struct descriptor *d);
void external_begin(struct copy_blob *b);	/* with the source registry */
/* It was not read, by *a: true when b->url is the next to try. Otherwise
 * a->err may have changed, and external_explain adds what was tried. */
bool external_next(struct copy_blob *b, struct answer *a);
void external_explain(const struct copy_blob *b, struct error *err);

/* content.c */
void content_take(struct copy_node *n);	/* n->m is set: starts what it names */
void content_child(struct copy_node *parent, const struct descriptor *d);
void content_pump(struct copy *c);	/* starts queued manifests */
/* The target said that something n names is missing: everything is looked
 * for again, and n is complete again once it is there. */
void content_again(struct copy_node *n);

/* put.c */
void put_node(struct copy_node *n);
void put_by_digest(struct copy_node *n);	/* the top, before its tag */
void put_over(struct copy_node *n);	/* it was put, or need not be */

/* child.c: manifests known by digest */
void child_start(struct copy_node *n);

/* root.c: manifests known by name */
void root_start(struct copy_node *n);
void root_compare(struct copy_node *n);	/* both sides are known */

/* refer.c: referrers. The functions of struct copy_walk ... */
void refer_top_put(struct copy *c);
bool refer_note(struct copy_node *n, const char *told);
void refer_later(struct copy_node *n);
void refer_done(struct copy *c);
void refer_cancel_all(struct copy *c);
/* ... and for tags.c: starts lookups. False: nothing is left. */
bool refer_next(struct copy *c);

/* tags.c: digest tags */
void tags_next(struct copy *c);		/* the next one, or the top's PUT */

#endif
