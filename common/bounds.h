/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bounds.h - every limit in one place, a sentence each. Above a limit the
 * input is refused with a sentence that names it; nothing is cut silently
 * unless the sentence here says so.
 */
#ifndef REGBOT_BOUNDS_H
#define REGBOT_BOUNDS_H

#define KIB 1024u
#define MIB (1024u * 1024u)

/* Texts. */
#define ERROR_TEXT_MAX 4096	/* an error sentence is cut here */
#define REGISTRY_TEXT_MAX 1024	/* what a registry said is cut here */
#define LOG_TEXT_MAX 8192	/* one value in a log record is cut here */
#define LOG_ATTRS_MAX 24	/* attributes of one log record */
#define LOG_RECORD_MAX (32 * KIB) /* the attributes of a record, encoded */

/* Messages (common/PROTOCOL.md). */
#define MESSAGE_MAX (64 * KIB)	/* a frame with its header */
#define MESSAGE_HEADER 16	/* the header's size in bytes */
#define MESSAGE_FIELDS 16	/* fields in one message */
#define CHUNK_MAX (32 * KIB)	/* bytes of a body in one DATA message */
#define CHANNEL_REQUESTS 64	/* outstanding requests on a channel */
#define CHANNEL_WINDOW (256 * KIB) /* credit of all requests of a channel */
#define CHANNEL_QUEUE (8 * MIB)	/* unsent bytes before a peer is dropped */
#define CHANNEL_FDS 64		/* and unsent descriptors */
#define FILTER_MAX 1024		/* instructions of a system call filter, */
#define FILTER_BYTES 8		/* and the size of one */

/* Names. */
#define NAME_MAX_LEN 256	/* a script's name */
#define REGISTRY_NAME_MAX 255	/* a registry's name or host with port */
#define REPOSITORY_MAX 1024	/* a repository's path */
#define TAG_MAX 128		/* a tag, by the distribution specification */
#define DIGEST_MAX 160		/* algorithm, colon and hex of sha512 */
#define REFERENCE_MAX 2048	/* a whole reference as written */
#define MEDIA_TYPE_MAX 255	/* a media type */
#define QUERY_MAX 2048		/* the query of a "next" link */
#define MODULE_NAME_MAX 128	/* what require() is given */

/* Configuration. */
#define CONFIG_FILE_MAX (16 * MIB)	/* the YAML file */
#define CONFIG_DEPTH_MAX 32		/* nesting of YAML collections */
#define CONFIG_NODES_MAX 400000		/* nodes after aliases are expanded */
#define CONFIG_KEYS_MAX 1024		/* keys of one YAML map */
#define CONFIG_LIST_MAX 1024		/* entries of a list of strings */
#define CONFIG_SCRIPTS_MAX 4096		/* scripts in one file */
#define CONFIG_CREDS_MAX 256		/* creds entries in one file */
#define CONFIG_ERRORS_MAX 20		/* errors of a file that are shown */
#define SCHEDULE_MAX 1024		/* bytes of a schedule */
#define CRON_ITEMS_MAX 64		/* entries of a list in it */
#define ZONE_NAME_MAX 64		/* the name of a time zone */
#define ZONE_FILE_MAX (1 * MIB)		/* its file in the system */
#define SCRIPT_MAX (1 * MIB)		/* a script's text */
#define MODULE_MAX (1 * MIB)		/* a module's text */
#define SECRET_FILE_MAX (64 * KIB)	/* what {{file}} may read */
#define SECRET_MAX (64 * KIB)		/* a password, token or PEM text */
#define TEMPLATE_DEPTH 16		/* parentheses or blocks in a template */
#define TEMPLATE_ARGS_MAX 16		/* arguments of one function in it */
#define EXCHANGE_MAX 32		/* inputs of a script, and its outputs */
#define EXCHANGE_NAME_MAX 64	/* the name of one */
#define INPUT_BYTES_MAX (4 * MIB)	/* the inputs of one script, together */
#define INPUT_SIZE (1 * MIB)		/* one input, where maxSize is not set */
#define INPUT_MS 30000			/* to read or run one, where timeout is
					 * not set */
