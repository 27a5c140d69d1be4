/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The bytes the example sends: what any netlink library would build. */

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* A request in the buffer at @at: header, fixed part and attributes; returns its length so far. */
static inline size_t put(uint8_t *at, size_t len, const void *bytes, size_t n)
{
	memcpy(at + len, bytes, n);
	memset(at + len + n, 0, NLMSG_ALIGN(n) - n);
	return len + NLMSG_ALIGN(n);
}

static inline size_t put_attr(uint8_t *at, size_t len, uint16_t type, const void *bytes, size_t n)
{
	const struct nlattr attr = {.nla_len = (uint16_t)(NLA_HDRLEN + n), .nla_type = type};

	return put(at, put(at, len, &attr, NLA_HDRLEN), bytes, n);
}

static inline size_t finish(uint8_t *at, size_t len, uint16_t type)
{
	const struct nlmsghdr header = {
	    .nlmsg_len = (uint32_t)len,
	    .nlmsg_type = type,
	    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	    .nlmsg_seq = 1,
	};

	memcpy(at, &header, sizeof(header));
	return len;
}

static inline void no_limits(struct xfrm_lifetime_cfg *lft)
{
	lft->soft_byte_limit = lft->hard_byte_limit = XFRM_INF;
	lft->soft_packet_limit = lft->hard_packet_limit = XFRM_INF;
}

/* 192.0.2.1 -> 192.0.2.2, SPI 0x1000, tunnel mode, AES-128-GCM. */
static inline size_t new_sa(void *buffer)
{
	uint8_t aead[sizeof(struct xfrm_algo_aead) + 20] = {0};
	const struct xfrm_algo_aead algo = {
	    .alg_name = "rfc4106(gcm(aes))", .alg_key_len = 160, .alg_icv_len = 128};
	struct xfrm_usersa_info sa = {
	    .id = {.daddr.a4 = htonl(0xc0000202), .spi = htonl(0x1000), .proto = IPPROTO_ESP},
	    .saddr.a4 = htonl(0xc0000201),
	    .family = AF_INET,
	    .reqid = 1,
	    .mode = XFRM_MODE_TUNNEL,
	    .replay_window = 32,
	};
	size_t len;

	no_limits(&sa.lft);
	memcpy(aead, &algo, sizeof(algo));
	memset(aead + sizeof(algo), 7, 20);
	len = put(buffer, NLMSG_HDRLEN, &sa, sizeof(sa));
	len = put_attr(buffer, len, XFRMA_ALG_AEAD, aead, sizeof(aead));
	return finish(buffer, len, XFRM_MSG_NEWSA);
}

/* 10.1.0.0/24 -> 10.2.0.0/24 by that SA. */
static inline size_t new_policy(void *buffer, int direction)
{
	const struct xfrm_user_tmpl tmpl = {
	    .id = {.daddr.a4 = htonl(0xc0000202), .proto = IPPROTO_ESP},
	    .saddr.a4 = htonl(0xc0000201),
	    .family = AF_INET,
	    .reqid = 1,
	    .mode = XFRM_MODE_TUNNEL,
	    .aalgos = UINT32_MAX,
	    .ealgos = UINT32_MAX,
	    .calgos = UINT32_MAX,
	};
	struct xfrm_userpolicy_info policy = {
	    .sel = {.saddr.a4 = htonl(0x0a010000),
		    .daddr.a4 = htonl(0x0a020000),
		    .prefixlen_s = 24,
		    .prefixlen_d = 24,
		    .family = AF_INET},
	    .dir = (uint8_t)direction,
	    .action = XFRM_POLICY_ALLOW,
	};
	size_t len;

	no_limits(&policy.lft);
	len = put(buffer, NLMSG_HDRLEN, &policy, sizeof(policy));
	len = put_attr(buffer, len, XFRMA_TMPL, &tmpl, sizeof(tmpl));
	return finish(buffer, len, XFRM_MSG_NEWPOLICY);
}

/* A UDP packet 10.1.0.1 -> 10.2.0.1 with @text, its zero included. */
static inline uint32_t udp_packet(uint8_t *at, const char *text)
{
	static const uint8_t header[28] = {0x45, 0, 0,	0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 1,
					   0,	 1, 10, 2, 0, 1, 4, 0, 4,  0,  0, 0, 0,	 0};
	const uint16_t len = (uint16_t)(sizeof(header) + strlen(text) + 1);
	uint32_t sum = 0;

	memcpy(at, header, sizeof(header));
	memcpy(at + sizeof(header), text, strlen(text) + 1);
	at[2] = (uint8_t)(len >> 8);
	at[3] = (uint8_t)len;
	at[25] = (uint8_t)(len - 20);
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	at[10] = (uint8_t)(~sum >> 8);
	at[11] = (uint8_t)~sum;
	return len;
}
