/* SPDX-License-Identifier: BSD-2-Clause */

/* Gathering requests, sending them, and telling whose answer a message is. */

#include "client/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uxfrm/api.h>

#define BATCH_REQUESTS 64 /* so that their acknowledgements fit into the channel */
#define BATCH_BYTES 32768 /* of a datagram, unless one request is larger */
#define TIMEOUT_MS 5000
#define FIRST_BUFFER UX_REQUEST_MAX

UXFRM_API void uxfrm_conn_params_init(struct uxfrm_conn_params *params)
{
	*params = (struct uxfrm_conn_params){.size = sizeof(*params), .timeout_ms = TIMEOUT_MS};
}

UXFRM_API int uxfrm_conn_open(const struct uxfrm_conn_params *params, struct uxfrm_conn **ret_conn)
{
	if (params->size != sizeof(*params))
		return -EINVAL;
	struct uxfrm_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->data = c->control = -1;
	c->batch = BATCH_REQUESTS;
	c->timeout_ms = params->timeout_ms;
	int err = ux_transport_open(c, params);

	if (err) {
		uxfrm_conn_close(c);
		return err;
	}
	*ret_conn = c;
	return 0;
}

UXFRM_API struct uxfrm_conn *uxfrm_conn_close(struct uxfrm_conn *conn)
{
	if (!conn)
		return NULL;
	if (conn->data >= 0)
		close(conn->data);
	if (conn->control >= 0)
		close(conn->control);
	if (conn->buf)
		explicit_bzero(conn->buf, conn->cap);
	free(conn->buf);
	free(conn->sent);
	explicit_bzero(conn, sizeof(*conn));
	free(conn);
	return NULL;
}

UXFRM_API int uxfrm_conn_fd(const struct uxfrm_conn *conn)
{
	return conn->data;
}

UXFRM_API void uxfrm_conn_batch(struct uxfrm_conn *conn, unsigned int requests)
{
	conn->batch = requests ? requests : 1;
}

UXFRM_API size_t uxfrm_conn_gathered(const struct uxfrm_conn *conn)
{
	return conn->ran ? 0 : conn->sent_count;
}

UXFRM_API void uxfrm_conn_forget(struct uxfrm_conn *conn)
{
	if (conn->len)
		explicit_bzero(conn->buf, conn->len);
	conn->len = conn->sent_count = 0;
	conn->ran = false;
}

UXFRM_API int uxfrm_conn_result(const struct uxfrm_conn *conn, uint32_t request,
				struct uxfrm_result *ret_result)
{
	if (!conn->ran || request >= conn->sent_count)
		return -ENOENT;
	*ret_result = conn->sent[request].result;
	return 0;
}

/* Room for @more bytes; what is moved is wiped where it was. */
static int make_room(struct uxfrm_conn *c, size_t more)
{
	size_t cap = c->cap ? c->cap : FIRST_BUFFER;

	if (c->cap - c->len >= more)
		return 0;
	while (cap - c->len < more)
		cap *= 2;
	uint8_t *buf = malloc(cap);

	if (!buf)
		return -ENOMEM;
	if (c->len)
		memcpy(buf, c->buf, c->len);
	if (c->buf) /* behind what counts there may be a request that did not fit */
		explicit_bzero(c->buf, c->cap);
	free(c->buf);
	c->buf = buf;
	c->cap = cap;
	return 0;
}

