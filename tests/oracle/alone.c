/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle-alone SEED FIRST COUNT: random sequences as of oracle-generate, but with what no
 * Linux 6.12 can be asked, said to the engine alone: MIGRATE_STATE, grace times, limits of the
 * databases, clients that do not read, packets in between, memory that is not there. Nobody answers
 * the same, so promises are the judge: promises.h, and that a request that is refused changes
 * nothing. Prints TAP.
 */

#include <endian.h>
#include <errno.h>
#include <linux/pfkeyv2.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "core/instance.h"
#include "faults.h"
#include "promises.h"
#include "traffic.h"

#define MESSAGE_MAX 32768
#define N_CLIENTS 3

#define IDLE_KEYS 8 /* remembered when their SAs are gone, so that some are forgotten */

static struct engine_side side;
static struct uxfrm_worker *worker;
static unsigned long n_requests, n_refused, n_moved, n_out, n_in;

static void say(uint8_t kind, uint8_t client, uint16_t arg, const void *data, size_t len)
{
	struct record r = {.len = (uint32_t)len, .kind = kind, .client = client, .arg = arg};

	engine_side_obey(&side, &r, data);
}

static void say_u32(uint8_t kind, uint8_t client, uint16_t arg, uint32_t value)
{
	say(kind, client, arg, &value, sizeof(value));
}

/* --- who watches the engine keeps count */

static long n_watched_policies, n_watched_ports;

static void on_policy(void *opaque, const struct uxfrm_policy_event *e)
{
	n_watched_policies += e->added ? 1 : -1;
}

static void on_encap(void *opaque, const struct uxfrm_encap_event *e)
{
	n_watched_ports += e->added ? 1 : -1;
}

static const struct uxfrm_watch_ops watch_ops = {.policy = on_policy, .encap = on_encap};

/* --- who listens over PF_KEY, and does not always read */

static struct uxfrm_pfkey *pfkey;
static bool pfkey_is_full;

static int on_pfkey(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	return pfkey_is_full ? -ENOBUFS : 0;
}

static const struct uxfrm_client_ops pfkey_ops = {.deliver = on_pfkey};

static void open_pfkey(void)
{
	if (uxfrm_pfkey_open(side.engine, &pfkey_ops, NULL, &pfkey) < 0)
		abort();
	uxfrm_pfkey_set_listening(pfkey, ~1u);
}

/* SADB_DUMP or SADB_X_SPDDUMP, which may have to wait. */
static void dump_over_pfkey(struct world *w)
{
	const struct sadb_msg dump = {.sadb_msg_version = PF_KEY_V2,
				      .sadb_msg_type =
					  (uint8_t)ONE_OF(&w->r, SADB_DUMP, SADB_X_SPDDUMP),
				      .sadb_msg_len = sizeof(dump) / 8};

	pfkey_is_full = chance(&w->r, 50);
	(void)uxfrm_pfkey_request(pfkey, &dump, sizeof(dump));
	if (chance(&w->r, 50))
		(void)uxfrm_pfkey_request(pfkey, &dump, sizeof(dump));
	pfkey_is_full = chance(&w->r, 20);
	(void)uxfrm_pfkey_resume(pfkey);
}

/* --- one request */

/* errno of the acknowledgement that A has got; 1: none. */
static int answer(void)
{
	size_t len;
	const uint8_t *reply = engine_side_reply(&side, 0, &len);
	int32_t e;

	if (!reply || len < NLMSG_HDRLEN + sizeof(e) || u16_at(reply + 4) != NLMSG_ERROR)
		return 1;
	memcpy(&e, reply + NLMSG_HDRLEN, sizeof(e));
	return e;
}

/* Linux leaves the SA behind for which it has found no SPI, and so does the engine. */
static bool may_leave_something(const uint8_t *m)
{
	return u16_at(m + 4) == XFRM_MSG_ALLOCSPI;
}

static bool is_padding(const uint8_t *m, size_t len)
{
	return len - u32_at(m) < NLMSG_ALIGNTO;
}

static const char *ask(struct world *w, const uint8_t *m, size_t len)
{
	struct uxfrm *u = side.engine;
	struct moving moving;
	uint64_t before;
	int err;

	world_look(w);
	before = w->content;
	moving_note(u, m, len, &moving);
	if (chance(&w->r, 15))
		faults_arm(below(&w->r, 8));
	engine_side_request(&side, 0, m, len);
	faults_disarm();
	world_look(w);
	err = answer();
	n_requests++;
	n_refused += err < 0;
	if (u32_at(m) < len && !is_padding(m, len))
		return NULL; /* several */
	if (err < 0 && before != w->content && !may_leave_something(m))
		return "a refused request has changed something";
	if (err == 0 && moving.request.id.spi) {
		n_moved++;
		return promise_move(u, &moving);
	}
	return NULL;
}

