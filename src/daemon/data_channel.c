/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The data channel of a connection: datagrams of netlink or PF_KEY in and out. A client that does
 * not read is never waited for: its datagrams queue up to a limit, then events are lost (which
 * netlink marks by NLMSG_OVERRUN), and a dump rests until there is room.
 */

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uxfrm/control.h>

#include "daemon/control_socket.h"
#include "daemon/data_channel.h"
#include "daemon/selinux.h"

/* Replies may go beyond the limit for events by so much: who floods a client with events does not
 * take away the answers to its requests. */
#define REPLY_RESERVE 262144
/* The socket's own buffer: as large as clients usually make their netlink receive buffer. */
#define SOCKET_BUFFER (1 << 20)

static void update_interest(struct ux_connection *c)
{
	uint32_t events = EPOLLIN | EPOLLRDHUP;

	if (!ux_tx_queue_empty(&c->queue) || c->dumping)
		events |= EPOLLOUT;
	ux_loop_modify(c->control->loop, &c->data_event, events);
}

/* The marker goes behind what waits: there, events are missing. One at a time is enough. */
static void queue_overrun(struct ux_connection *c)
{
	const struct nlmsghdr marker = {.nlmsg_len = sizeof(marker), .nlmsg_type = NLMSG_OVERRUN};

	if (c->overrun || c->no_enobufs || c->closed)
		return;
	if (ux_tx_send(&c->queue, c->data_event.fd, &marker, sizeof(marker), SIZE_MAX) == -ENOBUFS)
		return;
	c->overrun = !ux_tx_queue_empty(&c->queue);
	update_interest(c);
}

/* Bounded: only an empty queue lets a bundle begin. Without memory it is lost, and that is told. */
void ux_connection_send_gathered(struct ux_connection *c, const void *datagram, size_t len)
{
	if (ux_tx_send(&c->queue, c->data_event.fd, datagram, len, SIZE_MAX) == -ENOBUFS)
		queue_overrun(c);
	else if (!ux_tx_queue_empty(&c->queue))
		update_interest(c);
}

static int deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct ux_connection *c = opaque;
	size_t limit = c->control->config->queue_bytes;
	bool was_empty = ux_tx_queue_empty(&c->queue);
	int err;

	if (c->closed)
		return 0;
	/* As netlink, which after a loss drops events until its queue is empty: an event behind the
	 * marker could be followed by one more loss that no marker tells of. */
	if (group && c->overrun)
		return -ENOBUFS;
	if (ux_bundle_add(&c->control->bundle, c, datagram, len))
		return 0;
	ux_control_settle(c->control);
	if (!group)
		limit = c->resuming ? 0 : limit + REPLY_RESERVE;
	err = ux_tx_send(&c->queue, c->data_event.fd, datagram, len, limit);
	if (err == -ENOBUFS) {
		c->refused |= !group;
		return err;
	}
	/* A broken channel is noticed by the loop; its datagrams are nobody's. */
	if (was_empty && !ux_tx_queue_empty(&c->queue))
		update_interest(c);
	return 0;
}

static void overrun(void *opaque)
{
	queue_overrun(opaque);
}

/* Without SELinux there is nobody to forbid it. */
static int may_label(void *opaque, const char *label)
{
	struct ux_connection *c = opaque;

	return c->control->asks_selinux ? ux_selinux_may_set(c->context, label) : 0;
}

static const struct uxfrm_client_ops client_ops = {
    .deliver = deliver, .overrun = overrun, .label = may_label};
static const struct uxfrm_client_ops pfkey_ops = {.deliver = deliver, .label = may_label};

/* What a dump goes on with fills the socket only: it can wait where it is, and queueing costs. */
static void resume_dump(struct ux_connection *c)
{
	c->refused = false;
	c->resuming = true;
	c->dumping = c->pfkey ? uxfrm_pfkey_resume(c->pfkey) : uxfrm_client_resume(c->client);
	c->resuming = false;
}

