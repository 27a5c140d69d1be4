/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The TCP header (RFC 9293 section 3.1), as far as segments are told apart by it. */

#include <stdint.h>

#define UX_TCP_LEN 20 /* without options */
#define UX_TCP_SEQ 4
#define UX_TCP_ACK_NUMBER 8
#define UX_TCP_FLAGS 13
#define UX_TCP_WINDOW 14
#define UX_TCP_CHECK 16
#define UX_TCP_FIN 0x01
#define UX_TCP_PSH 0x08
#define UX_TCP_ACK 0x10
#define UX_TCP_CWR 0x80

/* ux_tcp_header_len - as the header says; may be less than UX_TCP_LEN. */
static inline uint32_t ux_tcp_header_len(const uint8_t *tcp)
{
	return (tcp[12] >> 4) * 4u;
}
