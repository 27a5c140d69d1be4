/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What no two machines can have in common: the time of day, SPIs chosen at random, and a counter
 * that belongs to the machine. Each is replaced by what it is relative to its own side.
 */

#include "judge.h"

#include <string.h>

#define A_YEAR_S 31536000u
#define MASKED_TIME 0x7111000000000000ull
#define MASKED_NUMBER 0x71110000u

static void mask_time(const struct side *s, uint8_t *p)
{
	uint64_t t = u64_at(p);

	if (t < s->begin_s || t >= s->begin_s + A_YEAR_S)
		return;
	t = MASKED_TIME + t - s->begin_s;
	memcpy(p, &t, sizeof(t));
}

/* struct xfrm_lifetime_cur: bytes, packets, when added, when first used. */
static void mask_lifetime(const struct side *s, uint8_t *p)
{
	mask_time(s, p + 16);
	mask_time(s, p + 24);
}

static void mask_sa(const struct side *s, uint8_t *info)
{
	mask_lifetime(s, info + offsetof(struct xfrm_usersa_info, curlft));
}

static void mask_policy(const struct side *s, uint8_t *info)
{
	mask_lifetime(s, info + offsetof(struct xfrm_userpolicy_info, curlft));
}

static void mask_attr(const struct side *s, struct message *m, uint16_t type, size_t min,
		      void (*mask)(const struct side *s, uint8_t *payload))
{
	size_t len;
	uint8_t *p = attr_find(m->bytes, m->len, NLMSG_HDRLEN + fixed_len(message_type(m->bytes)),
			       type, 0, &len);

	if (p && len >= min)
		mask(s, p);
}

/* A machine counts its acquires from its start on. */
static void mask_acquire(struct side *s, uint8_t *seq)
{
	uint32_t n = u32_at(seq);

	if (!s->acquire_base)
		s->acquire_base = n;
	n -= s->acquire_base - 1;
	memcpy(seq, &n, sizeof(n));
}

static void mask_numbers(const struct side *s, struct message *m)
{
	for (size_t at = NLMSG_HDRLEN; at + 4 <= m->len; at += 4) {
		uint32_t word = u32_at(m->bytes + at);

		for (uint32_t i = 0; i < NUMBERS_MAX; i++) {
			uint32_t masked = MASKED_NUMBER + i;

			if (s->number[i] && word == s->number[i])
				memcpy(m->bytes + at, &masked, sizeof(masked));
		}
	}
}

void volatile_mask(struct side *s, struct message *m)
{
	uint8_t *body = m->bytes + NLMSG_HDRLEN;

	if (m->len < NLMSG_HDRLEN)
		return;
	mask_numbers(s, m);
	if (m->len < NLMSG_HDRLEN + fixed_len(message_type(m->bytes)))
		return;
	switch (message_type(m->bytes)) {
	case XFRM_MSG_NEWSA:
	case XFRM_MSG_UPDSA:
	case XFRM_MSG_EXPIRE:
		mask_sa(s, body);
		break;
	case XFRM_MSG_DELSA:
		mask_attr(s, m, XFRMA_SA, SA_INFO_LEN, mask_sa);
		break;
	case XFRM_MSG_NEWPOLICY:
	case XFRM_MSG_UPDPOLICY:
	case XFRM_MSG_POLEXPIRE:
		mask_policy(s, body);
		break;
	case XFRM_MSG_DELPOLICY:
		mask_attr(s, m, XFRMA_POLICY, POLICY_INFO_LEN, mask_policy);
		break;
	case XFRM_MSG_ACQUIRE:
		mask_acquire(s, body + offsetof(struct xfrm_user_acquire, seq));
		mask_policy(s, body + offsetof(struct xfrm_user_acquire, policy));
		break;
	case XFRM_MSG_NEWAE:
		mask_attr(s, m, XFRMA_LTIME_VAL, sizeof(struct xfrm_lifetime_cur), mask_lifetime);
		break;
	default:
		break;
	}
}