/* A datagram of no bytes and the end of the channel look alike to recv(). */
static bool hung_up(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static void netlink_request(struct ux_connection *c, const uint8_t *datagram, size_t len)
{
	ux_bundle_begin(&c->control->bundle, c);
	uxfrm_client_request(c->client, datagram, len);
	ux_bundle_end(&c->control->bundle);
}

/* Returns the bytes of the datagram processed, at least 1; 0: none there; -1: the channel has
 * ended. */
static int process_one(struct ux_connection *c)
{
	uint8_t *buffer = c->control->buffer;
	/* a PF_KEY request stays in the socket until it is processed: who has no control channel
	 * can see by that when it is (SIOCOUTQ) */
	int peek = c->pfkey ? MSG_PEEK : 0;
	ssize_t n = recv(c->data_event.fd, buffer, UX_DATAGRAM_MAX, MSG_DONTWAIT | peek);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0) {
		if (hung_up(c->data_event.fd))
			return -1;
	} else {
		if (c->pfkey)
			c->result = uxfrm_pfkey_request(c->pfkey, buffer, (size_t)n);
		else
			netlink_request(c, buffer, (size_t)n);
		ux_control_settle(c->control); /* also when nothing was answered */
		explicit_bzero(buffer, (size_t)n);
	}
	if (peek)
		(void)recv(c->data_event.fd, NULL, 0, MSG_DONTWAIT);
	c->processed++;
	if (c->refused)
		resume_dump(c);
	return n > 0 ? (int)n : 1;
}

void ux_connection_drain(struct ux_connection *c)
{
	int left = 0;

	if (!c->client && !c->pfkey)
		return;
	if (ioctl(c->data_event.fd, SIOCINQ, &left) < 0)
		return;
	while (left > 0 && !c->closed) {
		int n = process_one(c);

		if (n <= 0)
			return;
		left -= n;
	}
}

static void data_ready(struct ux_event *event, uint32_t events)
{
	struct ux_connection *c = ux_container_of(event, struct ux_connection, data_event);

	if (c->closed)
		return;
	if (events & EPOLLOUT) {
		if (ux_tx_flush(&c->queue, event->fd) < 0) {
			ux_connection_close(c);
			return;
		}
		if (ux_tx_queue_empty(&c->queue)) {
			c->overrun = false;
			if (c->dumping)
				resume_dump(c);
		}
		update_interest(c);
	}
	/* One, then the next client has its turn: who is told of each seldom has sent another. */
	if (process_one(c) < 0) {
		ux_connection_close(c);
		return;
	}
	update_interest(c);
	ux_connection_tell_processed(c);
}

/* Only a sequenced-packet socket keeps datagrams whole and never blocks us for another reason. */
static int check_socket(int fd)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return -errno;
	return domain == AF_UNIX && type == SOCK_SEQPACKET ? 0 : -EPROTOTYPE;
}

static int send_buffer(int fd)
{
	int size = 0;
	socklen_t len = sizeof(size);

	return getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len) < 0 ? -1 : size;
}

/* A client that chose a size itself (its SO_RCVBUF) keeps it: the control channel shows what a
 * socket has that nobody changed. */
static void enlarge_buffer(const struct ux_connection *c, int fd)
{
	int size = SOCKET_BUFFER;

	if (send_buffer(fd) != send_buffer(c->control_event.fd))
		return;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* The client of the engine is there already. */
static int watch_data(struct ux_connection *c, int fd)
{
	int err;

	enlarge_buffer(c, fd);
	c->data_event = (struct ux_event){.fd = fd, .ready = data_ready};
	err = ux_loop_add(c->control->loop, &c->data_event, EPOLLIN | EPOLLRDHUP);
	if (err)
		c->data_event.fd = -1;
	return err;
}

int ux_connection_open_data(struct ux_connection *c, int fd, uint32_t port_id)
{
	int err = check_socket(fd);

	if (!err)
		err = uxfrm_client_open(c->control->engine, port_id, c->peer.privileged,
					&client_ops, c, &c->client);
	if (!err) {
		c->port_id = port_id;
		err = watch_data(c, fd);
	}
	if (err) {
		c->client = uxfrm_client_close(c->client);
		ux_close_foreign(fd);
	}
	return err;
}

int ux_connection_open_pfkey(struct ux_connection *c, int fd)
{
	int err = c->peer.privileged ? check_socket(fd) : -EPERM;

	if (!err)
		err = uxfrm_pfkey_open(c->control->engine, &pfkey_ops, c, &c->pfkey);
	if (!err)
		err = watch_data(c, fd);
	if (err) {
		c->pfkey = uxfrm_pfkey_close(c->pfkey);
		ux_close_foreign(fd);
	}
	return err;
}
