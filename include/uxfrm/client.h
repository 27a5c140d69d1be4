/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UXFRM_CLIENT_H
#define UXFRM_CLIENT_H

/*
 * The client library, libuxfrm-client: manage the SAs and policies of uxfrmd or of a Linux kernel,
 * and hear of their events, without a byte of netlink. Its use is shown by examples/move.c.
 *
 * A connection gathers requests; uxfrm_conn_run sends them, as many as fit in one datagram, and
 * waits for their answers. One thread at a time per connection; connections are independent.
 *
 * Functions that gather return 0, -ENOMEM, -EINVAL (unknown size of a struct, impossible value) or
 * -EMSGSIZE (a request above 8 KiB); what they are given is copied. Requests, which carry keys, are
 * wiped after they were sent.
 */

#include <uxfrm/message.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uxfrm_conn;

enum uxfrm_target {
	UXFRM_TARGET_UXFRMD, /* of the calling thread's network namespace */
	UXFRM_TARGET_KERNEL,
};

/* multicast groups; a mask has bit group - 1 */
enum uxfrm_group {
	UXFRM_GROUP_ACQUIRE = 1,
	UXFRM_GROUP_EXPIRE,
	UXFRM_GROUP_SA,
	UXFRM_GROUP_POLICY,
	UXFRM_GROUP_AEVENT,
	UXFRM_GROUP_REPORT,
	UXFRM_GROUP_MIGRATE,
	UXFRM_GROUP_MAPPING,
};
#define UXFRM_GROUP_BIT(group) (1u << ((group)-1))
#define UXFRM_GROUPS_ALL 0xffu

struct uxfrm_conn_params {
	size_t size; /* sizeof(struct uxfrm_conn_params) */
	enum uxfrm_target target;
	uint32_t groups;	 /* mask of the events wanted; 0 = none */
	const char *daemon;	 /* what to start where no uxfrmd runs; NULL = nothing */
	int timeout_ms;		 /* longest wait for a piece of an answer; -1 = for ever */
	uint32_t receive_buffer; /* bytes for events not yet read; 0 = 1 MiB (kernel only) */
	bool all_nsid; /* kernel: events of other network namespaces that have a number here */
};
/* uxfrm_conn_params_init - uxfrmd, no groups, nothing started, 5000 ms. */
void uxfrm_conn_params_init(struct uxfrm_conn_params *params);

/*
 * uxfrm_conn_open - 0 or -errno: -ECONNREFUSED where no uxfrmd runs and none was started;
 * -EPROTONOSUPPORT when neither root nor the own user runs what is there (it was sent nothing);
 * -EPERM, -EINVAL. Returns owned.
 */
int uxfrm_conn_open(const struct uxfrm_conn_params *params, struct uxfrm_conn **ret_conn);
/* uxfrm_conn_close - accepts NULL; returns NULL. Requests not yet sent are forgotten. */
struct uxfrm_conn *uxfrm_conn_close(struct uxfrm_conn *conn);
/* uxfrm_conn_fd - to poll for events; never read from it. */
int uxfrm_conn_fd(const struct uxfrm_conn *conn);

/* uxfrm_message_fn - given each message. Non-zero says that no more are wanted. */
typedef int (*uxfrm_message_fn)(void *opaque, const struct uxfrm_message *message);

/*
 * uxfrm_conn_run - send what was gathered and wait for all answers. @fn (may be NULL) is given each
 * answer, and events that come in between.
 * 0: all was carried out. n > 0: n requests were refused; uxfrm_conn_result says which. Negative,
 * an errno of the connection: -EPIPE the daemon went away, -ETIMEDOUT, -EPROTO; nobody knows then
 * which requests were carried out: close the connection. Or what @fn returned: then @fn is called
 * no more, but everything was sent and answered; it should return UXFRM_STOP or a negative number.
 */
int uxfrm_conn_run(struct uxfrm_conn *conn, uxfrm_message_fn fn, void *opaque);
#define UXFRM_STOP (-4096)
/* uxfrm_conn_gathered - how many requests uxfrm_conn_run would send. uxfrm_conn_forget - none. */
size_t uxfrm_conn_gathered(const struct uxfrm_conn *conn);
void uxfrm_conn_forget(struct uxfrm_conn *conn);
/* uxfrm_conn_batch - at most @requests in one datagram; 64 unless set. 1 = each for itself. */
void uxfrm_conn_batch(struct uxfrm_conn *conn, unsigned int requests);

