/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle-generate SEED FIRST COUNT REQUESTS ANSWERS: make the sequences FIRST to FIRST + COUNT - 1
 * of a seed, random but such that requests meet what is there, and write down what the engine
 * answers: it is asked as they are made. The same numbers and the same engine make the same
 * sequences.
 */

#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "unfair.h"
#include "world.h"

#define DATAGRAM_MAX 60000
/* After whole seconds, so that no timer is due at the same moment. */
#define MORE_MS 37

static FILE *requests;
static struct engine_side side;

static void say(uint8_t kind, uint8_t client, uint16_t arg, const void *data, size_t len)
{
	struct record r = {.len = (uint32_t)len, .kind = kind, .client = client, .arg = arg};

	record_write(requests, kind, client, arg, data, len);
	engine_side_obey(&side, &r, data);
}

static void say_u32(uint8_t kind, uint8_t client, uint16_t arg, uint32_t value)
{
	say(kind, client, arg, &value, sizeof(value));
}

/* The numbers chosen by this side stand for those of the other. */
static void say_patches(const uint8_t *datagram, size_t len)
{
	for (size_t at = NLMSG_HDRLEN; at + 4 <= len && at < 65536; at += 4) {
		for (uint8_t i = 0; i < NUMBERS_MAX; i++)
			if (side.numbers.value[i] && u32_at(datagram + at) == side.numbers.value[i])
				say(RECORD_PATCH, 0, (uint16_t)at, &i, 1);
	}
}

static bool chooses_spi(const uint8_t *m, size_t len)
{
	return u16_at(m + 4) == XFRM_MSG_ALLOCSPI &&
	       len >= NLMSG_HDRLEN + sizeof(struct xfrm_userspi_info) &&
	       u32_at(m + NLMSG_HDRLEN + offsetof(struct xfrm_userspi_info, max)) == FREE_SPI_MAX;
}

/* Whole messages, and no dump: of a dump that nobody reads the rest would be made later. */
static bool may_wait(const uint8_t *datagram, size_t len)
{
	for (size_t at = 0; at < len;) {
		const uint8_t *m = datagram + at;
		size_t n = len - at < NLMSG_HDRLEN ? 0 : u32_at(m);

		if (n < NLMSG_HDRLEN || n > len - at)
			return false;
		if ((u16_at(m + 4) == XFRM_MSG_GETSA || u16_at(m + 4) == XFRM_MSG_GETPOLICY) &&
		    u16_at(m + 6) & NLM_F_DUMP)
			return false;
		at += NLMSG_ALIGN(n);
	}
	return true;
}

static void say_datagram(struct world *w, uint8_t client, const uint8_t *datagram, size_t len)
{
	const uint16_t spi_at = NLMSG_HDRLEN + offsetof(struct xfrm_usersa_info, id.spi);
	bool keep = chooses_spi(datagram, len) && w->n_numbers < NUMBERS_MAX;
	static const struct nlmsghdr nothing = {.nlmsg_len = sizeof(nothing),
						.nlmsg_type = NLMSG_NOOP};
	uint8_t number = (uint8_t)w->n_numbers;
	bool wait = !keep && chance(&w->r, 70) && may_wait(datagram, len);

	if (keep && w->unread) /* the first reply must be its own */
		say(RECORD_SEND, client, 0, &nothing, sizeof(nothing));
	w->unread = wait;
	say_patches(datagram, len);
	say(wait ? RECORD_MORE : RECORD_SEND, client, 0, datagram, len);
	if (!keep)
		return;
	say(RECORD_KEEP, client, spi_at, &number, 1);
	w->n_numbers++;
}

static void any_datagram(struct world *w, uint8_t client)
{
	static uint8_t datagram[DATAGRAM_MAX];
	size_t n = (size_t)ONE_OF(&w->r, 1, 1, 1, 1, 1, 1, 1, 2, 3, 5), len = 0;

	world_look(w);
	if (has_marks(w))
		n = 1;
	w->lonely = n == 1;
	for (size_t i = 0; i < n; i++)
		len += compose_message(w, datagram + len, sizeof(datagram) - len);
	if (w->lonely && !has_marks(w) && seldom(&w->r, 10) && !chooses_spi(datagram, len))
		len -= below(&w->r, 24) % (len + 1);
	if (len)
		say_datagram(w, client, datagram, len);
}

