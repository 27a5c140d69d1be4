/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A connection whose server is the test: answers are laid down before the run. */

#include "client/conn.h"

struct fake {
	struct uxfrm_conn *conn;
	int server; /* the other end of the data channel */
};

struct fake fake_open(void);
void fake_close(struct fake *f);
/* fake_answer - an acknowledgement to request @seq; @text may be NULL, @offset 0. */
void fake_answer(struct fake *f, uint32_t seq, int error, const char *text, uint32_t offset);
/* fake_send - a message of @len bytes behind its header. */
void fake_send(struct fake *f, uint16_t type, uint16_t flags, uint32_t seq, const void *body,
	       size_t len);
/* fake_received - one datagram the connection sent; its length. */
size_t fake_received(struct fake *f, void *buf, size_t size);
