/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* An engine with two clients, for tests: A asks, B hears all groups. What they receive is kept in
 * order. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/engine.h>

#include "wire/abi.h"
#include "wire/writer.h"

#define TALK_PORT_A 0x1001u
#define TALK_PORT_B 0x1002u

struct heard {
	char who; /* 'A' or 'B' */
	uint32_t group;
	size_t len;
	uint8_t *bytes;
};

struct talker {
	struct talk *talk;
	struct uxfrm_client *client;
	int room; /* datagrams it still takes; negative: any number */
	int overruns;
	char name;
};

struct talk {
	struct uxfrm *u;
	struct talker a, b;
	struct heard *heard;
	size_t n_heard;
	uint64_t now_ns;
};

/* For tests that open a client of their own; the opaque pointer is a struct talker. */
extern const struct uxfrm_client_ops talk_ops;

void talk_open(struct talk *t);
/* The same where the engine keeps labels; @label is the clients' gate. */
void talk_open_labels(struct talk *t, int (*label)(void *opaque, const char *label));
void talk_close(struct talk *t);
/* talk_forget - drop what was heard. */
void talk_forget(struct talk *t);
void talk_tick(struct talk *t, uint64_t ms);
/* talk_send - A or B sends what was written; the writer is empty afterwards. */
void talk_send(struct talker *who, struct ux_writer *w);

/* The i-th datagram heard as a message; fails the test when there is none or it is not of this
 * type. */
const struct nlmsghdr *talk_msg(const struct talk *t, size_t i, char who, uint16_t type);
/* The i-th datagram is an NLMSG_ERROR for A with this error; returns its text, "" when there is
 * none. */
const char *talk_error(const struct talk *t, size_t i, int error);
/* An attribute of a message behind a fixed header; NULL if there is none. */
const struct nlattr *talk_attr(const struct nlmsghdr *msg, size_t header_len, uint16_t type);

/* The fixed header of a tunnel SA 10.0.0.1 to 10.0.0.2, SPI @spi, reqid 1. */
struct xfrm_usersa_info talk_sa_info(uint32_t spi);
struct xfrm_usersa_id talk_sa_id(uint32_t spi);
/* rfc4106(gcm(aes)), a 128-bit key made of @fill. */
void talk_put_gcm(struct ux_writer *w, uint8_t fill);
/* NEWSA or UPDSA with that; @flags beside NLM_F_REQUEST. */
void talk_put_sa(struct ux_writer *w, uint16_t type, uint16_t flags, uint32_t spi);