#define OUTPUT_BYTES_MAX (4 * MIB)	/* the outputs of one run, together */
#define USER_AGENT_MAX 512		/* the User-Agent header */
#define HELPER_MS 30000			/* a credential helper's time */
#define HELPER_HOST_MAX 2048		/* what a helper is asked for */
#define DOCKER_CONFIG_MAX (1 * MIB)	/* a docker config.json */

/* Processes. */
#define REGISTRIES_PER_RUN 16	/* registries that one run may talk to */
#define BROKERS_MAX 64		/* brokers at once */
#define JOBS_MAX 256		/* workers at once */
#define STARTS_MAX 4		/* and of those, without a script so far: more
				 * would only wait for each other */
#define STREAMS_PER_JOB 64	/* stream pairs open for one job */
#define STDERR_MAX (4 * KIB)	/* what is kept of a child's stderr */
#define READY_MS 10000		/* from spawn to READY */
#define AGENDA_LOOK_S 60	/* what a server missed in suspension, or when
				 * the clock was set, begins so late at most */
#define SET_BACK_MAX_S 10800	/* of a clock that is set back further, schedules
				 * begin anew */
#define COMPILE_MS 10000	/* to look for syntax errors at the start; then
				 * the rest of the scripts is just run */
#define CHECK_SCRIPT_MS 30000	/* to check one script and its modules */
#define CHECK_MODULES_MAX 256	/* modules that are checked with a script; what
				 * globals more of them define is not known */
#define CHECK_DUMP_MAX (64 * MIB) /* a compiled chunk whose globals are checked;
				 * in a larger one they are not */
#define KILL_AFTER_MS 1000	/* from the deadline to SIGKILL */
#define QUIT_MS 5000		/* a broker's time to cancel its uploads */
#define FORCE_MS 500		/* a second signal that soon is not a second
				 * wish: timeout(1) sends two */
#define DELETION_MS 1800000	/* the end waits so long for a tag deletion
				 * that has begun to write: ANSWER_WRITE_MS each
				 * for the PUT of the empty image, for its DELETE
				 * and for the PUT that puts the tag back */
#define AWAITED_MS 250		/* ... and says so when it has waited so long */
#define DELETIONS_MAX 1024	/* tag deletions of a broker that write */
#define FINISH_FIRST_MS 5000	/* jobs wait so long for a new broker that
				 * finishes its predecessor's tag deletions */
#define FINISH_LOOKS 6		/* how often it looks whether a PUT that was
				 * cut arrives after all: after 0, 1, 2, 4, 8
				 * and 16 s */
#define PING_MS 5000		/* how often a broker is asked for a sign of
				 * life */
#define PINGS_MAX 3		/* it is killed at the next that is due when so
				 * many are not answered: after 15 to 20 s */
#define BROKER_IDLE_MS 60000	/* a broker without channels is ended */
#define BROKER_DEATHS 3		/* deaths of a broker within that time ... */
#define BROKER_CLOSED_MS 60000	/* ... close its registry for that time */
#define SPOIL_MS 3500		/* to finish a request of a cancelled upload */
#define STREAM_WAIT_MS 5000	/* a command waits for its descriptor */
#define HELD_MS 600000		/* a slot is kept for a stream without GO, while
				 * the other side waits for its own */
#define WORKER_MEMORY (256 * MIB) /* what a script may allocate */
#define WORKER_SPACE (1024ull * MIB) /* a worker's address space */

#define ARGUMENTS_MAX 1024	/* arguments of "regbot lua" */
#define ARGUMENT_MAX (32 * KIB)	/* bytes of one of them */

/* The log. */
#define LOG_BACKLOG_MAX (8 * MIB) /* lines that wait for a slow reader; the ones
				 * above are dropped and counted */
#define LOG_FLUSH_MS 5000	/* how long the end waits for that reader */

/* Brokers. */
#define REALMS_MAX 64		/* token hosts that a creds entry adds */
#define PLACES_MAX 16		/* requests at a time to a registry without
				 * reqConcurrent, while a script's parallel()
				 * wants more than the default of 3 */
