/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine_side.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS 1000000000ull
#define START_REAL_S 1700000000ull
#define PHASE_NS 50000000ull /* as in ask_kernel.c */

static int hear(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct engine_client *c = opaque;
	struct record r = {.len = (uint32_t)len,
			   .kind = RECORD_ANSWER,
			   .client = c->number,
			   .arg = (uint16_t)group};

	if (c->is_full)
		return -ENOBUFS;
	if (c->room - c->n_heard < sizeof(r) + len) {
		size_t room = 2 * (c->room + sizeof(r) + len);
		uint8_t *heard = realloc(c->heard, room);

		if (!heard)
			return -ENOBUFS;
		c->heard = heard;
		c->room = room;
	}
	memcpy(c->heard + c->n_heard, &r, sizeof(r));
	memcpy(c->heard + c->n_heard + sizeof(r), datagram, len);
	if (group == 0 && c->reply_len == 0) {
		c->reply_at = c->n_heard + sizeof(r);
		c->reply_len = len;
	}
	c->n_heard += sizeof(r) + len;
	return 0;
}

static void miss(void *opaque)
{
	struct engine_client *c = opaque;

	c->n_missed++;
}

static const struct uxfrm_client_ops client_ops = {.deliver = hear, .overrun = miss};

/* Client by client, as the other side reads its sockets. */
static void write_heard(struct engine_side *s)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (s->client[i].n_heard &&
		    fwrite(s->client[i].heard, s->client[i].n_heard, 1, s->answers) != 1)
			abort();
}

static void forget_heard(struct engine_side *s)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		s->client[i].n_heard = s->client[i].reply_len = 0;
}

static void close_clients(struct engine_side *s)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		s->client[i].client = uxfrm_client_close(s->client[i].client);
}

static void begin(struct engine_side *s)
{
	struct uxfrm_params params;
	uint64_t seconds;

	close_clients(s);
	s->engine = uxfrm_free(s->engine);
	/* on from a whole second */
	s->now_ns += NS;
	s->real_ns = (s->real_ns / NS + 1) * NS + PHASE_NS;
	params = s->params;
	params.now_ns = s->now_ns;
	params.real_s = s->real_ns / NS;
	if (uxfrm_new(&params, &s->engine) < 0)
		abort();
	seconds = s->real_ns / NS;
	record_write(s->answers, RECORD_BEGIN, 0, 0, &seconds, sizeof(seconds));
	numbers_reset(&s->numbers);
	forget_heard(s);
}

static void open_client(struct engine_side *s, uint8_t n, uint32_t groups)
{
	struct engine_client *c = &s->client[n];

	c->client = uxfrm_client_close(c->client);
	if (uxfrm_client_open(s->engine, CLIENT_PORT_ID + n, true, &client_ops, c, &c->client) < 0)
		abort();
	uxfrm_client_set_groups(c->client, groups);
}

static void send_datagram(struct engine_side *s, uint8_t client, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len + 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	numbers_patch(&s->numbers, copy, len);
	if (!s->in_step) {
		forget_heard(s);
		record_write(s->answers, RECORD_STEP, 0, 0, NULL, 0);
	}
	s->in_step = true;
	uxfrm_client_request(s->client[client].client, copy, len);
	free(copy);
}

void engine_side_request(struct engine_side *s, uint8_t client, const uint8_t *data, size_t len)
{
	forget_heard(s);
	uxfrm_client_request(s->client[client].client, data, len);
}

static void end_step(struct engine_side *s)
{
	if (s->in_step)
		write_heard(s);
	s->in_step = false;
}

/* Step by step, from one thing that is due to the next. */
static void let_pass(struct engine_side *s, uint32_t ms)
{
	uint64_t end = s->now_ns + (uint64_t)ms * 1000000u;

	forget_heard(s);
	record_write(s->answers, RECORD_STEP, 0, 0, NULL, 0);
	for (;;) {
		uint64_t due = uxfrm_tick(s->engine, s->now_ns, s->real_ns / NS);
		uint64_t step = (due > s->now_ns ? due : s->now_ns + 1) - s->now_ns;

		if (s->now_ns == end)
			break;
		if (step > end - s->now_ns)
			step = end - s->now_ns;
		s->now_ns += step;
		s->real_ns += step;
	}
	write_heard(s);
}

void engine_side_init(struct engine_side *s, FILE *answers)
{
	memset(s, 0, sizeof(*s));
	s->answers = answers;
	s->now_ns = 1;
	s->real_ns = START_REAL_S * NS;
	uxfrm_params_init(&s->params);
	s->params.grace_ms = 0;
	s->params.strict_templates = true;
	for (uint8_t i = 0; i < CLIENTS_MAX; i++) {
		s->client[i].side = s;
		s->client[i].number = i;
	}
}

void engine_side_fini(struct engine_side *s)
{
	end_step(s);
	close_clients(s);
	s->engine = uxfrm_free(s->engine);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		free(s->client[i].heard);
}

const uint8_t *engine_side_reply(const struct engine_side *s, uint8_t client, size_t *ret_len)
{
	const struct engine_client *c = &s->client[client];

	*ret_len = c->reply_len;
	return c->reply_len ? c->heard + c->reply_at : NULL;
}

static void keep(struct engine_side *s, const struct record *r, const uint8_t *data)
{
	size_t len;
	const uint8_t *reply = engine_side_reply(s, r->client, &len);
	uint32_t value = numbers_keep(&s->numbers, r, data, reply, len);

	record_write_u32(s->answers, RECORD_KEPT, 0, data[0], value);
}

void engine_side_obey(struct engine_side *s, const struct record *r, const uint8_t *data)
{
	if (r->kind != RECORD_SEND && r->kind != RECORD_MORE && r->kind != RECORD_PATCH)
		end_step(s);
	switch (r->kind) {
	case RECORD_SEQUENCE:
		record_write(s->answers, RECORD_SEQUENCE, 0, 0, data, r->len);
		begin(s);
		break;
	case RECORD_CLIENT:
		open_client(s, r->client, u32_at(data));
		break;
	case RECORD_CLOSE:
		s->client[r->client].client = uxfrm_client_close(s->client[r->client].client);
		break;
	case RECORD_OPTION:
		if (uxfrm_client_set_option(s->client[r->client].client, r->arg, (int)u32_at(data)))
			abort();
		break;
	case RECORD_PATCH:
		numbers_note_patch(&s->numbers, r, data);
		break;
	case RECORD_MORE:
		send_datagram(s, r->client, data, r->len);
		break;
	case RECORD_SEND:
		send_datagram(s, r->client, data, r->len);
		end_step(s);
		break;
	case RECORD_KEEP:
		keep(s, r, data);
		break;
	case RECORD_SLEEP:
		let_pass(s, u32_at(data));
		break;
	default:
		break;
	}
}
