/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers send by an SA that lives for some packets only, while the control thread moves it,
 * deletes it, changes its limits and makes a new one whenever an ACQUIRE event asks for it. What
 * must hold:
 *
 *  - the hard limit of an SA is told at most once, the soft one once in each of its places, and
 *    never for an SA that is gone;
 *  - no SA sends more than its limit, but for bursts that were under way in other workers;
 *  - nothing gets stuck: as long as packets come, a missing SA is asked for, and one that is used
 * up ends;
 *  - no packet leaves in clear.
 *
 * Built for ThreadSanitizer as well. Arguments: seconds (2), seed (1).
 */
#include "unit/ipsec/pair.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/abi.h"

#define THREADS 2
#define BURST 8
#define SOFT 40
#define HARD 100
#define FIRST_SPI 0x1000u
#define LIVES 65536u
#define MS UINT64_C(1000000)

struct life {
	unsigned int moves, soft, hard;
	bool gone;
	_Atomic(uint32_t) sent;
};

static struct life lives[LIVES];
static struct side side;
static struct uxfrm_client *client;
static struct ux_sa *current;
static uint32_t n_lives, random_state = 1;
static unsigned int n_hard, n_acquires, n_told, wrong;
static bool asked;
static _Atomic(bool) stop;
static _Atomic(uint32_t) n_woken, n_clear, n_sent;
static uint64_t now_ns = 1000;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % below;
}

static void wrong_of(const char *what, uint32_t spi)
{
	printf("# SA %x: %s\n", spi, what);
	wrong++;
}

static void on_expire(const struct xfrm_user_expire *e)
{
	uint32_t spi = ntohl(e->state.id.spi);
	struct life *l = &lives[spi - FIRST_SPI];

	if (l->gone)
		wrong_of("told of after its end", spi);
	if (e->hard) {
		n_hard++;
		if (l->hard++)
			wrong_of("its hard limit was told twice", spi);
		l->gone = true;
		current = NULL;
	} else if (++l->soft > l->moves + 1) {
		wrong_of("its soft limit was told twice", spi);
	}
}

static int deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	const struct nlmsghdr *msg = datagram;

	if (msg->nlmsg_type == XFRM_MSG_EXPIRE)
		on_expire(NLMSG_DATA(msg));
	if (msg->nlmsg_type == XFRM_MSG_ACQUIRE) {
		n_acquires++;
		asked = true;
	}
	n_told += msg->nlmsg_type == XFRM_MSG_NEWAE;
	return 0;
}

static const struct uxfrm_client_ops ops = {.deliver = deliver};

static void wake(void *opaque)
{
	atomic_fetch_add(&n_woken, 1);
}

static void limit(struct ux_sa *sa)
{
	const struct ux_limits l = {UX_LIMIT_INFINITE, UX_LIMIT_INFINITE, SOFT, HARD};

	if (ux_sa_set_limits(sa->runtime, &l) < 0)
		abort();
}

/* What stands for the SA that was asked for; a request would take it out in the same way. */
static void remove_larval(void)
{
	struct ux_list *pos, *tmp;

	ux_list_for_each_safe (pos, tmp, &side.u->sad.all) {
		struct ux_sa *sa = ux_container_of(pos, struct ux_sa, all);

		if (ux_sa_state_of(sa) == UX_SA_LARVAL)
			ux_sad_remove(side.u, sa);
	}
}

static void make_sa(void)
{
	struct sa_spec spec = {.src = "192.0.2.1",
			       .dst = "192.0.2.2",
			       .spi = FIRST_SPI + n_lives,
			       .reqid = 7,
			       .mode = UX_MODE_TUNNEL,
			       .flags = UX_SA_AF_UNSPEC,
			       .hard_packets = HARD};

	if (n_lives == LIVES - 1)
		return;
	n_lives++;
	remove_larval();
	current = add_sa(&side, &spec);
	limit(current);
	current->runtime->terms.replay_maxdiff = 3;
}

static void move_sa(void)
{
	struct ux_sa *fresh = ux_sa_clone(current);
	char text[32];

	snprintf(text, sizeof(text), "192.0.2.%u", 2 + draw(50));
	fresh->id.daddr = addr_of(text, NULL);
	if (ux_sad_replace(side.u, current, fresh, true) < 0)
		abort();
	current = fresh;
	lives[ntohl(fresh->id.spi) - FIRST_SPI].moves++;
}

