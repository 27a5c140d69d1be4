/* SPDX-License-Identifier: BSD-2-Clause */

/* Two rings of copied packets; an eventfd counts those that wait to be received. */

#include "io/memory_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct stored {
	uint8_t *bytes;
	size_t len;
	uint32_t mark;
};

struct ring {
	struct stored *items;
	size_t first, count, cap;
};

struct memory_port {
	struct ux_port port;
	struct ring in, out;
};

static bool ring_push(struct ring *r, const void *bytes, size_t len, uint32_t mark)
{
	struct stored *item = &r->items[(r->first + r->count) % r->cap];

	if (r->count == r->cap)
		return false;
	item->bytes = malloc(len ? len : 1);
	if (!item->bytes)
		return false;
	memcpy(item->bytes, bytes, len);
	item->len = len;
	item->mark = mark;
	r->count++;
	return true;
}

static bool ring_pop(struct ring *r, void *buf, size_t size, size_t *ret_len, uint32_t *ret_mark)
{
	struct stored *item = &r->items[r->first];

	if (!r->count)
		return false;
	*ret_len = item->len < size ? item->len : size;
	*ret_mark = item->mark;
	memcpy(buf, item->bytes, *ret_len);
	free(item->bytes);
	r->first = (r->first + 1) % r->cap;
	r->count--;
	return true;
}

static void ring_fini(struct ring *r)
{
	for (size_t i = 0; r->items && i < r->count; i++)
		free(r->items[(r->first + i) % r->cap].bytes);
	free(r->items);
}

static size_t memory_receive(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	struct memory_port *m = (struct memory_port *)port;
	size_t got = 0;
	uint64_t count;

	while (got < n) {
		struct uxfrm_packet *p = packets[got];
		size_t len;

		if (!ring_pop(&m->in, ux_port_start(p), ux_port_room(p), &len, &p->mark))
			break;
		p->data = ux_port_start(p);
		p->len = (uint32_t)len;
		p->ifindex = 0;
		p->if_id = 0;
		got++;
	}
	if (!m->in.count)
		(void)!read(port->fd, &count, sizeof(count));
	return got;
}

static void memory_send(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	struct memory_port *m = (struct memory_port *)port;

	for (size_t i = 0; i < n; i++) {
		if (!ring_push(&m->out, packets[i]->data, packets[i]->len, packets[i]->mark))
			ux_port_refuse(packets[i], UXFRM_DROP_PORT_SEND);
	}
}

static void memory_free(struct ux_port *port)
{
	struct memory_port *m = (struct memory_port *)port;

	if (port->fd >= 0)
		close(port->fd);
	ring_fini(&m->in);
	ring_fini(&m->out);
	free(m);
}

static const struct ux_port_ops memory_ops = {
    .receive = memory_receive,
    .send = memory_send,
    .free = memory_free,
};

int ux_memory_port_open(enum ux_port_side side, size_t capacity, struct ux_port **ret_port)
{
	struct memory_port *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->port = (struct ux_port){.ops = &memory_ops, .side = side};
	m->port.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	m->in = (struct ring){.items = calloc(capacity, sizeof(struct stored)), .cap = capacity};
	m->out = (struct ring){.items = calloc(capacity, sizeof(struct stored)), .cap = capacity};
	if (m->port.fd < 0 || !m->in.items || !m->out.items) {
		memory_free(&m->port);
		return -ENOMEM;
	}
	*ret_port = &m->port;
	return 0;
}

bool ux_memory_port_push(struct ux_port *port, const void *bytes, size_t len, uint32_t mark)
{
	struct memory_port *m = (struct memory_port *)port;
	const uint64_t one = 1;

	if (!ring_push(&m->in, bytes, len, mark))
		return false;
	return write(port->fd, &one, sizeof(one)) == sizeof(one);
}

size_t ux_memory_port_pop(struct ux_port *port, void *buf, size_t size, uint32_t *ret_mark)
{
	struct memory_port *m = (struct memory_port *)port;
	size_t len;

	return ring_pop(&m->out, buf, size, &len, ret_mark) ? len : 0;
}
