/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The parts of SA and policy descriptions that several commands have in common. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/args.h"
#include "wire/abi.h"

/* src A dst A proto P spi S, in any order. */
struct cli_id {
	struct cli_address src, dst;
	bool has_proto, has_spi;
	uint8_t proto;
	__be32 spi;
	uint16_t family; /* of src or dst; 0 if neither was given */
};

/* parse_id_word - take the word at hand if it belongs to an ID. */
bool parse_id_word(struct args *a, int family, struct cli_id *id);
/* parse_id - an ID that names one SA or template: all its words that follow, checked. False: none
 * follows. */
bool parse_id(struct args *a, int family, struct cli_id *id);
/* parse_id_check - what ip demands of an ID that names one SA or template. */
void parse_id_check(const struct args *a, const struct cli_id *id);

/* parse_selector - src dst dev proto sport dport type code key, as many as follow. True if there
 * was any. */
bool parse_selector(struct args *a, int family, struct xfrm_selector *ret);

/* parse_limit - behind "limit". */
void parse_limit(struct args *a, struct xfrm_lifetime_cfg *limits);

/* parse_encap - behind "encap": TYPE SPORT DPORT OADDR. */
struct xfrm_encap_tmpl parse_encap(struct args *a);

/* parse_device - the next word is an interface's name. */
int parse_device(struct args *a, const char *why);
