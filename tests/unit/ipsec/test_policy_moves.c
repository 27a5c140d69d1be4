/* SPDX-License-Identifier: BSD-2-Clause */

/* A policy names new addresses before its SAs have them. */

#include "pair.h"

#include "core/interim.h"

#define HOLD_MS 500
#define MS UINT64_C(1000000)

static struct test_packet flight[2];

static void pass_ms(struct side *s, uint64_t ms)
{
	uxfrm_tick(s->u, s->u->now_ns + ms * MS, REAL_S);
}

static void receive(struct side *s, struct test_packet *wire)
{
	wire->p.may_hold = UXFRM_MAY_HOLD_FIRST;
	inbound(s, wire);
}

static void send_inner(struct side *s, struct test_packet *to)
{
	const struct inner_spec spec = {.family = AF_INET, .payload = 40};

	make_inner(to, &spec);
	outbound(s, to);
	assert_int_equal(to->p.verdict, UXFRM_UNDERLAY);
}

static struct ux_policy *inbound_policy(struct side *s)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &s->u->spd.all) {
		struct ux_policy *policy = ux_container_of(pos, struct ux_policy, all);

		if (policy->dir == UX_POLICY_IN && policy->family == AF_INET)
			return policy;
	}
	fail_msg("no policy");
	return NULL;
}

/* At B a policy whose template names other ends or another reqid takes the place of the one there. */
static void replace_ends(struct side *b, struct ux_policy *like, const char *src, uint32_t reqid)
{
	struct ux_policy *policy = ux_policy_clone(like);

	policy->templates[0].saddr = addr_of(src, &policy->templates[0].family);
	policy->templates[0].daddr = addr_of("192.0.2.2", NULL);
	policy->templates[0].reqid = reqid;
	assert_int_equal(ux_spd_insert(b->u, policy, false, NULL), 0);
}

/* The policy has moved first: what comes by the SA that has not is let in for a while, but not by a
 * policy that has become another, nor when the policy has gone. */
static void test_policy_moves_first(void **state)
{
	enum { MOVES, BECOMES_ANOTHER, GOES, CASES };
	struct sa_spec spec = {.algo = GCM128_16, .window = 64};

	for (int k = 0; k < CASES; k++) {
		struct uxfrm_params params;
		struct ux_policy *kept;
		uint32_t reqid;
		struct pair p;

		uxfrm_params_init(&params);
		params.now_ns = MS;
		params.real_s = REAL_S;
		params.hold_ms = HOLD_MS;
		pair_open_params(&p, &params);
		usual_tunnel(&p, &spec, NULL);
		send_inner(&p.a, &flight[0]);
		send_inner(&p.a, &flight[1]);
		kept = ux_policy_clone(inbound_policy(&p.b));
		reqid = kept->templates[0].reqid;
		replace_ends(&p.b, kept, "192.0.2.1", reqid);
		replace_ends(&p.b, kept, "198.51.100.7", k == BECOMES_ANOTHER ? reqid + 1 : reqid);
		if (k == GOES) {
			ux_interim_open(p.b.u, inbound_policy(&p.b));
			ux_spd_remove(p.b.u, inbound_policy(&p.b));
			pass_ms(&p.b, HOLD_MS / 2);
		}
		receive(&p.b, &flight[0]);
		assert_int_equal(flight[0].p.verdict, k == MOVES ? UXFRM_DELIVER : UXFRM_DROP);
		pass_ms(&p.b, HOLD_MS);
		receive(&p.b, &flight[1]);
		assert_int_equal(flight[1].p.verdict, UXFRM_DROP);
		ux_policy_free(kept);
		pair_close(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_moves_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