struct uxfrm_result {
	int error;	 /* 0 or a positive errno */
	uint32_t offset; /* bytes into the request of the attribute at fault; 0 = not said */
	bool begun;	 /* of a dump: it failed later, not at its beginning */
	bool incomplete; /* of a dump: the databases changed meanwhile */
	char text[160];	 /* the server's reason, or its warning where error is 0; "" = none */
};
/* uxfrm_conn_result - of request @request (0 = the first) of the last run. 0 or -ENOENT. */
int uxfrm_conn_result(const struct uxfrm_conn *conn, uint32_t request,
		      struct uxfrm_result *ret_result);

/*
 * uxfrm_conn_receive - wait at most @timeout_ms (-1 = for ever) for one datagram of events and give
 * @fn each. 0; -ETIMEDOUT; -ENOBUFS: events were lost, go on; -EPIPE: the daemon ended; -EPROTO:
 * not understood, go on; or the first non-zero value of @fn, which is given all of the datagram.
 */
int uxfrm_conn_receive(struct uxfrm_conn *conn, int timeout_ms, uxfrm_message_fn fn, void *opaque);

/* uxfrm_sa_init, uxfrm_policy_init, ... - zeros, no limits, size set. */
void uxfrm_sa_init(struct uxfrm_sa *sa);
void uxfrm_policy_init(struct uxfrm_policy *policy);
void uxfrm_sa_move_init(struct uxfrm_sa_move *move);
void uxfrm_policy_move_init(struct uxfrm_policy_move *move);

/*
 * SAs. Answers: none, where not said otherwise.
 * get and delete: @attrs may be NULL; of it mark and src count.
 */
int uxfrm_sa_add(struct uxfrm_conn *conn, const struct uxfrm_sa *sa);
int uxfrm_sa_update(struct uxfrm_conn *conn, const struct uxfrm_sa *sa);
/* uxfrm_sa_get - answer: UXFRM_MSG_SA, with the keys. */
int uxfrm_sa_get(struct uxfrm_conn *conn, const struct uxfrm_sa_id *id,
		 const struct uxfrm_attributes *attrs);
int uxfrm_sa_delete(struct uxfrm_conn *conn, const struct uxfrm_sa_id *id,
		    const struct uxfrm_attributes *attrs);
/* uxfrm_sa_flush - delete all; @proto 255 or 0 = of any protocol. */
int uxfrm_sa_flush(struct uxfrm_conn *conn, uint8_t proto);
/* uxfrm_sa_count - answer: UXFRM_MSG_SAD_INFO. */
int uxfrm_sa_count(struct uxfrm_conn *conn);

/* What a dump of SAs is about; zero = everything. */
struct uxfrm_sa_filter {
	size_t size;	 /* sizeof(struct uxfrm_sa_filter) */
	uint8_t proto;	 /* 0 = any; 255 = ESP, AH, IPComp */
	uint16_t family; /* of the prefixes */
	union uxfrm_ip src, dst;
	uint8_t src_bits, dst_bits;
};
/* uxfrm_sa_dump - answer: UXFRM_MSG_SA for each. @filter may be NULL. */
int uxfrm_sa_dump(struct uxfrm_conn *conn, const struct uxfrm_sa_filter *filter);
/* uxfrm_spi_alloc - reserve an SPI between @min and @max for @sa (id without spi, mode, reqid, seq;
 * mark). Answer: UXFRM_MSG_SA, the larval SA. */
int uxfrm_spi_alloc(struct uxfrm_conn *conn, const struct uxfrm_sa *sa, uint32_t min, uint32_t max);
/* uxfrm_sa_migrate - move an SA: MIGRATE_STATE. -EINVAL "" (no text) from a kernel that lacks it.
 */
int uxfrm_sa_migrate(struct uxfrm_conn *conn, const struct uxfrm_sa_move *move);
/* uxfrm_sa_expire - pretend that a limit was reached; a hard one deletes the SA. */
int uxfrm_sa_expire(struct uxfrm_conn *conn, const struct uxfrm_sa *sa, bool hard);
/* uxfrm_aevent_get - answer: UXFRM_MSG_AEVENT with what @flags (UXFRM_AE_...) asks for. */
int uxfrm_aevent_get(struct uxfrm_conn *conn, const struct uxfrm_sa_id *id, uint32_t flags,
		     const struct uxfrm_attributes *attrs);
/* uxfrm_aevent_set - sequence numbers, usage, thresholds of @event's attrs. */
int uxfrm_aevent_set(struct uxfrm_conn *conn, const struct uxfrm_aevent *event);