#define BODIES_MAX (16 * MIB)	/* bodies that one channel holds in a broker;
				 * requests beyond it wait */
#define BROKER_MEMORY (1024ull * MIB)	/* a broker's address space */

/* Registries (what one may send us). */
#define MANIFEST_GET_MAX (8 * MIB)	/* a manifest that is read */
#define MANIFEST_PUT_MAX (4 * MIB)	/* a manifest that is pushed */
#define BLOB_GET_MAX (8 * MIB)		/* a blob that is read into a worker */
#define BLOB_PUT_MAX (8 * MIB)		/* a text that blob.put uploads */
#define BLOB_READ_MAX (32 * MIB)	/* what b:read() returns at once */
#define BLOB_PART_MAX (1 * MIB)		/* it asks for so much at a time */
#define LIST_PAGE_MAX (8 * MIB)		/* one page of tags or repositories */
#define LIST_ASK_MAX 1000		/* entries of a page that are asked for */
#define LIST_PAGES_MAX 10000		/* pages of one list */
#define LIST_BYTES_MAX (64 * MIB)	/* all pages of one list */
#define TOKEN_REPLY_MAX (256 * KIB)	/* a token server's answer */
#define TOKEN_MAX (64 * KIB)		/* a token, which goes into a header */
#define TOKEN_LIFE_MIN_S 60		/* a token's life where none is said */
#define TOKEN_RENEW_MS 5000		/* renewed so long before its end, or
					 * after half its life if that is
					 * later */
#define TOKENS_MAX 512			/* tokens that a broker keeps */
#define TOKEN_ANSWER_MS 30000		/* a token server's time to answer */
#define TOKEN_WAIT_MAX_MS 30000		/* its longest Retry-After obeyed */
#define AUTH_ROUNDS_MAX 4		/* 401 answers to one request */
#define AUTH_ENTRIES_MAX 1024		/* repositories whose challenge is
					 * remembered (repoAuth) */
#define ERROR_BODY_MAX (64 * KIB)	/* an error body that is read */
#define HEADERS_MAX (128 * KIB)		/* all headers of one response */
#define CHALLENGE_MAX (16 * KIB)	/* a WWW-Authenticate header */
#define CHALLENGES_MAX 8		/* challenges of one answer */
#define CHALLENGE_PARAMS_MAX 32		/* parameters of one challenge */
#define WARNINGS_MAX 64			/* warnings that are not repeated */
#define TRUST_BUNDLE_MAX (16 * MIB)	/* the system's certificates */
#define CONNECT_MS 30000		/* to connect, TLS included */
#define STALL_BYTES (4 * KIB)		/* a body that moves less than this */
#define STALL_MS 60000			/* in this time is given up */
#define ANSWER_READ_MS 30000		/* from the end of a request that reads
					 * to the end of the answer's headers */
#define ANSWER_LIST_MS 60000		/* the same for a page of a list, which
					 * large registries make slowly, and
					 * for a POST, which opens an upload;
					 * not sent again after that */
#define ANSWER_WRITE_MS 600000		/* the same for a write, which is not
					 * sent again either: registries commit
					 * large blobs for minutes */
#define SILENCES_MAX 2			/* tries of a request to which nobody
					 * answers in time or in HTTP, or whose
					 * connection ends after half of it */
#define RESUMES_MAX 100			/* resumptions of one body */
#define URL_MAX (8 * KIB)		/* a URL that a registry names */
#define JSON_DEPTH_MAX 32		/* nesting of a registry's JSON */
#define JSON_BYTES_MAX (8 * MIB)	/* one JSON document */
#define JSON_VALUES_MAX 1000000u	/* values in one JSON document */
#define JSON_CONTAINERS_MAX 65536u	/* objects and arrays in one */
#define REDIRECTS_MAX 10		/* redirects of one request */
#define ATTEMPTS_MAX 6			/* tries of one request */
#define UPLOAD_STALL_MS 30000	/* an upload that moves no byte so long keeps
				 * no other of the same blob waiting ... */