static const char *hold(struct world *w)
{
	struct uxfrm *u = side.engine;
	const char *broken = promise_tables(u);

	for (int i = 0; i < 4 && !broken; i++)
		broken = promise_policies(w, u);
	if (!broken)
		broken = promise_outbound(w, u);
	return broken ? broken : promise_addresses(w, u);
}

static void tick(void)
{
	uxfrm_tick(side.engine, side.now_ns, side.real_ns / 1000000000u);
}

/* Something else than a request. */
static const char *let_happen(struct world *w)
{
	struct engine_client *c = &side.client[1 + below(&w->r, N_CLIENTS - 1)];
	const char *broken = NULL;

	for (uint32_t n = below(&w->r, 4); n && !broken; n--)
		broken = traffic_pass(w, worker);
	tick();
	if (chance(&w->r, 10))
		(void)(chance(&w->r, 60) ? uxfrm_interface_add
					 : uxfrm_interface_remove)(side.engine, any_if_id(w));
	if (chance(&w->r, 5))
		dump_over_pfkey(w);
	if (chance(&w->r, 5))
		uxfrm_client_set_port_id(c->client, 0x5000u + c->number);

	if (chance(&w->r, 10))
		c->is_full = !c->is_full;
	if (chance(&w->r, 10))
		uxfrm_client_resume(c->client);
	if (chance(&w->r, 5))
		say_u32(RECORD_SLEEP, 0, 0, (uint32_t)ONE_OF(&w->r, 50, 1037, 3037, 31037));
	if (chance(&w->r, 5)) { /* a dump whose end waits */
		struct nlmsghdr h = {
		    .nlmsg_len = sizeof(h),
		    .nlmsg_type = (uint16_t)ONE_OF(&w->r, XFRM_MSG_GETSA, XFRM_MSG_GETPOLICY),
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP};

		c->is_full = true;
		say(RECORD_SEND, c->number, 0, &h, sizeof(h));
	}
	return broken;
}

/* --- one sequence */

static void begin(struct world *w, uint64_t seed, uint64_t number)
{
	struct rng r = {.state = seed * 7919 + number};

	uxfrm_params_init(&side.params);
	side.params.grace_ms = (uint32_t)ONE_OF(&r, 0, 100, 2000);
	side.params.strict_templates = chance(&r, 30);
	side.params.max_sa = (uint32_t)ONE_OF(&r, 0, 0, 0, 3);
	side.params.labels = chance(&r, 30);
	side.params.max_policy = (uint32_t)ONE_OF(&r, 0, 0, 0, 3);
	pfkey = uxfrm_pfkey_close(pfkey);
	say(RECORD_SEQUENCE, 0, 0, "", 0);
	open_pfkey();
	n_watched_policies = n_watched_ports = 0;
	uxfrm_watch(side.engine, &watch_ops, NULL);
	side.engine->iv_ledger.max_idle = IDLE_KEYS;
	worker = uxfrm_worker_new(side.engine);
	if (!worker)
		abort();
	for (uint8_t c = 0; c < N_CLIENTS; c++) {
		side.client[c].is_full = false;
		say_u32(RECORD_CLIENT, c, 0, c == 1 ? 0xff : c ? below(&r, 256) : 0);
		say_u32(RECORD_OPTION, c, NETLINK_EXT_ACK, chance(&r, 80));
	}
	world_begin(w, &side, seed * 1000003u + number);
	w->alone = w->lonely = true;
}