static void change_something(void)
{
	if (!current)
		return;
	switch (draw(8)) {
	case 0:
		lives[ntohl(current->id.spi) - FIRST_SPI].gone = true;
		ux_sad_remove(side.u, current);
		current = NULL;
		break;
	case 1:
		limit(current);
		break;
	case 2:
	case 3:
		move_sa();
		break;
	default:
		break;
	}
}

static void look_at(const struct uxfrm_packet *p)
{
	if (p->verdict == UXFRM_BYPASS || p->verdict == UXFRM_DELIVER)
		atomic_fetch_add(&n_clear, 1);
	if (p->verdict != UXFRM_UNDERLAY)
		return;
	atomic_fetch_add(&n_sent, 1);
	atomic_fetch_add(&lives[p->spi - FIRST_SPI].sent, 1);
}

static void *worker(void *opaque)
{
	struct test_packet *t = calloc(BURST, sizeof(*t));
	struct uxfrm_worker *w = uxfrm_worker_new(side.u);
	struct inner_spec spec = {.family = AF_INET, .proto = 17, .payload = 60};
	struct uxfrm_packet *burst[BURST];

	if (!t || !w)
		abort();
	while (!atomic_load(&stop)) {
		for (int i = 0; i < BURST; i++) {
			make_inner(&t[i], &spec);
			burst[i] = &t[i].p;
		}
		uxfrm_outbound(w, burst, BURST);
		for (int i = 0; i < BURST; i++)
			look_at(burst[i]);
	}
	uxfrm_worker_free(w);
	free(t);
	return NULL;
}

static void control_round(void)
{
	uint32_t woken = atomic_exchange(&n_woken, 0);

	/* once before the rings were last read, once behind that */
	if (woken > 2)
		wrong_of("woken again before it came", 0);
	now_ns += MS;
	uxfrm_tick(side.u, now_ns, REAL_S + now_ns / 1000000000);
	if (asked)
		make_sa();
	asked = false;
	change_something();
}

static void set_up(void)
{
	struct policy_spec policy = {.family = AF_INET,
				     .dir = UX_POLICY_OUT,
				     .mode = UX_MODE_TUNNEL,
				     .reqid = 7,
				     .src = "192.0.2.1",
				     .dst = "192.0.2.2",
				     .n_templates = 1};
	struct uxfrm_params params;

	uxfrm_params_init(&params);
	params.now_ns = now_ns;
	params.real_s = REAL_S;
	params.wake = wake;
	if (uxfrm_new(&params, &side.u) < 0 ||
	    uxfrm_client_open(side.u, 7, true, &ops, NULL, &client) < 0)
		abort();
	uxfrm_client_set_groups(client, 1u << (UX_XFRM_GROUP_ACQUIRE - 1) |
					    1u << (UX_XFRM_GROUP_EXPIRE - 1) |
					    1u << (UX_XFRM_GROUP_AEVENTS - 1));
	add_policy(&side, &policy);
}

static void check_limits(void)
{
	for (uint32_t i = 0; i < n_lives; i++)
		if (atomic_load(&lives[i].sent) > HARD + (THREADS - 1) * BURST)
			wrong_of("has sent more than its limit", FIRST_SPI + i);
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 2);
	pthread_t threads[THREADS];

	random_state = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
	set_up();
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, worker, NULL) != 0)
			abort();
	while (time(NULL) < end) {
		const struct timespec pause = {.tv_nsec = draw(200) * 1000};

		control_round();
		nanosleep(&pause, NULL);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	check_limits();
	client = uxfrm_client_close(client);
	side.u = uxfrm_free(side.u);
	printf("# %u packets, %u SAs, %u hard limits, %u acquires, %u sequence numbers told, %u in "
	       "clear\n",
	       atomic_load(&n_sent), n_lives, n_hard, n_acquires, n_told, atomic_load(&n_clear));
	return wrong || atomic_load(&n_clear) || n_lives < 5 || !n_hard || n_acquires < n_lives ||
	       !n_told;
}