#define UPLOAD_WAIT_MS 300000	/* ... nor does any, longer than this */
#define UPLOADED_MAX 256	/* uploads that a broker remembers */
#define UPLOAD_PIECE (128 * MIB)	/* a blob's part in one PATCH */
#define UPLOAD_WHOLE (64 * KIB)	/* up to this a blob is collected first */
#define RESTARTS_MAX 10			/* restarts of one blob upload */
#define BACKOFF_FIRST_MS 100		/* half the first wait; it doubles */
#define BACKOFF_MAX_MS 30000		/* the longest wait between tries */
#define WAIT_TOLD_MS 2000		/* a longer wait for a registry is told
					 * in the log */
#define RETRY_AFTER_MAX_MS 600000	/* the longest Retry-After obeyed */
#define INDEX_DEPTH_MAX 8		/* indexes within indexes */
#define INDEX_MANIFESTS_MAX 4096	/* entries of an index */
#define PLATFORM_MAX 1024		/* a platform as the configuration has
					 * it */
#define PLATFORM_PART_MAX 255		/* an OS, architecture or variant */
#define IMAGE_LAYERS_MAX 1024		/* layers of an image */
#define LAYER_URLS_MAX 8		/* URLs that are tried for a layer */

/* Referrers. */
#define REFERRERS_MAX 4096	/* referrers of one manifest */
#define REFERRERS_READ_MS 1500	/* a tag that took so long to read is read once
				 * more before it is overwritten ... */
#define REFERRERS_READS_MAX 4	/* ... but no oftener than that */
#define REFERRERS_WINDOW_MS 4000 /* from that reading to the answer to the PUT:
				 * a slower registry is warned about */
#define REFERRERS_SETTLE_MS 6000 /* what was written is looked for again once
				 * the tag stayed the same for so long; more
				 * than the window */
#define REFERRERS_LOOKS_MAX 20	/* looks at one tag that goes on changing, and
				 * times that it is written again */
#define REFERRERS_TRIES_MAX 8	/* tries to write one tag that fails */
#define REFERRERS_DEPTH_MAX 8	/* referrers of referrers */
#define REFERRERS_BYTES_MAX (32 * MIB)	/* descriptors of referrers that one
				 * job adds to tags, until they are settled */
#define REFERRERS_TAGS_MAX 10000 /* tags of referrers that one job writes */

/* A worker's requests and copies. */
#define JOB_ENV_MAX 256		/* variables that os.getenv may answer */
#define OPTION_TEXTS_MAX 4096	/* entries of a list among a function's
				 * options */
#define PARALLEL_MAX 64		/* calls of its function that a parallel() may
				 * run at once, and a script in all that it
				 * runs; but each always has one */
#define PARALLEL_DEPTH_MAX 8	/* parallel()s within each other */
#define PARALLEL_ERRORS_MAX 20	/* errors that a parallel() reports */
#define VERSION_TEXT_MAX 256	/* a version or a range of them, in bytes */
#define VERSION_BOUNDS_MAX 32	/* bounds in a range of versions */
#define CREATED_READS 8		/* requests at once for when tags were created */
#define NEWEST_DATES_MAX 10000	/* tags of which that is read in one call */
#define SCRIPT_WARNINGS_MAX 100	/* warnings about a script, in one run */
#define CLIENT_STREAMS_MAX 24	/* streams at once; two requests each, so
				 * that one channel always has room for both */
#define CLIENT_BODIES_MAX (64 * MIB)	/* answers under way, all together */
#define LOG_QUEUE_MAX (1 * MIB)	/* unsent log lines before a script waits */
#define COPY_MANIFESTS 4	/* manifests that one copy moves at once */
#define COPY_BLOBS 6		/* blobs that one copy moves at once */
#define COPY_ITEMS_MAX 65536	/* manifests and blobs of one copy */
#define KNOWN_MAX 20000		/* blobs whose place a job remembers; it
				 * forgets them all when there are more */
#define CATALOG_MAX 100000	/* listed repositories that a job remembers */
#define OVERLAY_BYTES_MAX (32 * MIB)	/* of manifests that one changed */
#define OVERLAY_MAX 100000	/* tags that one dry run pretends to have; any
				 * beyond it are not remembered */

#endif