int ux_gather_begin(struct uxfrm_conn *c, const struct ux_head *head, struct ux_writer *ret_w)
{
	if (c->ran)
		uxfrm_conn_forget(c);
	if (c->sent_count == c->sent_cap) {
		size_t cap = c->sent_cap ? c->sent_cap * 2 : 8;
		struct ux_sent *more = realloc(c->sent, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		c->sent = more;
		c->sent_cap = cap;
	}
	int err = make_room(c, UX_REQUEST_MAX);

	if (err)
		return err;
	ux_writer_init(ret_w, c->buf + c->len, c->cap - c->len);
	ux_msg_begin(ret_w, head->type, (uint16_t)(NLM_F_REQUEST | head->flags), 0, 0, head->bytes,
		     head->len);
	return 0;
}

int ux_gather(struct uxfrm_conn *c, const struct ux_head *head,
	      const struct uxfrm_attributes *attrs)
{
	struct ux_writer w;
	int err = ux_gather_begin(c, head, &w);

	if (err)
		return err;
	if (attrs)
		ux_attributes_write(&w, attrs);
	return ux_gather_end(c, &w);
}

int ux_gather_end(struct uxfrm_conn *c, struct ux_writer *w)
{
	struct nlmsghdr h;

	if (!ux_msg_end(w))
		return -EMSGSIZE;
	memcpy(&h, c->buf + c->len, sizeof(h));
	h.nlmsg_seq = ++c->seq;
	memcpy(c->buf + c->len, &h, sizeof(h));
	c->sent[c->sent_count++] = (struct ux_sent){.offset = c->len,
						    .len = NLMSG_ALIGN(h.nlmsg_len),
						    .seq = h.nlmsg_seq,
						    .flags = h.nlmsg_flags};
	c->len += NLMSG_ALIGN(h.nlmsg_len);
	return 0;
}

/* One run: requests first to end are on their way. */
struct run {
	struct uxfrm_conn *c;
	size_t first, end, unanswered;
	uxfrm_message_fn fn;
	void *opaque;
	int32_t nsid;
	uint32_t refused;
	int result; /* the first that was not 0 */
};

static struct ux_sent *request_of(const struct run *r, uint32_t seq)
{
	size_t i = r->first + (uint32_t)(seq - r->c->sent[r->first].seq);

	return i < r->end ? &r->c->sent[i] : NULL;
}

static void answered(struct run *r, struct ux_sent *s)
{
	if (s->answered)
		return;
	s->answered = true;
	r->unanswered--;
}

static void fail(struct run *r, int result)
{
	if (!r->result)
		r->result = result;
}

static void tell(struct run *r, const struct nlmsghdr *msg, uint32_t request)
{
	struct uxfrm_message *m = &r->c->decoder.message;

	if (!r->fn)
		return;
	int result = ux_decode(&r->c->decoder, msg);

	m->request = request;
	m->nsid = r->nsid;
	fail(r, result ? result : r->fn(r->opaque, m));
}

/* A request with ACK has no other answer than that: what else has its number is an event. */
static bool wants_messages(const struct ux_sent *s)
{
	return (s->flags & NLM_F_DUMP) == NLM_F_DUMP || !(s->flags & NLM_F_ACK);
}

static void take_end(struct run *r, const struct nlmsghdr *msg, struct ux_sent *s)
{
	if (!s || s->answered)
		return; /* of a run that timed out */
	ux_read_error(msg, &s->result);
	r->refused += s->result.error != 0;
	answered(r, s);
}

static void take_message(struct run *r, const struct nlmsghdr *msg)
{
	struct ux_sent *s = request_of(r, msg->nlmsg_seq);

	if (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE) {
		take_end(r, msg, s);
		return;
	}
	if (msg->nlmsg_type < NLMSG_MIN_TYPE)
		return;
	if (s && (s->answered || !wants_messages(s)))
		s = NULL;
	if (s && (msg->nlmsg_flags & NLM_F_DUMP_INTR))
		s->result.incomplete = true;
	if (s && (s->flags & NLM_F_DUMP) != NLM_F_DUMP)
		answered(r, s);
	if (!r->result)
		tell(r, msg, s ? (uint32_t)(s - r->c->sent) : UXFRM_NO_REQUEST);
}

static void take_event(struct run *r, const struct nlmsghdr *msg)
{
	if (msg->nlmsg_type == UX_NLMSG_OVERRUN)
		fail(r, -ENOBUFS);
	else if (msg->nlmsg_type >= NLMSG_MIN_TYPE)
		tell(r, msg, UXFRM_NO_REQUEST);
}

static int each_message(struct run *r, size_t len,
			void (*take)(struct run *r, const struct nlmsghdr *msg))
{
	for (size_t at = 0; len - at >= NLMSG_HDRLEN;) {
		const struct nlmsghdr *msg = (const void *)(r->c->in + at);

		if (msg->nlmsg_len < NLMSG_HDRLEN || msg->nlmsg_len > len - at)
			return -EPROTO;
		take(r, msg);
		size_t step = NLMSG_ALIGN((size_t)msg->nlmsg_len);

		if (step >= len - at)
			break;
		at += step;
	}
	return 0;
}

/* As many requests as one datagram takes; a dump goes alone. */
static size_t end_of_datagram(const struct uxfrm_conn *c, size_t first)
{
	size_t bytes = 0, i = first;

	for (; i < c->sent_count && i - first < c->batch; i++) {
		const struct ux_sent *s = &c->sent[i];
		bool dump = (s->flags & NLM_F_DUMP) == NLM_F_DUMP;

		if (i > first && (dump || bytes + s->len > BATCH_BYTES))
			break;
		bytes += s->len;
		if (dump)
			return i + 1;
	}
	return i;
}

/* What was received is nobody's any more. */
static void wipe_received(struct uxfrm_conn *c)
{
	explicit_bzero(c->in, c->in_used);
	c->in_used = 0;
	explicit_bzero(&c->decoder, sizeof(c->decoder));
}

static ssize_t receive(struct uxfrm_conn *c, int timeout_ms, int32_t *ret_nsid)
{
	ssize_t n = ux_transport_receive(c, timeout_ms, ret_nsid);

	if (n > 0 && (size_t)n > c->in_used)
		c->in_used = (size_t)n;
	return n;
}

static int run_datagram(struct run *r)
{
	struct uxfrm_conn *c = r->c;
	const struct ux_sent *first = &c->sent[r->first], *last = &c->sent[r->end - 1];
	int err =
	    ux_transport_send(c, c->buf + first->offset, last->offset + last->len - first->offset);

	r->unanswered = r->end - r->first;
	while (!err && r->unanswered) {
		ssize_t n = receive(c, c->timeout_ms, &r->nsid);

		if (n == -ENOBUFS)
			continue; /* only events get lost */
		err = n < 0 ? (int)n : each_message(r, (size_t)n, take_message);
	}
	return err;
}

UXFRM_API int uxfrm_conn_run(struct uxfrm_conn *conn, uxfrm_message_fn fn, void *opaque)
{
	struct run r = {.c = conn, .fn = fn, .opaque = opaque};
	int err = 0;

	if (conn->ran)
		uxfrm_conn_forget(conn);
	conn->ran = true;
	while (!err && r.first < conn->sent_count) {
		r.end = end_of_datagram(conn, r.first);
		err = run_datagram(&r);
		r.first = r.end;
	}
	if (conn->len)
		explicit_bzero(conn->buf, conn->len);
	wipe_received(conn);
	if (err || r.result)
		return err ? err : r.result;
	return (int)r.refused;
}

UXFRM_API int uxfrm_conn_receive(struct uxfrm_conn *conn, int timeout_ms, uxfrm_message_fn fn,
				 void *opaque)
{
	struct run r = {.c = conn, .fn = fn, .opaque = opaque};
	ssize_t n = receive(conn, timeout_ms, &r.nsid);

	if (n < 0)
		return (int)n;
	int err = each_message(&r, (size_t)n, take_event);

	wipe_received(conn);
	return err ? err : r.result;
}