/* When all is gone nobody is waited for any more. */
static const char *empty(struct world *w)
{
	struct uxfrm *u = side.engine;
	struct {
		struct nlmsghdr h;
		struct xfrm_usersa_flush flush;
	} sas = {.h = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct xfrm_usersa_flush)),
		       .nlmsg_type = XFRM_MSG_FLUSHSA,
		       .nlmsg_flags = NLM_F_REQUEST}};
	struct {
		struct nlmsghdr h;
		struct nlattr a;
		struct xfrm_userpolicy_type type;
		uint8_t pad[2];
	} policies = {.h = {.nlmsg_len = sizeof(policies),
			    .nlmsg_type = XFRM_MSG_FLUSHPOLICY,
			    .nlmsg_flags = NLM_F_REQUEST},
		      .a = {.nla_len = NLA_HDRLEN + sizeof(struct xfrm_userpolicy_type),
			    .nla_type = XFRMA_POLICY_TYPE}};

	say(RECORD_SEND, 0, 0, &sas, sas.h.nlmsg_len);
	for (uint8_t type = 0; type < 2; type++) {
		policies.type.type = type;
		say(RECORD_SEND, 0, 0, &policies, sizeof(policies));
	}
	for (int dir = 0; dir < UX_POLICY_DIRS; dir++)
		ux_spd_set_default(u, (enum ux_policy_dir)dir, UX_POLICY_ALLOW);
	world_look(w);
	if (w->n_sa + w->n_policies)
		return "something is left when all was flushed";
	if (n_watched_policies || n_watched_ports)
		return "who watches was not told of every end";
	return u->timers ? "a timer is left when all was flushed" : NULL;
}

/* Once in a while thousands are there already, so that tables grow. */
static void add_crowd(struct world *w)
{
	static struct draft d;
	static uint8_t message[MESSAGE_MAX];
	uint32_t n = 200 + below(&w->r, 3000);

	side.client[1].is_full = side.client[2].is_full = true;
	for (uint32_t i = 0; i < n; i++) {
		bool policy = chance(&w->r, 40);
		uint32_t number = htobe32(0x1000000 + i);
		size_t len;

		if (!(policy ? make_newpolicy : make_newsa)(w, &d))
			continue;
		memcpy(d.header + (policy ? offsetof(struct xfrm_userpolicy_info, sel.saddr)
					  : offsetof(struct xfrm_usersa_info, id.spi)),
		       &number, sizeof(number));
		len = draft_write(&d, message, sizeof(message));
		engine_side_request(&side, 0, message, len);
	}
	side.client[1].is_full = side.client[2].is_full = false;
}

static void note_traffic(void)
{
	struct uxfrm_packet_stats stats;

	uxfrm_packet_stats_get(side.engine, &stats);
	n_out += stats.out_packets;
	n_in += stats.in_packets;
}

static const char *run(uint64_t seed, uint64_t number)
{
	static struct world w;
	static uint8_t message[MESSAGE_MAX];
	const char *broken = NULL;
	uint32_t n;

	begin(&w, seed, number);
	if (seldom(&w.r, 3))
		add_crowd(&w);
	n = 10 + below(&w.r, 40);
	for (uint32_t i = 0; i < n && !broken; i++) {
		size_t len = 0;

		for (uint32_t k = chance(&w.r, 80) ? 1 : 2 + below(&w.r, 5); k; k--)
			len += compose_message(&w, message + len, sizeof(message) - len);
		if (len)
			broken = ask(&w, message, len);
		if (!broken)
			broken = hold(&w);
		if (!broken)
			broken = let_happen(&w);
	}
	if (!broken)
		broken = empty(&w);
	note_traffic();
	world_end(&w);
	worker = uxfrm_worker_free(worker);
	return broken;
}

int main(int argc, char **argv)
{
	FILE *nowhere = fopen("/dev/null", "we");
	uint64_t seed, first, count, failed = 0;

	if (argc != 4 || !nowhere) {
		fprintf(stderr, "usage: oracle-alone SEED FIRST COUNT\n");
		return 2;
	}
	seed = strtoull(argv[1], NULL, 0);
	first = strtoull(argv[2], NULL, 0);
	count = strtoull(argv[3], NULL, 0);
	engine_side_init(&side, nowhere);
	for (uint64_t i = 0; i < count; i++) {
		const char *broken = run(seed, first + i);

		failed += broken != NULL;
		if (broken)
			printf("not ok - sequence %llu: %s\n", (unsigned long long)(first + i),
			       broken);
	}
	pfkey = uxfrm_pfkey_close(pfkey);
	engine_side_fini(&side);
	printf("# %lu requests, %lu refused, %lu SAs moved, %lu packets protected, %lu delivered\n",
	       n_requests, n_refused, n_moved, n_out, n_in);
	printf("%s 1 - %llu sequences of seed %llu\n1..1\n", failed ? "not ok" : "ok",
	       (unsigned long long)count, (unsigned long long)seed);
	return fclose(nowhere) || failed || !n_moved || !n_out;
}
