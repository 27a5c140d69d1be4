/* SPDX-License-Identifier: BSD-2-Clause */

/* The listener and the control channels. What arrives here is from any local user: nothing is
 * trusted but SO_PEERCRED. */

#include "daemon/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <uxfrm/control.h>

#include "daemon/data_channel.h"
#include "daemon/link_requests.h"
#include "daemon/log.h"
#include "daemon/selinux.h"
#include "daemon/socket_policies.h"
#include "daemon/workers_request.h"

#define LISTEN_BACKLOG 128
#define FDS_PER_MESSAGE_MAX 4 /* more than one is refused, but must be closed */
/* What one client, or all who knock, may have done before the others have their turn. */
#define MESSAGES_PER_TURN 16
#define ACCEPTS_PER_TURN 32

/* What a client may send: some messages have more behind them. */
struct request {
	struct uxfrm_control_msg msg;
	union {
		struct uxfrm_control_link link;
		struct uxfrm_control_workers workers;
		struct uxfrm_control_socket_policy socket_policy;
	};
};

/* false: the client does not read its answers. */
static bool send_control(struct ux_connection *c, const void *bytes, size_t len)
{
	return send(c->control_event.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

void ux_connection_answer(struct ux_connection *c, const struct uxfrm_control_msg *msg,
			  const void *more, size_t len)
{
	const struct iovec iov[] = {{(void *)(uintptr_t)msg, sizeof(*msg)},
				    {(void *)(uintptr_t)more, len}};
	const struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = 2};

	if (sendmsg(c->control_event.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		ux_connection_close(c);
}

static void answer(struct ux_connection *c, uint16_t op, int result, uint32_t value)
{
	const struct uxfrm_control_msg msg = {
	    .magic = UXFRM_CONTROL_MAGIC,
	    .version = UXFRM_CONTROL_VERSION,
	    .op = op,
	    .value = {value, 0},
	    .result = result,
	};

	if (!send_control(c, &msg, sizeof(msg)))
		ux_connection_close(c);
}

static void close_control(struct ux_connection *c)
{
	if (c->control_event.fd < 0)
		return;
	ux_loop_remove(c->control->loop, &c->control_event);
	close(c->control_event.fd);
	c->control_event.fd = -1;
}

/* A PF_KEY socket lives on: the program that made it has passed it to another one. */
static void control_ended(struct ux_connection *c)
{
	if (c->pfkey) {
		close_control(c);
	} else {
		ux_connection_drain(c);
		ux_connection_close(c);
	}
}

void ux_connection_tell_processed(struct ux_connection *c)
{
	const struct uxfrm_control_msg msg = {
	    .magic = UXFRM_CONTROL_MAGIC,
	    .version = UXFRM_CONTROL_VERSION,
	    .op = UXFRM_CONTROL_PROCESSED,
	    .value = {c->processed, c->bundles},
	    .result = c->result,
	};

	if (c->control_event.fd < 0) /* nobody waits for it */
		c->processed = c->bundles = 0;
	if (c->closed || !c->processed)
		return;
	if (send_control(c, &msg, sizeof(msg))) {
		c->processed = c->bundles = 0;
		c->result = 0;
		ux_loop_modify(c->control->loop, &c->control_event, EPOLLIN | EPOLLRDHUP);
	} else if (errno == EAGAIN || errno == EINTR) {
		ux_loop_modify(c->control->loop, &c->control_event,
			       EPOLLIN | EPOLLRDHUP | EPOLLOUT);
	} else if (c->pfkey) { /* made by one process, used by another */
		close_control(c);
	} else {
		ux_connection_close(c);
	}
}

static void handle_open(struct ux_connection *c, const struct uxfrm_control_msg *msg, int fd)
{
	bool pfkey = msg->value[1] & UXFRM_CONTROL_PFKEY;
	uint32_t port_id = 0;
	int err = 0;

	if (fd < 0)
		err = -EBADF;
	else if (c->client || c->pfkey)
		err = -EBUSY;
	else if (!pfkey)
		err = ux_control_pick_port_id(c->control, c, msg->value[0], &port_id);
	if (err)
		ux_close_foreign(fd);
	else
		err = pfkey ? ux_connection_open_pfkey(c, fd)
			    : ux_connection_open_data(c, fd, port_id);
	c->wants_bundles = !err && msg->value[1] & UXFRM_CONTROL_BUNDLES;
	answer(c, UXFRM_CONTROL_OPEN, err, err ? 0 : port_id);
}

static void handle_bind(struct ux_connection *c, const struct uxfrm_control_msg *msg)
{
	uint32_t port_id = c->port_id;
	int err = 0;

	if (c->pfkey) {
		uxfrm_pfkey_set_listening(c->pfkey, msg->value[1]);
		answer(c, UXFRM_CONTROL_BIND, 0, 0);
		return;
	}
	if (!c->client)
		err = -ENOTCONN;
	else if (msg->value[1] && !c->peer.privileged)
		err = -EPERM; /* as netlink_bind() for groups of NETLINK_XFRM */
	else if (msg->value[0])
		err = ux_control_pick_port_id(c->control, c, msg->value[0], &port_id);
	if (!err) {
		c->port_id = port_id;
		uxfrm_client_set_port_id(c->client, port_id);
		uxfrm_client_set_groups(c->client, msg->value[1]);
	}
	answer(c, UXFRM_CONTROL_BIND, err, c->port_id);
}

static int set_option(struct ux_connection *c, uint32_t option, uint32_t value)
{
	if (!c->client)
		return -ENOTCONN;
	switch (option) {
	case NETLINK_NO_ENOBUFS:
		c->no_enobufs = value != 0;
		return 0;
	case UXFRM_OPTION_BUNDLES:
		c->wants_bundles = value != 0;
		return 0;
	case NETLINK_PKTINFO:
	case NETLINK_BROADCAST_ERROR:
		/* These change what the client's side shows of a message, not what is sent. */
		return 0;
	default:
		return uxfrm_client_set_option(c->client, (int)option, (int)value);
	}
}

static void send_status(struct ux_connection *c)
{
	struct uxfrm_control_msg msg = {
	    .magic = UXFRM_CONTROL_MAGIC,
	    .version = UXFRM_CONTROL_VERSION,
	    .op = UXFRM_CONTROL_STATUS,
	};
	char *json = c->control->status(c->control->status_opaque);
	size_t len = json ? strlen(json) : 0;

	if (!json || len > UXFRM_CONTROL_STATUS_MAX)
		answer(c, UXFRM_CONTROL_STATUS, json ? -EMSGSIZE : -ENOMEM, 0);
	else
		ux_connection_answer(c, &msg, json, len);
	free(json);
}

/* Takes @fd (-1 = none came). */
static void handle_message(struct ux_connection *c, const struct request *request, int fd)
{
	const struct uxfrm_control_msg *msg = &request->msg;

	if (msg->op != UXFRM_CONTROL_OPEN)
		ux_close_foreign(fd);
	switch (msg->op) {
	case UXFRM_CONTROL_OPEN:
		handle_open(c, msg, fd);
		break;
	case UXFRM_CONTROL_BIND:
		handle_bind(c, msg);
		break;
	case UXFRM_CONTROL_OPTION:
		answer(c, msg->op, set_option(c, msg->value[0], msg->value[1]), 0);
		break;
	case UXFRM_CONTROL_STATUS:
		send_status(c);
		break;
	case UXFRM_CONTROL_LINK_ADD:
	case UXFRM_CONTROL_LINK_DELETE:
	case UXFRM_CONTROL_LINK_LIST:
		ux_link_request(c, msg->op, &request->link);
		break;
	case UXFRM_CONTROL_WORKERS:
		ux_workers_request(c, &request->workers);
		break;
	case UXFRM_CONTROL_SOCKET_POLICY:
		ux_socket_policy_request(c, &request->socket_policy);
		break;
	case UXFRM_CONTROL_FWMARK:
		answer(c, msg->op, 0, c->control->config->ports ? c->control->config->fwmark : 0);
		break;
	default:
		answer(c, msg->op, -EOPNOTSUPP, 0);
		break;
	}
}

void ux_close_foreign(int fd)
{
	const struct linger off = {0};

	if (fd < 0)
		return;
	/* The last close of a TCP socket waits for its data, if the client wanted that. */
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
	close(fd);
}

/* Keep the only descriptor of a message; of several keep none. */
static int take_fd(struct msghdr *m)
{
	int fd = -1, count = 0;

	for (struct cmsghdr *cm = CMSG_FIRSTHDR(m); cm; cm = CMSG_NXTHDR(m, cm)) {
		size_t n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int next;

			memcpy(&next, CMSG_DATA(cm) + i * sizeof(int), sizeof(int));
			if (count++ == 0)
				fd = next;
			else
				ux_close_foreign(next);
		}
	}
	if (count > 1) {
		ux_close_foreign(fd);
		return -1;
	}
	return fd;
}

static size_t length_of(const struct uxfrm_control_msg *msg)
{
	switch (msg->op) {
	case UXFRM_CONTROL_LINK_ADD:
	case UXFRM_CONTROL_LINK_DELETE:
		return sizeof(*msg) + sizeof(struct uxfrm_control_link);
	case UXFRM_CONTROL_WORKERS:
		return sizeof(*msg) + sizeof(struct uxfrm_control_workers);
	case UXFRM_CONTROL_SOCKET_POLICY:
		return sizeof(*msg) + sizeof(struct uxfrm_control_socket_policy);
	default:
		return sizeof(*msg);
	}
}

/* 1: a message was read; 0: none there; -1: the channel has ended or speaks something else. */
static int read_message(struct ux_connection *c)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_PER_MESSAGE_MAX * sizeof(int))];
	struct request request;
	const struct uxfrm_control_msg *msg = &request.msg;
	struct iovec iov = {&request, sizeof(request)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(c->control_event.fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fd;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	fd = take_fd(&m);
	if (n < (ssize_t)sizeof(*msg) || m.msg_flags & MSG_TRUNC ||
	    msg->magic != UXFRM_CONTROL_MAGIC || msg->version != UXFRM_CONTROL_VERSION ||
	    (size_t)n != length_of(msg)) {
		ux_close_foreign(fd);
		if (n > 0)
			answer(c, 0, -EPROTO, 0);
		return -1;
	}
	handle_message(c, &request, fd);
	return 1;
}

static void control_ready(struct ux_event *event, uint32_t events)
{
	struct ux_connection *c = ux_container_of(event, struct ux_connection, control_event);
	int more = 1;

	if (c->closed || event->fd < 0)
		return;
	if (events & EPOLLOUT)
		ux_connection_tell_processed(c);
	for (int i = 0; i < MESSAGES_PER_TURN && more > 0 && !c->closed; i++)
		more = read_message(c);
	if (more < 0 && !c->closed)
		control_ended(c);
}

void ux_connection_close(struct ux_connection *c)
{
	if (c->closed)
		return;
	c->closed = true;
	ux_socket_policy_end(c);
	c->client = uxfrm_client_close(c->client);
	c->pfkey = uxfrm_pfkey_close(c->pfkey);
	if (c->data_event.fd >= 0) {
		ux_loop_remove(c->control->loop, &c->data_event);
		close(c->data_event.fd);
		c->data_event.fd = -1;
	}
	close_control(c);
	ux_tx_queue_fini(&c->queue);
	ux_list_remove(&c->link);
	ux_list_push_back(&c->control->dead, &c->link);
	c->control->count--;
}

/* A quarter of the connections is root's, so that other users cannot lock it out. */
static bool may_connect(const struct ux_control *control, const struct ux_peer *peer)
{
	uint32_t max = control->config->max_clients, same = 0;
	struct ux_list *pos;

	if (control->count >= max)
		return false;
	if (peer->uid == 0 || peer->uid == geteuid())
		return true;
	ux_list_for_each (pos, &control->connections) {
		const struct ux_connection *c = ux_container_of(pos, struct ux_connection, link);

		same += c->peer.uid == peer->uid;
	}
	return same < control->config->max_clients_per_user && control->count < max - max / 4;
}

static void connection_free(struct ux_connection *c)
{
	ux_selinux_free(c->context);
	free(c);
}

/* Takes @fd. */
static void add_connection(struct ux_control *control, int fd)
{
	struct ux_connection *c;
	struct ux_peer peer;

	if (ux_peer_of(fd, &peer) < 0 || !may_connect(control, &peer))
		goto refuse;
	c = calloc(1, sizeof(*c));
	if (!c)
		goto refuse;
	c->control = control;
	c->peer = peer;
	if (control->asks_selinux)
		c->context = ux_selinux_peer(fd);
	c->control_event = (struct ux_event){.fd = fd, .ready = control_ready};
	c->data_event.fd = -1;
	ux_tx_queue_init(&c->queue);
	if (ux_loop_add(control->loop, &c->control_event, EPOLLIN | EPOLLRDHUP) < 0) {
		connection_free(c);
		goto refuse;
	}
	ux_list_push_back(&control->connections, &c->link);
	control->count++;
	return;
refuse:
	close(fd);
}

/* Without descriptors the next in line cannot be taken, and would keep the listener ready for ever:
 * the spare one takes them and hangs up. */
static bool turn_away(struct ux_control *control)
{
	int fd;

	if (control->spare_fd >= 0)
		close(control->spare_fd);
	fd = accept4(control->listener.fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	control->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd >= 0;
}

static void listener_ready(struct ux_event *event, uint32_t events)
{
	struct ux_control *control = ux_container_of(event, struct ux_control, listener);

	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(event->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			add_connection(control, fd);
		else if (errno != EMFILE && errno != ENFILE)
			return;
		else if (!turn_away(control))
			return;
	}
}

int ux_control_bind(struct ux_control *control)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	size_t len = strlen(UXFRM_CONTROL_NAME);
	int fd;

	ux_list_init(&control->connections);
	ux_list_init(&control->dead);
	control->listener.fd = -1;
	control->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	control->buffer = malloc(UX_DATAGRAM_MAX);
	if (!control->buffer || ux_bundle_init(&control->bundle) < 0)
		return -ENOMEM;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	memcpy(name.sun_path + 1, UXFRM_CONTROL_NAME, len);
	if (bind(fd, (const struct sockaddr *)&name,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	control->listener = (struct ux_event){.fd = fd, .ready = listener_ready};
	return 0;
}

int ux_control_listen(struct ux_control *control)
{
	int err;

	if (listen(control->listener.fd, LISTEN_BACKLOG) < 0)
		return -errno;
	err = ux_loop_add(control->loop, &control->listener, EPOLLIN);
	control->listening = !err;
	return err;
}

void ux_control_reap(struct ux_control *control)
{
	struct ux_list *pos, *next;

	ux_list_for_each_safe (pos, next, &control->dead) {
		ux_list_remove(pos);
		connection_free(ux_container_of(pos, struct ux_connection, link));
	}
}

void ux_control_fini(struct ux_control *control)
{
	struct ux_list *pos, *next;

	if (!control->connections.next)
		return;
	ux_list_for_each_safe (pos, next, &control->connections)
		ux_connection_close(ux_container_of(pos, struct ux_connection, link));
	ux_control_reap(control);
	if (control->listener.fd >= 0)
		close(control->listener.fd);
	control->listener.fd = -1;
	if (control->spare_fd >= 0)
		close(control->spare_fd);
	control->spare_fd = -1;
	free(control->buffer);
	control->buffer = NULL;
	ux_bundle_fini(&control->bundle);
}