static void open_clients(struct world *w, uint8_t n)
{
	for (uint8_t c = 0; c < n; c++) {
		uint32_t groups = c == 1 ? 0xff : c ? below(&w->r, 256) : 0;

		if (chance(&w->r, 20))
			groups = (uint32_t)ONE_OF(&w->r, 0, 0xff, 0x04, 0x08, 0x5f);
		say_u32(RECORD_CLIENT, c, 0, groups);
		if (chance(&w->r, 80))
			say_u32(RECORD_OPTION, c, NETLINK_EXT_ACK, 1);
		if (chance(&w->r, 60))
			say_u32(RECORD_OPTION, c, NETLINK_CAP_ACK, 1);
		if (chance(&w->r, 15))
			say_u32(RECORD_OPTION, c, NETLINK_GET_STRICT_CHK, 1);
	}
}

static void dump(struct world *w, uint16_t type)
{
	struct nlmsghdr h = {.nlmsg_len = sizeof(h),
			     .nlmsg_type = type,
			     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			     .nlmsg_seq = ++w->seq};

	say(RECORD_SEND, 0, 0, &h, sizeof(h));
}

static void any_sleep(struct world *w)
{
	uint32_t seconds = (uint32_t)ONE_OF(&w->r, 1, 1, 2, 3, 10, 31);

	if (w->timed == POLICIES)
		seconds = SLEEP_OF_POLICIES_S;
	if (!chance(&w->r, w->timed ? 25 : 3))
		return;
	world_look(w);
	if (may_sleep(w))
		say_u32(RECORD_SLEEP, 0, 0, seconds * 1000 + MORE_MS);
}

static void make_sequence(uint64_t seed, uint64_t number)
{
	static struct world w;
	char name[48];
	uint8_t n_clients;
	uint32_t n;

	snprintf(name, sizeof(name), "%llu/%llu", (unsigned long long)seed,
		 (unsigned long long)number);
	say(RECORD_SEQUENCE, 0, 0, name, strlen(name));
	world_begin(&w, &side, seed * 1000003u + number);
	n_clients = (uint8_t)ONE_OF(&w.r, 2, 2, 2, 3, 4);
	open_clients(&w, n_clients);
	n = 5 + below(&w.r, 20);
	for (uint32_t i = 0; i < n; i++) {
		any_datagram(&w, (uint8_t)(chance(&w.r, 75) ? 0 : below(&w.r, n_clients)));
		any_sleep(&w);
		if (seldom(&w.r, 10))
			say_u32(RECORD_OPTION, 0,
				(uint16_t)ONE_OF(&w.r, NETLINK_EXT_ACK, NETLINK_CAP_ACK),
				below(&w.r, 2));
	}
	dump(&w, XFRM_MSG_GETSA);
	dump(&w, XFRM_MSG_GETPOLICY);
	world_end(&w);
}

int main(int argc, char **argv)
{
	FILE *answers;

	if (argc != 6) {
		fprintf(stderr, "usage: oracle-generate SEED FIRST COUNT REQUESTS ANSWERS\n");
		return 2;
	}
	uint64_t seed = strtoull(argv[1], NULL, 0), first = strtoull(argv[2], NULL, 0);
	uint64_t count = strtoull(argv[3], NULL, 0);

	requests = fopen(argv[4], "we");
	answers = fopen(argv[5], "we");
	if (!requests || !answers) {
		perror("oracle-generate");
		return 2;
	}
	engine_side_init(&side, answers);
	for (uint64_t i = 0; i < count; i++)
		make_sequence(seed, first + i);
	engine_side_fini(&side);
	return fclose(requests) || fclose(answers) ? 2 : 0;
}