/* Policies. get and delete: @attrs may be NULL; of it ptype, mark, if_id, security count. */
int uxfrm_policy_add(struct uxfrm_conn *conn, const struct uxfrm_policy *policy);
int uxfrm_policy_update(struct uxfrm_conn *conn, const struct uxfrm_policy *policy);
/* uxfrm_policy_get - answer: UXFRM_MSG_POLICY. */
int uxfrm_policy_get(struct uxfrm_conn *conn, const struct uxfrm_policy_id *id,
		     const struct uxfrm_attributes *attrs);
int uxfrm_policy_delete(struct uxfrm_conn *conn, const struct uxfrm_policy_id *id,
			const struct uxfrm_attributes *attrs);
/* uxfrm_policy_flush - those of a type (enum uxfrm_policy_type), -1: main. */
int uxfrm_policy_flush(struct uxfrm_conn *conn, int ptype);
/* uxfrm_policy_dump - answer: UXFRM_MSG_POLICY for each. */
int uxfrm_policy_dump(struct uxfrm_conn *conn);
/* uxfrm_policy_count - answer: UXFRM_MSG_SPD_INFO. */
int uxfrm_policy_count(struct uxfrm_conn *conn);
/* uxfrm_policy_expire - pretend that a limit was reached; a hard one deletes the policy. */
int uxfrm_policy_expire(struct uxfrm_conn *conn, const struct uxfrm_policy *policy, bool hard);
/* uxfrm_policy_migrate - move a policy's templates and their SAs: MIGRATE. */
int uxfrm_policy_migrate(struct uxfrm_conn *conn, const struct uxfrm_policy_move *move);
/* uxfrm_thresholds_set - @v4, @v6: NULL = as it is. */
int uxfrm_thresholds_set(struct uxfrm_conn *conn, const struct uxfrm_threshold *v4,
			 const struct uxfrm_threshold *v6);
int uxfrm_defaults_set(struct uxfrm_conn *conn, const struct uxfrm_defaults *defaults);
/* uxfrm_defaults_get - answer: UXFRM_MSG_DEFAULTS. */
int uxfrm_defaults_get(struct uxfrm_conn *conn);

/*
 * Links: TUN devices of uxfrmd that stand for an if_id, as a kernel's xfrm interfaces do. What the
 * host sends to one meets the policies of its if_id and never leaves in clear; what comes by SAs of
 * its if_id comes out there. They are asked for at once, not gathered. 0; 1: refused, and
 * *ret_result says why; negative, an errno of the connection, -EOPNOTSUPP for one to a kernel.
 */
struct uxfrm_link {
	size_t size; /* sizeof(struct uxfrm_link) */
	char name[16];
	char underlay[16]; /* the device that its SAs' packets leave by; "" = any */
	uint32_t if_id;	   /* not 0 */
};
void uxfrm_link_init(struct uxfrm_link *link);
int uxfrm_link_add(struct uxfrm_conn *conn, const struct uxfrm_link *link,
		   struct uxfrm_result *ret_result);
/* uxfrm_link_delete - by its name. */
int uxfrm_link_delete(struct uxfrm_conn *conn, const struct uxfrm_link *link,
		      struct uxfrm_result *ret_result);
/* uxfrm_link_list - give @fn each. Or the first non-zero value of @fn, which should be UXFRM_STOP. */
typedef int (*uxfrm_link_fn)(void *opaque, const struct uxfrm_link *link);
int uxfrm_link_list(struct uxfrm_conn *conn, uxfrm_link_fn fn, void *opaque,
		    struct uxfrm_result *ret_result);

/*
 * uxfrm_workers_get, uxfrm_workers_set - how many threads of uxfrmd carry packets; another number while it runs. Returns
 * as those of links do.
 */
int uxfrm_workers_get(struct uxfrm_conn *conn, uint32_t *ret_count, struct uxfrm_result *ret_result);
int uxfrm_workers_set(struct uxfrm_conn *conn, uint32_t count, struct uxfrm_result *ret_result);

/* uxfrm_ip_parse - @text of @family (AF_UNSPEC: either). The family, or -EINVAL. */
int uxfrm_ip_parse(int family, const char *text, union uxfrm_ip *ret_ip);
/* uxfrm_ip_text - into @buf of at least 46 bytes, returned. */
const char *uxfrm_ip_text(int family, const union uxfrm_ip *ip, char *buf);

/*
 * uxfrm_status - the daemon's status as JSON text into @text of @size bytes, zero-terminated. 0 or
 * -errno as uxfrm_conn_open; -EMSGSIZE. Never starts a daemon.
 */
int uxfrm_status(char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
